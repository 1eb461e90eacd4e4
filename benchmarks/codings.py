"""What each content coding saves, and what it costs: the share that is left, and MB/s, by level.

Of the welcome pages, one by one, and of 300 KiB of program text, Python's own, which is as much
like a bundle of scripts as anything that is everywhere. Which levels the server takes, and why,
stands in ``files/codecs.py``. One thread; the best of several runs.

    python benchmarks/codings.py
"""

import _pydecimal
import time
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from trio_https.files.codecs import BEST_LEVELS, FAST_LEVELS, available_codings, compress

ROOT = Path(__file__).parent.parent
LEVELS = {
    "br": (1, 3, 4, 5, 6, 7, 9, 11),
    "zstd": (1, 3, 5, 6, 7, 9, 12, 15, 19),
    "gzip": (1, 4, 5, 6, 7, 9),
}
TEXT_BYTES = 300 * 1024
ENOUGH_SECONDS = 0.3  # of repeating, for a level


class Measured(NamedTuple):
    """What a level does to some content."""

    share: float
    bytes_per_second: float

    def __str__(self) -> str:
        return f"{self.share:>10.3f} {self.bytes_per_second / 1e6:>9.1f} MB/s"


def welcome_pages() -> list[bytes]:
    return [path.read_bytes() for path in sorted((ROOT / "pages").iterdir())]


def program_text() -> bytes:
    sources = (Path(module.__file__) for module in (_pydecimal, typing) if module.__file__)
    return b"".join(path.read_bytes() for path in sources)[:TEXT_BYTES]


def measure(contents: Sequence[bytes], coding: str, level: int) -> Measured:
    size = sum(map(len, contents))
    coded_size, best, spent = 0, float("inf"), 0.0
    while spent < ENOUGH_SECONDS:
        started = time.perf_counter()
        coded_size = sum(len(compress(content, coding, level)) for content in contents)
        seconds = time.perf_counter() - started
        best, spent = min(best, seconds), spent + seconds
    return Measured(coded_size / size, size / best)


def uses_of(coding: str, level: int) -> Iterator[str]:
    if FAST_LEVELS[coding] == level:
        yield "when asked for"
    if BEST_LEVELS[coding] == level:
        yield "ahead of time"


def main() -> None:
    contents = (welcome_pages(), [program_text()])
    print(f"{'coding':<10}{'level':>5}{'welcome pages':>25}{'program text':>25}")
    for coding in available_codings():
        for level in LEVELS[coding]:
            figures = "".join(str(measure(content, coding, level)) for content in contents)
            print(f"{coding:<10}{level:>5}{figures}  {', '.join(uses_of(coding, level))}".rstrip())


if __name__ == "__main__":
    main()
