"""Requests find their handlers by method and path; what no handler answers, the router does."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from trio_https import Handler, HTTPError, Pages, Request, Response
from trio_https.handlers.router import Router
from trio_https.messages import Headers
from trio_https.path_parameters import PathParameters
from trio_https.testing import open_connection
from trio_https.upgrades import Upgrade

from .pages.asking import ask, make_request, write
from .peer import Peer

ID = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"


def says(name: str) -> Handler:
    """Return a handler that says which one it is, and what it was given."""

    async def answer(request: Request) -> Response:
        facts = [name, request.mounted_at, *map("=".join, request.path_parameters.items())]
        return Response.text(" ".join(filter(None, facts)))

    return answer


ROUTER = Router(
    {
        "GET /": says("home"),
        "GET /hello/{name}": says("hello"),
        "POST /hello/{name}": says("greet"),
        "PUT,PATCH /hello/{who}": says("change"),
        "GET /hello/world": says("world"),
        "/any": says("any"),
        "DELETE /any": says("any, deleted"),
        "GET /both": says("got"),
        "/both": says("otherwise"),
        "HEAD /headed": says("head"),
        "GET /headed": says("get"),
        "OPTIONS /asked": says("options"),
        "GET /files/{rest:path}": says("file"),
        "/files/": says("mount"),
        "/api/": Router(
            {"GET /v1/{number:int}": says("v1"), "/{user}/": says("user"), "GET /": says("api")}
        ),
    }
)


@pytest.mark.parametrize(
    ("method", "target", "status", "told"),
    [
        ("GET", "/", 200, "home"),
        ("GET", "/hello/ada", 200, "hello name=ada"),
        ("GET", "/hello/a%20b%2Fc%C3%BC", 200, "hello name=a b/cü"),
        ("GET", "/hello/%2541", 200, "hello name=%41"),
        ("HEAD", "/hello/ada", 200, "hello name=ada"),
        ("POST", "/hello/ada", 200, "greet name=ada"),
        ("PATCH", "/hello/ada", 200, "change who=ada"),
        ("GET", "/hello/world", 200, "world"),
        # The literal is for GET only: the next one that the path fits is asked, as in Go.
        ("POST", "/hello/world", 200, "greet name=world"),
        ("BREW", "/any", 200, "any"),
        ("OPTIONS", "/any", 200, "any"),
        ("DELETE", "/any", 200, "any, deleted"),
        ("HEAD", "/both", 200, "got"),  # the fields are to be those of a GET
        ("POST", "/both", 200, "otherwise"),
        ("HEAD", "/headed", 200, "head"),
        ("OPTIONS", "/asked", 200, "options"),
        ("GET", "/files/a/b", 200, "file rest=a/b"),
        ("PUT", "/files/a/b", 200, "mount /files"),
        ("GET", "/files/", 200, "mount /files"),
        ("GET", "/api/v1/7", 200, "v1 /api number=7"),
        ("GET", "/api/", 200, "api /api"),
        ("GET", "/%61pi/ada%20b/c", 200, "user /%61pi/ada%20b user=ada b"),
        ("GET", "/nothing", 404, ""),
        ("GET", "/hello", 404, ""),
        ("GET", "/hello/", 404, ""),
        ("GET", "/hello/ada/", 404, ""),
        ("GET", "/hello//", 404, ""),
        ("GET", "//hello/ada", 404, ""),
        ("GET", "/files/../hello/ada", 404, ""),
        ("GET", "/api/%2e%2e/hello/ada", 404, ""),
        ("GET", "/api//v1/7", 404, ""),
        ("GET", "/files%2Fa", 404, ""),
        ("GET", "/hello/%", 400, ""),
        ("DELETE", "/hello/ada", 405, "GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("OPTIONS", "/hello/ada", 204, "GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("DELETE", "/hello/world", 405, "GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("POST", "/", 405, "GET, HEAD, OPTIONS"),
        ("PUT", "/asked", 405, "OPTIONS"),
        ("POST", "/api/v1/7", 200, "user /api/v1 user=v1"),
        ("OPTIONS", "*", 204, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ],
)
async def test_a_request_finds_its_handler_or_is_told_why_not(
    method: str, target: str, status: int, told: str
) -> None:
    try:
        response = await ask(ROUTER, target, method)
    except HTTPError as error:
        response = Response(error.status, Headers(error.headers))
    assert response.status == status
    if status == 200:
        assert response.body == told.encode()
    else:
        assert (response.headers.get("Allow") or "") == told


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/files", "/files/"),
        ("/files?a=b", "/files/?a=b"),
        ("/api/ada", "/api/ada/"),
        ("/api/a%20b?x", "/api/a%20b/?x"),
        ("/%61pi", "/%61pi/"),
    ],
)
async def test_a_mount_without_its_slash_leads_to_it(target: str, location: str) -> None:
    response = await ask(ROUTER, target, "POST")
    assert (response.status, response.headers.get("Location")) == (308, location)
    assert response.headers.get("Cache-Control") == "no-cache"


async def test_a_mount_leads_to_its_slash_also_below_another_mount() -> None:
    router = Router({"/": says("all"), "/docs/": says("docs")})
    assert (await ask(router, "/docs")).headers.get("Location") == "/docs/"
    assert (await ask(router, "/doc")).body == b"all"


async def test_a_route_of_the_same_path_keeps_its_mount_from_redirecting() -> None:
    router = Router({"GET /docs": says("one"), "/docs/": says("docs")})
    assert (await ask(router, "/docs")).body == b"one"
    assert (await ask(router, "/docs/")).body == b"docs /docs"
    with pytest.raises(HTTPError) as caught:
        await ask(router, "/docs", "PUT")
    assert caught.value.status == 405


async def test_routers_in_routers_find_all_parameters() -> None:
    innermost = Router({"GET /{note:int}": says("note")})
    router = Router({"/users/{user}/": Router({"/notes/": innermost})})
    told = (await ask(router, "/users/ada/notes/7")).body
    assert told == b"note /users/ada/notes user=ada note=7"


async def test_a_request_without_parameters_reaches_its_handler_as_it_is() -> None:
    seen = []

    async def keep(request: Request) -> Response:
        seen.append(request)
        return Response()

    request = make_request("/any")
    await Router({"/any": keep})(request)
    assert seen[0] is request


async def test_an_upgrade_comes_through() -> None:
    async def talk(stream: object) -> None:
        raise AssertionError

    upgrade = Upgrade(protocol="example/1", talk=talk)

    async def chat(request: Request) -> Upgrade:
        return upgrade

    assert await Router({"/ws": chat})(make_request("/ws")) is upgrade


# Mistakes


@pytest.mark.parametrize(
    ("one", "other", "method"),
    [
        ("GET /a", "GET,POST /a", "GET "),
        ("GET /{a}", "GET /{b}", "GET "),
        ("/{a}", "/{b}", ""),
        ("/{a:int}/", "/{b:int}/", ""),
        ("/{a:path}", "/{b:path}", ""),
        ("/a", "/%61", ""),
        ("/files/", "/files/{rest:path}", ""),
        ("/{a}/", "/{b}/{rest:path}", ""),
        ("/", "/{rest:path}", ""),
    ],
)
def test_two_routes_for_the_same_requests_are_a_mistake(one: str, other: str, method: str) -> None:
    for keys in ((one, other), (other, one)):
        with pytest.raises(ValueError, match="take the same") as caught:
            Router(dict.fromkeys(keys, says("")))
        text = str(caught.value)
        assert repr(one) in text
        assert repr(other) in text
        assert f"the same {method}requests" in text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /a", "POST /a"),
        ("GET /a", "HEAD /a"),
        ("GET /a", "/a"),
        ("GET /a", "GET /a/"),
        ("/a", "/a/"),
        ("/{a:int}", "/{a:uuid}"),
        ("/{a:int}", "/{a}"),
        ("/posts/{id}", "/{kind}/latest"),  # from the left: the literal wins
        ("GET /files/{rest:path}", "/files/"),
        ("/a/{rest:path}", "/"),
    ],
)
def test_routes_of_which_one_is_more_specific_are_none(one: str, other: str) -> None:
    Router({one: says("one"), other: says("other")})


def test_what_is_no_handler_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"'/a': 'text' is no handler"):
        Router({"/a": "text"})  # type: ignore[dict-item]


def test_a_malformed_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="'a': 'a' is no path"):
        Router({"a": says("")})


# Parameters


def test_parameters_are_text_by_name_and_typed_by_wish() -> None:
    parameters = PathParameters({"number": "007", "id": ID, "name": "ada"})
    assert dict(parameters) == {"number": "007", "id": ID, "name": "ada"}
    assert parameters.int("number") == 7
    assert parameters.uuid("id") == UUID(ID)
    assert parameters == {"number": "007", "id": ID, "name": "ada"}
    assert "ada" in repr(parameters)
    assert hash(parameters) == hash(PathParameters(parameters))


@pytest.mark.parametrize("kind", ["int", "uuid"])
def test_a_parameter_of_another_type_is_not_found(kind: str) -> None:
    parameters = PathParameters({"name": "ada"})
    with pytest.raises(HTTPError) as caught:
        getattr(parameters, kind)("name")
    assert caught.value.status == 404
    with pytest.raises(KeyError):
        getattr(parameters, kind)("of another pattern")


# Pages below a mount


@pytest.fixture
def site(tmp_path: Path) -> Path:
    write(tmp_path / "index.html", "the first page")
    write(tmp_path / "about.html", "about us")
    write(tmp_path / "team" / "index.html", "the team")
    write(tmp_path / "team" / "404.html", "no such member")
    write(tmp_path / "_redirects", "/old /about 302\n/away https://example.org/ 302\n/x /about 200")
    write(tmp_path / "_headers", "/about\n  X-Author: ada")
    return tmp_path


@pytest.mark.parametrize("prefix", ["", "/deep"])
@pytest.mark.parametrize("mount", ["/docs", "/d%6Fcs", "/users/a%20b"])
@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("/", 200, "the first page"),
        ("/about", 200, "about us"),
        ("/about?a=b", 200, "about us"),
        ("/about.html?a=b", 301, "/about?a=b"),
        ("/team", 301, "/team/"),
        ("/team/nobody", 404, "no such member"),
        ("/old", 302, "/about"),
        ("/x", 200, "about us"),
        ("/docs/about", 404, "There is no such page.\n"),
        ("/.git/config", 404, "There is no such page.\n"),
    ],
)
async def test_pages_are_right_below_a_mount(
    site: Path, mount: str, prefix: str, target: str, status: int, told: str
) -> None:
    pages = Pages(site, prefix=prefix)
    router = Router({"/docs/": pages, "/users/{name}/": pages})
    response = await ask(router, f"{mount}{prefix}{target}")
    assert response.status == status
    if status in (301, 302):
        assert response.headers.get("Location") == f"{mount}{prefix}{told}"
    else:
        assert response.body == told.encode()


async def test_rules_for_header_fields_hold_below_a_mount(site: Path) -> None:
    response = await ask(Router({"/docs/": Pages(site)}), "/docs/about")
    assert response.headers.get("X-Author") == "ada"


async def test_a_redirect_to_another_host_is_none_below_the_mount(site: Path) -> None:
    response = await ask(Router({"/docs/": Pages(site)}), "/docs/away")
    assert response.headers.get("Location") == "https://example.org/"


async def test_a_list_below_a_mount_knows_where_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a b" / "file.txt", "")
    router = Router({"/d/{name}/": Pages(tmp_path, listing=True)})
    response = await ask(
        router, "/d/%C3%BC/a%20b/", headers=Headers({"Accept": "application/json"})
    )
    assert b'"path": "/d/\\u00fc/a b/"' in response.body  # type: ignore[operator]
    response = await ask(router, "/d/%C3%BC/a%20b")
    assert response.headers.get("Location") == "/d/%C3%BC/a%20b/"


async def test_pages_that_somebody_mounts_by_hand_lead_to_their_slash(site: Path) -> None:
    request = replace(make_request("/docs"), mounted_at="/docs")
    response = await Pages(site)(request)
    assert (response.status, response.headers.get("Location")) == (301, "/docs/")


# Over a connection


async def test_a_router_answers_over_http(site: Path) -> None:
    router = Router({"GET /hello/{name}": says("hello"), "/": Pages(site)})
    async with open_connection(router) as stream:
        peer = Peer(stream)
        assert (await peer.ask("/hello/ada")).body == b"hello name=ada"
        assert (await peer.ask("/about")).body == b"about us"
        refused = await peer.ask("/about", "PUT")
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        asked = await peer.ask("*", "OPTIONS")
        assert (asked.status, asked.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
        assert (await peer.ask("/hello//")).status == 404
        assert (await peer.ask("/hello/%zz")).status == 400
