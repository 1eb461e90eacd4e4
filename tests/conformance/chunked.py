"""The chunked transfer coding: sizes, extensions, line ends and trailers (RFC 9112 §7.1)."""

from .sequence import CHUNKED, GET, SMUGGLED, Seen, Sequence, abandoned, refused, served

_LAST = b"0\r\n\r\n"


def _served(name: str, chunks: bytes, body: bytes, section: str = "9112 §7.1") -> Sequence:
    return served(section, name, CHUNKED + chunks, Seen("POST", body=body))


def _refused(name: str, chunks: bytes, section: str = "9112 §7.1", status: int = 400) -> Sequence:
    return refused(section, name, CHUNKED + chunks + SMUGGLED, status)


def _size_refused(name: str, size: bytes, section: str = "9112 §7.1") -> Sequence:
    """Refuse a size line; if it were read as 5, all that follows would be well formed."""
    return _refused(name, size + b"\r\nhello\r\n" + _LAST, section)


def _extension_served(name: str, extension: bytes) -> Sequence:
    chunks = b"5" + extension + b"\r\nhello\r\n0" + extension + b"\r\n\r\n"
    return _served(name, chunks, b"hello", "9112 §7.1.1")


def _extension_refused(name: str, extension: bytes) -> Sequence:
    return _size_refused(name, b"5" + extension, "9112 §7.1.1")


