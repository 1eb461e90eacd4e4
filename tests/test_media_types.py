import mimetypes

import pytest

from trio_https.rules import media_types
from trio_https.rules.media_types import media_type


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("OLD.HTM", "text/html; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("module.mjs", "text/javascript; charset=utf-8"),
        ("notes.txt", "text/plain; charset=utf-8"),
        ("README.md", "text/markdown; charset=utf-8"),
        ("subtitles.vtt", "text/vtt; charset=utf-8"),
        ("data.json", "application/json"),
        ("app.js.map", "application/json"),
        ("site.webmanifest", "application/manifest+json"),
        ("feed.xml", "application/xml"),
        ("logo.svg", "image/svg+xml"),
        ("logo.SVG", "image/svg+xml"),
        ("module.wasm", "application/wasm"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        ("photo.jpeg", "image/jpeg"),
        ("photo.avif", "image/avif"),
        ("photo.webp", "image/webp"),
        ("photo.jxl", "image/jxl"),
        ("font.woff2", "font/woff2"),
        ("song.mp3", "audio/mpeg"),
        ("film.mp4", "video/mp4"),
        ("book.pdf", "application/pdf"),
        ("all.zip", "application/zip"),
        ("all.tar.gz", "application/gzip"),
        ("two words.html", "text/html; charset=utf-8"),
        ("\udcff.html", "text/html; charset=utf-8"),
    ],
)
def test_the_type_follows_from_the_extension(name: str, expected: str) -> None:
    assert media_type(name) == expected


@pytest.mark.parametrize("name", ["README", "LICENSE", "Makefile"])
def test_what_lies_in_every_project_is_to_be_read(name: str) -> None:
    assert media_type(name) == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["", "license", "html", ".html", "page.", "page.html.unknown", "page.html "]
)
def test_without_a_known_extension_the_content_is_just_octets(name: str) -> None:
    assert media_type(name) == "application/octet-stream"


def test_the_settings_of_the_machine_change_nothing() -> None:
    mimetypes.add_type("text/x-wrong", ".html")
    try:
        assert media_type("index.html") == "text/html; charset=utf-8"
    finally:
        mimetypes.init()


def test_each_extension_stands_once_in_the_table() -> None:
    listed = " ".join(media_types._EXTENSIONS.values()).split()
    assert len(listed) == len(set(listed))
