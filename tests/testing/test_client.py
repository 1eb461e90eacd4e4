"""The client against handlers of ours: whole, streamed, side by side, to the end of the server."""

import logging
import ssl
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing
import trustme

from trio_https import (
    Address,
    ClientGone,
    Headers,
    HTTPError,
    Limits,
    Request,
    Response,
    Upgrade,
)
from trio_https.testing import (
    Client,
    ResponseError,
    ResponseTimeoutError,
    TLSContexts,
    UpgradeRefusedError,
    open_client,
    throwaway_contexts,
)

from .handlers import Waiting, fail, fail_late


async def echo(request: Request) -> Response:
    return Response(200, Headers({"Content-Type": "text/plain"}), request.body)


async def describe(request: Request) -> Response:
    fields = {name.lower(): value for name, value in request.headers}
    return Response.json(
        {
            "line": f"{request.method} {request.target}",
            "headers": fields,
            "body": (await request.bytes()).decode(),
            "client": str(request.client),
            "tls": request.tls and request.tls.version,
            "name": request.tls and request.tls.server_name,
        }
    )


class TestWhole:
    @pytest.mark.parametrize("tls", [False, True])
    async def test_a_request_and_its_response_are_values(self, tls: bool) -> None:
        async with open_client(describe, tls=tls) as client:
            response = await client.get("/hello?x=1", headers={"X-Test": "yes"})
        assert (response.status, response.reason, response.http_version) == (200, "OK", "1.1")
        assert response.headers.get("content-type") == "application/json"
        seen = response.json()
        assert seen["line"] == "GET /hello?x=1"
        assert seen["headers"] == {"host": "localhost", "x-test": "yes"}
        assert seen["tls"] == ("TLSv1.3" if tls else None)
        assert response.text == response.body.decode()

    @pytest.mark.parametrize("method", ["post", "put"])
    async def test_a_body_is_bytes_json_or_streamed(self, method: str) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        async with open_client(describe) as client:
            send = getattr(client, method)
            assert (await send("/", body=b"x=1")).json()["headers"]["content-length"] == "3"
            seen = (await send("/", json={"a": [1]})).json()
            assert (seen["headers"]["content-type"], seen["body"]) == (
                "application/json",
                '{"a": [1]}',
            )
            seen = (await send("/", body=pieces())).json()
            assert (seen["headers"]["transfer-encoding"], seen["body"]) == ("chunked", "one two")

    async def test_what_is_no_request_is_told_and_not_sent(self) -> None:
        async with open_client(describe) as client:
            with pytest.raises(ValueError, match="GET /ä is no valid request"):
                await client.get("/ä")
            assert (await client.get("/%C3%A4")).status == 200

    async def test_fields_of_the_tests_own_win(self) -> None:
        async with open_client(describe, authority="www.test:8443") as client:
            seen = (await client.get("/")).json()
            assert seen["headers"]["host"] == "www.test:8443"
            seen = (await client.get("/", headers=[("Host", "other.test")])).json()
            assert seen["headers"] == {"host": "other.test"}

    async def test_other_methods_are_sent_as_they_are(self) -> None:
        async with open_client(describe) as client:
            assert (await client.delete("/x")).json()["line"] == "DELETE /x"
            assert (await client.request("PROPFIND", "/x")).json()["line"] == "PROPFIND /x"
            head = await client.head("/x")
            assert head.body == b""
            assert int(head.headers.get("content-length") or 0) > 0

    async def test_a_redirect_is_not_followed(self) -> None:
        async def move(request: Request) -> Response:
            return Response.redirect("/elsewhere")

        async with open_client(move) as client:
            response = await client.get("/")
        assert (response.status, response.headers.get("location")) == (307, "/elsewhere")

    async def test_more_comes_back_than_is_on_the_way_at_once(self) -> None:
        """Both sides send and receive at the same time, or this would wait for ever."""
        content = bytes(range(256)) * 8192  # 2 MiB
        async with open_client(echo, tls=True) as client:
            assert (await client.post("/", body=content)).body == content

    async def test_hints_come_before_the_response(self) -> None:
        async def hint(request: Request) -> Response:
            await request.send_early_hints(Headers({"Link": "</a.css>"}))
            return Response.text("page")

        async with open_client(hint) as client:
            response = await client.get("/")
        [early] = response.informational
        assert (early.status, early.headers.get("link")) == (103, "</a.css>")

    async def test_a_body_waits_for_100_where_the_request_says_so(self) -> None:
        async def refuse(request: Request) -> Response:
            if request.path == "/refused":
                raise HTTPError(403)
            return Response(body=await request.bytes())

        expect = {"Expect": "100-continue"}
        async with open_client(refuse) as client:
            response = await client.post("/", body=b"hello", headers=expect)
            assert [each.status for each in response.informational] == [100]
            assert response.body == b"hello"
            response = await client.post("/refused", body=b"hello", headers=expect)
            assert (response.status, response.informational) == (403, ())

    async def test_an_early_answer_is_read_though_the_body_is_not(self) -> None:
        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(10_000)

        async with open_client(describe) as client:
            response = await client.post("/", body=endless())
        assert response.status == 413

    async def test_text_is_decoded_by_its_charset(self) -> None:
        async def latin(request: Request) -> Response:
            return Response(200, Headers({"Content-Type": "text/plain; charset=latin1"}), b"\xe4")

        async with open_client(latin) as client:
            assert (await client.get("/")).text == "ä"

    async def test_what_requests_tell_of_their_client_is_the_tests_to_say(self) -> None:
        async with open_client(describe, client=Address("192.0.2.7", 49152)) as client:
            assert (await client.get("/")).json()["client"] == "192.0.2.7:49152"


