"""The limits of a head and of a body, to the octet; those of the server are its defaults."""

from .sequence import CHUNKED, GET, LIMITS, POST, SMUGGLED, Seen, abandoned, refused, served

_END = b" HTTP/1.1\r\nHost: a\r\n\r\n"
_TARGET = b"/" + b"a" * (LIMITS.max_target_bytes - 1)
_OTHER_FIELDS = LIMITS.max_header_fields - 1  # beside Host
_LONG = b"b" * (LIMITS.max_head_bytes - len(GET + b"A: \r\n\r\n"))
_BODY = b"a" * LIMITS.max_body_bytes

SEQUENCES = [
    served(
        "9110 §4.1",
        "a target of the limit",
        b"GET " + _TARGET + _END,
        Seen("GET", _TARGET.decode()),
    ),
    refused("9112 §3", "a target of an octet more", b"GET " + _TARGET + b"a" + _END, 414),
    refused("9112 §3", "a query of an octet more", b"GET /?" + _TARGET[1:] + _END, 414),
    refused("9112 §3", "a target over the limit that does not end", b"GET " + _TARGET * 2, 414),
    refused(
        "9112 §3",
        "a target over the limit of a version unknown",
        b"GET " + _TARGET + b"a HTTP/2.0\r\n\r\n",
        414,
    ),
    refused(
        "9112 §3",
        "a target over the limit, then a bare LF",
        b"GET " + _TARGET + b"a\n HTTP/1.1\r\n\r\n",
        414,
    ),
    refused(
        "9112 §2.2", "a bare LF, then a target over the limit", b"GET\n " + _TARGET + b"a" + _END
    ),
    served("6585 §5", "a head of the limit", GET + b"A: " + _LONG + b"\r\n\r\n", Seen()),
    refused("6585 §5", "a head of an octet more", GET + b"A: b" + _LONG + b"\r\n\r\n", 431),
    refused("6585 §5", "a head over the limit that does not end", GET + b"A: " + _LONG * 2, 431),
    refused(
        "6585 §5", "a method over the limit of a head", b"A" * (LIMITS.max_head_bytes + 1), 431
    ),
    refused("9112 §2.2", "a bare LF, then a head over the limit", GET + b"A: b\nC: " + _LONG * 2),
    refused(
        "6585 §5",
        "a head over the limit, then a bare LF",
        GET + b"A: " + _LONG * 2 + b"\n\r\n\r\n",
        431,
    ),
    served(
        "9112 §2.2",
        "eight empty lines before a head",
        b"\r\n" * 8 + GET + b"\r\n",
        Seen(),
    ),
    refused("9112 §2.2", "nine empty lines before a head", b"\r\n" * 9 + GET + b"\r\n"),
    served(
        "9112 §2.2",
        "an empty line before a head of the limit",
        b"\r\n" + GET + b"A: " + _LONG + b"\r\n\r\n",
        Seen(),
    ),
    served(
        "6585 §5",
        "as many fields as the limit",
        GET + b"A: b\r\n" * _OTHER_FIELDS + b"\r\n",
        Seen(),
    ),
    refused("6585 §5", "a field more", GET + b"A: b\r\n" * (_OTHER_FIELDS + 1) + b"\r\n", 431),
    served(
        "9110 §15.5.14",
        "a body of the limit",
        POST + b"Content-Length: %d\r\n\r\n" % len(_BODY) + _BODY,
        Seen("POST", body=_BODY),
    ),
    refused(
        "9110 §15.5.14",
        "a body of an octet more",
        POST + b"Content-Length: %d\r\n\r\n" % (len(_BODY) + 1) + _BODY + b"a" + SMUGGLED,
        413,
    ),
    refused(
        "9110 §15.5.14",
        "a body of an octet more, told",
        POST + b"Content-Length: 1001\r\n\r\n",
        413,
    ),
    refused("9110 §8.6", "2**31", POST + b"Content-Length: 2147483648\r\n\r\n" + SMUGGLED, 413),
    refused(
        "9110 §8.6", "2**32 + 5", POST + b"Content-Length: 4294967301\r\n\r\nhello" + SMUGGLED, 413
    ),
    refused(
        "9110 §8.6",
        "2**64 + 5",
        POST + b"Content-Length: 18446744073709551621\r\n\r\nhello" + SMUGGLED,
        413,
    ),
    refused(
        "9110 §8.6",
        "20 digits",
        POST + b"Content-Length: 99999999999999999999\r\n\r\n" + SMUGGLED,
        413,
    ),
    refused(
        "9110 §10.1.1",
        "a body of an octet more that asks first",
        POST + b"Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
        413,
    ),
    served(
        "9110 §15.5.14",
        "a chunked body of the limit",
        CHUNKED + b"3e8\r\n" + _BODY + b"\r\n0\r\n\r\n",
        Seen("POST", body=_BODY),
    ),
    served(
        "9110 §15.5.14",
        "a chunked body of the limit in two chunks",
        CHUNKED + b"1\r\na\r\n3e7\r\n" + _BODY[1:] + b"\r\n0\r\n\r\n",
        Seen("POST", body=_BODY),
    ),
    refused(
        "9110 §15.5.14",
        "a chunked body of an octet more in two chunks",
        CHUNKED + b"1\r\na\r\n3e8\r\n" + _BODY + b"\r\n0\r\n\r\n" + SMUGGLED,
        413,
    ),
    refused(
        "9110 §15.5.14", "chunks without an end", CHUNKED + b"64\r\n%b\r\n" % (b"a" * 100) * 11, 413
    ),
    abandoned("9112 §8", "a head that does not end", GET + b"A: b\r\n"),
    abandoned("9112 §8", "half a request line", b"GET / HT"),
    abandoned("9112 §2.2", "nothing but an empty line", b"\r\n"),
    abandoned("9112 §9.6", "nothing", b""),
]
