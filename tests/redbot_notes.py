"""What REDbot has to say about URLs, for a process of its own: ``python -m tests.redbot_notes``.

REDbot (https://redbot.org) gets a resource, and then a part of it, its state and its compressed
form, and compares the answers. It trusts any certificate. Its event loop is that of its process,
so this module is run, not imported. Nothing here knows of trio_https.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from configparser import ConfigParser
from typing import Any

import thor
from redbot.resource import HttpResource


def main(urls: list[str]) -> None:
    """Check ``urls``, at once, and print a line of JSON for each: what ``_describe`` returns."""
    config = ConfigParser()
    config.read_dict({"redbot": {"enable_local_access": "True"}})  # else none but public addresses
    waiting = set(urls)

    def start(url: str) -> None:
        resource = HttpResource(config["redbot"])
        resource.set_request(url)

        def finish() -> None:
            sys.stdout.write(json.dumps({"url": url, **_describe(resource)}) + "\n")
            waiting.remove(url)
            if not waiting:
                thor.stop()

        resource.once("check_done", finish)
        resource.check()

    for url in urls:
        start(url)
    thor.run()


def _describe(resource: Any) -> dict[str, object]:
    """Return the status, what kept REDbot from a response, and its notes on each response."""
    exchanges = [resource, *resource.subreqs.values()]
    return {
        "status": resource.response.status_code,
        "errors": [repr(exchange.fetch_error) for exchange in exchanges if exchange.fetch_error],
        "notes": [
            {"level": note.level.value, "name": type(note).__name__, "summary": str(note.summary)}
            for exchange in exchanges
            for note in _flat(exchange.response.notes)
        ],
    }


def _flat(notes: Iterable[Any]) -> Iterator[Any]:
    for note in notes:
        yield note
        yield from _flat(note.subnotes)


if __name__ == "__main__":
    main(sys.argv[1:])