class TestConnections:
    """How many there are is seen by the server's own connections."""

    async def test_one_serves_for_many_requests(self) -> None:
        async with open_client(describe, tls=True) as client:
            async with client.stream("GET", "/") as response:
                connection = response.connection
                await response.read()
            async with client.stream("GET", "/") as response:
                assert response.connection is connection

    async def test_each_request_at_the_same_time_has_its_own(self, autojump_clock: object) -> None:
        everybody = trio.Event()
        waiting = 0

        async def meet(request: Request) -> Response:
            nonlocal waiting
            waiting += 1
            if waiting == 10:
                everybody.set()
            await everybody.wait()
            return Response.text(request.path)

        async with open_client(meet) as client, trio.open_nursery() as nursery:

            async def ask(path: str) -> None:
                assert (await client.get(path)).text == path

            for number in range(10):
                nursery.start_soon(ask, f"/{number}")

    @pytest.mark.parametrize("tls", [False, True])
    async def test_a_new_one_is_opened_where_the_server_has_closed_it(
        self, tls: bool, autojump_clock: object
    ) -> None:
        async with open_client(describe, tls=tls, limits=Limits(idle_timeout=60)) as client:
            assert (await client.get("/")).status == 200
            await trio.sleep(61)
            assert (await client.get("/")).status == 200

    async def test_an_ended_one_is_not_used_again(self) -> None:
        limits = Limits(max_requests_per_connection=1)
        async with open_client(describe, limits=limits) as client:
            assert (await client.get("/")).headers.get("connection") == "close"
            assert (await client.get("/")).headers.get("connection") == "close"

    async def test_requests_of_http_1_0_can_be_sent_by_hand(self) -> None:
        async with open_client(describe) as client, client.connect() as connection:
            await connection.send_all(b"GET / HTTP/1.0\r\n\r\n")
            received = b""
            while piece := await connection.receive_some():
                received += piece
            assert received.startswith(b"HTTP/1.1 200 OK\r\n")


