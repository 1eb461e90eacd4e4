"""Content codings as a client knows them: how they are decoded, and what a server may lack."""

import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import brotli
import pytest

from trio_https.files.codecs import CODING_SUFFIXES, available_codings

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["decode", "every_coding", "without_library", "zstd"]

every_coding = pytest.mark.parametrize("coding", CODING_SUFFIXES)


def decode(content: bytes, coding: str) -> bytes:
    """Return what coded content was made of. Raises an exception if it is not whole."""
    if coding == "gzip":
        return gzip.decompress(content)
    decoded: bytes = brotli.decompress(content) if coding == "br" else zstd.decompress(content)
    return decoded


@contextmanager
def without_library(name: str) -> Iterator[None]:
    """Run the block as if a library were not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, name, None)
        available_codings.cache_clear()
        yield
    available_codings.cache_clear()
