"""What the bytes of a chunked body must be: one reading only, however they are cut."""

import pytest

from trio_https import HTTPError
from trio_https.rules.chunked_body import ChunkedBodyCheck

GOOD = {
    "§7.1: nothing": b"0\r\n\r\n",
    "§7.1: chunks": b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
    "§7.1: zeros before a size": b"0003\r\nabc\r\n000\r\n\r\n",
    "§7.1: hexadecimal in either case": b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "§7.1: line ends in the data": b"4\r\n\r\n\n\n\r\n0\r\n\r\n",
    "§7.1.1: extensions": b'3;a;b=c;d="e\\"f g"\r\nabc\r\n0;x\r\n\r\n',
    "§7.1.1: blanks around their signs": b"3 ; a = b\r\nabc\r\n0\r\n\r\n",
    "§7.1.2: trailers": b"0\r\nA: b\r\nc:\r\n\r\n",
    "what follows is not its business": b"0\r\n\r\nGET / \n\n",
}
BAD = {
    "§7.1: no size": b"\r\n",
    "§7.1: no number": b"x\r\n",
    "§7.1: a negative size": b"-1\r\n",
    "§7.1: a sign": b"+1\r\n",
    "§7.1: a prefix": b"0x1\r\n",
    "§7.1: an underscore": b"1_0\r\n",
    "§7.1: a blank before the size": b" 3\r\nabc\r\n",
    "§7.1: a blank behind the size": b"3 \r\nabc\r\n",
    "§7.1: a bare LF behind the size": b"3\nabc\r\n",
    "§7.1: a size that no number holds": b"11111111111111111\r\n",
    "§7.1.1: an empty extension": b"3;\r\nabc\r\n",
    "§7.1.1: a bare CR in an extension": b"3;a\r=b\r\nabc\r\n",
    "§7.1.1: a quote that does not end": b'3;a="b\r\nabc\r\n',
    "§7.1.1: an endless extension": b"3;" + b"a" * 300,
    "§7.1.2: a trailer that ends in a bare LF": b"0\r\nA: b\n\r\n",
    "§7.1.2: the end as a bare LF": b"0\r\n\n",
    "§7.1.2: a folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
    "§7.1.2: a trailer without a name": b"0\r\n: b\r\n\r\n",
    "§7.1.2: a blank before the colon": b"0\r\nA : b\r\n\r\n",
    "§7.1.2: a NUL in a trailer": b"0\r\nA: \0\r\n\r\n",
    "too many trailers": b"0\r\n" + b"A: b\r\n" * 100,
}


def check(*pieces: bytes) -> None:
    chunks = ChunkedBodyCheck(max_trailer_bytes=500)
    for piece in pieces:
        chunks.check(piece)


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD.keys())
def test_a_good_body_passes_however_it_is_cut(body: bytes) -> None:
    check(body)
    check(*[bytes([octet]) for octet in body])
    for cut in range(len(body)):
        check(body[:cut], body[cut:])


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_refused_however_it_is_cut(body: bytes) -> None:
    for pieces in ([body], [bytes([octet]) for octet in body], [body[:2], body[2:]]):
        with pytest.raises(HTTPError) as caught:
            check(*pieces)
        assert caught.value.status == (431 if body.startswith(b"0\r\nA: b\r\nA: b") else 400)
        assert caught.value.close
