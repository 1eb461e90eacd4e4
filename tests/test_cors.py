"""Pages of other origins: which may read what, as the Fetch standard (§3.3) has browsers ask."""

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from trio_https import Handler, HTTPError, Request, Response, serve
from trio_https.handlers.cors import with_cors
from trio_https.messages import Headers
from trio_https.upgrades import Upgrade

from .chromium import open_chromium
from .pages.asking import ask, make_request

APP = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}


async def hello(request: Request) -> Response:
    fields = Headers({"Vary": "Accept", "Access-Control-Allow-Origin": "https://handlers.own"})
    return Response(200, fields, b"hello")


def fields_of(response: Response | HTTPError) -> dict[str, str]:
    """Return the fields that CORS is about, in short."""
    return {
        name.removeprefix("Access-Control-"): value
        for name, value in response.headers
        if name.startswith("Access-Control-") or name == "Vary"
    }


async def preflight(handler: Handler, origin: str) -> Response:
    return await ask(handler, "/", "OPTIONS", Headers({"Origin": origin, **PREFLIGHT}))


async def get(handler: Handler, origin: str | None) -> Response:
    return await ask(handler, "/", "GET", Headers({"Origin": origin} if origin else {}))


async def test_a_page_of_an_allowed_origin_may_read_the_response() -> None:
    handler = with_cors(hello, origins=[APP], exposed_headers=["X-Total", "ETag"])
    response = await get(handler, APP)
    assert response.body == b"hello"
    assert fields_of(response) == {
        "Allow-Origin": APP,
        "Expose-Headers": "X-Total, ETag",
        "Vary": "Accept, Origin",
    }


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", f"{APP}.evil.example", f"{APP}:8443", "HTTPS://app.example"],
)  # fmt: skip
async def test_others_get_the_response_and_no_permission(origin: str | None) -> None:
    response = await get(with_cors(hello, origins=[APP], credentials=True), origin)
    assert response.body == b"hello"
    assert fields_of(response) == {"Allow-Origin": "https://handlers.own", "Vary": "Accept, Origin"}


async def test_a_preflight_of_an_allowed_origin_is_answered_without_the_handler() -> None:
    handler = with_cors(
        never, origins=[APP], methods=["PUT", "DELETE"], headers=["Content-Type"], max_age=60
    )
    response = await preflight(handler, APP)
    assert (response.status, response.body) == (204, b"")
    assert fields_of(response) == {
        "Allow-Origin": APP,
        "Allow-Methods": "PUT, DELETE",
        "Allow-Headers": "Content-Type",
        "Max-Age": "60",
        "Vary": "Origin",
    }


async def test_a_preflight_of_others_is_refused() -> None:
    with pytest.raises(HTTPError, match="pages of that origin") as caught:
        await preflight(with_cors(never, origins=[APP]), "https://evil.example")
    assert caught.value.status == 403
    assert fields_of(caught.value) == {"Vary": "Origin"}


async def test_options_that_are_no_preflight_are_for_the_handler() -> None:
    handler = with_cors(hello, origins=[APP])
    for fields in ({"Origin": APP}, PREFLIGHT):
        assert (await ask(handler, "/", "OPTIONS", Headers(fields))).body == b"hello"


async def test_credentials_are_allowed_to_a_named_origin_only() -> None:
    handler = with_cors(hello, origins=[APP], credentials=True)
    for response in (await get(handler, APP), await preflight(handler, APP)):
        assert fields_of(response)["Allow-Origin"] == APP
        assert fields_of(response)["Allow-Credentials"] == "true"


async def test_all_origins_get_an_answer_that_caches_may_give_to_all() -> None:
    handler = with_cors(hello, origins=["*"])
    for origin in (APP, "null", None):
        assert fields_of(await get(handler, origin)) == {"Allow-Origin": "*", "Vary": "Accept"}
    assert "Vary" not in fields_of(await preflight(handler, APP))


async def test_the_null_origin_is_one_that_must_be_listed() -> None:
    assert (
        fields_of(await get(with_cors(hello, origins=["null"]), "null"))["Allow-Origin"] == "null"
    )