def _trailers_served(name: str, trailers: bytes) -> Sequence:
    return _served(name, b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n", b"hello", "9112 §7.1.2")


def _trailers_refused(name: str, trailers: bytes, section: str = "9112 §7.1.2") -> Sequence:
    return _refused(name, b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n\r\n", section)


SEQUENCES = [
    _served("one chunk", b"5\r\nhello\r\n" + _LAST, b"hello"),
    _served("several chunks", b"2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n" + _LAST, b"hello"),
    _served("no chunk but the last", _LAST, b""),
    _served("a size in small letters", b"a\r\n0123456789\r\n" + _LAST, b"0123456789"),
    _served("a size in capitals", b"A\r\n0123456789\r\n" + _LAST, b"0123456789"),
    _served("a size of two digits", b"1f\r\n" + b"a" * 31 + b"\r\n" + _LAST, b"a" * 31),
    _served("leading zeros", b"0005\r\nhello\r\n" + _LAST, b"hello"),
    _served("forty leading zeros", b"0" * 40 + b"5\r\nhello\r\n" + _LAST, b"hello"),
    _served("a last chunk of several zeros", b"5\r\nhello\r\n000\r\n\r\n", b"hello"),
    _served("data that looks like the last chunk", b"5\r\n0\r\n\r\n\r\n" + _LAST, b"0\r\n\r\n"),
    _served(
        "data that looks like a request",
        b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n" + _LAST,
        SMUGGLED,
    ),
    _served(
        "data of all octets", b"100\r\n" + bytes(range(256)) + b"\r\n" + _LAST, bytes(range(256))
    ),
    served(
        "9112 §9.3.2",
        "two chunked bodies and a request",
        (CHUNKED + b"3\r\nabc\r\n" + _LAST) * 2 + GET + b"\r\n",
        Seen("POST", body=b"abc"),
        Seen("POST", body=b"abc"),
        Seen(),
    ),
    # Sizes
    _size_refused("no size", b""),
    _size_refused("a space for a size", b" "),
    _size_refused("a prefix", b"0x5"),
    _size_refused("a minus", b"-5"),
    _size_refused("a plus", b"+5"),
    _size_refused("an underscore", b"0_5"),
    _size_refused("a point", b"5.0"),
    _size_refused("a comma", b"5,"),
    _size_refused("an h", b"5h"),
    _size_refused("no digit", b"g"),
    _size_refused("quotes", b'"5"'),
    _size_refused("a space before it", b" 5"),
    _size_refused("a tab before it", b"\t5"),
    _size_refused("a space behind it", b"5 "),
    _size_refused("a tab behind it", b"5\t"),
    _size_refused("a vertical tab behind it", b"5\x0b"),
    _size_refused("NUL behind it", b"5\x00"),
    _size_refused("NUL before it", b"\x005"),
    _size_refused("two of them", b"5 5"),
    _size_refused("digits of another script", b"\xd9\xa5"),
    _size_refused("a superscript digit", b"\xb2"),
    _refused("a last chunk of minus zero", b"5\r\nhello\r\n-0\r\n\r\n"),
    _refused("a last chunk with a prefix", b"5\r\nhello\r\n0x0\r\n\r\n"),
    _refused("a last chunk with a space behind it", b"5\r\nhello\r\n0 \r\n\r\n"),
    _refused("a field for a size", b"Host: a\r\n\r\n"),
    _refused("more than the limit", b"3e9\r\n" + b"a" * 1001 + b"\r\n" + _LAST, status=413),
    _refused("more than the limit, announced", b"fffff\r\nhello\r\n" + _LAST, status=413),
    _refused("2**63", b"8000000000000000\r\nhello\r\n" + _LAST, status=413),
    _refused("2**64 + 5", b"10000000000000005\r\nhello\r\n" + _LAST, status=413),
    _refused("2**128 + 5", b"1" + b"0" * 31 + b"5\r\nhello\r\n" + _LAST, status=413),
    # Line ends
    _refused("a bare LF behind the size", b"5\nhello\r\n" + _LAST, "9112 §2.2"),
    _refused("a bare CR behind the size", b"5\rhello\r\n" + _LAST, "9112 §2.2"),
    _refused("CR CR LF behind the size", b"5\r\r\nhello\r\n" + _LAST, "9112 §2.2"),
    _refused("LF CR behind the size", b"5\n\rhello\r\n" + _LAST, "9112 §2.2"),
    _refused("bare LFs throughout", b"5\nhello\n0\n\n", "9112 §2.2"),
    _refused("a bare LF behind the data", b"5\r\nhello\n" + _LAST, "9112 §2.2"),
    _refused("a bare CR behind the data", b"5\r\nhello\r" + _LAST, "9112 §2.2"),
    _refused("LF CR behind the data", b"5\r\nhello\n\r" + _LAST, "9112 §2.2"),
    _refused("two LFs behind the data", b"5\r\nhello\n\n" + _LAST, "9112 §2.2"),
    _refused("two CRs behind the data", b"5\r\nhello\r\r" + _LAST, "9112 §2.2"),
    _refused("nothing behind the data", b"5\r\nhello" + _LAST),
    _refused("two octets behind the data", b"5\r\nhelloab" + _LAST),
    _refused("an octet too many", b"5\r\nhello!\r\n" + _LAST),
    _refused("an octet too few", b"5\r\nhell\r\n" + _LAST),
    _refused("a space behind the data", b"5\r\nhello \r\n" + _LAST),
    _refused("an empty line between chunks", b"5\r\nhello\r\n\r\n" + _LAST),
    _refused("an empty line before the first chunk", b"\r\n5\r\nhello\r\n" + _LAST),
    _refused("a bare LF behind the last size", b"5\r\nhello\r\n0\n\r\n", "9112 §2.2"),
    _refused("a bare CR behind the last size", b"5\r\nhello\r\n0\r\r\n", "9112 §2.2"),
    _refused("a bare LF as the end", b"5\r\nhello\r\n0\r\n\n", "9112 §2.2"),
    _refused("a bare CR as the end", b"5\r\nhello\r\n0\r\n\r", "9112 §2.2"),
    _refused("two LFs as the end", b"5\r\nhello\r\n0\n\n", "9112 §2.2"),
    _refused("no end", b"5\r\nhello\r\n0\r\n"),
    abandoned("9112 §8", "a body without its last chunk", CHUNKED + b"5\r\nhello\r\n"),
    abandoned("9112 §8", "a body without its last line end", CHUNKED + b"5\r\nhello\r\n0\r\n"),
    abandoned("9112 §8", "a body that ends in a size", CHUNKED + b"5"),
    abandoned("9112 §8", "a body that ends in a chunk", CHUNKED + b"5\r\nhel"),
    refused(
        "9112 §7.1",
        "an octet behind the end",
        CHUNKED + b"5\r\nhello\r\n" + _LAST + b"?" + SMUGGLED,
        400,
        Seen("POST", body=b"hello"),
    ),
    # Extensions
    _extension_served("a name", b";a"),
    _extension_served("a name and a value", b";a=b"),
    _extension_served("several", b";a=b;c;d=e"),
    _extension_served("a quoted value", b';a="b"'),
    _extension_served("an empty quoted value", b';a=""'),
    _extension_served("delimiters in quotes", b';a="b;c=d, \t(e)"'),
    _extension_served("escaped characters", b';a="\\"\\\\b"'),
    _extension_served("octets beyond ASCII in quotes", b';a="caf\xe9"'),
    _extension_served("blanks behind the semicolon", b"; \ta=b"),
    _extension_served("blanks before the semicolon", b" \t;a=b"),
    _extension_served("blanks around the equals sign", b";a = b"),
    _extension_refused("an empty name", b";"),
    _extension_refused("two semicolons", b";;a"),
    _extension_refused("no name before the equals sign", b";=b"),
    _extension_refused("no value behind the equals sign", b";a="),
    _extension_refused("two values", b";a=b=c"),
    _extension_refused("two values apart", b";a=b c"),
    _extension_refused("blanks behind it", b";a=b "),
    _extension_refused("a quote that does not end", b';a="b'),
    _extension_refused("something behind a quote", b';a="b"c'),
    _extension_refused("a quote in a value", b';a=b"c"'),
    _extension_refused("a quoted name", b';"a"=b'),
    _extension_refused("a comma", b",a=b"),
    _extension_refused("octets beyond ASCII", b";caf\xe9"),
    _extension_refused("NUL", b";a\x00"),
    _extension_refused("NUL in quotes", b';a="\x00"'),
    _extension_refused("DEL", b";a\x7f"),
    _extension_refused("ESC in quotes", b';a="\x1b"'),
    _extension_refused("a bare CR", b";a\rb"),
    _extension_refused("a bare CR at its end", b";a\r"),
    _extension_refused("a bare CR in quotes", b';a="\r"'),
    _extension_refused("a bare LF", b";\n"),
    _extension_refused("a bare LF in a name", b";a\nb"),
    _extension_refused("a line break in quotes", b';a="\r\n"'),
    _refused(
        "a request behind a bare LF in an extension",
        b"5;\nhello\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n\r\n" + _LAST,
        "9112 §7.1.1",
    ),
    _refused(
        "an extension of 20,000 octets",
        b"5;" + b"a" * 20_000 + b"\r\nhello\r\n" + _LAST,
        "9112 §7.1.1",
    ),
    _refused(
        "many short extensions",
        (b"1;" + b"a" * 200 + b"\r\na\r\n") * 100 + _LAST,
        "9112 §7.1.1",
    ),
    _refused("many extensions", (b"1;" + b"a" * 400 + b"\r\na\r\n") * 50 + _LAST, "9112 §7.1.1"),
    # Trailers
    _trailers_served("a field", b"A: b\r\n"),
    _trailers_served("several fields", b"A: b\r\nC: \tcaf\xe9 \r\nA:\r\n"),
    _trailers_served("a host, which is that of the head", b"Host: b\r\n"),
    _trailers_refused("no colon", b"A"),
    _trailers_refused("an empty name", b": b", "9110 §5.1"),
    _trailers_refused("a space in a name", b"A B: c", "9110 §5.1"),
    _trailers_refused("a space before the colon", b"A : b", "9112 §5.1"),
    _trailers_refused("octets beyond ASCII in a name", b"Caf\xe9: b", "9110 §5.1"),
    _trailers_refused("a blank before the first field", b" A: b", "9112 §5.2"),
    _trailers_refused("a folded line", b"A: b\r\n c", "9112 §5.2"),
    _trailers_refused("a blank line", b" \r\nA: b", "9112 §5.2"),
    _trailers_refused("NUL", b"A: b\x00c", "9110 §5.5"),
    _trailers_refused("ESC", b"A: b\x1bc", "9110 §5.5"),
    _trailers_refused("DEL", b"A: b\x7fc", "9110 §5.5"),
    _trailers_refused("a bare LF", b"A: b\nC: d", "9112 §2.2"),
    _trailers_refused("a bare CR", b"A: b\rC: d", "9112 §2.2"),
    _trailers_refused("an empty line of a bare LF", b"A: b\r\n\n", "9112 §2.2"),
    _trailers_refused("an empty line of two LFs", b"A: b\n\n", "9112 §2.2"),
    _trailers_refused("a request line", b"GET / HTTP/1.1"),
    # They would tell of framing that is over
    _trailers_refused("a length", b"Content-Length: 5", "9110 §6.5.1"),
    _trailers_refused("a coding", b"Transfer-Encoding: chunked", "9110 §6.5.1"),
    _refused(
        "101 trailer fields",
        b"5\r\nhello\r\n0\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        "6585 §5",
        431,
    ),
    _refused(
        "trailers of 40,000 octets",
        b"5\r\nhello\r\n0\r\nA: " + b"b" * 40_000 + b"\r\n\r\n",
        "6585 §5",
        431,
    ),
]
