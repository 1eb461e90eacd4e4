"""CPU time that the pages handler takes for a request, without connection, TLS and h11.

    python benchmarks/pages.py [ROUNDS [CHECKOUT]]

For each kind of request the median over the rounds (5), in microseconds. With CHECKOUT, the folder
of another version of this repository, both are measured in turns and compared: only the ratio says
something on a machine that does other things too.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the package is imported from the checkout that is measured
    from trio_https import Handler, Request

HERE = Path(__file__).parent
REQUESTS = 3000

# name: target, header fields
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "page of 1 KiB": ("/", {}),
    "page of 1 KiB, gzip ready": ("/ready", {"Accept-Encoding": "gzip, deflate, br, zstd"}),
    "page of 1 KiB, a browser's": ("/", {"Accept-Encoding": "gzip, deflate, br, zstd"}),
    "page of 1 KiB, known (304)": ("/", {"If-Modified-Since": "Fri, 31 Dec 2100 23:59:59 GMT"}),
    "picture of 32 KiB": ("/picture.png", {}),
    "file of 1 MiB": ("/big.bin", {}),
    "missing": ("/missing", {}),
}


def main(rounds: int = 5, checkout: str | None = None) -> None:
    versions = {"here": HERE.parent} | ({"there": Path(checkout)} if checkout else {})
    costs: dict[str, dict[str, list[float]]] = {
        name: {kind: [] for kind in KINDS} for name in versions
    }
    with tempfile.TemporaryDirectory() as folder:
        make_pages(Path(folder))
        for _ in range(rounds):
            for name, path in versions.items():
                for kind, cost in measure_in(path, folder):
                    costs[name][kind].append(cost)
    for kind in KINDS:
        here = statistics.median(costs["here"][kind])
        line = f"{kind:<30}{here:8.1f} µs"
        if checkout:
            there = statistics.median(costs["there"][kind])
            line += f", there {there:8.1f} µs: {here / there:.2f} x"
        print(line)


def make_pages(folder: Path) -> None:
    for name, content in {
        "index.html": b"x" * 1024,
        "ready.html": b"x" * 1024,
        "ready.html.gz": b"x" * 100,
        "picture.png": b"x" * 32 * 1024,
        "big.bin": b"x" * 1024 * 1024,
    }.items():
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1_000_000_000, 1_000_000_000))


def measure_in(checkout: Path, folder: str) -> list[tuple[str, float]]:
    """Measure one round in a process of its own, with the package of that checkout."""
    finished = subprocess.run(
        [sys.executable, __file__, "--round", folder],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line.rpartition(" ") for line in finished.stdout.splitlines()]
    return [(kind, float(cost)) for kind, _, cost in lines]


def measure_round(folder: str) -> None:
    import trio

    trio.run(_measure_round, folder)


async def _measure_round(folder: str) -> None:
    from trio_https import Pages

    pages = Pages(folder)
    for kind, (target, fields) in KINDS.items():
        request = make_request(target, fields)
        await answer(pages, request)
        await answer(pages, request)
        started = time.process_time()
        for _ in range(REQUESTS):
            await answer(pages, request)
        cost = (time.process_time() - started) / REQUESTS * 1e6
        print(f"{kind} {cost:.2f}")


def make_request(target: str, fields: dict[str, str]) -> "Request":
    from trio_https.messages import Headers, Request
    from trio_https.request_body import RequestBody

    async def nothing() -> bytes:
        return b""

    async def no_informational(status: int, headers: Headers) -> None:
        del status, headers

    return Request(
        method="GET",
        target=target,
        raw_path=target,
        path=target,
        query="",
        authority="localhost",
        http_version="1.1",
        headers=Headers({"Host": "localhost", "User-Agent": "benchmark", "Accept": "*/*"} | fields),
        body=RequestBody(nothing),
        client=None,
        tls=None,
        received_at=time.time(),
        send_informational=no_informational,
    )


async def answer(pages: "Handler", request: "Request") -> None:
    response: Any = await pages(request)
    if isinstance(response.body, bytes):
        return
    async for _ in response.body:
        pass
    await response.body.aclose()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--round"]:
        measure_round(sys.argv[2])
    else:
        main(int((sys.argv[1:] or ["5"])[0]), *sys.argv[2:3])
