import re
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.content_disposition import attachment


@pytest.mark.parametrize(
    ("name", "field_value"),
    [
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ("annual report.pdf", 'attachment; filename="annual report.pdf"'),
        # RFC 6266 §5
        (
            "\u20ac rates",
            "attachment; filename=\"_ rates\"; filename*=UTF-8''%e2%82%ac%20rates",
        ),
        # RFC 6266 appendix D: no percent sign, which some decode, and no quote to escape
        ("50%20.txt", "attachment; filename=\"50_20.txt\"; filename*=UTF-8''50%2520.txt"),
        ('a"b', "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
        # what would be another field, another parameter, another folder
        ("a\r\nX-Injected: 1", 'attachment; filename="a__X-Injected: 1"'),
        ('a"; x="', "attachment; filename=\"a_; x=_\"; filename*=UTF-8''a%22%3B%20x%3D%22"),
        ("../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'),
        ("..\\a", 'attachment; filename=".._a"'),
        ("a\0b\x7f\x85", 'attachment; filename="a_b__"'),
        ("a'b*(c).txt", 'attachment; filename="a\'b*(c).txt"'),
        # a file name of Python's that is not UTF-8
        ("\udcff.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%3F.txt"),
    ],
)
def test_a_download_is_named(name: str, field_value: str) -> None:
    assert attachment(name).lower() == field_value.lower()


@given(st.text(min_size=1))
def test_whatever_the_name_it_is_one_field_of_two_parameters_at_most(name: str) -> None:
    value = attachment(name)
    assert re.fullmatch(
        r'attachment; filename="[ !#$&-.0-\[\]-~]+"'
        r"(; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+)?",
        value,
    )
    said = re.sub(r"[\x00-\x1f\x7f-\x9f/\\]", "_", name).encode("utf-8", "replace").decode()
    _, encoded, in_utf_8 = value.partition("*=UTF-8''")
    assert said == (unquote(in_utf_8) if encoded else value[len('attachment; filename="') : -1])


@pytest.mark.parametrize("name", ["a.txt", "two words.txt", "a;b.txt"])
def test_the_standard_library_reads_the_name(name: str) -> None:
    message = EmailMessage()
    message["Content-Disposition"] = attachment(name)
    assert message.get_filename() == name


def test_a_download_without_a_name_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="is empty"):
        attachment("")
