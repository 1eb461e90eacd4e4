"""The options that say how a folder becomes pages, through the real command."""

import json
import ssl
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from .command import RunningCommand, run_command, start_server


class Answer(NamedTuple):
    status: int
    fields: dict[str, str]
    body: str


def get(
    server: RunningCommand, target: str, *, ca_file: Path | None = None, **fields: str
) -> Answer:
    context = ssl.create_default_context(cafile=ca_file or server.ca_file)
    connection = HTTPSConnection("localhost", server.port, context=context, timeout=40)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    try:
        connection.request("GET", target, headers=headers)
        response: HTTPResponse = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read().decode())
    finally:
        connection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command, with a site in it."""
    site = tmp_path / "site"
    (site / "team").mkdir(parents=True)
    (site / "index.html").write_text("<p>the first page</p>")
    (site / "about.html").write_text("<p>about us</p>" * 200)
    (site / "team" / "start.html").write_text("<p>the team</p>")
    (tmp_path / "outside.html").write_text("<p>outside</p>")
    (site / "link.html").symlink_to("../outside.html")
    return tmp_path


def test_without_options_each_page_has_one_url(folder: Path) -> None:
    with start_server("site", folder=folder) as server:
        assert get(server, "/about").status == 200
        moved = get(server, "/about.html?a=b")
        assert (moved.status, moved.fields["location"]) == (301, "/about?a=b")
        assert get(server, "/team/").status == 404
        assert get(server, "/link").status == 404
        server.wait_for_stderr(r"link\.html' is not served: it is a link out of the folder")


def test_exact_urls(folder: Path) -> None:
    with start_server("site", "--exact-urls", folder=folder) as server:
        assert get(server, "/about.html").status == 200
        assert get(server, "/about").status == 404


def test_index_names(folder: Path) -> None:
    options = ("--index", "index.html", "--index", "start.html")
    with start_server("site", *options, folder=folder) as server:
        assert get(server, "/team/").body == "<p>the team</p>"


def test_a_single_page_application(folder: Path) -> None:
    with start_server("site", "--spa", folder=folder) as server:
        assert get(server, "/users/ada").body == "<p>the first page</p>"
        assert get(server, "/app.js").status == 404


@pytest.mark.parametrize("prefix", ["/docs", "/docs/"])
def test_a_prefix_is_in_the_url_that_is_told(folder: Path, prefix: str) -> None:
    with start_server("site", "--prefix", prefix, folder=folder) as server:
        assert f"https://localhost:{server.port}/docs/\n" in server.stderr
        assert get(server, "/docs/").body == "<p>the first page</p>"
        assert get(server, "/").status == 404


def test_lists(folder: Path) -> None:
    with start_server("site", "--listing", folder=folder) as server:
        assert "start.html" in get(server, "/team/").body
        listed = json.loads(get(server, "/team/", Accept="application/json").body)
        assert [entry["name"] for entry in listed["entries"]] == ["start.html"]


def test_links_out_of_the_folder(folder: Path) -> None:
    with start_server("site", "--follow-links", folder=folder) as server:
        assert get(server, "/link").body == "<p>outside</p>"


def test_tags_of_the_content(folder: Path) -> None:
    with start_server("site", "--etag", "content", folder=folder) as server:
        first = get(server, "/about")
        (folder / "site" / "about.html").touch()
        assert get(server, "/about").fields["etag"] == first.fields["etag"]
        assert "last-modified" not in first.fields


@pytest.mark.parametrize(("options", "coding"), [((), "gzip"), (("--no-compress",), None)])
def test_compression(folder: Path, options: tuple[str, ...], coding: str | None) -> None:
    with start_server("site", "--exact-urls", *options, folder=folder) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        connection = HTTPSConnection("localhost", server.port, context=context, timeout=40)
        connection.request("GET", "/about.html", headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.getheader("Content-Encoding") == coding


def test_hsts_for_a_public_name(folder: Path, authority: trustme.CA) -> None:
    issued = authority.issue_cert("www.example.org", "localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "public.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    options = ("--cert", "public.pem", "--hsts", "3600")
    with start_server("site", *options, folder=folder) as server:
        for target in ("/about", "/about.html", "/missing"):
            answer = get(server, target, ca_file=folder / "ca.pem")
            assert answer.fields["strict-transport-security"] == "max-age=3600"


def test_hsts_is_refused_for_a_certificate_of_this_machine_alone(folder: Path) -> None:
    ended = run_command("site", "--port", "0", "--hsts", "3600", folder=folder)
    assert ended.code == 2
    assert "--hsts: the certificate is for localhost" in ended.stderr
    assert "every port of this host" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--prefix", "docs"), ["'docs'", "begins with a slash"]),
        (("--index", "a/b.html"), ["'a/b.html'", "Give the name alone"]),
        (("--etag", "md5"), ["--etag", "file", "content"]),
        (("--hsts", "-1"), ["--hsts"]),
    ],
)
def test_a_mistake_is_told_with_its_remedy(
    folder: Path, options: tuple[str, ...], words: list[str]
) -> None:
    ended = run_command("site", "--port", "0", *options, folder=folder)
    assert ended.code == 2
    assert all(word in ended.stderr for word in words)
    assert "Traceback" not in ended.stderr


def test_mistakes_of_the_author_are_told_with_their_lines(folder: Path) -> None:
    (folder / "site" / "_redirects").write_text("/a /b\n/c\n/d /e 299\n")
    ended = run_command("site", "--port", "0", folder=folder)
    assert ended.code == 2
    assert "_redirects" in ended.stderr
    assert "line 2" in ended.stderr
    assert "line 3" in ended.stderr


def test_a_folder_without_a_first_page_is_told_of(folder: Path) -> None:
    with start_server("site/team", folder=folder) as server:
        assert "no index.html here; --listing shows what there is" in server.stderr


def test_options_come_from_the_environment(folder: Path) -> None:
    environment = {"TRIO_HTTPS_LISTING": "1", "TRIO_HTTPS_INDEX": "x.html y.html"}
    with start_server("site", folder=folder, environment=environment) as server:
        assert "about.html" in get(server, "/").body
