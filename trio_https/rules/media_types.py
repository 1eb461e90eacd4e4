"""The media type of a file, by the extension of its name (RFC 9110 §8.3).

The table is ours alone: the MIME settings of the machine must not change what a page is served as.
Types are those registered with IANA, and for what browsers sniff, those of the WHATWG MIME Sniffing
Standard. What is in a file is never looked at.
"""

__all__ = ["DEFAULT_MEDIA_TYPE", "media_type"]

DEFAULT_MEDIA_TYPE = "application/octet-stream"
"""For the unknown: browsers save it, and run nothing of it."""


def media_type(file_name: str) -> str:
    """Return the Content-Type for a file of this name, text types with "; charset=utf-8".

    With an unknown extension, or without one, it is ``DEFAULT_MEDIA_TYPE``, but for "README" and
    its like. The leading dot of ".html" begins a name and no extension; of "page.tar.gz", "gz"
    counts.
    """
    stem, _, extension = file_name.rpartition(".")
    if not stem:
        return _TEXT if file_name in _TEXT_NAMES else DEFAULT_MEDIA_TYPE
    return _TYPES.get(extension.lower(), DEFAULT_MEDIA_TYPE)


_TEXT = "text/plain; charset=utf-8"

# What lies in every project without an extension, to be read and not to be saved.
_TEXT_NAMES = frozenset(
    {
        *("README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "CHANGELOG", "CHANGES"),
        *("NEWS", "TODO", "VERSION", "Makefile", "Dockerfile"),
    }
)

# The charset is a parameter of text types only. JSON has none (RFC 8259 §11), and XML says its own
# in its first line, which a parameter would overrule (RFC 7303 §3.2).
_EXTENSIONS = {
    "text/html": "html htm",
    "text/css": "css",
    "text/javascript": "js mjs cjs",
    "text/plain": "txt text log conf cfg ini toml asc py pyi sh c h rs go"
    " rst tex jsx tsx java kt rb lua sql diff patch",
    "text/markdown": "md markdown",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "application/json": "json map",
    "application/ld+json": "jsonld",
    "application/geo+json": "geojson",
    "application/manifest+json": "webmanifest",
    "application/yaml": "yaml yml",
    "application/xml": "xml xsl xsd rng",
    "application/xhtml+xml": "xhtml xht",
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/gpx+xml": "gpx",
    "application/wasm": "wasm",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "application/gzip": "gz tgz svgz",
    "application/zstd": "zst",
    "application/x-bzip2": "bz2",
    "application/x-xz": "xz",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.android.package-archive": "apk",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/dash+xml": "mpd",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    # Not registered, but what phones know: they offer to install the certificate.
    "application/x-x509-ca-cert": "crt cer der",
    "image/png": "png",
    "image/jpeg": "jpg jpeg jfif",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/jxl": "jxl",
    "image/apng": "apng",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/svg+xml": "svg",
    "image/vnd.microsoft.icon": "ico",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "font/woff2": "woff2",
    "font/woff": "woff",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "font/collection": "ttc",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg oga opus",
    "audio/flac": "flac",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "audio/midi": "mid midi",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/matroska": "mkv",
    "video/mp2t": "ts m2ts",
    "video/mpeg": "mpeg mpg",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
}

_TYPES = {
    extension: f"{name}; charset=utf-8" if name.startswith("text/") else name
    for name, extensions in _EXTENSIONS.items()
    for extension in extensions.split()
}
