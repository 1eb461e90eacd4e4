"""OpenSSL's own reading decides: what it makes of a value is the oracle, for all in one run."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.openssl_config import Section, Setting, parse_config
from trio_https.errors import ConfigError

from ..programs import require_program

# As they stand behind "=" in a file, and as OpenSSL 3.0 was seen to read them.
VALUES = [
    "plain",
    "two  words \t",
    "# nothing but a comment",
    "before # a comment",
    "before# a comment",
    "a;b",
    "x=y",
    "[in brackets]",
    '"quoted # and no comment" # a comment',
    "'single'",
    "`back`",
    '"it\'s" \'so "it"\'',
    '" spaces inside "  ',
    r"an\'apostrophe",
    r"\# \$ \" \` \\",
    r"'in quotes \n is n'",
    r"'in quotes \' is one'",
    "a'b'c",
    "例え # コメント",
    "non-breaking\u00a0",
]


def parse(text: str) -> dict[str, Section]:
    return dict(parse_config("x.conf", text))


def value_of(text: str) -> str:
    return parse(f"[s]\nname = {text}\n")["s"].settings[0].value


def mistakes_in(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    head, *lines = str(caught.value).split("\n  ")
    assert head == "x.conf: this can't be understood."
    return lines


def test_values_are_read_as_openssl_reads_them(tmp_path: Path) -> None:
    values = [value for value in VALUES if value_of(value)]
    fields = "".join(f"{number}.O = {value}\n" for number, value in enumerate(values))
    config = f"[req]\nprompt = no\ndistinguished_name = dn\n[dn]\n{fields}"
    (tmp_path / "x.conf").write_text(config, "utf-8")
    command = [require_program("openssl"), "req", "-x509", "-new", "-nodes", "-utf8"]
    files = ["-config", "x.conf", "-keyout", "x.key", "-newkey", "rsa:2048"]
    made = subprocess.run([*command, *files], cwd=tmp_path, check=True, capture_output=True)
    attributes = x509.load_pem_x509_certificate(made.stdout).subject
    read_by_openssl = [
        attribute.value
        for attribute in attributes.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ]
    assert [value_of(value) for value in values] == read_by_openssl
    assert len(values) == len(VALUES) - 1


def test_sections_and_settings_have_their_lines() -> None:
    text = "# first\r\n\r\n[ a ] # with a comment\r\n  x . = \r\n[b-c]\r\nDNS.1=y"
    with pytest.raises(ConfigError):  # no space in a name
        parse(text)
    assert parse(text.replace("x .", "x.")) == {
        "a": Section(3, "a", (Setting(4, "x.", ""),)),
        "b-c": Section(5, "b-c", (Setting(6, "DNS.1", "y"),)),
    }


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("x = 1\n[s]", "line 1: this comes before the first [section]"),
        ("[s]\nx = 1\nx = 2", "line 3: x is in line 2 already, and OpenSSL takes the last"),
        ("[s]\n[t]\n[s]", "line 3: [s] is in line 1 already"),
        ("[s]\njunk", 'line 2: this is neither "[section]" nor "name = value"'),
        ("[s]\n; so", 'line 2: this is neither "[section]" nor "name = value"'),
        ("[s]\nt::x = 1", 'line 2: this is neither "[section]" nor "name = value"'),
        ("[s", "line 1: this is no name of a section"),
        ("[s] more", "line 1: this is no name of a section"),
        ("[s]\n.include other.conf", "line 2: the directive .include is not followed"),
        ("[s]\nx = $HOME", "line 2: OpenSSL takes $ for the beginning of a variable"),
        ("[s]\nx = L'Oréal", "line 2: OpenSSL takes ' for a quotation mark: write \\'"),
        ('[s]\nx = "open', 'line 2: OpenSSL takes " for a quotation mark'),
        ("[s]\nx = a\\nb", "line 2: OpenSSL takes \\ for the beginning of an escape"),
        ("[s]\nx = a \\", 'line 2: with the "\\" at its end, OpenSSL takes the next line'),
        ("# see \\\n[s]", 'line 1: with the "\\" at its end, OpenSSL takes the next line'),
        ("[s]\nx = a\x00b", "line 2: there is a control character, U+0000"),
        ("[s]\nx = a\x0c", "line 2: there is a control character, U+000C"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, mistake: str) -> None:
    assert any(line.startswith(mistake) for line in mistakes_in(text))


def test_all_mistakes_are_told_at_once() -> None:
    lines = mistakes_in("[s]\nx = $y\njunk\n[s]\nz = 1\n")
    assert [line.partition(":")[0] for line in lines] == ["line 2", "line 3", "line 4"]


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(ConfigError):
        parse(text)


@given(st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1))
def test_a_text_whose_special_characters_are_escaped_is_read_as_it_is(text: str) -> None:
    escaped = "".join(f"\\{each}" if each in "\\#$\"'`" else each for each in text)
    if not escaped.endswith("\\"):
        assert value_of(escaped) == text
