import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import assert_checkpoints, assert_no_checkpoints, wait_all_tasks_blocked

from trio_https.files.codecs import CODING_SUFFIXES
from trio_https.files.compression import Compressor
from trio_https.files.open_file import Folder, OpenFile

from ..codings import decode, every_coding, without_library

MIB = 1024 * 1024
TEXT = b"<p>What is said thrice is short, what is said thrice is short.</p>\n" * 300
NOISE = random.Random(3).randbytes(20_000)
WRITTEN_AT = 1_700_000_000
LONG_AFTER = WRITTEN_AT + 3600.0


class Site:
    """A folder whose files were written long ago, and what is open of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._folder = Folder(root)
        self.files = ExitStack()

    def write(self, name: str, content: bytes) -> None:
        (self.root / name).write_bytes(content)
        os.utime(self.root / name, (WRITTEN_AT, WRITTEN_AT))

    def open(self, name: str) -> OpenFile:
        return self.files.enter_context(self._folder.open((name,)))

    def open_broken(self, name: str) -> OpenFile:
        """Open a file as if on a disk that can't be read any more."""
        file = self.open(name)
        fd = os.open(self.root / name, os.O_WRONLY)
        os.dup2(fd, file.fileno())
        os.close(fd)
        return file


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """One with a file of text and one of noise."""
    site = Site(tmp_path)
    site.write("text", TEXT)
    site.write("noise", NOISE)
    with site.files:
        yield site


class Requests:
    """Tasks that ask one compressor, and what they got."""

    def __init__(self, compressor: Compressor, nursery: trio.Nursery) -> None:
        self.answers: dict[str, bytes | None] = {}
        self._compressor = compressor
        self._nursery = nursery
        self._has_ended: dict[str, trio.Event] = {}

    async def start(self, who: str, file: OpenFile, *, now: float = LONG_AFTER) -> trio.CancelScope:
        """Let a task ask, and return, as soon as it waits, what cancels it."""
        scope = trio.CancelScope()
        self._has_ended[who] = trio.Event()
        self._nursery.start_soon(self._ask, who, file, now, scope)
        await wait_all_tasks_blocked()
        return scope

    async def _ask(self, who: str, file: OpenFile, now: float, scope: trio.CancelScope) -> None:
        with scope:
            self.answers[who] = await self._compressor.compress(file, "gzip", now=now)
        self._has_ended[who].set()

    async def finish(self) -> None:
        for event in self._has_ended.values():
            await event.wait()


@pytest.fixture
def compressor() -> Compressor:
    return Compressor()


@pytest.fixture
def requests(compressor: Compressor, nursery: trio.Nursery) -> Requests:
    return Requests(compressor, nursery)


class BusyThreads:
    """Threads of a compressor that others have, as long as the block runs."""

    def __init__(self, compressor: Compressor) -> None:
        self._limiter = compressor._threads
        self._others = [object() for _ in range(int(self._limiter.total_tokens))]

    async def __aenter__(self) -> None:
        for other in self._others:
            await self._limiter.acquire_on_behalf_of(other)

    async def __aexit__(self, *_: object) -> None:
        for other in self._others:
            self._limiter.release_on_behalf_of(other)


# What is compressed


@every_coding
async def test_text_is_compressed(site: Site, compressor: Compressor, coding: str) -> None:
    coded = await compressor.compress(site.open("text"), coding, now=LONG_AFTER)
    assert coded is not None
    assert len(coded) < len(TEXT) / 10
    assert decode(coded, coding) == TEXT


@pytest.mark.parametrize(
    ("size", "compressed"),
    [(0, False), (1023, False), (1024, True), (4 * MIB, True), (4 * MIB + 1, False)],
)
async def test_files_of_1_kib_to_4_mib_are_compressed(
    site: Site, compressor: Compressor, size: int, compressed: bool
) -> None:
    site.write("page", bytes(size))
    coded = await compressor.compress(site.open("page"), "gzip", now=LONG_AFTER)
    assert (coded is not None) is compressed


async def test_what_gets_no_smaller_is_better_sent_as_it_is(
    site: Site, compressor: Compressor
) -> None:
    assert await compressor.compress(site.open("noise"), "gzip", now=LONG_AFTER) is None


