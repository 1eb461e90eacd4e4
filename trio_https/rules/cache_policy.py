"""How long a file may be kept without asking again: Cache-Control by its name (RFC 9111 §5.2.2).

Tools that build a site write the hash of a file's content into its name, and then what is found
under that name never changes. Nobody tells a server which names those are. A name that is taken for
one in error sticks in browsers for a year, one that is missed costs a question each time: so the
measure is strict, and everything else is "no-cache". Only names and types are known here.
"""

import re

__all__ = ["cache_control"]

_REVALIDATED = "no-cache"
"""Kept, but asked about each time; an entity tag makes the answer short."""

# No "public": max-age alone lets every cache keep it, while "public" would also have those that
# many share hand out what a handler around ours asks a password for (RFC 9111 §3.5).
_IMMUTABLE = "max-age=31536000, immutable"
"""For a year, and not even asked about when the page is loaded anew (RFC 8246)."""

_CODE = ("text/css", "text/javascript", "application/wasm", "font/")
_MEDIA = ("image/", "audio/", "video/")
_SOURCE_MAPS = (".js.map", ".mjs.map", ".css.map")


def cache_control(file_name: str, media_type: str) -> str:
    """Return the Cache-Control for a file of this name and type.

    "no-cache", but for a script, style, font, WebAssembly, source map, picture, sound or film whose
    name has the hash of its content. Pages and data are always asked about: their URLs stay.
    """
    if file_name.endswith(_SOURCE_MAPS):  # JSON by its type, but as fixed as what it is a map of
        file_name, media_type = file_name.removesuffix(".map"), "text/javascript"
    stem = file_name.rpartition(".")[0]
    return _IMMUTABLE if _is_fixed(stem, media_type) else _REVALIDATED


def _is_fixed(stem: str, media_type: str) -> bool:
    if media_type.startswith(_CODE):
        # Tools may name code by a hash alone. Then it has to look the more like one.
        return _has_hash(stem, min_runs=3) or _has_hash(f"-{stem}", min_runs=4)
    # A picture that is named by nothing but a number may be anybody's portrait, of today.
    return media_type.startswith(_MEDIA) and _has_hash(stem, min_runs=4)


_LAST_PART = re.compile(
    r"""
    .* [-.]
    (?: (?P<narrow>
            # Lengths that tools write: 8 Parcel, Rails and many more; 10 gulp-rev; 16 Next, Rspack;
            # 20 webpack, Gatsby; 40 SHA-1; 64, 96, 128 Hugo, Sprockets. No 24: MongoDB's ObjectId.
            [0-9a-f]{8} | [0-9a-f]{10} | [0-9a-f]{16} | [0-9a-f]{20}
          | [0-9a-f]{40} | [0-9a-f]{64} | [0-9a-f]{96} | [0-9a-f]{128}
            # 12 Django, behind a dot. Behind a hyphen: a MAC address, the end of a UUID.
          | (?<=\.) [0-9a-f]{12}
            # 32 Phoenix, Symfony. Not a UUID of the versions that are made without content.
          | (?! [0-9a-f]{12} [147] [0-9a-f]{3} [89ab] ) [0-9a-f]{32}
            # base32: esbuild, Angular.
          | [A-Z2-7]{8} )
        # base64url: Vite, Rollup.
      | (?P<wide> (?= .{0,7}[A-Z] ) (?= .{0,7}[a-z] ) (?= .{0,7}[0-9] ) [A-Za-z0-9_-]{8} ) )
    (?: \.min | \.chunk | \.bundle )*
    """,
    re.VERBOSE | re.DOTALL,
)

_RUN = re.compile(r"[A-Z]+[a-z]*|[a-z]+|[0-9]+")


def _has_hash(stem: str, *, min_runs: int) -> bool:
    """Whether the last part of a name, behind a hyphen or a dot, looks like a hash.

    What people and cameras write is made of few words and numbers, "Summer24" or "1dec2024" of two
    or three. A hash has no such order. Hexadecimal digits and base32 spell few words; a part of any
    letters and digits has to be of one run more, and of capitals, small letters and digits.
    """
    match = _LAST_PART.fullmatch(stem)
    if match is None:
        return False
    if text := match["wide"]:
        min_runs += 1
    return len(_RUN.findall(text or match["narrow"])) >= min_runs
