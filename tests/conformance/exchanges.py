"""One exchange after the other: pipelining, Connection, Upgrade, Expect (RFC 9112 §9)."""

from .sequence import CHUNKED, GET, POST, SMUGGLED, Seen, Sequence, closing, refused, served


def _number(number: int, method: bytes = b"GET") -> bytes:
    return b"%b /%d HTTP/1.1\r\nHost: a\r\n" % (method, number)


def _closing(name: str, fields: bytes, section: str = "9112 §9.6") -> Sequence:
    return closing(section, name, GET + fields + b"\r\n\r\n" + SMUGGLED, Seen())


def _staying(name: str, fields: bytes, section: str = "9112 §9.3") -> Sequence:
    return served(
        section, name, GET + fields + b"\r\n\r\n" + _number(1) + b"\r\n", Seen(), Seen(target="/1")
    )


_EXPECT = POST + b"Expect: 100-continue\r\n"

SEQUENCES = [
    # Pipelining
    served(
        "9112 §9.3.2",
        "two requests",
        _number(0) + b"\r\n" + _number(1) + b"\r\n",
        Seen(target="/0"),
        Seen(target="/1"),
    ),
    served(
        "9112 §9.3.2",
        "ten requests with bodies",
        b"".join(
            _number(number, b"POST") + b"Content-Length: %d\r\n\r\n" % number + b"a" * number
            for number in range(10)
        ),
        *(Seen("POST", f"/{number}", body=b"a" * number) for number in range(10)),
    ),
    served(
        "9112 §9.3.2",
        "three requests with chunked bodies",
        b"".join(
            _number(number, b"POST")
            + b"Transfer-Encoding: chunked\r\n\r\n1\r\n%d\r\n0\r\n\r\n" % number
            for number in range(3)
        ),
        *(Seen("POST", f"/{number}", body=b"%d" % number) for number in range(3)),
    ),
    served(
        "9112 §9.3.2",
        "bodies of all kinds",
        _number(0, b"PUT")
        + b"Content-Length: 3\r\n\r\nabc"
        + _number(1, b"HEAD")
        + b"\r\n"
        + _number(2, b"POST")
        + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        + _number(3)
        + b"\r\n",
        Seen("PUT", "/0", body=b"abc"),
        Seen("HEAD", "/1"),
        Seen("POST", "/2", body=b"abc"),
        Seen("GET", "/3"),
    ),
    refused(
        "9112 §9.3.2",
        "two requests, then one that is none",
        _number(0) + b"\r\n" + _number(1) + b"\r\nnonsense\r\n\r\n" + SMUGGLED,
        400,
        Seen(target="/0"),
        Seen(target="/1"),
    ),
    refused(
        "9112 §6.3",
        "a request, then one with two framings",
        GET
        + b"\r\n"
        + POST
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        + SMUGGLED,
        400,
        Seen(),
    ),
    # Connection
    _closing("close", b"Connection: close"),
    _closing("close in capitals", b"CONNECTION: CLOSE"),
    _closing("close in a list", b"Connection: keep-alive, close"),
    _closing("close first in a list", b"Connection: close,x"),
    _closing("close in the second of two fields", b"Connection: x\r\nConnection: close"),
    _closing("close between empty elements", b"Connection: ,, close ,"),
    closing(
        "9112 §9.6",
        "close, and a body",
        POST + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
        Seen("POST", body=b"hello"),
    ),
    closing(
        "9112 §9.6",
        "close, and a chunked body",
        POST
        + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        + SMUGGLED,
        Seen("POST", body=b"hello"),
    ),
    closing(
        "9112 §9.6",
        "a request, then close",
        _number(0) + b"\r\n" + _number(1) + b"Connection: close\r\n\r\n" + SMUGGLED,
        Seen(target="/0"),
        Seen(target="/1"),
    ),
    _staying("keep-alive", b"Connection: keep-alive"),
    _staying("an empty Connection", b"Connection:"),
    _staying("a word that only resembles close", b"Connection: closed, x-close"),
    _staying("Keep-Alive", b"Keep-Alive: timeout=5\r\nConnection: keep-alive"),
    _staying("a connection option that names a field", b"Connection: content-length, x\r\nX: y"),
    closing(
        "9112 §9.3",
        "HTTP/1.0 after HTTP/1.1",
        _number(0) + b"\r\nGET /1 HTTP/1.0\r\n\r\n" + SMUGGLED,
        Seen(target="/0"),
        Seen(target="/1", authority=""),
    ),
    # Upgrade: to what nobody here speaks, so it is ignored
    _staying("an upgrade", b"Connection: upgrade\r\nUpgrade: x/1", "9110 §7.8"),
    _staying("Upgrade without Connection", b"Upgrade: websocket", "9110 §7.8"),
    _staying("Connection: upgrade without Upgrade", b"Connection: upgrade", "9110 §7.8"),
    _staying(
        "HTTP/2 in clear text",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
        "9110 §7.8",
    ),
    served(
        "9110 §7.8",
        "an upgrade with a body",
        POST
        + b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n\r\nhello"
        + _number(1)
        + b"\r\n",
        Seen("POST", body=b"hello"),
        Seen(target="/1"),
    ),
    closing(
        "9110 §7.8",
        "an upgrade in HTTP/1.0",
        b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + SMUGGLED,
        Seen(authority=""),
    ),
    # Expect
    served(
        "9110 §10.1.1",
        "100-continue",
        _EXPECT + b"Content-Length: 5\r\n\r\nhello",
        Seen("POST", body=b"hello"),
        continues=True,
    ),
    served(
        "9110 §10.1.1",
        "100-continue and chunks",
        _EXPECT + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Seen("POST", body=b"hello"),
        continues=True,
    ),
    served(
        "9110 §10.1.1",
        "100-continue in capitals",
        POST + b"EXPECT: 100-CONTINUE\r\nContent-Length: 5\r\n\r\nhello",
        Seen("POST", body=b"hello"),
        continues=True,
    ),
    served(
        "9110 §10.1.1",
        "100-continue without content",
        GET + b"Expect: 100-continue\r\n\r\n",
        Seen(),
    ),
    served(
        "9110 §10.1.1",
        "100-continue with content of no length",
        _EXPECT + b"Content-Length: 0\r\n\r\n",
        Seen("POST"),
    ),
    closing(
        "9110 §10.1.1",
        "100-continue in HTTP/1.0",
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        Seen("POST", authority="", body=b"hello"),
    ),
    served(
        "9110 §10.1.1",
        "100-continue twice",
        _EXPECT + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        Seen("POST", body=b"hello"),
        continues=True,
    ),
    served("9110 §10.1.1", "an empty expectation", GET + b"Expect:\r\n\r\n", Seen()),
    refused("9110 §10.1.1", "another expectation", GET + b"Expect: tea\r\n\r\n" + SMUGGLED, 417),
    refused(
        "9110 §10.1.1",
        "another expectation, and content",
        POST + b"Expect: tea\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
        417,
    ),
    refused(
        "9110 §10.1.1",
        "100-continue and another",
        _EXPECT + b"Expect: tea\r\nContent-Length: 5\r\n\r\nhello" + SMUGGLED,
        417,
    ),
    refused(
        "9110 §10.1.1", "a list of two", GET + b"Expect: 100-continue, tea\r\n\r\n" + SMUGGLED, 417
    ),
    refused(
        "9110 §10.1.1", "100-continue with a value", GET + b"Expect: 100-continue=1\r\n\r\n", 417
    ),
    refused(
        "9110 §10.1.1",
        "a broken body that was asked for",
        _EXPECT + b"Transfer-Encoding: chunked\r\n\r\nhello\r\n" + SMUGGLED,
        continues=True,
    ),
    # Content of methods that have none as a rule
    served(
        "9110 §9.3.1",
        "GET with a body that looks like a request",
        GET + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
        Seen(body=SMUGGLED),
    ),
    served(
        "9110 §9.3.2",
        "HEAD with a body",
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + _number(1) + b"\r\n",
        Seen("HEAD", body=b"hello"),
        Seen(target="/1"),
    ),
    served(
        "9110 §9.3.7",
        "OPTIONS * with a body",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        Seen("OPTIONS", "*", body=b"hello"),
    ),
    served(
        "9112 §7.1.2",
        "trailers, and a request behind them",
        CHUNKED + b"1\r\na\r\n0\r\nA: b\r\n\r\n" + _number(1) + b"\r\n",
        Seen("POST", body=b"a"),
        Seen(target="/1"),
    ),
]
