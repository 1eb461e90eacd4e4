"""Resident memory of the pages handler: as pages become more, and as a file becomes larger.

    python benchmarks/pages_memory.py [PAGES]

PAGES (40,000) of 4 KiB of text are asked for, each twice, by a client that takes gzip; then a
file of 4 GiB. What is kept is bounded: 16 MiB of small files, 32 MiB of compressed ones, and names
of some thousands. So the first figures grow to that, and the last ones don't. Needs Linux.
"""

import os
import random
import sys
import tempfile
from pathlib import Path

import trio

from pages import answer, make_request
from trio_https import Pages

WORDS = [f"word{number}" for number in range(2000)]
STEPS = 10


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_pages(folder, count)
        pages = Pages(folder)
        print(f"{0:>7} pages asked for: {resident_mib():6.1f} MiB")
        for step in range(STEPS):
            for number in range(step * count // STEPS, (step + 1) * count // STEPS):
                for _ in range(2):
                    await ask(pages, f"/page{number}")
            print(f"{(step + 1) * count // STEPS:>7} pages asked for: {resident_mib():6.1f} MiB")
        await ask(pages, "/big.bin")
        print(f"and a file of 4 GiB:    {resident_mib():6.1f} MiB")


def make_pages(folder: Path, count: int) -> None:
    chance = random.Random(count)
    for number in range(count):
        path = folder / f"page{number}.html"
        path.write_text(" ".join(chance.choices(WORDS, k=480))[:4096])
        os.utime(path, (1_000_000_000, 1_000_000_000))
    with (folder / "big.bin").open("wb") as big:
        big.truncate(4 * 1024**3)  # no block of it is on the disk


async def ask(pages: Pages, target: str) -> None:
    await answer(pages, make_request(target, {"Accept-Encoding": "gzip"}))


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


if __name__ == "__main__":
    trio.run(main, int((sys.argv[1:] or ["40000"])[0]))
