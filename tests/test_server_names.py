"""Which certificate a server name leads to: the table, and that no name leads anywhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.server_names import choose_by_name, names_to_choose_by

CERTIFICATES = [
    (["first.example", "shared.example", "127.0.0.1", "::1"], "first"),
    (["second.example", "*.second.example", "shared.example"], "second"),
    (["deep.second.example", "*.Deep.Second.Example"], "deep"),
    (["*.", "*", "f*.partial.example", "a.*.example", ""], "odd"),
]
TABLE = names_to_choose_by(CERTIFICATES)


@pytest.mark.parametrize(
    ("server_name", "chosen"),
    [
        pytest.param(None, "first", id="no SNI: the default"),
        pytest.param("", "first", id="an empty one says nothing"),
        pytest.param("second.example", "second", id="exact"),
        pytest.param("SECOND.Example", "second", id="RFC 9525 §6.3: without regard to case"),
        pytest.param("second.example.", "second", id="the dot of the root, against RFC 6066 §3"),
        pytest.param("www.second.example", "second", id="wildcard"),
        pytest.param("deep.second.example", "deep", id="exact before wildcard"),
        pytest.param("a.deep.second.example", "deep", id="the wildcard in any case"),
        pytest.param("a.www.second.example", "first", id="RFC 9525 §6.3: one label only"),
        pytest.param("*.second.example", "first", id="a pattern is nobody's name"),
        pytest.param("shared.example", "first", id="the first that has it"),
        pytest.param("127.0.0.1", "first", id="an address, against RFC 6066 §3"),
        pytest.param("foo.partial.example", "first", id="RFC 9525 §6.3: the whole label"),
        pytest.param("a.b.example", "first", id="the leftmost label only"),
        pytest.param(".second.example", "first", id="an empty label"),
        pytest.param("localhost", "first", id="a single label"),
        pytest.param("unknown.example", "first", id="unknown"),
        pytest.param("\x1b[31m", "first", id="what is no name at all"),
    ],
)
def test_a_name_leads_to_one_certificate(server_name: str | None, chosen: str) -> None:
    assert choose_by_name(TABLE, server_name, "first") == chosen


def test_an_address_leads_to_the_default_even_where_another_certificate_has_it() -> None:
    table = names_to_choose_by([(["a.example"], "a"), (["192.0.2.1", "::1"], "b")])
    assert choose_by_name(table, "192.0.2.1", "a") == "a"
    assert choose_by_name(table, "::1", "a") == "a"


LABELS = st.sampled_from(["a", "b", "c", "*"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


@given(patterns=st.lists(NAMES, max_size=6), name=NAMES.filter(lambda name: "*" not in name))
def test_what_is_chosen_is_the_name_itself_or_differs_in_its_first_label_only(
    patterns: list[str], name: str
) -> None:
    table = names_to_choose_by(([pattern], pattern) for pattern in patterns)
    chosen = choose_by_name(table, name, None)
    matching = {name, f"*.{name.partition('.')[2]}"} if "." in name else {name}
    if chosen is None:
        assert not matching & set(patterns)
    else:
        assert chosen in matching
        assert chosen == name or name not in patterns
