"""The Host field: one, and a host with an optional port (RFC 9112 §3.2, RFC 9110 §7.2)."""

from .sequence import SMUGGLED, Seen, Sequence, closing, refused, served

_LINE = b"GET / HTTP/1.1\r\n"


def _accepted(name: str, host: str, section: str = "9110 §7.2") -> Sequence:
    sent = _LINE + b"Host: %b\r\n\r\n" % host.encode()
    return served(section, name, sent, Seen(authority=host))


def _refused(name: str, host: bytes, section: str = "9110 §7.2") -> Sequence:
    return refused(section, name, _LINE + b"Host: %b\r\n\r\n" % host + SMUGGLED)


SEQUENCES = [
    _accepted("a name", "localhost"),
    _accepted("a name and a port", "localhost:8443"),
    _accepted("a fully qualified name", "www.example.org."),
    _accepted("capitals", "LOCALHOST"),
    _accepted("an address of IPv4", "192.0.2.16:80"),
    _accepted("an address of IPv6", "[2001:db8::7]", "3986 §3.2.2"),
    _accepted("an address of IPv6 and a port", "[::1]:8443", "3986 §3.2.2"),
    _accepted("an address of IPv6 that holds one of IPv4", "[::ffff:192.0.2.16]", "3986 §3.2.2"),
    _accepted("unreserved characters", "a-b_c~d", "3986 §3.2.2"),
    _accepted("an encoded name", "caf%C3%A9.example", "3986 §3.2.2"),
    _accepted("an empty port", "a:", "3986 §3.2.3"),
    _accepted("port 0", "a:0", "3986 §3.2.3"),
    _accepted("the last port", "a:65535", "3986 §3.2.3"),
    _accepted("a port with leading zeros", "a:00080", "3986 §3.2.3"),
    served("9110 §5.5", "blanks around it", _LINE + b"Host: \t a \t\r\n\r\n", Seen()),
    served("9110 §5.5", "no blank before it", _LINE + b"Host:a\r\n\r\n", Seen()),
    served("9110 §5.1", "a name in capitals", _LINE + b"HOST: a\r\n\r\n", Seen()),
    # One
    refused("9112 §3.2", "none", _LINE + b"\r\n" + SMUGGLED),
    refused("9112 §3.2", "none, but other fields", _LINE + b"X-Host: a\r\n\r\n"),
    refused("9112 §3.2", "two", _LINE + b"Host: a\r\nHost: b\r\n\r\n"),
    refused("9112 §3.2", "the same twice", _LINE + b"Host: a\r\nHost: a\r\n\r\n"),
    refused("9112 §3.2", "two, in two cases", _LINE + b"Host: a\r\nX: y\r\nhOST: b\r\n\r\n"),
    refused("9112 §3.2", "two, one empty", _LINE + b"Host: a\r\nHost:\r\n\r\n"),
    refused("9112 §3.2", "two in HTTP/1.0", b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
    refused("9112 §3.2", "a malformed one in HTTP/1.0", b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
    closing(
        "9112 §3.2",
        "one in HTTP/1.0",
        b"GET / HTTP/1.0\r\nHost: a:1\r\n\r\n",
        Seen(authority="a:1"),
    ),
    refused("9112 §5.1", "a space before the colon", _LINE + b"Host : a\r\n\r\n"),
    # A host
    _refused("an empty one", b"", "9112 §3.2"),
    _refused("blanks only", b" \t ", "9112 §3.2"),
    _refused("a space in it", b"a b"),
    _refused("a tab in it", b"a\tb"),
    _refused("two in a list", b"a, b"),
    _refused("userinfo", b"user@a"),
    _refused("userinfo with a password", b"user:word@a"),
    _refused("a path", b"a/"),
    _refused("a path of dots", b"a/../b"),
    _refused("a query", b"a?b"),
    _refused("a fragment", b"a#b"),
    _refused("a URI", b"http://a"),
    _refused("a backslash", b"a\\b"),
    _refused("a quote", b'"a"'),
    _refused("angle brackets", b"<a>"),
    _refused("octets beyond ASCII", b"caf\xc3\xa9"),
    _refused("NUL", b"a\x00b"),
    _refused("a percent sign alone", b"a%", "3986 §2.1"),
    _refused("half an octet", b"a%2", "3986 §2.1"),
    # Its port
    _refused("only a port", b":80", "3986 §3.2.3"),
    _refused("only a colon", b":", "3986 §3.2.3"),
    _refused("a port in letters", b"a:http", "3986 §3.2.3"),
    _refused("a port with a sign", b"a:-1", "3986 §3.2.3"),
    _refused("a port with a plus", b"a:+80", "3986 §3.2.3"),
    _refused("two ports", b"a:80:80", "3986 §3.2.3"),
    _refused("a space before the port", b"a: 80", "3986 §3.2.3"),
    _refused("one above the last port", b"a:65536", "3986 §3.2.3"),
    _refused("port 99999", b"a:99999", "3986 §3.2.3"),
    _refused("a port of six digits", b"a:100000", "3986 §3.2.3"),
    # Addresses in brackets
    _refused("IPv6 without brackets", b"::1", "3986 §3.2.2"),
    _refused("an open bracket", b"[::1", "3986 §3.2.2"),
    _refused("a closing bracket", b"::1]", "3986 §3.2.2"),
    _refused("empty brackets", b"[]", "3986 §3.2.2"),
    _refused("a name in brackets", b"[localhost]", "3986 §3.2.2"),
    _refused("IPv4 in brackets", b"[192.0.2.16]", "3986 §3.2.2"),
    _refused("a digit in brackets", b"[1]", "3986 §3.2.2"),
    _refused("colons in brackets", b"[:::]", "3986 §3.2.2"),
    _refused("two gaps", b"[1::2::3]", "3986 §3.2.2"),
    _refused("nine groups", b"[1:2:3:4:5:6:7:8:9]", "3986 §3.2.2"),
    _refused("a group of five digits", b"[::12345]", "3986 §3.2.2"),
    _refused("a zone", b"[fe80::1%25eth0]", "3986 §3.2.2"),
    _refused("a name behind the bracket", b"[::1]a", "3986 §3.2.2"),
    _refused("a name before the bracket", b"a[::1]", "3986 §3.2.2"),
]
