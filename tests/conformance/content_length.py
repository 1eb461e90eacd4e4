"""How the length of a body is told: Content-Length, Transfer-Encoding, and never both (§6)."""

from .sequence import GET, POST, SMUGGLED, Seen, Sequence, abandoned, refused, served

_HELLO = Seen("POST", body=b"hello")
_CHUNKED_HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def _length_refused(name: str, fields: bytes, section: str = "9110 §8.6") -> Sequence:
    return refused(section, name, POST + fields + b"\r\n\r\nhello" + SMUGGLED)


def _coding_refused(
    name: str, fields: bytes, status: int = 400, section: str = "9112 §6.3"
) -> Sequence:
    sent = POST + fields + b"\r\n\r\n" + _CHUNKED_HELLO + SMUGGLED
    return refused(section, name, sent, status)


def _coding_served(name: str, line: bytes, section: str = "9112 §6.1") -> Sequence:
    return served(section, name, POST + line + b"\r\n\r\n" + _CHUNKED_HELLO, _HELLO)


SEQUENCES = [
    # Content-Length
    served("9112 §6.2", "a length", POST + b"Content-Length: 5\r\n\r\nhello", _HELLO),
    served("9112 §6.2", "a length of 0", POST + b"Content-Length: 0\r\n\r\n", Seen("POST")),
    served("9112 §6.3", "no length, so no body", POST + b"\r\n", Seen("POST")),
    served(
        "9110 §9.3.1",
        "GET with a body",
        GET + b"Content-Length: 5\r\n\r\nhello",
        Seen(body=b"hello"),
    ),
    served("9110 §8.6", "leading zeros", POST + b"Content-Length: 0005\r\n\r\nhello", _HELLO),
    served("9110 §5.5", "blanks behind it", POST + b"Content-Length: 5 \t\r\n\r\nhello", _HELLO),
    served("9110 §5.5", "blanks before it", POST + b"Content-Length:\t 5\r\n\r\nhello", _HELLO),
    served("9110 §5.5", "no blank before it", POST + b"Content-Length:5\r\n\r\nhello", _HELLO),
    served("9110 §5.1", "its name in capitals", POST + b"CONTENT-LENGTH: 5\r\n\r\nhello", _HELLO),
    served(
        "9112 §6.2",
        "a body that looks like a request",
        POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
        Seen("POST", body=SMUGGLED),
    ),
    served(
        "9112 §6.2",
        "a body that looks like chunks",
        POST + b"Content-Length: %d\r\n\r\n" % len(_CHUNKED_HELLO) + _CHUNKED_HELLO,
        Seen("POST", body=_CHUNKED_HELLO),
    ),
    served(
        "9112 §6.2",
        "a body that begins with an empty line",
        POST + b"Content-Length: 5\r\n\r\n\r\n\r\na",
        Seen("POST", body=b"\r\n\r\na"),
    ),
    served(
        "9112 §6.2",
        "a body of all octets",
        POST + b"Content-Length: 256\r\n\r\n" + bytes(range(256)),
        Seen("POST", body=bytes(range(256))),
    ),
    served(
        "9112 §6.3",
        "a field whose name only resembles its own",
        POST + b"Content-Length: 5\r\nX-Content-Length: 50\r\n\r\nhello",
        _HELLO,
    ),
    refused(
        "9112 §6.3",
        "one octet too many for it",
        POST + b"Content-Length: 5\r\n\r\nhello?" + SMUGGLED,
        400,
        _HELLO,
    ),
    refused(
        "9112 §6.3",
        "octets behind it that are no request",
        POST + b"Content-Length: 3\r\n\r\nabcdef\r\n\r\n" + SMUGGLED,
        400,
        Seen("POST", body=b"abc"),
    ),
    abandoned("9112 §8", "a body cut short", POST + b"Content-Length: 5\r\n\r\nhell"),
    abandoned("9112 §8", "no body at all", POST + b"Content-Length: 5\r\n\r\n"),
    _length_refused("an empty length", b"Content-Length:"),
    _length_refused("a blank length", b"Content-Length: \t "),
    _length_refused("a plus", b"Content-Length: +5"),
    _length_refused("a minus", b"Content-Length: -1"),
    _length_refused("minus zero", b"Content-Length: -0"),
    _length_refused("hexadecimal digits", b"Content-Length: 0x5"),
    _length_refused("octal digits of Python", b"Content-Length: 0o5"),
    _length_refused("an underscore", b"Content-Length: 0_5"),
    _length_refused("a fraction", b"Content-Length: 5.0"),
    _length_refused("an exponent", b"Content-Length: 5e0"),
    _length_refused("a word", b"Content-Length: five"),
    _length_refused("quotes", b'Content-Length: "5"'),
    _length_refused("a parameter", b"Content-Length: 5;a=b"),
    _length_refused("two numbers", b"Content-Length: 5 5"),
    _length_refused("a comment", b"Content-Length: 5 (five)"),
    _length_refused("digits of another script", b"Content-Length: \xd9\xa5"),
    _length_refused("a superscript digit", b"Content-Length: \xb2"),
    _length_refused("a vertical tab behind it", b"Content-Length: 5\x0b"),
    _length_refused("NUL behind it", b"Content-Length: 5\x00"),
    _length_refused("a no-break space behind it", b"Content-Length: 5\xa0"),
    _length_refused("a length that no body has", b"Content-Length: " + b"9" * 30),
    _length_refused("more leading zeros than sense", b"Content-Length: " + b"0" * 30 + b"5"),
    _length_refused("a list of the same", b"Content-Length: 5, 5", "9112 §6.3"),
    _length_refused("a list of the same, without blanks", b"Content-Length: 5,5", "9112 §6.3"),
    _length_refused("a list of two", b"Content-Length: 5, 50", "9112 §6.3"),
    _length_refused("a list with an empty element", b"Content-Length: 5,", "9112 §6.3"),
    _length_refused("a list with an empty first element", b"Content-Length: ,5", "9112 §6.3"),
    _length_refused("twice the same", b"Content-Length: 5\r\nContent-Length: 5", "9112 §6.3"),
    _length_refused(
        "two, the first right", b"Content-Length: 5\r\nContent-Length: 50", "9112 §6.3"
    ),
    _length_refused("two, the last right", b"Content-Length: 0\r\nContent-Length: 5", "9112 §6.3"),
    _length_refused(
        "two in two cases", b"content-length: 5\r\nX: y\r\nCONTENT-LENGTH: 0", "9112 §6.3"
    ),
    _length_refused("two, one empty", b"Content-Length: 5\r\nContent-Length:", "9112 §6.3"),
    _length_refused(
        "two, written in two ways", b"Content-Length: 5\r\nContent-Length: 05", "9112 §6.3"
    ),
    # Transfer-Encoding
    _coding_served("its names in other cases", b"tRANSFER-eNCODING: Chunked", "9112 §7"),
    _coding_served("blanks around the coding", b"Transfer-Encoding:\t chunked \t", "9110 §5.5"),
    _coding_served("no blank before the coding", b"Transfer-Encoding:chunked", "9110 §5.5"),
    _coding_served(
        "a field whose name only resembles it",
        b"Transfer-Encoding: chunked\r\nX-Transfer-Encoding: gzip\r\nTE: trailers",
        "9112 §6.3",
    ),
    served(
        "9112 §6.1",
        "GET with a chunked body",
        GET + b"Transfer-Encoding: chunked\r\n\r\n" + _CHUNKED_HELLO,
        Seen(body=b"hello"),
    ),
    refused(
        "9112 §6.1",
        "chunked in HTTP/1.0",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + _CHUNKED_HELLO + SMUGGLED,
    ),
    refused(
        "9112 §6.1",
        "chunked in HTTP/1.0 that wants more",
        b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + _CHUNKED_HELLO + SMUGGLED,
    ),
    refused(
        "9112 §6.1",
        "chunked in HTTP/1.0, HTTP/1.1 in a field",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nX: HTTP/1.1\r\n\r\n" + _CHUNKED_HELLO,
    ),
    # Chunked is not the last: the length can't be known, MUST be 400
    _coding_refused("gzip alone", b"Transfer-Encoding: gzip"),
    _coding_refused("identity", b"Transfer-Encoding: identity"),
    _coding_refused("chunked, gzip", b"Transfer-Encoding: chunked, gzip"),
    _coding_refused("chunked, identity", b"Transfer-Encoding: chunked, identity"),
    _coding_refused(
        "identity after chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"
    ),
    _coding_refused("xchunked", b"Transfer-Encoding: xchunked"),
    _coding_refused("chunkedx", b"Transfer-Encoding: chunkedx"),
    _coding_refused("chunk", b"Transfer-Encoding: chunk"),
    _coding_refused("two words", b"Transfer-Encoding: x chunked"),
    _coding_refused("quotes", b'Transfer-Encoding: "chunked"'),
    _coding_refused("single quotes", b"Transfer-Encoding: 'chunked'"),
    _coding_refused("a colon before it", b"Transfer-Encoding: : chunked"),
    _coding_refused("a parameter", b"Transfer-Encoding: chunked;a=b", section="9112 §7.1"),
    _coding_refused("a semicolon", b"Transfer-Encoding: chunked;", section="9112 §7.1"),
    _coding_refused("empty", b"Transfer-Encoding:"),
    _coding_refused("blank", b"Transfer-Encoding: \t"),
    _coding_refused("only a comma", b"Transfer-Encoding: ,"),
    _coding_refused("an empty last element", b"Transfer-Encoding: chunked,"),
    _coding_refused("an empty first element", b"Transfer-Encoding: ,chunked"),
    _coding_refused("a vertical tab before it", b"Transfer-Encoding:\x0bchunked"),
    _coding_refused("a vertical tab behind it", b"Transfer-Encoding: chunked\x0b"),
    _coding_refused("a form feed before it", b"Transfer-Encoding:\x0cchunked"),
    _coding_refused("NUL behind it", b"Transfer-Encoding: chunked\x00"),
    _coding_refused("a no-break space before it", b"Transfer-Encoding: \xa0chunked"),
    _coding_refused("a no-break space behind it", b"Transfer-Encoding: chunked\xa0"),
    _coding_refused("a long s in it", b"Transfer-Encoding: \xc5\xbfchunked"),
    _coding_refused("a bare CR before it", b"Transfer-Encoding:\rchunked", section="9112 §2.2"),
    _coding_refused("a bare LF before it", b"Transfer-Encoding:\nchunked", section="9112 §2.2"),
    # Chunked more than once
    _coding_refused(
        "chunked, chunked", b"Transfer-Encoding: chunked, chunked", section="9112 §6.1"
    ),
    _coding_refused(
        "chunked in two fields",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        section="9112 §6.1",
    ),
    _coding_refused(
        "chunked, gzip, chunked", b"Transfer-Encoding: chunked, gzip, chunked", section="9112 §6.1"
    ),
    # Chunked is the last, of codings that are not served
    _coding_refused("gzip, chunked", b"Transfer-Encoding: gzip, chunked", 501, "9112 §6.1"),
    _coding_refused("identity, chunked", b"Transfer-Encoding: identity, chunked", 501, "9112 §6.1"),
    _coding_refused(
        "an unknown coding, chunked", b"Transfer-Encoding: x;y=z, chunked", 501, "9112 §6.1"
    ),
    _coding_refused(
        "gzip and chunked in two fields",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        501,
        "9112 §6.1",
    ),
    # Both
    _coding_refused("a length, then chunked", b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
    _coding_refused("chunked, then a length", b"Transfer-Encoding: chunked\r\nContent-Length: 5"),
    _coding_refused(
        "a length of 0, then chunked", b"Content-Length: 0\r\nTransfer-Encoding: chunked"
    ),
    _coding_refused(
        "chunked, a field, then a length in small letters",
        b"Transfer-Encoding: chunked\r\nX: y\r\ncontent-length: 15",
    ),
    _coding_refused("a length and an empty coding", b"Content-Length: 5\r\nTransfer-Encoding:"),
    _coding_refused("a length and gzip", b"Content-Length: 5\r\nTransfer-Encoding: gzip"),
    _coding_refused("a length and identity", b"Content-Length: 5\r\nTransfer-Encoding: identity"),
    _coding_refused(
        "an empty length and chunked", b"Content-Length:\r\nTransfer-Encoding: chunked"
    ),
    refused(
        "9112 §6.1",
        "both in HTTP/1.0",
        b"POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        + _CHUNKED_HELLO
        + SMUGGLED,
    ),
    refused(
        "9112 §6.3",
        "a length that hides a request from chunked",
        POST
        + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % (5 + len(SMUGGLED))
        + b"0\r\n\r\n"
        + SMUGGLED,
    ),
]