async def test_an_error_can_be_read_too() -> None:
    with pytest.raises(HTTPError) as caught:
        await get(with_cors(refuse, origins=[APP]), APP)
    assert (caught.value.status, caught.value.detail) == (404, "no such thing")
    assert fields_of(caught.value) == {"Allow-Origin": APP, "Vary": "Origin"}


async def test_an_upgrade_comes_through_as_it_is() -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        raise AssertionError

    upgrade = Upgrade(protocol="example/1", talk=talk)

    async def chat(request: Request) -> Upgrade:
        return upgrade

    assert await with_cors(chat, origins=[APP])(make_request("/")) is upgrade


async def never(request: Request) -> Response:
    raise AssertionError


async def refuse(request: Request) -> Response:
    raise HTTPError(404, "no such thing")


@pytest.mark.parametrize(
    ("build", "mistake"),
    [
        (partial(with_cors, origins=["app.example"]), "'app.example' is no origin"),
        (partial(with_cors, origins=[f"{APP}/"]), "is no origin"),
        (partial(with_cors, origins=["https://*.example/a"]), "is no origin"),
        (partial(with_cors, origins=["https://"]), "is no origin"),
        (partial(with_cors, origins=[f"{APP}:443"]), "without a default port"),
        (partial(with_cors, origins=["http://app.example:80"]), "without a default port"),
        (partial(with_cors, origins=["https://App.example"]), "in lower case"),
        (partial(with_cors, origins=["*"], credentials=True), "every page act as its visitor"),
        (partial(with_cors, origins=["null"], credentials=True), "every page act as its visitor"),
        (partial(with_cors, origins=[APP], headers=["*"], credentials=True), "means nothing"),
        (partial(with_cors, origins=[APP], methods=["PUT, GET"]), "'PUT, GET' is no name"),
        (partial(with_cors, origins=[APP], headers=["X\r\nY"]), "is no name"),
    ],
)
def test_a_policy_that_would_not_work_is_a_mistake(
    build: Callable[[Handler], Handler], mistake: str
) -> None:
    with pytest.raises(ValueError, match=mistake):
        build(hello)


def test_a_text_in_place_of_a_list_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="a list is wanted"):
        with_cors(hello, origins=APP)


@pytest.mark.parametrize("origin", [f"{APP}:8443", "https://[::1]:1", "capacitor://localhost"])
def test_what_an_origin_may_be(origin: str) -> None:
    with_cors(hello, origins=[origin], credentials=True)


# A browser


PUT = """
fetch('{url}', {{method: 'PUT', headers: {{'X-Asked': '1'}}}})
.then(r => r.text() .then(text => text + ' ' + r.headers.get('X-Told'))).catch(() => 'refused')
"""


async def test_a_browser_lets_pages_of_allowed_origins_read_and_no_others(
    authority: trustme.CA, server_context: ssl.SSLContext, tmp_path: Path
) -> None:
    async def api(request: Request) -> Response:
        if request.path == "/page":
            return Response.html("<!doctype html><title>a page</title>")
        return Response(200, Headers({"X-Told": "more"}), request.method.encode())

    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with trio.open_nursery() as nursery:
        pages = await nursery.start(
            partial(serve, api, host="localhost", port=0, tls=server_context)
        )
        guarded = with_cors(
            api,
            origins=[f"https://localhost:{pages.port}"],
            methods=["PUT"],
            headers=["X-Asked"],
            exposed_headers=["X-Told"],
        )
        server = await nursery.start(
            partial(serve, guarded, host="localhost", port=0, tls=server_context)
        )
        url = f"https://localhost:{server.port}/"
        async with open_chromium(tmp_path / "browser", trust=tmp_path / "ca.pem") as browser:
            page = await browser.open_page(f"https://localhost:{pages.port}/page")
            assert await page.evaluate(PUT.format(url=url)) == "PUT more"
            page = await browser.open_page(f"https://127.0.0.1:{pages.port}/page")
            assert await page.evaluate(PUT.format(url=url)) == "refused"
        nursery.cancel_scope.cancel()
