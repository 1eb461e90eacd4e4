from collections.abc import Iterator
from pathlib import Path

import pytest

from .distribution import BEGIN_FIRST, group_of

TESTS = Path(__file__).parent


def test_what_begins_first_is_there() -> None:
    assert [name for name in BEGIN_FIRST if not (TESTS / name).is_file()] == []


@pytest.fixture
def collected(request: pytest.FixtureRequest) -> Iterator[pytest.Item]:
    """All tests of this run."""
    return iter(request.session.items)


def test_tests_that_want_the_same_port_go_together(collected: Iterator[pytest.Item]) -> None:
    with_port = [item for item in collected if "default_port" in getattr(item, "fixturenames", ())]
    assert {group_of(item.nodeid) for item in with_port} <= {"port 8443"}


def test_the_tests_of_a_file_go_together_but_for_its_cuts(collected: Iterator[pytest.Item]) -> None:
    groups: dict[str, set[str]] = {}
    for item in collected:
        groups.setdefault(item.nodeid.partition("::")[0], set()).add(group_of(item.nodeid))
    several = {file for file, names in groups.items() if len(names) > 1}
    assert several <= {"tests/conformance/test_sequences.py"}
