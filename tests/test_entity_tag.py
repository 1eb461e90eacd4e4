import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.entity_tag import (
    coded_entity_tag,
    file_entity_tag,
    is_strong_match,
    is_weak_match,
    parse_entity_tags,
)

TAGS = st.builds('{}"{}"'.format, st.sampled_from(["", "W/"]), st.text("!#,/AZaz~\x80\xff"))


@pytest.mark.parametrize(
    ("one", "other", "strong", "weak"),
    [
        ('W/"1"', 'W/"1"', False, True),
        ('W/"1"', 'W/"2"', False, False),
        ('W/"1"', '"1"', False, True),
        ('"1"', '"1"', True, True),
    ],
)
def test_tags_compare_as_in_the_table_of_the_rfc(
    one: str, other: str, strong: bool, weak: bool
) -> None:
    assert is_strong_match(one, other) is strong
    assert is_weak_match(one, other) is weak


@pytest.mark.parametrize(
    ("field_value", "tags"),
    [
        ('"xyzzy"', ['"xyzzy"']),
        ('W/"xyzzy"', ['W/"xyzzy"']),
        ('""', ['""']),
        ('"xyzzy", "r2d2xxxx", "c3piozzzz"', ['"xyzzy"', '"r2d2xxxx"', '"c3piozzzz"']),
        ('"a","b"', ['"a"', '"b"']),
        (' ,, "a" ,\t, W/"b" , ', ['"a"', 'W/"b"']),
        ('"a,b", "c"', ['"a,b"', '"c"']),
        ('"\xfc"', ['"\xfc"']),
        ("", []),
        ("xyzzy", []),
        ('"xyzzy', []),
        ('w/"xyzzy"', []),
        ('W/ "xyzzy"', []),
        ('"a b"', []),
        ('"a" "b"', []),
        ('"a", b, "c"', ['"a"']),
        ('"a", "b', ['"a"']),
        ("*", []),
    ],
)
def test_a_list_is_read_up_to_what_is_no_tag(field_value: str, tags: list[str]) -> None:
    assert list(parse_entity_tags(field_value)) == tags


@given(st.lists(TAGS))
def test_any_list_of_tags_is_read_back(tags: list[str]) -> None:
    assert list(parse_entity_tags(", ".join(tags))) == tags


@given(st.text())
def test_no_field_value_raises(field_value: str) -> None:
    assert all(tag.endswith('"') for tag in parse_entity_tags(field_value))


def test_a_tag_changes_with_each_part_of_the_state() -> None:
    states = [(size, mtime, inode) for size in (1, 12) for mtime in (2, 23) for inode in (3, 34)]
    assert len({file_entity_tag(state, weak=False) for state in states}) == 8


def test_a_weak_tag_matches_itself_and_not_the_strong_one() -> None:
    # Else the copy of a young file would be confirmed when the file has become another.
    weak = file_entity_tag((1, 2, 3), weak=True)
    strong = file_entity_tag((1, 2, 3), weak=False)
    assert weak.startswith('W/"')
    assert is_weak_match(weak, weak)
    assert not is_weak_match(weak, strong)
    assert list(parse_entity_tags(f"{weak}, {strong}")) == [weak, strong]


def test_a_tag_tells_no_inode_number() -> None:
    assert "123456" not in file_entity_tag((1, 2, 123456), weak=False)
    assert f"{123456:x}" not in file_entity_tag((1, 2, 123456), weak=False)


def test_a_tag_of_what_is_coded_on_the_fly_is_a_weak_one_of_its_own() -> None:
    assert coded_entity_tag('"a"', "gzip") == 'W/"a-gzip"'
    assert coded_entity_tag('W/"a"', "br") == 'W/"a-br"'
