"""What is not found: the page that says so, and all that is treated as if it was not there."""

from .checks import holds, keeps_secrets, lacks, matches, nothing, same_content, same_head, whole
from .row import Row, convention, get, head, row

_PAGE = b"<title>Not here</title>"
_DOCS_PAGE = b"<title>Not in the docs</title>"


def _missing(name: str, target: str, source: str = "9110 §15.5.5") -> Row:
    return row(source, name, get(target), 404, keeps_secrets)


def _hidden(name: str, target: str, source: str = "as static-web-server does") -> Row:
    return convention(source, name, get(target), 404, keeps_secrets)


def _same(name: str, target: str) -> Row:
    """Nobody learns what is there by the difference."""
    steps = [get("/missing"), get(target)]
    return convention("CVE-2025-69226", f"one answer: {name}", steps, 404, same_head, same_content)


def _there(name: str, target: str, file: str, source: str) -> Row:
    return row(source, name, get(target), 200, whole(file))


ROWS = [
    row(
        "9110 §15.5.5",
        "the folder's own page",
        get("/missing"),
        404,
        holds(_PAGE),
        matches("Content-Type", "text/html.*"),
    ),
    row(
        "9110 §15.5.5",
        "the folder's own page, below a folder",
        get("/team/missing"),
        404,
        holds(_PAGE),
    ),
    row("9110 §9.3.2", "HEAD of what is missing", head("/missing"), 404, nothing),
    convention(
        "as Cloudflare Pages does", "the nearest page", get("/docs/missing"), 404, holds(_DOCS_PAGE)
    ),
    convention(
        "as Cloudflare Pages does",
        "the nearest page, from a folder without one",
        get("/docs/deep/missing"),
        404,
        holds(_DOCS_PAGE),
    ),
    convention(
        "as Cloudflare Pages does",
        "the nearest page, from a folder that isn't there",
        get("/docs/a/b/c/missing"),
        404,
        holds(_DOCS_PAGE),
    ),
    convention(
        "as Cloudflare Pages does",
        "the first page is not here",
        get("/team/missing/"),
        404,
        holds(_PAGE),
    ),
    convention(
        "9110 §8.8",
        "it is the state of nothing",
        get("/missing"),
        404,
        lacks("ETag", "Last-Modified", "Accept-Ranges"),
    ),
    convention(
        "9110 §13.2.1", "it is never known", get("/missing", if_none_match="*"), 404, holds(_PAGE)
    ),
    _missing("a folder that isn't there", "/nowhere/"),
    _missing("a file in a folder that isn't there", "/nowhere/page.txt"),
    _missing("a link to nowhere", "/dangling.txt"),
    row("9110 §15.5.4", "a link to itself", get("/loop.txt"), (403, 404)),
    _missing("a pipe, without waiting for its writer", "/pipe"),
    _missing("a socket", "/socket"),
    # Names with a dot
    _missing("settings", "/.env", "8615 §1"),
    _missing("settings, encoded", "/%2Eenv", "8615 §1"),
    _missing("the history of all files", "/.git/config", "8615 §1"),
    _missing("the folder of that", "/.git/", "8615 §1"),
    _missing("passwords", "/team/.htpasswd", "8615 §1"),
    _missing("what an editor has open", "/.notes.txt.swp", "8615 §1"),
    row("9110 §15.5.5", "a folder of what is well known", get("/.well-known/"), (403, 404)),
    _there(
        "what is well known", "/.well-known/security.txt", ".well-known/security.txt", "8615 §3"
    ),
    _hidden("settings, in the folder that is well known", "/.well-known/.env"),
    _hidden("a backup of Emacs", "/notes.txt~"),
    _hidden("a backup", "/notes.txt.bak"),
    _hidden("a file that is edited", "/%23notes.txt%23"),
    _hidden("what the author tells the server", "/_headers", "as Netlify does"),
    _hidden("what else the author tells the server", "/_redirects", "as Netlify does"),
    _hidden("the same, encoded", "/%5Fheaders", "as Netlify does"),
    _hidden("a private key", "/server.key", "caddy#1287"),
    _there("a certificate, which is public", "/public.pem", "public.pem", "7468 §5"),
    # Links
    _there("a link inside the folder", "/inside-link.txt", "notes.txt", "as nginx does"),
    _there("a link to a folder inside", "/inside-folder/", "team/index.html", "as nginx does"),
    _hidden("a link to what is hidden", "/hidden-link.txt", "miniserve#1495"),
    _hidden("a link out of the folder", "/outside-link.txt", "miniserve 0.19.5"),
    _hidden("a folder by a link out", "/outside-folder/secret.txt", "miniserve 0.19.5"),
    _hidden("the folder of a link out", "/outside-folder/", "miniserve 0.19.5"),
    _same("settings", "/.env"),
    _same("a link out of the folder", "/outside-link.txt"),
    _same("a folder by a link out", "/outside-folder"),
    _same("a private key", "/server.key"),
    _same("a pipe", "/pipe"),
    _same("a link to itself", "/loop.txt"),
    _same("a folder without a page", "/bare/"),
    _same("what can be no name", "/team%2Findex.html"),
    _same("a device of Windows", "/NUL"),
]
