"""PEM text cut into its blocks (RFC 7468), as OpenSSL cuts it.

``cryptography`` is stricter than OpenSSL in some ways and looser in others, and it is OpenSSL that
loads the files in the end: what passes here has to pass there, or a mistake that could be explained
ends as "PEM lib (_ssl.c:3905)". Knows nothing of files, and nothing of what the blocks hold.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["PemBlock", "parse_pem_blocks"]

_UTF8_BOM = b"\xef\xbb\xbf"
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"

# What OpenSSL strips from the end of a line: white space and control characters.
_STRIPPED = bytes(range(0x21))

# RFC 1421 §4.6.1: the headers of a key that is encrypted in the way of old, and the empty line.
_ENCRYPTION = re.compile(rb"Proc-Type: 4,ENCRYPTED\nDEK-Info: .+\n\n")

# RFC 4648 §4. The strict mode of Python's own decoder lets a needless "=" at the end pass.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PemBlock:
    """What stands between a BEGIN and an END line."""

    label: str
    """"CERTIFICATE", "PRIVATE KEY", …"""
    headers: tuple[bytes, ...]
    """The lines of RFC 1421 headers: those of a key encrypted in the old way, else none."""
    lines: tuple[bytes, ...]
    """The base64 lines."""

    @property
    def is_encrypted(self) -> bool:
        """Whether it takes a password: in the way of PKCS #8 (RFC 5958 §3), or of RFC 1421."""
        return self.label == "ENCRYPTED PRIVATE KEY" or bool(self.headers)

    @property
    def text(self) -> bytes:
        """The block as PEM text of its own."""
        label = self.label.encode()
        headers = (*self.headers, b"") if self.headers else ()
        lines = (_BEGIN + label + _DASHES, *headers, *self.lines, _END + label + _DASHES, b"")
        return b"\n".join(lines)

    @property
    def data(self) -> bytes:
        """What the base64 lines hold, in DER (encrypted, where there are headers)."""
        return base64.b64decode(b"".join(self.lines))


def parse_pem_blocks(content: bytes) -> list[PemBlock]:
    """Return the blocks of a PEM file. What stands before, between and after them is no matter.

    Line ends may be those of Windows; a UTF-8 byte order mark may come first. Raises ValueError
    that says why OpenSSL would not read the file.
    """
    if b"\0" in content:
        raise ValueError("this is not text in UTF-8 or ASCII")
    blocks = []
    lines = iter([line.rstrip(_STRIPPED) for line in content.split(b"\n")])
    is_first = True
    for line in lines:
        # Also after a block, where files with a byte order mark were put together.
        text = line.removeprefix(_UTF8_BOM) if is_first else line
        is_first = text.startswith(_BEGIN) and text.endswith(_DASHES)
        if is_first:
            label = text.removeprefix(_BEGIN).removesuffix(_DASHES)
            blocks.append(_parse_block(label.decode("ascii", "replace"), lines))
    return blocks


def _parse_block(label: str, following: Iterator[bytes]) -> PemBlock:
    lines = _lines_of_block(label, following)
    headers: list[bytes] = []
    if _ENCRYPTION.match(b"\n".join(lines)):
        headers, lines = lines[:2], lines[3:]
    is_base64 = _BASE64.fullmatch(b"".join(lines)) and lines and b"" not in lines
    # RFC 1421 §4.3.2.4: lines of 64 characters. OpenSSL asks for that after headers only.
    if not is_base64 or (headers and any(len(line) != 64 for line in lines[:-1])):
        raise ValueError(f"the block BEGIN {label} is damaged: it is not base64")
    return PemBlock(label=label, headers=tuple(headers), lines=tuple(lines))


def _lines_of_block(label: str, following: Iterator[bytes]) -> list[bytes]:
    end = _END + label.encode() + _DASHES
    lines: list[bytes] = []
    for line in following:
        if line == end:
            return lines
        lines.append(line)
    raise ValueError(f"the block BEGIN {label} has no END line")