async def test_without_its_library_nothing_is_compressed(
    site: Site,
) -> None:
    with without_library("brotli"):
        compressor = Compressor()
    assert await compressor.compress(site.open("text"), "br", now=LONG_AFTER) is None
    assert await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER) is not None


async def test_a_file_is_read_from_its_beginning_wherever_others_have_read(
    site: Site, compressor: Compressor
) -> None:
    file = site.open("text")
    os.read(file.fileno(), 1000)
    coded = await compressor.compress(file, "gzip", now=LONG_AFTER)
    assert coded is not None
    assert decode(coded, "gzip") == TEXT


async def test_the_caller_keeps_the_file(site: Site, compressor: Compressor) -> None:
    file = site.open("text")
    await compressor.compress(file, "gzip", now=LONG_AFTER)
    assert os.pread(file.fileno(), 3, 0) == b"<p>"


async def test_other_tasks_run_meanwhile(site: Site, compressor: Compressor) -> None:
    site.write("page", TEXT * (4 * MIB // len(TEXT)))
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        await compressor.compress(site.open("page"), "br", now=LONG_AFTER)
        nursery.cancel_scope.cancel()
    assert turns > 10


# What is remembered


@pytest.mark.parametrize("name", ["text", "noise"])
async def test_what_came_of_a_file_is_remembered(
    site: Site, compressor: Compressor, name: str
) -> None:
    with assert_checkpoints():
        first = await compressor.compress(site.open(name), "gzip", now=LONG_AFTER)
    with assert_no_checkpoints():
        assert await compressor.compress(site.open(name), "gzip", now=LONG_AFTER) is first


async def test_each_coding_is_remembered_for_itself(site: Site, compressor: Compressor) -> None:
    for _ in range(2):
        for coding in CODING_SUFFIXES:
            coded = await compressor.compress(site.open("text"), coding, now=LONG_AFTER)
            assert coded is not None
            assert decode(coded, coding) == TEXT


@pytest.mark.parametrize("replace", [False, True], ids=["written over", "replaced"])
async def test_a_file_that_has_changed_is_compressed_anew(
    site: Site, compressor: Compressor, replace: bool
) -> None:
    await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER)
    if replace:
        site.write("new", TEXT.upper())  # the same size, and by utime the same time
        (site.root / "new").replace(site.root / "text")
    else:
        (site.root / "text").write_bytes(TEXT.upper())
    coded = await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER)
    assert coded is not None
    assert decode(coded, "gzip") == TEXT.upper()


@pytest.mark.parametrize(("age", "remembered"), [(-10.0, False), (1.9, False), (2.0, True)])
async def test_a_file_that_may_change_without_a_trace_is_not_remembered(
    site: Site, compressor: Compressor, age: float, remembered: bool
) -> None:
    coded = await compressor.compress(site.open("text"), "gzip", now=WRITTEN_AT + age)
    assert coded is not None
    again = await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER)
    assert again == coded
    assert (again is coded) is remembered


async def test_what_was_not_asked_for_longest_is_forgotten_first(site: Site) -> None:
    site.write("other", TEXT[1:])
    site.write("third", TEXT[2:])
    compressor = Compressor(max_cache_bytes=2500)  # two of them

    async def ask(name: str) -> bytes | None:
        return await compressor.compress(site.open(name), "gzip", now=LONG_AFTER)

    text, other = await ask("text"), await ask("other")
    assert await ask("text") is text
    await ask("third")
    assert await ask("text") is text
    assert await ask("other") is not other


async def test_without_room_nothing_is_remembered(site: Site) -> None:
    compressor = Compressor(max_cache_bytes=0)
    first, second = [
        await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER) for _ in range(2)
    ]
    assert first == second
    assert first is not second


async def test_the_cache_never_holds_more_than_it_may(site: Site) -> None:
    limit = 100_000
    compressor = Compressor(max_cache_bytes=limit)
    choices = random.Random(5)
    for number in range(200):
        site.write("page", bytes(choices.randbytes(choices.randrange(600, 30_000)) + bytes(30_000)))
        with site.open("page") as file:
            await compressor.compress(file, "gzip", now=LONG_AFTER + number)
        kept = compressor._cache._outcomes.values()
        assert sum(len(outcome.content or b"") for outcome in kept) <= limit
        assert compressor._cache._bytes_left >= 0
    assert len(compressor._cache._outcomes) > 1


