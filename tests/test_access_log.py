"""The access log's line, field by field, and that no client can write anything else than a line."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https import Address, ClientCertificate, Headers, TLSInfo
from trio_https.operate.access_log import AccessEntry, JSONFormatter, access_logger, escape

from .programs import require_program

RECEIVED_AT = 1_700_000_000.9  # 14 November 2023, 22:13:20 UTC

TLS = TLSInfo(version="TLSv1.3", cipher_suite="TLS_AES_128_GCM_SHA256", alpn=None, resumed=False)


ADA = ClientCertificate(
    subject='CN=Ada Lovelace,O=Example\\, "Ltd."',
    names=("email:ada@example.org",),
    sha256="ab" * 32,
    serial_number="0A1B",
    not_after=datetime(2030, 1, 1, tzinfo=UTC),
)
TLS_OF_ADA = replace(TLS, server_name="example.org", client=ADA)


def make_entry(**changes: Any) -> AccessEntry:
    facts: dict[str, Any] = {
        "received_at": RECEIVED_AT,
        "client": Address("192.0.2.7", 49152),
        "request_line": "GET /a%20b?c HTTP/1.1",
        "status": 200,
        "bytes_sent": 1234,
        "duration": 0.0123,
        "headers": Headers({"Referer": "https://localhost/", "User-Agent": "curl/8.0"}),
        "tls": TLS,
    }
    return AccessEntry(**facts | changes)


# host ident user [time] "request" status bytes "referer" "user agent" version suite duration
LINE = re.compile(
    r"(?P<host>\S+) - (?P<user>\S+) \[(?P<time>[^]]+)\]"
    r' "(?P<request>[^"]*)" (?P<status>\S+) (?P<bytes>\d+) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"'
    r" (?P<version>\S+) (?P<suite>\S+) (?P<duration>-?\d+\.\d)ms"
)


def read_line(entry: AccessEntry) -> dict[str, str]:
    match = LINE.fullmatch(str(entry))
    assert match is not None, str(entry)
    return match.groupdict()


# The format


def test_a_line_is_the_combined_log_format_with_tls_and_duration_behind_it() -> None:
    assert str(make_entry()) == (
        '192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET /a%20b?c HTTP/1.1" 200 1234'
        ' "https://localhost/" "curl/8.0" TLSv1.3 TLS_AES_128_GCM_SHA256 12.3ms'
    )


def test_what_is_not_known_is_a_dash() -> None:
    entry = make_entry(client=None, request_line="", status=None, headers=Headers(), tls=None)
    assert str(entry) == (
        '- - - [14/Nov/2023:22:13:20 +0000] "-" - 1234 "-" "-" - - 12.3ms'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"client": Address("::1", 1)}, "host", "::1"),
        ({"status": 404}, "status", "404"),
        ({"bytes_sent": 0}, "bytes", "0"),
        ({"bytes_sent": 2**40}, "bytes", "1099511627776"),
        ({"duration": 0.0}, "duration", "0.0"),
        ({"duration": 0.00004}, "duration", "0.0"),
        ({"duration": 61.25}, "duration", "61250.0"),
        ({"headers": Headers({"REFERER": "a", "user-agent": "b"})}, "referer", "a"),
        ({"headers": Headers({"REFERER": "a", "user-agent": "b"})}, "agent", "b"),
        ({"headers": Headers([("User-Agent", "a"), ("User-Agent", "b")])}, "agent", "a, b"),
        ({"headers": Headers({"Referer": ""})}, "referer", "-"),
        ({"tls": TLS}, "user", "-"),
        ({"tls": None}, "user", "-"),
        ({"tls": TLS_OF_ADA}, "user", r"CN=Ada\x20Lovelace,O=Example\x5c,\x20\x22Ltd.\x22"),
        ({"tls": replace(TLS, client=replace(ADA, subject=""))}, "user", "-"),
    ],
)
def test_a_field_is_written_in_its_place(changes: dict[str, Any], field: str, text: str) -> None:
    assert read_line(make_entry(**changes))[field] == text


def test_the_entry_itself_is_the_message_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trio_https.access")
    access_logger.info(make_entry())
    [record] = caplog.records
    assert (record.name, record.levelno) == ("trio_https.access", logging.INFO)
    assert record.msg == make_entry()  # for formatters that write it in another form
    assert record.getMessage() == str(make_entry())


def test_behind_all_else_stands_the_id_of_a_bug() -> None:
    line = str(make_entry(status=500, error_id="0123abcd"))
    assert line.endswith(" 12.3ms error=0123abcd")


def test_who_has_logged_in_and_the_id_of_the_request_are_there_escaped() -> None:
    line = str(make_entry(user='a b"', request_id="1-a@b"))
    assert " - a\\x20b\\x22 [" in line
    assert line.endswith(" 12.3ms id=1-a@b")


# As JSON


def test_as_json_each_field_has_its_name() -> None:
    entry = make_entry(error_id="0123abcd", user="ada", request_id="1-a@b")
    assert json.loads(entry.to_json()) == {
        "time": RECEIVED_AT,
        "client": "192.0.2.7:49152",
        "method": "GET",
        "target": "/a%20b?c",
        "version": "HTTP/1.1",
        "status": 200,
        "bytes_sent": 1234,
        "duration": 0.0123,
        "referer": "https://localhost/",
        "user_agent": "curl/8.0",
        "tls_version": "TLSv1.3",
        "cipher_suite": "TLS_AES_128_GCM_SHA256",
        "resumed": False,
        "server_name": None,
        "client_certificate": None,
        "user": "ada",
        "request_id": "1-a@b",
        "error_id": "0123abcd",
    }


def test_as_json_a_verified_client_is_told_with_what_identifies_it() -> None:
    told = json.loads(make_entry(tls=TLS_OF_ADA).to_json())
    assert told["server_name"] == "example.org"
    assert told["client_certificate"] == {
        "subject": ADA.subject,
        "names": ["email:ada@example.org"],
        "sha256": ADA.sha256,
        "serial_number": "0A1B",
    }


def test_as_json_what_is_not_known_is_null() -> None:
    entry = make_entry(client=None, request_line="", status=None, headers=Headers(), tls=None)
    known = {
        name: value for name, value in json.loads(entry.to_json()).items() if value is not None
    }
    assert known == {"time": RECEIVED_AT, "bytes_sent": 1234, "duration": 0.0123}


@pytest.mark.parametrize(
    ("request_line", "fields"),
    [
        ("GET / HTTP/1.1", ("GET", "/", "HTTP/1.1")),
        ("GET /", ("GET", "/", None)),
        ("nonsense", ("nonsense", None, None)),
        ("GET / a b", ("GET", "/", "a")),
        (" / HTTP/1.1", (None, "/", "HTTP/1.1")),
    ],
)
def test_as_json_a_request_line_is_told_in_its_parts(
    request_line: str, fields: tuple[str | None, ...]
) -> None:
    told = json.loads(make_entry(request_line=request_line).to_json())
    assert (told["method"], told["target"], told["version"]) == fields


@given(st.text(), st.text(), st.text())
@example("\n\r\x1b", '"}', "\ud800\u2028\x7f")
def test_as_json_it_is_one_line_of_ascii_too(request_line: str, referer: str, agent: str) -> None:
    headers = Headers({"Referer": referer, "User-Agent": agent})
    line = make_entry(request_line=request_line, headers=headers).to_json()
    assert line.isascii()
    assert not re.search(r"[\x00-\x1f]", line)
    assert json.loads(line)["referer"] == referer
    assert json.loads(line)["user_agent"] == agent


def test_the_json_formatter_writes_entries_as_json_and_all_else_as_it_is() -> None:
    formatter = JSONFormatter()
    entry = logging.makeLogRecord({"msg": make_entry()})
    other = logging.makeLogRecord({"msg": "to %s", "args": ("you",)})
    assert formatter.format(entry) == make_entry().to_json()
    assert formatter.format(other) == "to you"


# The time


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "01/Jan/1970:00:00:00 +0000", id="the epoch"),
        pytest.param(RECEIVED_AT, "14/Nov/2023:22:13:20 +0000", id="cut to the second"),
        pytest.param(1_709_164_799.999, "28/Feb/2024:23:59:59 +0000", id="before midnight"),
        pytest.param(1_709_164_800, "29/Feb/2024:00:00:00 +0000", id="a leap day"),
        pytest.param(1_735_689_599, "31/Dec/2024:23:59:59 +0000", id="the last second of a year"),
        pytest.param(4_102_444_800, "01/Jan/2100:00:00:00 +0000", id="far off"),
    ],
)
def test_a_time_is_written_in_utc(seconds: float, text: str) -> None:
    assert read_line(make_entry(received_at=seconds))["time"] == text


def test_the_months_have_english_names() -> None:
    days = [f"2024-{month:02}-01T00:00:00+00:00" for month in range(1, 13)]
    entries = [make_entry(received_at=datetime.fromisoformat(day).timestamp()) for day in days]
    months = [read_line(entry)["time"].split("/")[1] for entry in entries]
    assert " ".join(months) == "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"


@pytest.fixture
def restored_time_zone() -> Iterator[None]:
    yield
    time.tzset()


@pytest.mark.skipif(sys.platform == "win32", reason="there, a program can't change its time zone")
def test_the_time_zone_of_the_machine_changes_nothing(
    restored_time_zone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "NPT-05:45")  # as POSIX has it: 5 h 45 min east of Greenwich
        time.tzset()
        assert time.localtime(RECEIVED_AT + 1).tm_hour != time.gmtime(RECEIVED_AT + 1).tm_hour
        entry = make_entry(received_at=RECEIVED_AT + 1)  # a second that was not written before
        assert read_line(entry)["time"] == "14/Nov/2023:22:13:21 +0000"


IN_GERMAN = """
import locale, sys, time
locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
assert time.strftime("%b", time.gmtime(1_710_000_000)) != "Mar"
from trio_https import Headers
from trio_https.operate.access_log import AccessEntry
print(AccessEntry(received_at=1_710_000_000, client=None, request_line="", status=None,
                  bytes_sent=0, duration=1234.5, headers=Headers(), tls=None))
