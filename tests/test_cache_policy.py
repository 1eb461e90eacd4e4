from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.cache_policy import cache_control
from trio_https.rules.media_types import media_type

REVALIDATED = "no-cache"
IMMUTABLE = "max-age=31536000, immutable"

HEX = "0123456789abcdef"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SHA256 = "62e40a7f0b7a2e1fd5c3a90e5c1f0c6b7a8d9e0f1a2b3c4d5e6f708192a3b4df"


def policy_of(file_name: str) -> str:
    return cache_control(file_name, media_type(file_name))


@pytest.mark.parametrize(
    "file_name",
    [
        # Vite 5 and later, Rollup 4: 8 of base64url, which may hold hyphens; behind a dot in
        # SvelteKit, Astro and VitePress, and alone in Nuxt.
        "index-BxT3k2Zq.js",
        "vendor-D-4aYFV1.js",
        "index-_a3Bk2Zq.css",
        "logo-B3xT9k2Q.svg",
        "hero-C7aZ1q0R.webp",
        "inter-latin-wght-Dx4kXJ4l.woff2",
        "start.C9fQ2b1Z.js",
        "C9xQ2b1Z.js",
        "worker-BxT3k2Zq.mjs",
        "engine-BxT3k2Zq.wasm",
        "index-BxT3k2Zq.js.map",
        # Vite 4, Rollup 3, Create React App, Parcel, Propshaft, Docusaurus: 8 hexadecimal digits.
        "index-4b1f9e3a.js",
        "main.8e0d62a0.js",
        "main.8e0d62a0.chunk.css",
        "main.8e0d62a0.js.map",
        "index.ae3c5f0b.css",
        "application-6d58c9e6.css",
        "logo.6ce24c58.svg",
        "intro-6ce24c58.mp4",
        # Material for MkDocs: a suffix behind it.
        "bundle.fe8b6f2b.min.js",
        "palette.ab4e12ef.min.css",
        # esbuild, Angular: 8 of base32.
        "app-X3JHQY4B.js",
        "main-5QWJNQ3F.js",
        "chunk-2WH2EVR6.js",
        "image-C3FG4D2N.png",
        # webpack: 20; Next and Rspack: 16; gulp-rev: 10.
        "1.main.819c85524fb5842b5454.css",
        "style.41bf047ed4fa005a3e24.js",
        "41bf047ed4fa005a3e24.woff2",
        "runtime.16f1e2a5b8c90d43.js",
        "_app-16f1e2a5b8c90d43.js",
        "16f1e2a5b8c90d43.css",
        "unicorn-d41d8cd98f.css",
        # Django's ManifestStaticFilesStorage: 12 behind a dot.
        "style.55e7cbb9ba48.css",
        "jquery.min.db8f2edc0c8a.js",
        "logo.55e7cbb9ba48.png",
        # Phoenix, Symfony: MD5. Sprockets, Hugo: SHA-256 and longer.
        "app-3c16d9220694c0e56d8648f25e6035e9.css",
        "duck-3c16d9220694c0e56d8648f25e6035e9.png",
        f"application-{SHA256}.js",
        f"style.min.{SHA256}.css",
        f"style.{SHA256}{SHA256}.css",
        "main.56770a64be1a1132502b276c4132a76bb94d9e1b.js",
    ],
)
def test_what_a_tool_named_by_its_content_is_kept_for_good(file_name: str) -> None:
    assert policy_of(file_name) == IMMUTABLE


