"""What a URL means: names, encodings, folders, and no way out (RFC 3986, pitfalls of others)."""

from .checks import (
    field,
    is_file,
    keeps_secrets,
    lacks,
    leads_to,
    nothing,
    stays_here,
    whole,
)
from .row import Ask, Check, Row, convention, get, head, row

_MOVED = (301, 302, 307, 308)
_NOWHERE = (400, 403, 404)
_LONG = "a" * 300


def _file(name: str, target: str, file: str, source: str = "3986 §2.1") -> Row:
    return row(source, name, get(target), 200, whole(file))


def _missing(name: str, target: str, source: str = "3986 §2.4") -> Row:
    return row(source, name, get(target), (400, 404), keeps_secrets)


def _kept_in(name: str, target: str, source: str = "3986 §5.2.4") -> Row:
    """A path that must not lead out of the folder; where else it leads, nobody says."""
    statuses = (200, *_MOVED, *_NOWHERE)
    return row(source, f"not outside: {name}", get(target), statuses, keeps_secrets, stays_here)


def _kept_here(name: str, target: str, source: str = "CVE-2021-28861") -> Row:
    """A path that must not lead to another server."""
    statuses = (200, *_MOVED, *_NOWHERE)
    return row(source, f"not elsewhere: {name}", get(target), statuses, stays_here)


def _own(
    name: str, target: str, status: int, *checks: Check, source: str, **options: object
) -> Row:
    return convention(source, name, get(target), status, *checks, **options)


def _not_there(name: str, target: str, **options: object) -> Row:
    return _own(name, target, 404, keeps_secrets, source="3986 §6.2.2", **options)


