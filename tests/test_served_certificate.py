"""What a client learns of a server's certificate, on real sockets of the loopback interface."""

import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from trio_https.errors import ConfigError
from trio_https.served_certificate import fetch_certificate

from .command import DEADLINE

Talk = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[int]:
    """Answer each connection with ``talk`` on a free port, which is yielded."""
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, talk, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        yield listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel(reason="the test is over")


async def say_nothing(_: trio.SocketStream) -> None:
    await trio.sleep_forever()


def tls_server(context: ssl.SSLContext) -> Talk:
    async def talk(stream: trio.SocketStream) -> None:
        tls = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        try:
            await tls.do_handshake()
        except trio.BrokenResourceError:
            await trio.aclose_forcefully(tls)
        else:
            await tls.aclose()

    return talk


@pytest.fixture
def identity(authority: trustme.CA) -> trustme.LeafCert:
    intermediate = authority.create_child_ca()
    return intermediate.issue_cert("127.0.0.1")


def context_of(identity: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.configure_cert(context)
    return context


def der(pem: trustme.Blob) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.bytes().decode())


async def test_the_certificate_of_an_unknown_authority_is_fetched_and_the_reason_told(
    identity: trustme.LeafCert,
) -> None:
    async with listening(tls_server(context_of(identity))) as port:
        served = await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)
    assert served.chain[0] == der(identity.cert_chain_pems[0])
    assert served.distrust == "unable to get local issuer certificate"
    assert served.version == "TLSv1.3"


async def test_a_certificate_of_a_known_authority_is_trusted_for_its_name_only(
    identity: trustme.LeafCert,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    async with listening(tls_server(context_of(identity))) as port:
        right = await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)
        wrong = await fetch_certificate("localhost", port, timeout=DEADLINE)
    assert right.distrust is None
    assert wrong.distrust is not None
    assert "localhost" in wrong.distrust
    assert right.chain == wrong.chain


async def test_all_that_was_sent_is_known_where_python_tells_it(
    identity: trustme.LeafCert,
) -> None:
    async with listening(tls_server(context_of(identity))) as port:
        served = await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)
    sent = tuple(der(pem) for pem in identity.cert_chain_pems)
    assert len(sent) == 2
    assert served.is_whole == (sys.version_info >= (3, 13))
    assert served.chain == (sent if served.is_whole else sent[:1])


async def test_a_server_that_speaks_no_tls_is_told() -> None:
    async def talk(stream: trio.SocketStream) -> None:
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listening(talk) as port:
        with pytest.raises(ConfigError, match=r"what answers there is not TLS\. Name a server"):
            await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)


async def test_a_server_that_goes_away_is_told() -> None:
    async def talk(stream: trio.SocketStream) -> None:
        await stream.receive_some()

    async with listening(talk) as port:
        with pytest.raises(ConfigError, match=r"the server closed the connection in the middle"):
            await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with listening(say_nothing) as port:
        with pytest.raises(ConfigError, match=r"no answer within 0\.1 s"):
            await fetch_certificate("127.0.0.1", port, timeout=0.1)


async def test_a_server_that_drips_is_given_up() -> None:
    """Each octet of a record comes in time; all of them together don't."""
    record = b"\x16\x03\x03\x40\x00" + bytes(0x4000)

    async def talk(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):
            for octet in record:
                await stream.send_all(bytes([octet]))
                await trio.sleep(0.01)

    async with listening(talk) as port:
        with pytest.raises(ConfigError, match=r"no answer within 0\.2 s"):
            await fetch_certificate("127.0.0.1", port, timeout=0.2)


async def test_no_server_and_no_such_host_are_told() -> None:
    async with listening(say_nothing) as port:
        pass
    with pytest.raises(ConfigError, match=rf"^127\.0\.0\.1:{port}: connection refused\. Name a"):
        await fetch_certificate("127.0.0.1", port, timeout=DEADLINE)
    with pytest.raises(ConfigError, match=rf"^\[::1\]:{port}: "):
        await fetch_certificate("::1", port, timeout=DEADLINE)