@pytest.mark.parametrize(
    "file_name",
    [
        "app.js",
        "style.css",
        "logo.svg",
        "favicon.ico",
        "",
        # Words.
        "report-abcdefgh.css",
        "my-overview.js",
        "my-Overview.js",
        "my-OVERVIEW.css",
        "bootstrap-datepicker.js",
        "HomePage.js",
        "use-useState.js",
        "page-deadbeef.js",
        "page-facade.css",
        "defaced.css",
        "cafebabe.wasm",
        "roboto-SemiBold.woff2",
        "SourceSans3-Regular.woff2",
        # Words with numbers.
        "Summer24.jpg",
        "trip-Summer24.jpg",
        "iPhone15.png",
        "new-iPhone15.png",
        "shot-MacOSX12.png",
        "lib-Vector3D.js",
        "lib-Base64Js.js",
        "lib-Http2App.js",
        "lib-part1of2.js",
        "Page1Of2.js",
        "scan-Page1Of2.jpg",
        "trip-Day1Pic2.jpg",
        "net-IPv4IPv6.png",
        "MP3TRACK.js",
        "my-MP3TRACK.mp3",
        "es6class.js",
        "my-html5css.css",
        # Versions.
        "jquery-3.6.0.min.js",
        "jquery-3.6.0.js",
        "bootstrap-5.3.2.bundle.min.js",
        "app-v1.2.3-beta.1.js",
        "app-1.0.0-rc1.css",
        "three.r160.js",
        # Cameras, phones and screenshots.
        "DSC00123.jpg",
        "DSC_0123.jpg",
        "IMG2024a.jpg",
        "IMG_1234.heic",
        "my-IMG2024A.jpg",
        "my-DSC02347.jpg",
        "IMG-20240101-WA0001.jpg",
        "PXL_20240101_123456789.jpg",
        "PXL_20240101_123456789.MP.jpg",
        "Screenshot_20240101-120000_Chrome.png",
        "Screenshot 2024-01-01 at 12.00.00.png",
        "WhatsApp Image 2024-01-01 at 12.00.00 (1).jpeg",
        "signal-2024-01-01-12-00-00-000.jpg",
        "P1010001.jpg",
        "GOPR0123.mp4",
        # Dates and other numbers.
        "photo-20240101.jpg",
        "photo-2024-01-01.jpg",
        "photo-01feb2024.jpg",
        "photo-1dec2024.jpg",
        "photo-24Dec2024.jpg",
        "trip-2-Mai-24.jpg",
        "backup.1704067200.css",
        "12345678.css",
        "page-0000012a.jpg",
        "part-abc12345.png",
        # Numbers of things, whose content changes: MAC address, UUID, ObjectId.
        "webcam-00a1b2c3d4e5.jpg",
        "550e8400-e29b-41d4-a716-446655440000.jpg",
        "0190a3f2-7b1c-7def-8a1b-2c3d4e5f6a7b.png",
        "0190a3f2-7b1c-7def-8a1b-2c3d4e5f6a7b.js",
        "avatar-550e8400e29b41d4a716446655440000.jpg",
        "avatar-507f1f77bcf86cd799439011.jpg",
        "41bf047ed4fa005a3e24.jpg",
        "8e0d62a0.png",
        "B3xT9k2Q.jpg",
        # Lengths that no tool writes, and other alphabets and separators.
        "app-3bfe4ee.js",
        "app-8e0d62a0b.js",
        "app_8e0d62a0.js",
        "app8e0d62a0.js",
        "app-B3xT9k2\u0661.js",
        "KFOmCnqEu92Fr1Mu4mxK.woff2",
        # Not at the end, or not of an asset.
        "8e0d62a0.theme.css",
        "app.8e0d62a0.js.txt",
        "level.8e0d62a0.map",
        # Hashes that might be words. What they cost is one question each.
        "index-DiwrgTda.js",
        "index-4QTUNIID.js",
        "image-CQFGD2NG.png",
        "chunk-j1sfvcs5.js",
    ],
)  # fmt: skip
def test_names_of_people_cameras_and_versions_are_asked_about(file_name: str) -> None:
    assert policy_of(file_name) == REVALIDATED


@pytest.mark.parametrize(
    "extension",
    [
        *("html", "htm", "xhtml", "json", "xml", "txt", "md", "webmanifest", "atom", "rss"),
        *("pdf", "zip", "gz", "csv", "vtt", "m3u8", "map", "unknown"),
    ],
)
def test_pages_and_data_are_asked_about_whatever_their_name(extension: str) -> None:
    assert policy_of(f"index.8e0d62a0.{extension}") == REVALIDATED
    assert policy_of(f"index-{SHA256}.{extension}") == REVALIDATED


@pytest.mark.parametrize(
    "extension",
    [
        *("js", "mjs", "css", "wasm", "woff2", "woff", "ttf", "otf", "js.map", "css.map"),
        *("png", "jpg", "svg", "webp", "avif", "gif", "ico", "mp3", "mp4", "webm"),
    ],
)
def test_all_kinds_of_assets_may_be_kept(extension: str) -> None:
    assert policy_of(f"asset.16f1e2a5b8c90d43.{extension}") == IMMUTABLE


@pytest.mark.parametrize(
    ("name", "alphabet", "length", "at_least"),
    [
        # Vite and esbuild write few characters of a large alphabet: many might be words.
        ("index-{}.js", BASE64URL, 8, 0.55),
        ("logo-{}.png", BASE64URL, 8, 0.3),
        ("app-{}.js", BASE32, 8, 0.6),
        ("main.{}.js", HEX, 8, 0.85),
        ("logo.{}.png", HEX, 8, 0.65),
        ("style.{}.css", HEX, 12, 0.95),
        ("logo.{}.png", HEX, 12, 0.9),
        ("main-{}.js", HEX, 16, 0.95),
        ("main.{}.js", HEX, 20, 0.98),
        ("app-{}.css", HEX, 32, 0.9),
        ("style.{}.css", HEX, 64, 0.99),
    ],
)
def test_most_hashes_are_recognised(name: str, alphabet: str, length: int, at_least: float) -> None:
    random = Random(length)
    names = [name.format("".join(random.choices(alphabet, k=length))) for _ in range(1000)]
    assert [policy_of(file_name) for file_name in names].count(IMMUTABLE) >= 1000 * at_least


@given(st.from_regex(r"[A-Z]?[a-z]{1,12}[0-9]{0,8}", fullmatch=True))
def test_a_word_and_a_number_are_no_hash(word: str) -> None:
    for file_name in (f"{word}.js", f"my-{word}.js", f"my.{word}.jpg"):
        assert policy_of(file_name) == REVALIDATED
