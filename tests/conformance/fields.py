"""Field lines: names, colons, values, folding and line ends (RFC 9112 §5, RFC 9110 §5)."""

from .sequence import GET, SMUGGLED, Seen, Sequence, refused, served


def _line_refused(section: str, name: str, line: bytes) -> Sequence:
    return refused(section, name, GET + line + b"\r\nX: y\r\n\r\n" + SMUGGLED)


def _line_served(section: str, name: str, line: bytes) -> Sequence:
    return served(section, name, GET + line + b"\r\nX: y\r\n\r\n", Seen())


# RFC 9110 §5.5: CR, LF and NUL are dangerous; the other control characters are invalid. HTAB is
# allowed; CR and LF have rows of their own.
_CONTROL_CHARACTERS = sorted({*range(0x20), 0x7F} - set(b"\t\r\n"))

SEQUENCES = [
    _line_served("9112 §5", "a field", b"A: b"),
    # Values
    _line_served("9110 §5.5", "an empty value", b"A:"),
    _line_served("9110 §5.5", "a blank value", b"A: \t "),
    _line_served("9112 §5.1", "no blank behind the colon", b"A:b"),
    _line_served("9112 §5.1", "blanks around the value", b"A: \t b \t "),
    _line_served("9110 §5.5", "blanks in the value", b"A: b  c\td"),
    _line_served("9110 §5.5", "octets beyond ASCII", bytes([*b"A: ", *range(0x80, 0x100)])),
    _line_served("9110 §5.5", "all visible characters", bytes([*b"A: ", *range(0x21, 0x7F)])),
    _line_served("9110 §5.6.4", "a quote that does not end", b'A: "b'),
    _line_served("9110 §5.6.5", "a comment that does not end", b"User-Agent: (b"),
    _line_served("9110 §5.3", "the same field twice", b"Accept: a/b\r\nAccept: c/d"),
    _line_served("9110 §5.5", "a colon in the value", b"A: b: c"),
    *(
        _line_refused("9110 §5.5", f"octet {octet:#04x} in a value", b"A: b%bc" % bytes([octet]))
        for octet in _CONTROL_CHARACTERS
    ),
    _line_refused("9110 §5.5", "NUL before a value", b"A:\x00b"),
    _line_refused("9110 §5.5", "NUL as a value", b"A: \x00"),
    _line_refused("9110 §5.5", "a vertical tab before a value", b"A:\x0bb"),
    _line_refused("9110 §5.5", "a form feed behind a value", b"A: b\x0c"),
    # Names
    _line_served("9110 §5.6.2", "all characters of a token", b"!#$%&'*+-.^_`|~09AZaz: b"),
    _line_served("9110 §5.1", "a name that only resembles one", b"Content_Length: 5"),
    _line_refused("9110 §5.1", "an empty name", b": b"),
    _line_refused("9110 §5.1", "only a colon", b":"),
    _line_refused("9112 §5", "no colon", b"A"),
    _line_refused("9112 §5", "no colon, but a value", b"A b"),
    _line_refused("9110 §5.1", "a space in a name", b"A B: c"),
    _line_refused("9110 §5.1", "a quote in a name", b'"A": b'),
    _line_refused("9110 §5.1", "a slash in a name", b"A/B: c"),
    _line_refused("9110 §5.1", "brackets in a name", b"A[0]: b"),
    _line_refused("9110 §5.1", "parentheses in a name", b"(A): b"),
    _line_refused("9110 §5.1", "a comma in a name", b"A,B: c"),
    _line_refused("9110 §5.1", "a semicolon in a name", b"A;B: c"),
    _line_refused("9110 §5.1", "an equals sign in a name", b"A=B: c"),
    _line_refused("9110 §5.1", "an at sign in a name", b"A@B: c"),
    _line_refused("9110 §5.1", "a backslash in a name", b"A\\B: c"),
    _line_refused("9110 §5.1", "braces in a name", b"{A}: b"),
    _line_refused("9110 §5.1", "octets beyond ASCII in a name", b"Caf\xe9: b"),
    _line_refused("9110 §5.1", "a no-break space in a name", b"A\xa0: b"),
    _line_refused("9110 §5.1", "NUL in a name", b"A\x00: b"),
    _line_refused("9110 §5.1", "ESC in a name", b"A\x1b: b"),
    _line_refused("9110 §5.1", "DEL in a name", b"A\x7f: b"),
    _line_refused("9112 §5.1", "a space before the colon", b"A : b"),
    _line_refused("9112 §5.1", "a tab before the colon", b"A\t: b"),
    refused(
        "9112 §5.1",
        "a space before the colon of a length",
        GET + b"Content-Length : %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    ),
    refused(
        "9112 §5.1",
        "a space before the colon of a coding",
        GET + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ),
    # Lines that begin with a blank
    _line_refused("9112 §5.2", "a line folded with a space", b"A: b\r\n c"),
    _line_refused("9112 §5.2", "a line folded with a tab", b"A: b\r\n\tc"),
    _line_refused("9112 §5.2", "a folded line that is blank", b"A: b\r\n "),
    _line_refused("9112 §5.2", "a folded line with a colon", b"A: b\r\n C: d"),
    _line_refused("9112 §5.2", "a folded empty value", b"A:\r\n b"),
    refused(
        "9112 §5.2",
        "a folded length",
        GET + b"Content-Length:\r\n %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    ),
    refused(
        "9112 §5.2",
        "a folded coding",
        GET + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ),
    refused(
        "9112 §2.2",
        "a space before the first field",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n" + SMUGGLED,
    ),
    refused(
        "9112 §2.2",
        "a tab before the first field",
        b"GET / HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n" + SMUGGLED,
    ),
    refused(
        "9112 §2.2",
        "a blank line before the first field",
        b"GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n" + SMUGGLED,
    ),
    # Line ends
    _line_refused("9112 §2.2", "a bare LF as a line end", b"A: b\nC: d"),
    _line_refused("9112 §2.2", "a bare CR as a line end", b"A: b\rC: d"),
    _line_refused("9112 §2.2", "LF CR as a line end", b"A: b\n\rC: d"),
    _line_refused("9112 §2.2", "CR CR LF as a line end", b"A: b\r"),
    _line_refused("9112 §2.2", "a bare CR in a name", b"A\rB: c"),
    _line_refused("9112 §2.2", "a bare LF in a name", b"A\nB: c"),
    _line_refused("9112 §2.2", "a bare CR before a value", b"A:\rb"),
    _line_refused("9112 §2.2", "a bare LF as a value", b"A: \n"),
    _line_refused("9112 §2.2", "an empty line of a bare LF", b"A: b\r\n\nGET /smuggled HTTP/1.1"),
    _line_refused("9112 §2.2", "an empty line of a bare CR", b"A: b\r\n\rGET /smuggled HTTP/1.1"),
    _line_refused("9112 §2.2", "an empty line of two LFs", b"A: b\n\nGET /smuggled HTTP/1.1"),
    _line_refused("9112 §2.2", "an empty line of two CRs", b"A: b\r\rGET /smuggled HTTP/1.1"),
    refused("9112 §2.2", "bare LFs as the end of the head", GET + b"A: b\n\n" + SMUGGLED),
    refused("9112 §2.2", "LF CR LF as the end of the head", GET + b"A: b\n\r\n" + SMUGGLED),
    refused("9112 §2.2", "CR LF LF as the end of the head", GET + b"A: b\r\n\n" + SMUGGLED),
    refused("9112 §2.2", "CR CR LF CR LF as the end of the head", GET + b"A: b\r\r\n\r\n"),
    refused("9112 §2.2", "CR LF CR CR LF as the end of the head", GET + b"\r\r\n" + SMUGGLED),
    refused(
        "9112 §2.2",
        "a length behind a bare CR",
        GET + b"A: b\rContent-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    ),
    refused(
        "9112 §2.2",
        "a coding behind a bare LF",
        GET + b"A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    ),
]
