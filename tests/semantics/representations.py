"""What is told of a file: its type, how long to keep it, and what browsers may do with it."""

from .checks import field, has, lacks, lists, matches, nothing
from .row import Ask, Row, convention, get, row

_NOT_A_TYPE = "application/octet-stream"
_IMMUTABLE = "max-age=31536000, immutable"
_POLICY = (
    field("X-Content-Type-Options", "nosniff"),
    field("Referrer-Policy", "strict-origin-when-cross-origin"),
    field("Content-Security-Policy", "frame-ancestors 'self'"),
)


def _type(name: str, pattern: str, source: str = "9110 §8.3") -> Row:
    told = matches("Content-Type", f"(?i:{pattern})")
    return row(source, f"the type of {name}", get(f"/{name}"), 200, told)


def _kept(name: str, value: str, source: str = "9111 §5.2.2") -> Row:
    target = "/" if name == "index.html" else f"/{name.removesuffix('.html')}"
    told = field("Cache-Control", value)
    return convention(source, f"how long {name} is kept", get(target), 200, told)


def _revalidated(name: str, ask: Ask, status: int) -> Row:
    told = field("Cache-Control", "no-cache")
    return convention("9111 §4.2.2", f"{name} is asked about", ask, status, told)


def _safe(name: str, ask: Ask, status: int) -> Row:
    return convention("as helmet does", f"what browsers may do with {name}", ask, status, *_POLICY)


def _asked_by_author(name: str, ask: Ask, status: int, target: str) -> Row:
    told = field("Location", target)
    return convention("as Netlify does", f"_redirects: {name}", ask, status, told)


