import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.pem_blocks import PemBlock, parse_pem_blocks

DATA = bytes(range(100))


def make_pem(label: str, data: bytes = DATA) -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


ONE = make_pem("CERTIFICATE")
ENCRYPTED = ONE.replace(b"E-----\n", b"E-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\n", 1)


@pytest.mark.parametrize(
    "content",
    [
        ONE,
        ONE.rstrip(),
        ONE.replace(b"\n", b"\r\n"),
        ONE.replace(b"\n", b" \t\x0b\n"),
        b"\xef\xbb\xbf" + ONE,
        b"\xef\xbb\xbf\r\n" + ONE,
        b"Certificate:\n    Data:\n" + ONE + b"the end",
        b"B\xfcro, in latin-1\n" + ONE,
        b"as -----BEGIN CERTIFICATE-----\nor -----END CERTIFICATE-----\n" + ONE,
    ],
)
def test_a_block_is_found_whatever_stands_around_it(content: bytes) -> None:
    (block,) = parse_pem_blocks(content)
    assert (block.label, block.data, block.text) == ("CERTIFICATE", DATA, ONE)
    assert not block.is_encrypted


def test_blocks_keep_their_order() -> None:
    labels = ["PRIVATE KEY", "CERTIFICATE", "EC PARAMETERS", "CERTIFICATE"]
    content = b"\ntext\n".join(make_pem(label) for label in labels)
    assert [block.label for block in parse_pem_blocks(content)] == labels


def test_the_headers_of_an_encrypted_key_are_kept() -> None:
    (block,) = parse_pem_blocks(ENCRYPTED)
    assert block.headers == (b"Proc-Type: 4,ENCRYPTED", b"DEK-Info: X,00")
    assert (block.data, block.text, block.is_encrypted) == (DATA, ENCRYPTED, True)
    (block,) = parse_pem_blocks(make_pem("ENCRYPTED PRIVATE KEY"))
    assert block.is_encrypted


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no block",
        b"  " + ONE.replace(b"\n", b"\n  "),
        ONE.replace(b"-----BEGIN", b"----BEGIN"),
        ONE.lower(),
    ],
)
def test_what_does_not_begin_a_line_is_no_block(content: bytes) -> None:
    assert parse_pem_blocks(content) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ONE[:60], "BEGIN CERTIFICATE has no END line"),
        (ONE.replace(b"END CERT", b"END PERT"), "BEGIN CERTIFICATE has no END line"),
        (ONE.replace(b"\n-----END", b"\n -----END"), "BEGIN CERTIFICATE has no END line"),
        (b"-----BEGIN \xff-----\n-----END \xff-----\n", "has no END line"),
        (b"-----BEGIN X-----\n-----END X-----\n", "BEGIN X is damaged: it is not base64"),
        (ONE.replace(b"\n-----END", b"!\n-----END"), "is damaged: it is not base64"),
        (ONE.replace(b"\n-----END", b"A\n-----END"), "is damaged: it is not base64"),
        (ONE.replace(b"\n-----END", b"\n\n-----END"), "is damaged: it is not base64"),
        (ONE.replace(b"E-----\n", b"E-----\n\n", 1), "is damaged: it is not base64"),
        (ONE.replace(b"E-----\n", b"E-----\nComment: x\n\n", 1), "is damaged: it is not base64"),
        (ENCRYPTED.replace(b"\n\nAAEC", b"\n\nAAEC\n"), "is damaged: it is not base64"),
        (make_pem("X", DATA[:99]).replace(b"\n-----END", b"=\n-----END"), "is damaged"),
        (ENCRYPTED.replace(b"\n-----END", b"\n\n-----END"), "is damaged: it is not base64"),
        (b"-----BEGIN X-----\n" + ONE, "BEGIN X has no END line"),
        (ONE.decode().encode("utf-16"), "this is not text in UTF-8 or ASCII"),
        (b"\0\n" + ONE, "this is not text in UTF-8 or ASCII"),
    ],
)
def test_what_openssl_would_not_read_is_an_error(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_pem_blocks(content)


@given(st.binary() | st.lists(st.sampled_from([*ENCRYPTED.splitlines(True), b"\n"])).map(b"".join))
def test_any_bytes_give_blocks_or_a_value_error(content: bytes) -> None:
    try:
        blocks = parse_pem_blocks(content)
    except ValueError:
        return
    assert parse_pem_blocks(b"".join(block.text for block in blocks)) == blocks


@given(st.binary(min_size=1), st.sampled_from(["CERTIFICATE", "PRIVATE KEY", "X"]))
def test_every_block_that_was_written_is_read_again(data: bytes, label: str) -> None:
    (block,) = parse_pem_blocks(make_pem(label, data))
    assert isinstance(block, PemBlock)
    assert (block.label, block.data) == (label, data)
