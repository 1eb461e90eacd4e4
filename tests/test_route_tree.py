"""The tree of patterns finds what comparing each pattern with the path would find, in order."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.errors import HTTPError
from trio_https.rules.route_pattern import (
    RouteKey,
    Segment,
    is_int,
    is_text,
    is_uuid,
    parse_route_key,
)
from trio_https.rules.route_tree import RouteTree, split_raw_path

UUID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
RANKS = {"literal": 0, "int": 1, "uuid": 1, "text": 2, "path": 3}


def tree_of(*keys: str) -> RouteTree[str]:
    tree: RouteTree[str] = RouteTree()
    for key in keys:
        parsed = parse_route_key(key)
        tree.place(parsed.segments, partial(str, key), is_mount=parsed.is_mount)
    return tree


def found_in(tree: RouteTree[str], raw_path: str) -> list[tuple[str, tuple[str, ...]]]:
    segments = split_raw_path(raw_path)
    assert segments is not None
    return [(match.place, match.values) for match in tree.matches(segments)]


TREE = tree_of(
    *("GET /", "/", "GET /a", "GET /a/", "/a/", "/b/", "/b/c/"),
    *("/n/{x}", "/n/{x:int}", "/n/{x:uuid}", "/n/me", "/n/{x:path}"),
    *("/d/{year:int}/x", "/d/{name}/{rest:path}", "/d/2024/y"),
)


@pytest.mark.parametrize(
    ("raw_path", "found"),
    [
        ("/", [("GET /", ()), ("/", ())]),
        ("/a", [("GET /a", ()), ("/", ())]),
        ("/a/", [("GET /a/", ()), ("/a/", ()), ("/", ())]),
        ("/a/b", [("/a/", ()), ("/", ())]),
        ("/b", [("/b/", ()), ("/", ())]),
        ("/b/c/d", [("/b/c/", ()), ("/b/", ()), ("/", ())]),
        ("/bb", [("/", ())]),
        ("/%61", [("GET /a", ()), ("/", ())]),
        ("/A", [("/", ())]),
        ("/n/me", [("/n/me", ()), ("/n/{x}", ("me",)), ("/n/{x:path}", ("me",)), ("/", ())]),
        ("/n/7", [("/n/{x:int}", ("7",)), ("/n/{x}", ("7",)), ("/n/{x:path}", ("7",)), ("/", ())]),
        (
            f"/n/{UUID}",
            [
                ("/n/{x:uuid}", (UUID,)),
                ("/n/{x}", (UUID,)),
                ("/n/{x:path}", (UUID,)),
                ("/", ()),
            ],
        ),
        ("/n/", [("/", ())]),
        ("/n/a/b/", [("/n/{x:path}", ("a/b/",)), ("/", ())]),
        ("/n/a%2Fb", [("/n/{x}", ("a/b",)), ("/", ())]),  # no rest: it has two readings
        ("/n/%0A", [("/", ())]),
        ("/n/%FF", [("/", ())]),
        ("/n/%2525", [("/n/{x}", ("%25",)), ("/n/{x:path}", ("%25",)), ("/", ())]),
        # From the left: 2024 is a literal, but what follows it does not fit.
        (
            "/d/2024/x",
            [("/d/{year:int}/x", ("2024",)), ("/d/{name}/{rest:path}", ("2024", "x")), ("/", ())],
        ),
    ],
)
def test_the_most_specific_comes_first(
    raw_path: str, found: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert found_in(TREE, raw_path) == found


def test_a_mount_takes_the_segments_above_what_is_below() -> None:
    tree = tree_of("/a/{x}/")
    assert [match.depth for match in tree.matches(["a", "b", "c", "d"])] == [2]
    assert [match.depth for match in tree.matches(["a", "b", ""])] == [2]
    assert [match.depth for match in tree.matches(["a", "b"])] == [2]
    assert not list(tree.matches(["a"]))


def test_patterns_that_take_the_same_have_one_place() -> None:
    tree: RouteTree[object] = RouteTree()
    one, other = (parse_route_key(key) for key in ("GET /a/{x:int}", "PUT /a/{y:int}"))
    place = tree.place(one.segments, object, is_mount=False)
    assert tree.place(other.segments, object, is_mount=False) is place


@pytest.mark.parametrize(
    "raw_path",
    ["//", "//a", "/a//b", "/a//", "/.", "/..", "/a/./b", "/a/../b", "/%2e%2E/a", "/.%2e", "/a/.."],
)
def test_dot_segments_and_empty_ones_are_for_no_pattern(raw_path: str) -> None:
    assert split_raw_path(raw_path) is None


@pytest.mark.parametrize("raw_path", ["/%", "/%2", "/a/%zz", "/ü", "/\udcff"])
def test_a_malformed_path_is_a_bad_request(raw_path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        split_raw_path(raw_path)
    assert caught.value.status == 400


# Against a matcher that tries each pattern in turn

SEGMENTS = st.sampled_from(["a", "b", "7", UUID, "a/b", "a\n"])
PARAMETERS = st.sampled_from(["{}:int", "{}:uuid", "{}"])


@st.composite
def keys(draw: st.DrawFn) -> str:
    texts = draw(st.lists(SEGMENTS | PARAMETERS, max_size=4))
    named = [
        f"{{x{index}{text[2:]}}}" if text.startswith("{}") else quote(text, safe="")
        for index, text in enumerate(texts)
    ]
    path = "".join(f"/{text}" for text in named)
    ending = draw(st.sampled_from(["", "/", "/{rest:path}"]))
    return draw(st.sampled_from(["", "GET "])) + (path + ending or "/")


def fits(segment: Segment, text: str) -> bool:
    if segment.kind == "literal":
        return segment.text == text
    return {"int": is_int, "uuid": is_uuid, "text": is_text}[segment.kind](text)


def values_in(key: RouteKey, path: Sequence[str]) -> tuple[str, ...] | None:
    """Return what the parameters stand for, None if the path does not fit the pattern."""
    segments = key.segments
    rest: tuple[str, ...] = ()
    if segments and segments[-1].kind == "path":
        segments, below = segments[:-1], path[len(segments) - 1 :]
        if not below or not below[0] or not all(is_text(part) for part in below if part):
            return None
        if any("/" in part for part in below):
            return None
        rest = ("/".join(below),)
        path = path[: len(segments)]
    elif key.is_mount:
        path = path[: len(segments)]
    if len(path) != len(segments) or not all(map(fits, segments, path)):
        return None
    found = (text for part, text in zip(segments, path, strict=True) if part.kind != "literal")
    return (*found, *rest)


def specificity(key: RouteKey) -> list[int]:
    """Return what sorts patterns that fit one path: segment by segment from the left."""
    ranks = [RANKS[segment.kind] for segment in key.segments]
    return [*ranks, 4] if key.is_mount else ranks


@given(st.lists(keys(), max_size=12), st.lists(SEGMENTS, max_size=5), st.sampled_from([[], [""]]))
def test_the_tree_finds_what_trying_each_pattern_finds(
    texts: list[str], path: list[str], ending: list[str]
) -> None:
    path = path + ending or [""]
    tree: RouteTree[tuple[RouteKey, ...]] = RouteTree()
    parsed = [parse_route_key(text) for text in texts]
    shapes = {}
    for key in parsed:
        place = tree.place(key.segments, partial(tuple, [key]), is_mount=key.is_mount)
        shapes[place] = place[0]
    expected = [
        (key, values)
        for key in sorted(shapes.values(), key=specificity)
        if (values := values_in(key, path)) is not None
    ]
    expected = [(key, values) for key, values in expected if not steps_back(key, path, parsed)]
    assert [(match.place[0], match.values) for match in tree.matches(path)] == expected


def steps_back(key: RouteKey, path: Sequence[str], keys: Sequence[RouteKey]) -> bool:
    """Whether it is a mount, asked for without its slash, and another pattern ends there."""
    return (
        key.is_mount
        and len(key.segments) == len(path)
        and any(not other.is_mount and other.segments == key.segments for other in keys)
    )


@given(st.lists(keys(), max_size=12), st.lists(SEGMENTS, min_size=1, max_size=5), st.randoms())
def test_the_order_of_the_patterns_does_not_matter(
    texts: list[str], path: list[str], random: object
) -> None:
    mixed = list(texts)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    raw_path = "".join(f"/{quote(segment, safe='')}" for segment in path)
    # Of patterns that take the same, the first one names the place: compare what they take.
    shaped = [
        [(values, len(values)) for _, values in found_in(tree_of(*order), raw_path)]
        for order in (texts, mixed)
    ]
    assert shaped[0] == shaped[1]