class TestStreams:
    async def test_pieces_come_as_they_are_sent(self, autojump_clock: object) -> None:
        async def tick(out: trio.abc.SendStream) -> None:
            for number in range(3):
                await out.send_all(f"tick {number}\n".encode())
                await trio.sleep(60)

        async def clock(request: Request) -> Response:
            return Response(body=tick)

        seen: list[tuple[float, bytes]] = []
        async with (
            open_client(clock, tls=True) as client,
            client.stream("GET", "/") as response,
        ):
            assert (response.status, response.reason) == (200, "OK")
            assert response.informational == ()
            seen += [(trio.current_time(), piece) async for piece in response]
        assert seen == [(0, b"tick 0\n"), (60, b"tick 1\n"), (120, b"tick 2\n")]

    async def test_to_leave_the_block_is_to_leave_the_server(self, autojump_clock: object) -> None:
        waiting = Waiting()
        async with open_client(waiting.as_body) as client:
            async with client.stream("GET", "/") as response:
                assert await response.receive_some() == b"first"
            await waiting.left.wait()

    async def test_who_does_not_read_slows_the_handler_down(self, autojump_clock: object) -> None:
        sent = 0

        async def flood(out: trio.abc.SendStream) -> None:
            nonlocal sent
            while True:
                await out.send_all(bytes(10_000))
                sent += 10_000

        async def handler(request: Request) -> Response:
            return Response(body=flood)

        limits = Limits(send_timeout=60)
        async with (
            open_client(handler, limits=limits) as client,
            client.stream("GET", "/") as response,
        ):
            await trio.sleep(59)
            assert sent < 100_000
            await trio.sleep(2)  # and then has left for the server
            with pytest.raises(ResponseError, match="cut off"):
                await response.read()

    async def test_a_body_is_received_while_it_is_sent(self) -> None:
        send, receive = trio.open_memory_channel[bytes](0)
        async with (
            open_client(echo) as client,
            client.stream("POST", "/", body=receive) as response,
        ):
            for word in (b"one", b"two"):
                await send.send(word)
                assert await response.receive_some() == word
            await send.aclose()
            assert await response.receive_some() == b""
            assert response.trailers == Headers()
            assert response.headers.get("content-type") == "text/plain"


class TestErrorsOfTheHandler:
    async def test_are_raised_in_the_test(self, caplog: pytest.LogCaptureFixture) -> None:
        async with open_client(fail) as client:
            with pytest.raises(LookupError, match="no such thing"):
                await client.get("/")
        assert "the handler failed at GET /" in caplog.text

    async def test_or_answered_with_500_only(self) -> None:
        async with open_client(fail, raise_handler_errors=False) as client:
            response = await client.get("/")
            assert response.status == 500
            assert "no such thing" not in response.text

    async def test_what_is_no_reply_is_one(self) -> None:
        async def forget(request: Request) -> None:
            return None

        async with open_client(forget) as client:  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="not None"):
                await client.get("/")

    @pytest.mark.parametrize("kind", ["iterable", "writer"])
    async def test_in_the_middle_of_a_body_they_are_raised_there(self, kind: str) -> None:
        async def iterable() -> AsyncIterator[bytes]:
            yield b"some"
            raise LookupError("no more")

        async def writer(out: trio.abc.SendStream) -> None:
            await out.send_all(b"some")
            raise LookupError("no more")

        async def handler(request: Request) -> Response:
            return Response(body=iterable() if kind == "iterable" else writer)

        async with open_client(handler) as client, client.stream("GET", "/") as response:
            assert await response.receive_some() == b"some"
            with pytest.raises(LookupError, match="no more"):
                await response.receive_some()
        async with open_client(handler, raise_handler_errors=False) as client:
            with pytest.raises(ResponseError, match="cut off") as caught:
                await client.get("/")
            assert caught.value.response is not None

    async def test_that_no_request_has_met_are_raised_at_the_end(
        self, autojump_clock: object
    ) -> None:
        with pytest.raises(LookupError, match="too late"):
            async with open_client(fail_late) as client:
                with trio.move_on_after(1):
                    await client.get("/")

    @pytest.mark.parametrize("decision", [HTTPError(404, "no such page"), ClientGone("left")])
    async def test_decisions_are_none(self, decision: Exception) -> None:
        async def decide(request: Request) -> Response:
            raise decision

        async with open_client(decide) as client:
            if isinstance(decision, HTTPError):
                assert (await client.get("/")).status == 404
            else:
                with pytest.raises(ResponseError):
                    await client.get("/")

    async def test_an_exception_of_the_test_is_raised_as_it_is(self) -> None:
        with pytest.raises(AssertionError, match="of the test"):
            async with open_client(describe) as client:
                await client.get("/")
                raise AssertionError("of the test")

    async def test_so_is_a_group(self) -> None:
        with pytest.raises(ExceptionGroup, match="of the test"):
            async with open_client(describe):
                raise ExceptionGroup("of the test", [ValueError(), TypeError()])

    async def test_several_that_nobody_met_are_a_group(self, autojump_clock: object) -> None:
        with pytest.raises(ExceptionGroup, match="the handler has failed"):
            async with open_client(fail_late) as client:
                for _ in range(2):
                    with trio.move_on_after(1):
                        await client.get("/")


