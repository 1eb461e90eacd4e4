"""What it costs to find a handler: microseconds a request, with 10 routes and with 1,000.

One thread, no connection: the handler returns at once, so what is measured is the router, and the
request that it makes for a handler, where there are parameters or a mount. The best of several
runs; and the same as a share of 132 µs, the CPU of a small page over TLS.

    python benchmarks/routes.py
"""

import time
from collections.abc import Callable, Coroutine

from trio_https import Headers, HTTPError, Request, Response
from trio_https.handlers.router import Router
from trio_https.request_body import RequestBody

PAGE_MICROSECONDS = 132.0  # of a bare loop of SSLStream and h11, measured when this was designed
REQUESTS = 20_000
RUNS = 7
TARGETS = {
    "a literal": "/area1/things",
    "a number": "/area1/things/42",
    "two texts": "/area1/things/ada/notes/first",
    "below a mount": "/files1/css/style.css",
    "nothing": "/area1/nothing/of/the/kind",
}

RESPONSE = Response.text("found")


async def answer(_request: Request, /) -> Response:
    return RESPONSE


async def no_body() -> bytes:
    return b""


async def no_informational(_status: int, _headers: Headers) -> None:
    return


def router_of(areas: int) -> Router:
    """Return a router with five routes an area."""
    patterns = (
        *("GET /area{}/things", "POST /area{}/things", "GET /area{}/things/{{number:int}}"),
        *("GET /area{}/things/{{owner}}/notes/{{note}}", "/files{}/"),
    )
    return Router({text.format(area): answer for area in range(areas) for text in patterns})


def request_for(path: str) -> Request:
    return Request(
        method="GET",
        target=path,
        raw_path=path,
        path=path,
        query="",
        authority="localhost",
        http_version="1.1",
        headers=Headers(),
        body=RequestBody(no_body),
        client=None,
        tls=None,
        received_at=0.0,
        send_informational=no_informational,
    )


def run(coroutine: Coroutine[object, object, object]) -> None:
    try:
        coroutine.send(None)
    except (StopIteration, HTTPError):  # a 404 is an answer too
        return


def microseconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        for _ in range(REQUESTS):
            work()
        best = min(best, time.perf_counter() - started)
    return best / REQUESTS * 1e6


def main() -> None:
    few, many = router_of(2), router_of(200)
    print(f"{'':28}{'10 routes':>12}{'1,000':>10}{'ratio':>8}{'of a page':>12}")
    for name, path in TARGETS.items():
        request = request_for(path)
        alone = microseconds(lambda: run(answer(request)))  # noqa: B023 -- called at once
        costs = [microseconds(lambda: run(router(request))) - alone for router in (few, many)]  # noqa: B023
        share = f"{costs[1] / PAGE_MICROSECONDS:.1%}"
        print(
            f"{name:28}{costs[0]:>9.2f} µs{costs[1]:>7.2f} µs{costs[1] / costs[0]:>8.2f}{share:>12}"
        )


if __name__ == "__main__":
    main()