ROWS = [
    # Names
    _file("a query is not of the name", "/notes.txt?query", "notes.txt", "3986 §3.4"),
    _file("an empty query", "/notes.txt?", "notes.txt", "3986 §3.4"),
    _file("a query of a path", "/notes.txt?/../secret.txt", "notes.txt", "3986 §3.4"),
    _file("a letter that is encoded", "/%6Eotes.txt", "notes.txt", "3986 §6.2.2.2"),
    _file("a letter that is encoded in small digits", "/%6eotes.txt", "notes.txt", "3986 §6.2.2.1"),
    _file("a dot that is encoded", "/notes%2Etxt", "notes.txt", "3986 §6.2.2.2"),
    _file("a blank", "/a%20b.txt", "a b.txt"),
    _file("a percent sign", "/100%25.txt", "100%.txt", "3986 §2.4"),
    _file("a plus is a plus", "/plus+sign.txt", "plus+sign.txt", "3986 §2.2"),
    _file("a plus that is encoded", "/plus%2Bsign.txt", "plus+sign.txt"),
    _file("a semicolon", "/semi;colon.txt", "semi;colon.txt", "3986 §3.3"),
    _file("a question mark", "/q%3Fmark.txt", "q?mark.txt", "3986 §3.4"),
    _file("a hash", "/hash%23tag.txt", "hash#tag.txt", "3986 §3.5"),
    _file("quotes", "/quote's%20%22two%22.txt", 'quote\'s "two".txt'),
    _file("markup", "/%3Cb%3E&amp;.txt", "<b>&amp;.txt"),
    _file("letters beyond ASCII", "/caf%C3%A9/%C3%BCber.txt", "caf\xe9/\xfcber.txt", "3986 §2.5"),
    _file("the same in small digits", "/caf%c3%a9/%c3%bcber.txt", "caf\xe9/\xfcber.txt"),
    _file("letters from elsewhere", "/%E6%97%A5%E6%9C%AC.txt", "\u65e5\u672c.txt", "3986 §2.5"),
    _file("beyond the first plane", "/%F0%9F%98%80.txt", "\U0001f600.txt", "3986 §2.5"),
    row("3986 §2.5", "a name that is not UTF-8", get("/latin%E9.txt"), 200),
    _file("in absolute-form", "http://localhost/notes.txt", "notes.txt", "9112 §3.2.2"),
    _file("in absolute-form, encoded", "http://localhost/a%20b.txt", "a b.txt", "9112 §3.2.2"),
    row(
        "9112 §3.2.2",
        "in absolute-form, no path",
        get("http://localhost"),
        200,
        is_file("index.html"),
    ),
    _missing("encoded twice", "/%256Eotes.txt"),
    _missing("a percent sign, encoded twice", "/100%2525.txt"),
    _missing("a percent sign alone", "/100%.txt", "3986 §2.1"),
    _missing("half an octet", "/notes.txt%4", "3986 §2.1"),
    _missing("no hexadecimal digits", "/%6Gotes.txt", "3986 §2.1"),
    _missing("the units of UTF-16", "/%u006Eotes.txt", "3986 §2.1"),
    _missing("NUL at the end", "/notes.txt%00", "3986 §7.3"),
    _missing("NUL in the middle", "/notes.txt%00.html", "3986 §7.3"),
    _missing("a line end", "/notes.txt%0A", "3986 §7.3"),
    row(
        "CVE-2026-27587",
        "a line end makes no field",
        get("/team%0D%0ASet-Cookie:%20a=b"),
        _NOWHERE,
        lacks("Set-Cookie"),
    ),
    _missing("a slash that is encoded", "/team%2Findex.html", "3986 §2.2"),
    _missing("a slash at the end that is encoded", "/team%2F", "3986 §2.2"),
    _missing("a backslash", "/team%5Cindex.html", "CVE-2026-27585"),
    _missing("a blank at the end", "/notes.txt%20"),
    _missing("a dot at the end", "/notes.txt."),
    _missing("below a file", "/notes.txt/page", "as POSIX says, ENOTDIR"),
    row("9110 §15.5.5", "a name of 300 letters", get(f"/{_LONG}"), (404, 414)),
    row("9110 §15.5.5", "a path of 3,000 letters", get(f"/{_LONG}" * 10), (404, 414)),
    row("9110 §15.5.5", "a path of 500 folders", get("/a" * 500), (404, 414)),
    # Out of the folder
    _kept_in("dots", "/../secret.txt"),
    _kept_in("dots below a folder", "/team/../../secret.txt"),
    _kept_in("many dots", "/" + "../" * 20 + "etc/passwd"),
    _kept_in("encoded dots", "/%2e%2e/secret.txt"),
    _kept_in("half encoded dots", "/.%2E/secret.txt"),
    _kept_in("dots, encoded twice", "/%252e%252e/secret.txt"),
    _kept_in("an encoded slash", "/..%2Fsecret.txt", "CVE-2026-6414"),
    _kept_in("an encoded slash below a folder", "/team/..%2F..%2Fsecret.txt", "CVE-2026-6414"),
    _kept_in("an encoded backslash", "/..%5Csecret.txt", "CVE-2026-27585"),
    _kept_in("overlong UTF-8", "/%c0%ae%c0%ae/secret.txt", "3629 §10"),
    _kept_in("a segment's parameter", "/..;/secret.txt", "3986 §3.3"),
    _kept_in("four dots", "/....//secret.txt"),
    _kept_in("an absolute path", "//etc/passwd"),
    _kept_in("an encoded absolute path", "/%2Fetc%2Fpasswd"),
    _kept_in("a folder whose name begins alike", "/../site-beside/secret.txt", "CVE-2023-29159"),
    _kept_in("NUL", "/../secret.txt%00.html"),
    row(
        "3986 §3",
        "not outside: absolute-form",
        get("http://localhost/../secret.txt"),
        (200, *_MOVED, *_NOWHERE),
        keeps_secrets,
    ),
    _not_there("dots in a path", "/team/../notes.txt"),
    _not_there("a dot in a path", "/./notes.txt"),
    _not_there("encoded dots in a path", "/team/%2e%2e/notes.txt"),
    _not_there("an empty segment", "//notes.txt"),
    _not_there("an empty segment in the middle", "/team//index.html"),
    _not_there("two slashes at the end", "/team//"),
    _not_there("a name of Windows for a stream", "/notes.txt::$DATA"),
    _not_there("a device of Windows", "/CON"),
    # To another server
    _kept_here("two slashes", "//evil.example/"),
    _kept_here("two slashes and a folder", "//evil.example/.."),
    _kept_here("two slashes and encoded dots", "//evil.example/%2e%2e"),
    _kept_here("two slashes and this folder", "//team"),
    _kept_here("three slashes", "///team"),
    _kept_here("a backslash", "/%5Cevil.example/..", "cpython#132826"),
    _kept_here("two encoded backslashes", "/%5C%5Cevil.example"),
    _kept_here("an encoded slash", "/%2Fevil.example/.."),
    _kept_here("a tab", "/%09/evil.example"),
    _kept_here("userinfo", "//localhost@evil.example/.."),
    _kept_here("a line end", "/%0a/evil.example/.."),
    # Folders
    row("9110 §15.4.2", "a folder without its slash", get("/team"), _MOVED, leads_to("/team/")),
    row(
        "as Apache and nginx do",
        "the query stays",
        get("/team?a=b%20c&d"),
        _MOVED,
        leads_to("/team/?a=b%20c&d"),
    ),
    row(
        "9110 §15.4.2", "a folder whose name is encoded", get("/t%65am"), _MOVED, leads_to("/team/")
    ),
    row(
        "as Apache and nginx do",
        "the query stays as it was",
        get("/team?//evil.example/%2F%0d%0aa:b"),
        _MOVED,
        leads_to("/team/?//evil.example/%2F%0d%0aa:b"),
    ),
    row(
        "9110 §10.2.2",
        "where it leads is encoded",
        get("/%C3%A9t%C3%A9"),
        _MOVED,
        leads_to("/%C3%A9t%C3%A9/"),
    ),
    row(
        "as Apache does",
        "that page",
        get("/%C3%A9t%C3%A9/"),
        200,
        whole("\u00e9t\u00e9/index.html"),
    ),
    row(
        "9110 §15.4.2", "HEAD leads there, too", head("/team"), _MOVED, leads_to("/team/"), nothing
    ),
    row(
        "9110 §15.4.2",
        "a redirect is no file",
        get("/team"),
        _MOVED,
        lacks("ETag", "Last-Modified", "Accept-Ranges"),
    ),
    row("as Apache does", "a folder's page", get("/team/"), 200, whole("team/index.html")),
    row(
        "as Apache does",
        "a folder's page, and a query",
        get("/team/?a=b"),
        200,
        whole("team/index.html"),
    ),
    row("as nginx does", "a folder without a page", get("/bare/"), (403, 404), keeps_secrets),
    _own("no folder without a page", "/bare/", 404, source="as GitHub Pages does"),
    _own("no folder without a page, nor its slash", "/bare", 404, source="as GitHub Pages does"),
    row("3986 §6.2.3", "a slash behind a file", get("/notes.txt/"), (404, *_MOVED), stays_here),
    _own("no slash behind a file", "/notes.txt/", 404, source="3986 §6.2.3"),
    # One URL for each page
    _own(
        "a page without its extension",
        "/about",
        200,
        whole("about.html"),
        source="as Cloudflare Pages does",
    ),
    _own(
        "a page with its extension",
        "/about.html?a=b",
        301,
        field("Location", "/about?a=b"),
        source="as Cloudflare Pages does",
    ),
    _own(
        "a page with a slash",
        "/about/?a=b",
        301,
        field("Location", "/about?a=b"),
        source="as Cloudflare Pages does",
    ),
    _own(
        "a folder's page by its name",
        "/team/index.html",
        301,
        field("Location", "/team/"),
        source="as Cloudflare Pages does",
    ),
    _own(
        "a folder's page by half its name",
        "/team/index",
        301,
        field("Location", "/team/"),
        source="as Cloudflare Pages does",
    ),
    _own(
        "the first page by its name",
        "/index.html",
        301,
        field("Location", "/"),
        source="as Cloudflare Pages does",
    ),
    _own("a page beside a folder", "/both", 200, whole("both.html"), source="as Netlify does"),
    _own(
        "a folder beside a page", "/both/", 200, whole("both/index.html"), source="as Netlify does"
    ),
    convention(
        "9110 §15.5.6",
        "a page with its extension is not to be changed",
        Ask("POST", "/about.html"),
        405,
    ),
    _own("no page of another extension", "/notes", 404, source="as Cloudflare Pages does"),
]
