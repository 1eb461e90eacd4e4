"""A log that is written as often as Trio waits: what is together, what is at once, what is kept."""

import io
import logging
from collections.abc import Iterator

import pytest
import trio

from trio_https.operate.access_log import AccessEntry, TextFormatter
from trio_https.operate.collected_lines import CollectedLines

from .test_access_log import make_entry


class Terminal(io.StringIO):
    """A text stream that remembers what was written as one."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str, /) -> int:
        self.pieces.append(text)
        return super().write(text)


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def handler(terminal: Terminal) -> CollectedLines:
    return CollectedLines(terminal)


@pytest.fixture
def logger(handler: CollectedLines) -> Iterator[logging.Logger]:
    logger = logging.getLogger("tests.collected_lines")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    handler.close()


def test_what_tasks_log_before_trio_waits_is_written_as_one(
    logger: logging.Logger, terminal: Terminal
) -> None:
    async def visit(number: int) -> None:
        logger.info("visit %d", number)
        assert not terminal.pieces
        await trio.lowlevel.checkpoint()
        assert len(terminal.pieces) == 1

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(visit, number)

    trio.run(main)
    [piece] = terminal.pieces
    assert sorted(piece.splitlines()) == ["visit 0", "visit 1", "visit 2"]
    assert piece.endswith("\n")


async def test_each_wait_has_its_own(logger: logging.Logger, terminal: Terminal) -> None:
    for line in "abc":
        logger.info(line)
        await trio.lowlevel.checkpoint()
    assert terminal.pieces == ["a\n", "b\n", "c\n"]


def test_outside_of_trio_a_line_is_written_at_once(
    logger: logging.Logger, terminal: Terminal
) -> None:
    logger.info("first")
    assert terminal.pieces == ["first\n"]
    trio.run(trio.lowlevel.checkpoint)
    logger.info("second")
    assert terminal.pieces == ["first\n", "second\n"]


def test_the_last_lines_of_a_run_are_written_also_if_it_ends_by_an_error(
    logger: logging.Logger, terminal: Terminal
) -> None:
    async def main() -> None:
        logger.info("last words")
        raise LookupError

    with pytest.raises(LookupError):
        trio.run(main)
    assert terminal.pieces == ["last words\n"]


def test_another_run_collects_its_own(logger: logging.Logger, terminal: Terminal) -> None:
    async def main() -> None:
        logger.info("a")
        logger.info("b")

    trio.run(main)
    trio.run(main)
    assert terminal.pieces == ["a\nb\n", "a\nb\n"]


async def test_what_cannot_be_written_disturbs_nobody(
    logger: logging.Logger, terminal: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    terminal.close()
    for _ in range(2):
        logger.info("into nothing")
        await trio.lowlevel.checkpoint()
    assert len(terminal.pieces) == 2
    # Trio tells of instruments that raise, and takes them out.
    assert not [record for record in caplog.records if record.name.startswith("trio.")]


async def test_a_record_that_cannot_be_formatted_leaves_the_others_alone(
    logger: logging.Logger, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger.info("a")
    logger.info("%d", "no number")
    logger.info("b")
    await trio.lowlevel.checkpoint()
    assert terminal.pieces == ["a\nb\n"]


async def test_entries_are_written_as_their_text_and_all_else_as_it_is(
    logger: logging.Logger, handler: CollectedLines, terminal: Terminal
) -> None:
    handler.setFormatter(TextFormatter())
    entry: AccessEntry = make_entry()
    logger.info(entry)
    logger.info("to %s", "you")
    await trio.lowlevel.checkpoint()
    assert terminal.pieces == [f"{entry}\nto you\n"]
