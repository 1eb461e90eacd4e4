"""The border to the compressors, and when what they make is worth sending.

gzip is in the standard library, and since Python 3.14 Zstandard too; where Brotli, or Zstandard
before that, is not installed, it is not available. Both are loaded when first asked for. What is
compressed, when, and what becomes of it is not known here.
"""

import sys
import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Protocol

__all__ = [
    "BEST_LEVELS",
    "CODING_SUFFIXES",
    "FAST_LEVELS",
    "MIN_BYTES",
    "Encoder",
    "available_codings",
    "compress",
    "is_worthwhile",
    "make_encoder",
]

CODING_SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""The suffix for a file of each content coding, in the server's order of preference.

The names are those that IANA has registered (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
"""

MIN_BYTES = 1024
"""Content below this stays as it is: with its head it fits into one TCP segment either way."""

# Where less is saved, the client's work to decode it is not paid for.
_MIN_SAVING = 0.05

FAST_LEVELS = {"br": 5, "zstd": 6, "gzip": 6}
"""For a client that waits. What is left of the welcome pages, and of 300 KiB of program text, and
MB/s, by benchmarks/codings.py: br 0.345 at 44 and 0.211 at 69; zstd 0.377 at 63 and 0.216 at
104; gzip 0.377 at 66 and 0.223 at 48. A level more gains 1 %. Brotli, with the web's words in its
dictionary, leaves 8 % less of a page than the others do at any speed."""

BEST_LEVELS = {"br": 11, "zstd": 19, "gzip": 9}
"""For files that are compressed once: br 0.309 and 0.184 at 0.8 MB/s, zstd 0.370 and 0.194 at 4,
gzip 0.377 and 0.220 at 12. Zstandard's levels above 19 differ by windows that are too large."""

# RFC 9659 §3: a decoder for "zstd" need not support windows of more than 8 MiB.
_ZSTD_WINDOW_LOG = 23

# 15 is the largest window that there is, 32 KiB; 16 more stand for gzip's head (RFC 1952), in which
# zlib puts no time: the same content always becomes the same bytes.
_GZIP_WINDOW_BITS = 16 + 15


class Encoder(Protocol):
    """What makes coded content of pieces, once."""

    def compress(self, data: bytes | memoryview, /) -> bytes:
        """Take a piece, and return what of the coded content is ready, perhaps nothing."""

    def flush(self) -> bytes:
        """Return the rest of the coded content."""


@cache
def available_codings() -> tuple[str, ...]:
    """Return the codings whose compressors are installed, in the server's order of preference."""
    return tuple(coding for coding in CODING_SUFFIXES if _is_available(coding))


def make_encoder(coding: str, level: int, *, size: int) -> Encoder:
    """Return a new encoder to one of ``available_codings()``, for just ``size`` bytes."""
    return _MAKERS[coding](level, size)


def compress(content: bytes, coding: str, level: int) -> bytes:
    """Return the content coded by one of ``available_codings()``, always to the same bytes.

    It takes its time, but lets other threads run.
    """
    encoder = make_encoder(coding, level, size=len(content))
    return encoder.compress(content) + encoder.flush()


def is_worthwhile(size: int, coded_size: int) -> bool:
    """Whether coded content is enough smaller than the ``size`` bytes that it was made of."""
    return size >= MIN_BYTES and coded_size <= size * (1 - _MIN_SAVING)


class _BrotliEncoder:
    def __init__(self, level: int, _size: int) -> None:
        import brotli

        self._compressor = brotli.Compressor(quality=level)

    def compress(self, data: bytes | memoryview, /) -> bytes:
        coded: bytes = self._compressor.process(data)
        return coded

    def flush(self) -> bytes:
        coded: bytes = self._compressor.finish()
        return coded


def _make_zstd_encoder(level: int, size: int) -> Encoder:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    options: dict[int, int] = {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.window_log: _ZSTD_WINDOW_LOG,
    }
    encoder = zstd.ZstdCompressor(options=options)
    # Tables and window of that size, and no more; and the decoder can reserve what it needs.
    encoder.set_pledged_input_size(size)
    return encoder


def _make_gzip_encoder(level: int, _size: int) -> Encoder:
    return zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW_BITS)


_MAKERS: dict[str, Callable[[int, int], Encoder]] = {
    "br": _BrotliEncoder,
    "zstd": _make_zstd_encoder,
    "gzip": _make_gzip_encoder,
}


def _is_available(coding: str) -> bool:
    try:
        import_module(_LIBRARIES[coding])
    except ImportError:
        return False
    return True


_LIBRARIES = {
    "br": "brotli",
    "zstd": "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd",
    "gzip": "zlib",
}
