"""Security fields, a time limit and an ID: what they add to any handler, and what they leave."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import trio

from trio_https import Handler, HTTPError, Pages, Request, Response
from trio_https.handlers.reply_fields import with_vary
from trio_https.handlers.request_id import with_request_id
from trio_https.handlers.security_headers import with_security_headers
from trio_https.handlers.time_limit import with_time_limit
from trio_https.messages import Headers
from trio_https.testing import open_connection
from trio_https.upgrades import Upgrade

from .pages.asking import ask, make_request, write
from .peer import Peer


async def hello(request: Request) -> Response:
    return Response.text(f"hello {request.id}")


async def refuse(request: Request) -> Response:
    raise HTTPError(404, "no such thing", headers=[("X-Own", "1")], close=True)


async def refuse_in_a_nursery(request: Request) -> Response:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(refuse, request)
    raise AssertionError


async def fail(request: Request) -> Response:
    raise RuntimeError("a bug")


async def talk(stream: trio.abc.Stream) -> None:
    raise AssertionError


UPGRADE = Upgrade(protocol="example/1", talk=talk)


async def chat(request: Request) -> Upgrade:
    return UPGRADE


async def error_of(handler: Handler) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        await handler(make_request("/"))
    return caught.value


# Security fields


async def test_the_fields_are_those_of_pages(tmp_path: Path) -> None:
    write(tmp_path / "index.html", "")
    own = (await ask(Pages(tmp_path), "/")).headers
    response = await ask(with_security_headers(hello), "/")
    added = [field for field in response.headers if field[0] != "Content-Type"]
    assert {name for name, _ in added} == {
        "X-Content-Type-Options",
        "Referrer-Policy",
        "Content-Security-Policy",
    }
    assert all(own.get(name) == value for name, value in added)


async def test_what_a_handler_says_itself_stays() -> None:
    async def own(request: Request) -> Response:
        return Response(200, Headers({"referrer-policy": "no-referrer"}))

    handler = with_security_headers(own, content_security_policy="default-src 'self'", hsts=60)
    assert list((await ask(handler, "/")).headers) == [
        ("referrer-policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("Strict-Transport-Security", "max-age=60"),
    ]


@pytest.mark.parametrize("handler", [refuse, refuse_in_a_nursery])
async def test_an_error_has_them_too(handler: Handler) -> None:
    error = await error_of(with_security_headers(handler))
    assert (error.status, error.detail, error.close) == (404, "no such thing", True)
    assert error.headers[:2] == (("X-Own", "1"), ("X-Content-Type-Options", "nosniff"))


async def test_a_bug_stays_a_bug_and_an_upgrade_an_upgrade() -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        await with_security_headers(fail)(make_request("/"))
    assert await with_security_headers(chat)(make_request("/")) is UPGRADE


def test_a_policy_that_no_field_can_carry_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not printable ASCII"):
        with_security_headers(hello, content_security_policy="default-src\n'self'")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "Origin"),
        ("Accept", "Accept, Origin"),
        ("Accept, origin", "Accept, origin"),
        ("*", "*"),
    ],
)
def test_vary_grows_by_what_is_missing(before: str | None, after: str) -> None:
    headers = Headers({"Vary": before} if before else {})
    assert with_vary(headers, "Origin").get("vary") == after


# A time limit


@pytest.mark.parametrize(("needed", "status"), [(59, 200), (61, 503)])
async def test_a_handler_has_so_long_and_no_longer(
    needed: float, status: int, autojump_clock: trio.abc.Clock
) -> None:
    async def slow(request: Request) -> Response:
        await trio.sleep(needed)
        return Response()

    async with open_connection(with_time_limit(slow, 60)) as stream:
        reply = await Peer(stream).ask()
    assert reply.status == status
    assert (reply.headers.get("connection") == "close") == (status == 503)


async def test_the_body_of_the_response_takes_what_it_takes(autojump_clock: trio.abc.Clock) -> None:
    async def slow(out: trio.abc.SendStream) -> None:
        await trio.sleep(3600)
        await out.send_all(b"done")

    async def answer(request: Request) -> Response:
        return Response(body=slow)

    async with open_connection(with_time_limit(answer, 60)) as stream:
        assert (await Peer(stream).ask()).body == b"done"


async def test_a_timeout_of_the_handlers_own_is_not_taken_for_ours(
    autojump_clock: trio.abc.Clock,
) -> None:
    async def impatient(request: Request) -> Response:
        with trio.fail_after(1):
            await trio.sleep(2)
        raise AssertionError

    with pytest.raises(trio.TooSlowError):
        await with_time_limit(impatient, 60)(make_request("/"))


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_at_all_is_a_mistake(seconds: float) -> None:
    with pytest.raises(ValueError, match="needs some time"):
        with_time_limit(hello, seconds)


# An ID


async def test_each_request_has_an_id_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trio_https.access")
    async with open_connection(with_request_id(hello)) as stream:
        peer = Peer(stream)
        replies = [await peer.ask(headers=[("X-Request-ID", "forged")]) for _ in range(2)]
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert len(set(ids)) == 2
    assert [reply.body for reply in replies] == [
        f"hello {identifier}".encode() for identifier in ids
    ]
    assert [str(record.msg).rpartition(" id=")[2] for record in caplog.records] == ids


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", True),
        ("Root=1-67891233-abcdef", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("", False),
        ("a b", False),
        ("a, b", False),
        ('"', False),
        ("\xe9", False),
    ],
)
async def test_the_id_of_a_trusted_proxy_is_taken_where_it_is_one(
    sent: str, *, is_taken: bool
) -> None:
    headers = Headers({"X-Request-ID": sent})
    response = await ask(with_request_id(hello, from_proxy=True), "/", headers=headers)
    identifier = response.headers.get("X-Request-ID")
    assert identifier
    assert (identifier == sent) == is_taken


async def test_errors_and_upgrades_have_it_too() -> None:
    assert "X-Request-ID" in Headers((await error_of(with_request_id(refuse))).headers)
    reply = await with_request_id(chat)(make_request("/"))
    assert isinstance(reply, Upgrade)
    assert replace(reply, headers=Headers()) == UPGRADE
    assert "X-Request-ID" in reply.headers
