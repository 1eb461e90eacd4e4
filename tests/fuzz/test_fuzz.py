"""Any bytes on a connection: requests made from pieces of the grammar, broken ones, and a corpus.

The corpus is what the fuzzer was started with, named by what is in it, and what it found on its way
into new code, named by a hash.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .handler import ACTIONS
from .harness import run_one

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())

MAX_CORPUS_BYTES = 100 * 1024

# The pieces. The usual stands first and more often, so that most messages are wrong in one place.
_METHODS = st.sampled_from(
    [b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"get", b"CONNECT", b"TRACE", b"B A"]
)
_TARGETS = st.one_of(
    st.sampled_from([path.encode() for path in ACTIONS]),
    st.sampled_from([b"/", b"*", b"/?a=b", b"http://b/echo", b"b:1", b"/%00", b"//", b"/#", b""]),
)
_VERSIONS = st.sampled_from(
    [b"HTTP/1.1"] * 4 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/11", b""]
)
_HOSTS = st.sampled_from(
    [b"Host: a\r\n"] * 5 + [b"", b"Host: a/b\r\n", b"Host:\r\n", b"Host : a\r\n"]
)
_FIELDS = st.sampled_from(
    [
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Expect: 100-continue\r\n",
        b"Expect: tea\r\n",
        b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
        b"X: \xe9\t\x80\r\n",
        b"X: a\r\n b\r\n",
        b"X: a\x00\r\n",
        b"X y: a\r\n",
        b"X: a\n",
        b"X: a\rb\r\n",
        b"Host: b\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Cookie: \x1b[31m\r\n",
    ]
)
_CHUNKS = st.lists(
    st.sampled_from(
        [b"3\r\nabc\r\n", b"1;a=b\r\nx\r\n", b"03\r\n\r\n\n\r\n", b"3 \r\nabc\r\n", b"2\r\nabc\r\n"]
    ),
    max_size=3,
).map(b"".join)
_CHUNKED_ENDS = st.sampled_from(
    [b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"0\r\nX: y\n\n", b"0\n\r\n", b"-1\r\n", b""]
)


@st.composite
def framed_bodies(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A header field and the body that it announces, rightly or not quite."""
    if draw(st.booleans()):
        coded = draw(_CHUNKS) + draw(_CHUNKED_ENDS)
        return b"Transfer-Encoding: chunked\r\n", coded
    body = draw(st.binary(max_size=300))
    announced = len(body) + draw(st.sampled_from([0, 0, 0, 0, 1, -1, 2000]))
    return b"Content-Length: %d\r\n" % announced, body


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request that is right or nearly so."""
    line = b"%b %b %b\r\n" % (draw(_METHODS), draw(_TARGETS), draw(_VERSIONS))
    framing, body = draw(st.one_of(st.just((b"", b"")), framed_bodies()))
    fields = draw(st.lists(_FIELDS, max_size=2))
    return line + b"".join(draw(st.permutations([draw(_HOSTS), framing, *fields]))) + b"\r\n" + body


@st.composite
def broken(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> bytes:
    """A message of which a part was replaced."""
    message = draw(messages)
    start = draw(st.integers(0, len(message)))
    end = min(len(message), start + draw(st.integers(0, 4)))
    return message[:start] + draw(st.binary(max_size=4)) + message[end:]


_MESSAGES = st.one_of(requests(), requests(), broken(requests()), st.binary(max_size=30))
_PLANS = st.tuples(
    st.integers(0, 15), st.integers(0, 60), st.integers(0, 60), st.integers(0, 255)
).map(bytes)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(plan=_PLANS, messages=st.lists(_MESSAGES, max_size=4))
@example(plan=b"", messages=[])
def test_any_bytes_are_answered_or_closed_as_the_rfc_says(
    plan: bytes, messages: list[bytes]
) -> None:
    run_one(plan + b"".join(messages))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_knows_is_still_answered_or_closed(path: Path) -> None:
    run_one(path.read_bytes())


def test_the_corpus_is_small() -> None:
    assert len(CORPUS) >= 24
    assert sum(path.stat().st_size for path in CORPUS) <= MAX_CORPUS_BYTES