# Files that change


@pytest.mark.parametrize("size", [0, 1000, len(TEXT), len(TEXT) + 1, 5 * MIB])
async def test_a_file_that_has_changed_since_it_was_opened_is_not_compressed(
    site: Site, compressor: Compressor, size: int
) -> None:
    file = site.open("text")
    (site.root / "text").write_bytes(bytes(size))
    assert await compressor.compress(file, "gzip", now=LONG_AFTER) is None


async def test_a_fault_of_the_disk_is_an_error_of_whoever_met_it(
    site: Site, compressor: Compressor
) -> None:
    with pytest.raises(OSError):  # noqa: PT011 -- which one, the system decides
        await compressor.compress(site.open_broken("text"), "gzip", now=LONG_AFTER)
    assert await compressor.compress(site.open("text"), "gzip", now=LONG_AFTER) is not None


# Several at once


async def test_those_who_ask_at_once_for_one_file_get_it_compressed_once(
    site: Site, compressor: Compressor, requests: Requests
) -> None:
    async with BusyThreads(compressor):
        for number in range(20):
            # As young as it is, it is not remembered.
            await requests.start(str(number), site.open("text"), now=WRITTEN_AT)
    await requests.finish()
    assert len(requests.answers) == 20
    assert len({id(answer) for answer in requests.answers.values()}) == 1
    answer = requests.answers["0"]
    assert answer is not None
    assert decode(answer, "gzip") == TEXT


async def test_when_the_first_is_cancelled_before_it_began_the_others_get_their_answer(
    site: Site, compressor: Compressor, requests: Requests
) -> None:
    async with BusyThreads(compressor):
        first = await requests.start("first", site.open("text"))
        await requests.start("second", site.open("text"))
        await requests.start("third", site.open("text"))
        first.cancel()
        await wait_all_tasks_blocked()
    await requests.finish()
    assert first.cancelled_caught
    assert "first" not in requests.answers
    assert requests.answers["second"] is requests.answers["third"] is not None


async def test_when_the_first_is_cancelled_in_the_middle_the_others_get_its_answer(
    site: Site, compressor: Compressor, requests: Requests
) -> None:
    site.write("page", TEXT * (4 * MIB // len(TEXT)))
    first = await requests.start("first", site.open("page"))
    await requests.start("second", site.open("page"))
    first.cancel()
    await requests.finish()
    assert requests.answers["second"] is not None


async def test_when_another_than_the_first_is_cancelled_nobody_else_notices(
    site: Site, compressor: Compressor, requests: Requests
) -> None:
    async with BusyThreads(compressor):
        await requests.start("first", site.open("text"))
        second = await requests.start("second", site.open("text"))
        second.cancel()
    await requests.finish()
    assert second.cancelled_caught
    assert requests.answers["first"] is not None


async def test_an_error_of_the_first_is_not_that_of_the_others(
    site: Site, compressor: Compressor, requests: Requests, nursery: trio.Nursery
) -> None:
    async def meet_error() -> None:
        with pytest.raises(OSError):  # noqa: PT011 -- as above
            await compressor.compress(site.open_broken("text"), "gzip", now=LONG_AFTER)

    async with BusyThreads(compressor):
        nursery.start_soon(meet_error)
        await wait_all_tasks_blocked()
        await requests.start("second", site.open("text"))
    await requests.finish()
    assert requests.answers["second"] is not None


async def test_who_asks_when_eight_others_wait_does_without(
    site: Site, compressor: Compressor, requests: Requests
) -> None:
    for number in range(9):
        site.write(str(number), TEXT[number:])
    async with BusyThreads(compressor):
        for number in range(8):
            await requests.start(str(number), site.open(str(number)))
        with assert_no_checkpoints():
            ninth = partial(compressor.compress, site.open("8"), "gzip", now=LONG_AFTER)
            assert await ninth() is None
    await requests.finish()
    assert None not in requests.answers.values()
    assert await ninth() is not None
