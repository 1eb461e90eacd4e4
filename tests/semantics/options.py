"""The options of ``Pages`` that change what a URL means: each makes a folder another site."""

from collections.abc import Sequence

from .checks import (
    field,
    holds,
    keeps_secrets,
    lacks,
    lacks_text,
    lists,
    matches,
    nothing,
    part,
    same_head,
    whole,
)
from .row import Ask, Check, Row, convention, get, head


def _exact(name: str, ask: Ask, status: int, *checks: Check) -> Row:
    return convention(
        "as Apache does", f"exact URLs: {name}", ask, status, *checks, pretty_urls=False
    )


def _below(name: str, ask: Ask, status: int, *checks: Check) -> Row:
    return convention("3986 §3.3", f"below /docs: {name}", ask, status, *checks, prefix="/docs")


def _application(name: str, ask: Ask, status: int | tuple[int, ...], *checks: Check) -> Row:
    return convention("as Netlify does", f"application: {name}", ask, status, *checks, spa=True)


def _listed(name: str, ask: Ask | Sequence[Ask], status: int, *checks: Check) -> Row:
    return convention("as Caddy does", f"listing: {name}", ask, status, *checks, listing=True)


def _start(name: str, ask: Ask, status: int, *checks: Check) -> Row:
    return convention(
        "as nginx does",
        f"start.html, else index.html: {name}",
        ask,
        status,
        *checks,
        index_names=("start.html", "index.html"),
    )


_JSON = "application/json"

ROWS = [
    _exact("a page by its name", get("/about.html"), 200, whole("about.html")),
    _exact("no page by less", get("/about"), 404),
    _exact("no page by more", get("/about/"), 404),
    _exact("a folder", get("/team/"), 200, whole("team/index.html")),
    _exact("a folder without its slash", get("/team?a=b"), 301, field("Location", "/team/?a=b")),
    _exact("a folder's page by its name", get("/team/index.html"), 200, whole("team/index.html")),
    _exact("the first page by its name", get("/index.html"), 200, whole("index.html")),
    _exact("a folder, not the page beside it", get("/both"), 301, field("Location", "/both/")),
    _below("the first page", get("/docs/"), 200, whole("index.html")),
    _below(
        "the first page without its slash", get("/docs?a=b"), 301, field("Location", "/docs/?a=b")
    ),
    _below("a file", get("/docs/notes.txt"), 200, whole("notes.txt")),
    _below("a part", get("/docs/notes.txt", range="bytes=0-9"), 206, part("notes.txt", 0, 10)),
    _below("a folder without its slash", get("/docs/team"), 301, field("Location", "/docs/team/")),
    _below(
        "a page with its extension", get("/docs/about.html"), 301, field("Location", "/docs/about")
    ),
    _below("a prefix that is encoded", get("/d%6Fcs/notes.txt"), 200, whole("notes.txt")),
    _below("nothing above it", get("/"), 404, keeps_secrets),
    _below("no file above it", get("/notes.txt"), 404),
    _below("nothing whose name begins alike", get("/docsnotes.txt"), 404),
    _below("nothing out of it", get("/docs/../secret.txt"), 404, keeps_secrets),
    _below("what is missing", get("/docs/missing"), 404, holds(b"Not here")),
    _below("what is missing above it", get("/missing"), 404),
    _below(
        "a redirect of the author's", get("/docs/old"), 301, field("Location", "/docs/notes.txt")
    ),
    _application("a way of its own", get("/some/where"), 200, whole("index.html")),
    _application(
        "a way of its own, by HEAD",
        head("/some/where"),
        200,
        matches("Content-Type", "text/html.*"),
        nothing,
    ),
    _application("a way of its own, known", get("/some/where", if_none_match="*"), 304, nothing),
    _application(
        "a way of its own, in part",
        get("/some/where", range="bytes=0-4"),
        206,
        part("index.html", 0, 5),
    ),
    _application("a folder of its own", get("/some/"), 200, whole("index.html")),
    _application("a file that is there", get("/notes.txt"), 200, whole("notes.txt")),
    _application("a page that is there", get("/about"), 200, whole("about.html")),
    _application("no script that turns out to be a page", get("/gone.js"), 404, holds(b"Not here")),
    _application("nothing hidden", get("/.git/config"), (200, 404), keeps_secrets),
    _application("a method that is refused", Ask("POST", "/some/where"), 405),
    _listed(
        "a folder",
        get("/bare/"),
        200,
        holds(b"inner.txt"),
        keeps_secrets,
        matches("Content-Type", "text/html.*"),
        lists("Vary", "Accept"),
    ),
    _listed("HEAD and GET", [get("/bare/"), head("/bare/")], 200, same_head, nothing),
    _listed("in another order", get("/bare/?sort=size&order=desc"), 200, holds(b"inner.txt")),
    _listed("a folder without its slash", get("/bare"), 301, field("Location", "/bare/")),
    _listed(
        "as JSON",
        get("/bare/", accept=_JSON),
        200,
        holds(b'"inner.txt"'),
        matches("Content-Type", f"{_JSON}.*"),
    ),
    _listed(
        "a folder that is known",
        [get("/bare/"), get("/bare/", if_none_match="{etag}")],
        304,
        nothing,
    ),
    _listed("nothing hidden", get("/bare/"), 200, lacks_text(b".hidden")),
    _listed("a folder that has a page", get("/team/"), 200, whole("team/index.html")),
    _listed("no folder that is hidden", get("/.git/"), 404, keeps_secrets),
    _listed("no folder outside", get("/outside-folder/"), 404, keeps_secrets),
    _listed("what is missing", get("/gone/"), 404),
    _start("the first that is there", get("/team/"), 200, whole("team/start.html")),
    _start(
        "the second, where the first is not there", get("/both/"), 200, whole("both/index.html")
    ),
    _start("the first by its name", get("/team/start.html"), 301, field("Location", "/team/")),
    _start(
        "the other is a page of its own",
        get("/team/index.html"),
        301,
        field("Location", "/team/index"),
    ),
    convention(
        "as Caddy does",
        "links out of the folder",
        get("/outside-link.txt"),
        200,
        lacks("Content-Encoding"),
        follow_links=True,
    ),
    convention(
        "as Caddy does",
        "links to folders out of the folder",
        get("/outside-folder/secret.txt"),
        200,
        follow_links=True,
    ),
    convention(
        "as static-web-server does",
        "links to what is hidden, all the same",
        get("/hidden-link.txt"),
        404,
        keeps_secrets,
        follow_links=True,
    ),
]
