import ntpath
import posixpath
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.errors import HTTPError
from trio_https.rules.url_path import decode_path, file_segments, is_hidden, is_servable_name

ENCODED = ["%2e", "%2E", "%2f", "%2F", "%5c", "%3a", "%00", "%20", "%25", "%43ON", "%ff", "%4", "%"]
PLAIN = [
    "/",
    "//",
    ".",
    "..",
    "\\",
    ":",
    "a",
    "b.html",
    "con",
    "NUL.txt",
    ".git",
    ".well-known",
    "é",
]
PIECES = st.sampled_from(ENCODED + PLAIN)
LETTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\: .")
HOSTILE_PATHS = st.lists(PIECES, max_size=8).map(lambda pieces: "/" + "".join(pieces)) | st.text()


# Decoding


@pytest.mark.parametrize(
    ("raw_path", "decoded"),
    [
        ("/", "/"),
        ("/a%20b", "/a b"),
        ("/a+b", "/a+b"),
        ("/%C3%A9", "/é"),
        ("/%c3%a9", "/é"),
        ("/%ff", "/\udcff"),
        ("/%252e", "/%2e"),
        ("/%2F", "//"),
        ("*", "*"),
    ],
)
def test_a_path_is_decoded_once(raw_path: str, decoded: str) -> None:
    assert decode_path(raw_path) == decoded


@pytest.mark.parametrize("raw_path", ["/%", "/%4", "/%zz", "/%4g", "/%%41", "/a%u0041", "/é", "/�"])
def test_a_malformed_encoding_is_refused(raw_path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        decode_path(raw_path)
    assert caught.value.status == 400


@given(st.binary())
def test_octets_that_were_encoded_come_back(octets: bytes) -> None:
    assert decode_path(quote(octets)).encode("utf-8", "surrogateescape") == octets


# Files


@pytest.mark.parametrize(
    ("raw_path", "segments"),
    [
        ("/", ()),
        ("/index.html", ("index.html",)),
        ("/a/b/c.css", ("a", "b", "c.css")),
        ("/a/b/", ("a", "b")),
        ("/a%20b", ("a b",)),
        ("/%61", ("a",)),
        ("/%C3%A9.html", ("é.html",)),
        ("/%ff", ("\udcff",)),
        ("/100%25", ("100%",)),
        ("/%252e%252e", ("%2e%2e",)),
        ("/what%3F%23", ("what?#",)),
        ("/%3Cb%3E", ("<b>",)),
        ("/a..b", ("a..b",)),
        ("/-_~!$&'()*+,;=@", ("-_~!$&'()*+,;=@",)),
        ("/.well-known", (".well-known",)),
        ("/.well-known/security.txt", (".well-known", "security.txt")),
        ("/%2Ewell-known/a", (".well-known", "a")),
        ("/console", ("console",)),
        ("/com", ("com",)),
        ("/com10", ("com10",)),
        ("/my-con.txt", ("my-con.txt",)),
        ("/~user/a", ("~user", "a")),
        ("/a~b", ("a~b",)),
        ("/C%23", ("C#",)),
        ("/%23a", ("#a",)),
        ("/bak", ("bak",)),
        ("/a.baker", ("a.baker",)),
        ("/a.swf", ("a.swf",)),
        ("/a.old", ("a.old",)),
        ("/folder/_headers", ("folder", "_headers")),
        ("/_headers.html", ("_headers.html",)),
        ("/_headers/a", ("_headers", "a")),
    ],
)
def test_a_path_may_stand_for_a_file(raw_path: str, segments: tuple[str, ...]) -> None:
    assert file_segments(raw_path) == segments


@pytest.mark.parametrize(
    "raw_path",
    [
        "",
        "*",
        "a",
        "host:443",
        # no names
        "//",
        "///",
        "//a",
        "/a//b",
        "/a//",
        # dot segments
        "/.",
        "/..",
        "/./a",
        "/a/../b",
        "/%2e%2e/b",
        "/.%2E",
        "/...",
        # separators, drives, streams, control characters
        "/a%2Fb",
        "/a%2fb",
        "/a%5Cb",
        "/a\\b",
        "/C:",
        "/C%3A/a",
        "/a::$DATA",
        "/a%00",
        "/a%0A",
        "/a%1b",
        "/a%7F",
        "/a%C2%85",
        "/a\n",
        # hidden
        "/.git",
        "/.git/config",
        "/a/.htpasswd",
        "/%2egit",
        "/a/.well-known/b",
        "/.well-known/.git",
        "/.well-known/..",
        "/.WELL-KNOWN/a",
        "/.well-knownn",
        # what editors leave behind
        "/config.php~",
        "/~",
        "/folder~/a",
        "/%23notes.txt%23",
        "/##",
        "/~$letter.docx",
        "/index.html.swp",
        "/index.html.SWO",
        "/settings.py.bak",
        "/settings.py.Bak",
        "/page.html.orig",
        "/page.html.rej",
        # what the author tells the server
        "/_headers",
        "/_redirects",
        "/_Headers",
        "/%5fredirects",
        "/_headers/",
        # what Windows would take for something else
        "/a.",
        "/a%20",
        "/a.html.",
        "/a/b%20/c",
        "/con",
        "/CON",
        "/a/Aux.html",
        "/nul.tar.gz",
        "/com1",
        "/lpt9.txt",
        "/COM%C2%B9",
        "/con%20.txt",
        "/conin%24",
        "/prn/a",
    ],
)
def test_a_path_that_can_be_no_file_is_refused_on_every_platform(raw_path: str) -> None:
    assert file_segments(raw_path) is None


@pytest.mark.parametrize("name", ["a", "a b", "ü", "\udcff", "100%", "_headers", "a..b"])
def test_a_name_may_be_served(name: str) -> None:
    assert is_servable_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".git", ".well-known", "a/b", "a:b", "a\n", "a.", "con", "a~", "a\n~"]
)
def test_a_name_is_never_served(name: str) -> None:
    assert not is_servable_name(name)


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("", False),
        ("a", False),
        ("a/b:c", False),  # no URL leads there, but a link may
        (".git/a", True),
        ("a/.git", True),
        ("a/b~", True),
        ("a/\n~", True),
        (".well-known/a", False),
        ("a/.well-known/b", True),
        ("_headers", True),
        ("_REDIRECTS", True),
        ("a/_headers", False),
    ],
)
def test_a_path_below_the_root_is_hidden(path: str, hidden: bool) -> None:
    assert is_hidden(tuple(path.split("/")) if path else ()) is hidden


@given(HOSTILE_PATHS)
def test_a_path_never_leaves_the_root(raw_path: str) -> None:
    try:
        segments = file_segments(raw_path)
    except HTTPError:
        return
    for segment in segments or ():
        assert segment.strip(" .")
        assert not set(segment) & set("/\\:\0\r\n")
    for path_module, root in ((posixpath, "/srv/root"), (ntpath, r"C:\srv\root")):
        path = path_module.join(root, *(segments or ()))
        assert path_module.normpath(path) == path
        assert path_module.commonpath([root, path]) == root


@given(st.lists(st.text(LETTERS).map("x-{}".format).filter(is_servable_name), min_size=1))
def test_names_that_are_encoded_come_back(names: list[str]) -> None:
    assert file_segments("/" + "/".join(map(quote, names))) == tuple(names)
