"""Conditional requests against a model: what a client has kept, and what the file is by now.

The model knows the content of each version, and so what no validator can: whether the client's copy
is the file. A 304 says that it is, a 206 for If-Range says so of a part; a 200 needs no proof.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.files.validators import Source
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages

from .asking import MODIFIED, NO_HEADERS, ask

NS = 1_000_000_000
NAME = "page.html"
CONTENTS = [b"first version", b"other version", b"1", b"", b"long " * 4000, b"more " * 28_000]
assert len(CONTENTS[0]) == len(CONTENTS[1])
assert len(CONTENTS[-1]) > 128 * 1024  # streamed, not kept in memory


class Copy(NamedTuple):
    """What a client has kept of an answer 200."""

    content: bytes
    etag: str
    last_modified: str
    version: int


@dataclass
class World:
    """A file, its history, and a client."""

    root: Path
    pages: Pages
    now: float = MODIFIED + 1000.0
    mtime: float = MODIFIED
    content: bytes | None = None
    version: int = 0  # grows with each write, touch and replacement
    copies: list[Copy] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.root / NAME

    def write(self, content: bytes) -> None:
        """Write over the file where it is, or make one."""
        before = status_of(self.path)
        self.path.write_bytes(content)
        self._finish(before, content)

    def replace(self, content: bytes) -> None:
        """Put another file in its place, as editors and build tools do."""
        before = status_of(self.path)
        (self.root / "new").write_bytes(content)
        (self.root / "new").replace(self.path)
        self._finish(before, content)

    def touch(self) -> None:
        if self.content is not None:
            self._finish(status_of(self.path), self.content)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self.content = None

    def _finish(self, before: os.stat_result | None, content: bytes) -> None:
        set_time(self.path, self.mtime, before)
        self.content = content
        self.version += 1

    async def ask(self, headers: Headers = NO_HEADERS, method: str = "GET") -> Response:
        response = await ask(self.pages, "/page", method, headers, now=self.now)
        if response.status == 200 and method == "GET":
            assert response.body == self.content
            assert isinstance(response.body, bytes)
            etag, date = response.headers.get("ETag"), response.headers.get("Last-Modified")
            self.copies.append(Copy(response.body, etag or "", date or "", self.version))
        return response


def status_of(path: Path) -> os.stat_result | None:
    return path.stat() if path.exists() else None


def set_time(path: Path, mtime: float, before: os.stat_result | None) -> None:
    """Set the time of a change; a clock that is coarse has ticked since the change before."""
    os.utime(path, ns=(0, int(mtime * NS)))
    while before is not None and path.stat().st_ctime_ns == before.st_ctime_ns:
        time.sleep(0.001)
        os.utime(path, ns=(0, int(mtime * NS)))


@pytest.fixture(scope="module")
def new_world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Source], World]:
    folder, numbers = tmp_path_factory.mktemp("conditions"), count()

    def make(etag: Source = "file") -> World:
        root = folder / str(next(numbers))
        root.mkdir()
        return World(root, Pages(root, etag=etag, compress=False))

    return make


# What a client may ask with what it has kept.


def only_if_changed(copy: Copy) -> Headers:
    return Headers({"If-None-Match": copy.etag})


def only_if_changed_as_browsers_ask(copy: Copy) -> Headers:
    return Headers({"If-None-Match": copy.etag, "If-Modified-Since": copy.last_modified})


def only_if_same(copy: Copy) -> Headers:
    return Headers({"If-Match": copy.etag})


def the_rest(copy: Copy) -> Headers:
    return Headers({"Range": f"bytes={len(copy.content) // 2}-", "If-Range": copy.etag})


def the_rest_by_date(copy: Copy) -> Headers:
    # RFC 9110 §13.1.5: only for a date that was a second old then; the model's copies are.
    return Headers({"Range": f"bytes={len(copy.content) // 2}-", "If-Range": copy.last_modified})


def only_if_changed_since(copy: Copy) -> Headers:
    return Headers({"If-Modified-Since": copy.last_modified})


def only_if_same_since(copy: Copy) -> Headers:
    return Headers({"If-Unmodified-Since": copy.last_modified})


Question = Callable[[Copy], Headers]
BY_TAG: list[Question] = [
    only_if_changed,
    only_if_changed_as_browsers_ask,
    only_if_same,
    the_rest,
]
BY_DATE: list[Question] = [the_rest_by_date, only_if_changed_since, only_if_same_since]


async def check_answer(world: World, question: Question, copy: Copy) -> None:
    """Ask with what is known of a copy, and hold the answer against the file."""
    answer = await world.ask(question(copy))
    if world.content is None:
        assert answer.status == 404
        return
    is_same = copy.content == world.content
    if answer.status == 304:
        assert is_same
        assert answer.body == b""
    elif answer.status == 206:
        start = len(copy.content) // 2
        assert copy.content[:start] + content_of(answer) == world.content  # nothing spliced
    elif answer.status == 416:
        assert is_same  # and empty from there on
    elif answer.status == 412:
        assert copy.version != world.version or copy.etag.startswith("W/")
    else:
        assert answer.status == 200
    if question is only_if_same and answer.status == 200:
        assert is_same
    if copy.version == world.version:
        check_nothing_is_sent_twice(answer, question, copy)


def content_of(answer: Response) -> bytes:
    assert isinstance(answer.body, bytes)
    return answer.body


def check_nothing_is_sent_twice(answer: Response, question: Question, copy: Copy) -> None:
    """Where nothing was changed, conditions are worth their while."""
    if question in (only_if_changed, only_if_changed_as_browsers_ask, only_if_changed_since):
        assert answer.status == 304
    elif question in (the_rest, the_rest_by_date) and copy.content:
        assert answer.status == (200 if copy.etag.startswith("W/") else 206)


# Each step is a change, the passing of time, or a question with the number of a copy.
CHANGES = st.tuples(st.sampled_from(["write", "replace", "touch"]), st.integers(0, 5))
QUESTIONS = st.tuples(st.just("ask"), st.integers(0, 5), st.integers(0, 3))


@pytest.mark.no_cover
@given(
    steps=st.lists(CHANGES | QUESTIONS | st.sampled_from([("delete",), ("get",)]), max_size=12),
    etag=st.sampled_from(["file", "content"]),
    seconds=st.lists(st.sampled_from([0.001, 1.0, 5.0]), min_size=13, max_size=13),
)
async def test_a_tag_stands_for_one_content(
    new_world: Callable[[Source], World],
    steps: list[tuple[str, ...]],
    etag: Source,
    seconds: list[float],
) -> None:
    world = new_world(etag)
    world.write(CONTENTS[0])
    await world.ask()
    for (action, *numbers), later in zip(steps, seconds, strict=False):
        match action, numbers:
            case (("write" | "replace"), [number]):
                world.mtime += later  # forwards: a time of its own for each change
                getattr(world, action)(CONTENTS[int(number)])
            case "touch", _:
                world.mtime += later
                world.touch()
            case "delete", _:
                world.delete()
            case "get", _:
                await world.ask()
            case "ask", [number, kind]:
                copy = world.copies[int(number) % len(world.copies)]
                await check_answer(world, BY_TAG[int(kind)], copy)


@pytest.mark.no_cover
@given(
    numbers=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=6),
    seconds=st.lists(st.sampled_from([1.0, 2.5, 5.0]), min_size=6, max_size=6),
)
async def test_a_date_stands_for_one_content_where_each_change_has_a_second_of_its_own(
    new_world: Callable[[Source], World], numbers: list[tuple[int, int]], seconds: list[float]
) -> None:
    world = new_world("file")
    world.write(CONTENTS[0])
    await world.ask()
    for (number, kind), later in zip(numbers, seconds, strict=False):
        await check_answer(world, BY_DATE[kind], world.copies[-1])
        world.mtime += later
        world.replace(CONTENTS[number])
        await check_answer(world, BY_DATE[kind], world.copies[0])
        await world.ask()


# What is in memory: whatever is done to the file, its content is sent, and no other


@pytest.mark.no_cover
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["write", "replace", "touch", "delete"]), st.integers(0, 5)),
        max_size=10,
    )
)
async def test_what_is_sent_is_the_file_also_where_size_and_time_are_the_same(
    new_world: Callable[[Source], World], steps: list[tuple[str, int]]
) -> None:
    world = new_world("file")
    world.write(CONTENTS[0])
    for action, number in steps:
        if action in ("write", "replace"):
            getattr(world, action)(CONTENTS[number])
        else:
            getattr(world, action)()
        assert (await world.ask()).status == (404 if world.content is None else 200)
        await world.ask()  # from memory


async def test_names_that_are_exchanged_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    pages = Pages(tmp_path, pretty_urls=False, compress=False)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
        set_time(tmp_path / name, MODIFIED, None)
    for _ in range(2):
        assert (await ask(pages, "/a")).body == b"a"
        assert (await ask(pages, "/b")).body == b"b"
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "b").rename(tmp_path / "a")
    (tmp_path / "c").rename(tmp_path / "b")
    assert (await ask(pages, "/a")).body == b"b"
    assert (await ask(pages, "/b")).body == b"a"


async def test_a_change_by_another_name_of_the_file_is_seen(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "pages"
    root.mkdir()
    outside.write_bytes(b"before")
    set_time(outside, MODIFIED, None)
    (root / NAME).hardlink_to(outside)
    pages = Pages(root, compress=False)
    for content in (b"before", b"after!", b"later."):
        before = outside.stat()
        outside.write_bytes(content)
        set_time(outside, MODIFIED, before)
        assert (await ask(pages, "/page")).body == content
        assert (await ask(pages, "/page")).body == content


async def test_what_is_in_memory_is_not_sent_once_it_is_hidden_or_locked(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"a page")
    set_time(tmp_path / NAME, MODIFIED, None)
    pages = Pages(tmp_path, compress=False)
    for _ in range(2):
        assert (await ask(pages, "/page")).status == 200
    (tmp_path / NAME).rename(tmp_path / ".page.html")
    (tmp_path / NAME).symlink_to(".page.html")
    assert (await ask(pages, "/page")).status == 404


# Holes: what a status does not tell


@pytest.mark.parametrize("question", BY_TAG)
async def test_a_file_written_over_by_one_of_the_same_size_and_time_is_another(
    new_world: Callable[[Source], World], question: Question
) -> None:
    # As "cp -p", "rsync -t --inplace" and "docker cp" do with builds whose times are all the same.
    world = new_world("file")
    world.write(CONTENTS[0])
    await world.ask()
    world.write(CONTENTS[1])
    await check_answer(world, question, world.copies[0])


@pytest.mark.parametrize("question", [only_if_changed, only_if_changed_as_browsers_ask])
async def test_a_copy_of_a_young_file_is_not_taken_for_what_it_became_in_the_same_tick(
    new_world: Callable[[Source], World], question: Question
) -> None:
    # As on FAT, whose clock ticks every two seconds: saved twice, looked at in between.
    world = new_world("file")
    world.now = MODIFIED + 0.5
    world.write(CONTENTS[0])
    await world.ask()
    world.write(CONTENTS[1])
    world.now = MODIFIED + 1000
    await check_answer(world, question, world.copies[0])


async def test_a_date_is_not_taken_for_what_the_file_became_in_the_same_second(
    new_world: Callable[[Source], World],
) -> None:
    world = new_world("file")
    world.mtime, world.now = MODIFIED + 0.2, MODIFIED + 0.5
    world.write(CONTENTS[0])
    await world.ask()
    world.mtime, world.now = MODIFIED + 0.8, MODIFIED + 1000
    world.write(CONTENTS[1])
    copy = world.copies[0]
    if copy.last_modified:
        await check_answer(world, only_if_changed_since, copy)


async def test_a_date_alone_does_not_tell_an_older_file_that_took_the_place_of_one(
    new_world: Callable[[Source], World],
) -> None:
    # RFC 9110 §13.1.3 compares by order. Clients that know entity tags are not deceived.
    world = new_world("file")
    world.write(CONTENTS[0])
    await world.ask()
    world.mtime = MODIFIED - 1000  # back to the release before
    world.replace(CONTENTS[1])
    copy = world.copies[0]
    assert (await world.ask(only_if_changed_since(copy))).status == 304
