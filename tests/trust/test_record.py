import sys
from pathlib import Path

import pytest

from trio_https import ConfigError
from trio_https.trust.authority import Authority
from trio_https.trust.record import forget, known_authorities, remember

from .conftest import make_authority


def test_the_current_authority_comes_first_and_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = make_authority(home)
    remember(home, old)
    (home / "ca").rename(tmp_path / "moved away")
    assert [known.der for known in known_authorities(home)] == [old.der]
    new = make_authority(home)
    remember(home, new)
    assert [known.der for known in known_authorities(home)] == [new.der, old.der]
    assert known_authorities(home)[0].path == new.path


def test_what_is_forgotten_is_known_no_more(tmp_path: Path, other: Authority) -> None:
    home = tmp_path / "home"
    current = make_authority(home)
    remember(home, other)
    for _ in range(2):
        forget(home, other)
        assert [known.der for known in known_authorities(home)] == [current.der]


def test_nothing_is_known_before_the_first_run(tmp_path: Path) -> None:
    assert known_authorities(tmp_path / "home") == []
    assert not (tmp_path / "home").exists()


def test_a_damaged_copy_is_named(tmp_path: Path, other: Authority) -> None:
    home = tmp_path / "home"
    remember(home, other)
    [path] = (home / "trusted").iterdir()
    path.write_text("junk")
    with pytest.raises(ConfigError, match=f"{path.name}: there is nothing in PEM"):
        known_authorities(home)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_others_have_no_say_in_who_is_trusted_no_more(tmp_path: Path, other: Authority) -> None:
    home = tmp_path / "home"
    remember(home, other)
    assert (home / "trusted").stat().st_mode & 0o777 == 0o700
    home.chmod(0o777)
    with pytest.raises(ConfigError, match="other users may write"):
        known_authorities(home)