class TestTime:
    async def test_a_timeout_of_a_minute_takes_none(self, autojump_clock: object) -> None:
        async def slow(request: Request) -> Response:
            with trio.move_on_after(60):
                await trio.sleep_forever()
            return Response.text("timed out")

        async with open_client(slow, tls=True) as client:
            assert (await client.get("/")).text == "timed out"
            assert trio.current_time() == 60

    async def test_a_handler_that_never_answers_is_told(self, autojump_clock: object) -> None:
        async with open_client(Waiting()) as client:
            with pytest.raises(ResponseTimeoutError, match=r"nothing came .* for 3600 s: GET /"):
                await client.get("/")

    async def test_cancelling_closes_the_connection(self, autojump_clock: object) -> None:
        waiting = Waiting()
        async with open_client(waiting) as client:
            with trio.move_on_after(5):
                await client.get("/")
            await waiting.left.wait()


class TestStopping:
    async def test_idle_connections_end_at_once(self, autojump_clock: object) -> None:
        async with open_client(describe, tls=True) as client:
            await client.get("/")
            await client.stop()
            assert trio.current_time() == 0
            with pytest.raises(ConnectionRefusedError, match="was stopped"):
                await client.get("/")

    async def test_running_requests_have_their_grace(self, autojump_clock: object) -> None:
        async def slow(request: Request) -> Response:
            await trio.sleep(5)
            return Response.text("done")

        async with open_client(slow) as client, trio.open_nursery() as nursery:

            async def ask() -> None:
                response = await client.get("/")
                assert (response.text, response.headers.get("connection")) == ("done", "close")

            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            await client.stop(grace=10)
            assert trio.current_time() == 5

    async def test_what_is_left_then_is_cut_off(self, autojump_clock: object) -> None:
        async with open_client(Waiting()) as client, trio.open_nursery() as nursery:

            async def ask() -> None:
                with pytest.raises(ResponseError):
                    await client.get("/")

            nursery.start_soon(ask)
            await trio.testing.wait_all_tasks_blocked()
            await client.stop(grace=10)
            assert trio.current_time() == 10

    async def test_who_waits_for_it_is_told(self, autojump_clock: object) -> None:
        async def handler(request: Request) -> Response:
            async def events(out: trio.abc.SendStream) -> None:
                await out.send_all(b"hello")
                await request.stopping.wait()
                await out.send_all(b"bye")

            return Response(body=events)

        async with (
            open_client(handler) as client,
            trio.open_nursery() as nursery,
            client.stream("GET", "/") as response,
        ):
            assert await response.receive_some() == b"hello"
            nursery.start_soon(client.stop)
            assert (await response.read()).body == b"bye"

    async def test_a_negative_time_is_refused(self) -> None:
        async with open_client(describe) as client:
            with pytest.raises(ValueError, match="grace"):
                await client.stop(-1)