"""


def test_the_locale_of_the_machine_changes_nothing(tmp_path: Path) -> None:
    localedef = require_program("localedef")
    made = subprocess.run(
        [localedef, "-i", "de_DE", "-f", "UTF-8", tmp_path / "de_DE.UTF-8"], capture_output=True
    )
    if made.returncode > 1:  # 1: made, with warnings
        pytest.skip("the sources of the locale de_DE are not installed")
    written = subprocess.run(
        [sys.executable, "-c", IN_GERMAN],
        env={**os.environ, "LOCPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert written.stdout == '- - - [09/Mar/2024:16:00:00 +0000] "-" - 0 "-" "-" - - 1234500.0ms\n'


# Escaping (CVE-2009-4487 and its like)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param("GET /a?b=c&d HTTP/1.1", "GET /a?b=c&d HTTP/1.1", id="plain"),
        pytest.param(" !#$%&'()*+,-./:;<=>?@[]^_`{|}~", " !#$%&'()*+,-./:;<=>?@[]^_`{|}~", id="~"),
        pytest.param('"', r"\x22", id="quote"),
        pytest.param("\\", r"\x5c", id="backslash"),
        pytest.param(r"\x22", r"\x5cx22", id="what looks escaped"),
        pytest.param("\r\n", r"\x0d\x0a", id="line break"),
        pytest.param("\t\x00\x7f", r"\x09\x00\x7f", id="control characters"),
        pytest.param("\x1b[31m", r"\x1b[31m", id="ESC"),
        pytest.param("\x9b31m", r"\x9b31m", id="CSI in one octet"),
        pytest.param("\x80\xe9\xff", r"\x80\xe9\xff", id="octets as they come from the wire"),
        pytest.param("\u0100\u20ac", r"\xc4\x80\xe2\x82\xac", id="beyond, in UTF-8"),
        pytest.param("\u2028\u202e", r"\xe2\x80\xa8\xe2\x80\xae", id="line separator, RTL"),
        pytest.param("\U0001f512", r"\xf0\x9f\x94\x92", id="beyond the BMP"),
        pytest.param("\udc80\udcff", r"\x80\xff", id="octets as lone surrogates"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_all_but_printable_ascii_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


# All text, and what os.fsdecode makes of octets that are none: lone surrogates of one kind.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)
)


@given(TEXT)
@example('\\"\r\n\x1b\udcff')
def test_any_text_is_escaped_to_printable_ascii_without_quotes(text: str) -> None:
    escaped = escape(text)
    assert re.fullmatch(r"(?:[ !#-\[\]-~]|\\x[0-9a-f]{2})*", escaped)


@given(st.text(st.characters(max_codepoint=0xFF)))
def test_octets_can_be_read_back(octets: str) -> None:
    read = re.sub(r"\\x(..)", lambda match: chr(int(match[1], 16)), escape(octets))
    assert read == octets


@given(TEXT, TEXT, TEXT)
@example("", "", "")
@example('GET / HTTP/1.1" 200 5 "-" "-"\n192.0.2.1 - -', "\\", "\\")
def test_whatever_a_client_sends_leaves_one_line_with_six_quotes(
    request_line: str, referer: str, agent: str
) -> None:
    headers = Headers({"Referer": referer, "User-Agent": agent})
    line = str(make_entry(request_line=request_line, headers=headers))
    assert line.isascii()
    assert line.isprintable()
    assert line.count('"') == 6
    fields = read_line(make_entry(request_line=request_line, headers=headers))
    assert fields["request"] == (escape(request_line) or "-")
    assert fields["referer"] == (escape(referer) or "-")
    assert fields["agent"] == (escape(agent) or "-")
