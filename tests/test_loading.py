"""What a command loads is spared the search for garbage, and nothing else is."""

import gc

import pytest

from trio_https.cli.loading import loading


def test_what_is_loaded_is_not_searched_for_garbage() -> None:
    try:
        with loading():
            assert not gc.isenabled()
            loaded: list[object] = [{}]
        assert gc.isenabled()
        assert not any(each is loaded for each in gc.get_objects())
        later: list[object] = []
        assert any(each is later for each in gc.get_objects())
    finally:
        gc.unfreeze()


def test_garbage_is_searched_for_again_after_what_could_not_be_loaded() -> None:
    try:
        with pytest.raises(ImportError), loading():
            raise ImportError
        assert gc.isenabled()
    finally:
        gc.unfreeze()