ROWS = [
    _type("app.js", r"text/javascript(; *charset=utf-8)?", "9239 §6"),
    _type("module.mjs", r"text/javascript(; *charset=utf-8)?", "9239 §6"),
    _type("style.css", r"text/css; *charset=utf-8"),
    _type("notes.txt", r"text/plain; *charset=utf-8"),
    _type("data.json", "application/json", "8259 §11"),
    _type("feed.xml", r"(application|text)/xml(; *charset=utf-8)?", "7303 §9.1"),
    _type("logo.svg", r"image/svg\+xml(; *charset=utf-8)?"),
    _type("page.xhtml", r"application/xhtml\+xml(; *charset=utf-8)?"),
    _type("notes.md", r"text/markdown; *charset=utf-8", "7763 §2"),
    _type("table.csv", r"text/csv; *charset=utf-8", "7111 §5.1"),
    _type("app.webmanifest", r"application/manifest\+json"),
    _type("module.wasm", "application/wasm"),
    _type("photo.png", "image/png"),
    _type("photo.jpg", "image/jpeg"),
    _type("photo.gif", "image/gif"),
    _type("photo.webp", "image/webp", "9649 §6.1"),
    _type("photo.avif", "image/avif"),
    _type("favicon.ico", r"image/(x-icon|vnd\.microsoft\.icon)"),
    _type("font.woff2", "font/woff2", "8081 §4.4.6"),
    _type("film.mp4", "video/mp4", "4337 §3"),
    _type("song.mp3", "audio/mpeg", "3003 §3"),
    _type("paper.pdf", "application/pdf", "8118 §8"),
    _type("files.zip", "application/zip"),
    _type("archive.tar.gz", r"application/(x-)?gzip", "6713 §3"),
    _type("LOUD.PNG", "image/png"),
    row(
        "9110 §8.3",
        "the type of a folder's page",
        get("/"),
        200,
        matches("Content-Type", "text/html; *charset=utf-8"),
    ),
    convention(
        "8259 §11",
        "JSON has no charset",
        get("/data.json"),
        200,
        field("Content-Type", "application/json"),
    ),
    convention(
        "WHATWG MIME Sniffing §8",
        "the type of what nobody knows",
        get("/unknown.xyzzy"),
        200,
        field("Content-Type", _NOT_A_TYPE),
    ),
    convention(
        "WHATWG MIME Sniffing §8",
        "the type of a name without extension",
        get("/NAMELESS"),
        200,
        field("Content-Type", _NOT_A_TYPE),
    ),
    convention(
        "WHATWG MIME Sniffing §8",
        "the last extension counts",
        get("/notes.txt.xyzzy"),
        200,
        field("Content-Type", _NOT_A_TYPE),
    ),
    row(
        "9110 §8.6",
        "a length",
        get("/big.bin"),
        200,
        field("Content-Length", "3072000"),
        lacks("Transfer-Encoding"),
    ),
    row(
        "9110 §6.6.1",
        "a date",
        get("/notes.txt"),
        200,
        matches("Date", r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"),
    ),
    row("9110 §6.6.1", "a date for what is missing", get("/missing"), 404, has("Date")),
    row("6265 §4.1", "no cookie", get("/"), 200, lacks("Set-Cookie")),
    # How long to keep it
    _kept("index.html", "no-cache"),
    _kept("about.html", "no-cache"),
    _kept("data.json", "no-cache"),
    _kept("app.js", "no-cache"),
    _kept("app.8e0d62a0.js", _IMMUTABLE, "8246 §2"),
    _kept("style.55e7cbb9ba48.css", _IMMUTABLE, "8246 §2"),
    _kept("index-BxT3k2Zq.js", _IMMUTABLE, "8246 §2"),
    _kept("report.20240131.js", "no-cache"),
    _kept("jquery-3.7.1.min.js", "no-cache"),
    _kept("page.8e0d62a0.html", "no-cache"),
    _revalidated("what is missing", get("/missing"), 404),
    _revalidated("what was moved", get("/team"), 301),
    _revalidated("a missing file with a hash", get("/gone.8e0d62a0.js"), 404),
    _revalidated(
        "no part of a file with a hash", get("/app.8e0d62a0.js", range="bytes=5000-"), 416
    ),
    _revalidated(
        "a file with a hash that has changed", get("/app.8e0d62a0.js", if_match='"x"'), 412
    ),
    convention(
        "8246 §2",
        "a part of what is kept for good",
        get("/app.8e0d62a0.js", range="bytes=0-4"),
        206,
        field("Cache-Control", _IMMUTABLE),
    ),
    convention(
        "8246 §2",
        "what is kept for good, and known",
        get("/app.8e0d62a0.js", if_none_match="*"),
        304,
        field("Cache-Control", _IMMUTABLE),
    ),
    # What browsers may do with it
    _safe("a page", get("/"), 200),
    _safe("a picture", get("/photo.png"), 200),
    _safe("what is missing", get("/missing"), 404),
    _safe("a redirect", get("/team"), 301),
    _safe("what is known", get("/", if_none_match="*"), 304),
    _safe("a refusal", Ask("POST", "/"), 405),
    convention(
        "6797 §7.1",
        "HTTPS is not enforced unless asked for",
        get("/"),
        200,
        lacks("Strict-Transport-Security"),
    ),
    convention(
        "6797 §7.1",
        "HTTPS is enforced if asked for",
        get("/"),
        200,
        field("Strict-Transport-Security", "max-age=60"),
        hsts=60,
    ),
    convention(
        "6797 §7.1",
        "also by what is missing",
        get("/missing"),
        404,
        field("Strict-Transport-Security", "max-age=60"),
        hsts=60,
    ),
    convention(
        "6797 §7.1",
        "also by a redirect",
        get("/team"),
        301,
        field("Strict-Transport-Security", "max-age=60"),
        hsts=60,
    ),
    # The author's word
    convention(
        "as Netlify does",
        "_headers: one more",
        get("/one.txt"),
        200,
        field("X-Author", "was here"),
        field("Cache-Control", "max-age=60"),
    ),
    convention(
        "as Netlify does",
        "_headers: also of a 304",
        get("/one.txt", if_none_match="*"),
        304,
        field("X-Author", "was here"),
        nothing,
    ),
    convention(
        "as Netlify does", "_headers: not elsewhere", get("/notes.txt"), 200, lacks("X-Author")
    ),
    _asked_by_author("a file", get("/old"), 301, "/notes.txt"),
    _asked_by_author("a file, by HEAD", Ask("HEAD", "/old"), 301, "/notes.txt"),
    _asked_by_author("the rest of a path", get("/moved/start"), 302, "/team/start"),
    convention(
        "as Netlify does",
        "_redirects: a method that is refused",
        Ask("POST", "/old"),
        405,
        lists("Allow", "GET"),
    ),
]
