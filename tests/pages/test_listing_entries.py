import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.pages.listing_entries import Entry, Order, parse_order, sort_entries

NAMES = st.text(st.sampled_from("aAbB09 é.²\udcff"), min_size=1, max_size=6)
ENTRIES = st.lists(
    st.builds(Entry, NAMES, st.none() | st.integers(0, 3), st.integers(0, 3)),
    max_size=8,
    unique_by=lambda entry: entry.name,
)
ORDERS = st.builds(Order, st.sampled_from(["name", "size", "modified"]), st.booleans())


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", Order("name")),
        ("sort=name", Order("name")),
        ("sort=size", Order("size")),
        ("sort=modified&order=asc", Order("modified")),
        ("order=desc", Order("name", is_descending=True)),
        ("order=desc&sort=size", Order("size", is_descending=True)),
        ("sort=si%7Ae", Order("size")),
        ("sort=Size", Order("name")),
        ("sort=inode&order=up", Order("name")),
        ("sort=size&order=up", Order("size")),
        ("sort=", Order("name")),
        ("sort", Order("name")),
        ("sort=%ff%", Order("name")),
        ("&&=&a=b&sort=size", Order("size")),
        ("sort=name&sort=size", Order("size")),
    ],
)
def test_what_is_unknown_in_a_query_is_taken_for_the_default(query: str, order: Order) -> None:
    assert parse_order(query) == order


@given(st.text())
def test_any_query_is_an_order(query: str) -> None:
    assert parse_order(query).column in ("name", "size", "modified")


@pytest.mark.parametrize(
    "names",
    [
        ["file1", "file2", "file10"],
        ["a", "B", "c"],
        ["A", "a", "B", "b"],
        ["1.txt", "02.txt", "3.txt"],
        ["2", "a"],
        ["v1.9.0", "v1.10.0"],
        ["e.txt", "é.txt", "f.txt"],
        ["a" + "9" * 200, "b"],
        ["a\udcff", "b"],
        ["straße 2", "STRASSE 10"],
    ],
)
def test_names_are_sorted_as_people_count(names: list[str]) -> None:
    shuffled = [Entry(name, 0, 0) for name in sorted(names, reverse=True)]
    assert [entry.name for entry in sort_entries(shuffled, Order())] == names


def test_a_name_that_was_typed_another_way_sorts_alike() -> None:
    for form in ("NFC", "NFD"):
        names = [unicodedata.normalize(form, "é"), "d", "e", "f"]
        found = sort_entries([Entry(name, 0, 0) for name in names], Order())
        assert [entry.name for entry in found] == ["d", "e", names[0], "f"]


FOLDER_A, FOLDER_B = Entry("a", None, 20), Entry("b", None, 10)
SMALL, BIG, ALSO_BIG = Entry("c", 1, 30), Entry("d", 9, 10), Entry("e", 9, 20)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order("name"), [FOLDER_A, FOLDER_B, SMALL, BIG, ALSO_BIG]),
        (Order("name", is_descending=True), [FOLDER_B, FOLDER_A, ALSO_BIG, BIG, SMALL]),
        (Order("size"), [FOLDER_A, FOLDER_B, SMALL, BIG, ALSO_BIG]),
        (Order("size", is_descending=True), [FOLDER_A, FOLDER_B, BIG, ALSO_BIG, SMALL]),
        (Order("modified"), [FOLDER_B, FOLDER_A, BIG, ALSO_BIG, SMALL]),
        (Order("modified", is_descending=True), [FOLDER_A, FOLDER_B, SMALL, ALSO_BIG, BIG]),
    ],
)
def test_folders_come_first_in_every_order(order: Order, expected: list[Entry]) -> None:
    assert sort_entries([ALSO_BIG, FOLDER_B, SMALL, FOLDER_A, BIG], order) == expected


@given(ENTRIES, ORDERS)
def test_the_order_of_the_disk_does_not_matter(entries: list[Entry], order: Order) -> None:
    expected = sort_entries(entries, order)
    assert sort_entries(entries[::-1], order) == expected
    assert sorted(expected, key=lambda entry: entry.name) == sorted(
        entries, key=lambda entry: entry.name
    )
    assert sorted(expected, key=lambda entry: not entry.is_folder) == expected