class TestUpgrades:
    async def test_the_stream_is_the_other_protocols(self) -> None:
        async def talk(stream: trio.abc.Stream) -> None:
            async for line in stream:
                await stream.send_all(line.upper())

        async def handler(request: Request) -> Upgrade:
            return Upgrade(protocol="example/1", talk=talk)

        async with open_client(handler, tls=True) as client:
            stream = await client.upgrade("/echo", "example/1")
            await stream.send_all(b"hello")
            assert await stream.receive_some() == b"HELLO"

    async def test_what_comes_with_the_101_is_not_lost(self) -> None:
        async def talk(stream: trio.abc.Stream) -> None:
            await stream.send_all(b"welcome")

        async def handler(request: Request) -> Upgrade:
            return Upgrade(protocol="example/1", talk=talk)

        async with open_client(handler) as client:
            stream = await client.upgrade("/", "example/1")
            await trio.testing.wait_all_tasks_blocked()
            assert await stream.receive_some(3) == b"wel"
            assert await stream.receive_some() == b"come"

    async def test_a_refusal_has_the_response(self) -> None:
        async with open_client(describe) as client:
            with pytest.raises(UpgradeRefusedError, match="200 OK, not 101, to x/1") as caught:
                await client.upgrade("/", "x/1")
            assert caught.value.response is not None
            assert caught.value.response.json()["headers"]["upgrade"] == "x/1"
            assert (await client.get("/")).status == 200

    async def test_a_bug_before_it_is_the_handlers(self) -> None:
        async with open_client(fail) as client:
            with pytest.raises(LookupError, match="no such thing"):
                await client.upgrade("/", "x/1")

    @pytest.mark.parametrize("raised", [True, False])
    async def test_errors_of_the_talk_are_the_handlers(self, raised: bool) -> None:
        async def talk(stream: trio.abc.Stream) -> None:
            raise LookupError("nothing to say")

        async def handler(request: Request) -> Upgrade:
            return Upgrade(protocol="x/1", talk=talk)

        async def ask(client: Client) -> None:
            stream = await client.upgrade("/", "x/1")
            with pytest.raises(trio.BrokenResourceError):
                await stream.receive_some()

        if raised:
            with pytest.raises(LookupError, match="nothing to say"):
                async with open_client(handler) as client:
                    await ask(client)
        else:
            async with open_client(handler, raise_handler_errors=False) as client:
                await ask(client)


class TestTLS:
    def test_a_throwaway_certificate_is_made_once(self) -> None:
        assert throwaway_contexts() is throwaway_contexts()
        assert throwaway_contexts("www.test") is not throwaway_contexts()

    async def test_it_may_be_for_other_names(self) -> None:
        tls = throwaway_contexts("www.test")
        async with open_client(describe, tls=tls, authority="www.test:8443") as client:
            assert (await client.get("/")).json()["name"] == "www.test"

    async def test_a_certificate_for_another_name_is_refused(self) -> None:
        async with open_client(describe, tls=True, authority="www.test") as client:
            with pytest.raises(ConnectionError, match="Hostname mismatch"):
                await client.get("/")

    async def test_the_contexts_may_be_the_tests_own(self, authority: trustme.CA) -> None:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(server)
        server.maximum_version = ssl.TLSVersion.TLSv1_2
        client_side = ssl.create_default_context()
        authority.configure_trust(client_side)
        tls = TLSContexts(server=server, client=client_side)
        async with open_client(describe, tls=tls) as client:
            assert client.is_secure
            assert (await client.get("/")).json()["tls"] == "TLSv1.2"

    async def test_a_client_that_trusts_it_not_says_so(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        tls = TLSContexts(server=throwaway_contexts().server, client=ssl.create_default_context())
        async with open_client(describe, tls=tls) as client:
            with pytest.raises(ConnectionError, match=r"unable to get local issuer|self.signed"):
                await client.get("/")
        assert "the TLS handshake failed" in caplog.text
