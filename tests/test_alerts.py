"""TLS alerts: who breaks a rule is told which one, as by nginx with the same OpenSSL."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from tlslite.messages import CertificateVerify
from tlslite.utils.keyfactory import parsePEMKey
from tlslite.x509 import X509
from tlslite.x509certchain import X509CertChain

from trio_https import Request, Response, Server, serve, tls
from trio_https.testing import open_connection
from trio_https.tls import open_server_context
from trio_https.transports import LingeringTransport

from .misbehaviour import (
    MISBEHAVIOURS,
    REQUEST,
    TLS12,
    TLS13,
    Act,
    Client,
    altered,
    edit,
    what_came_back,
)
from .programs import require_program

misbehaviours = pytest.mark.parametrize("name", MISBEHAVIOURS)


async def hello(request: Request) -> Response:
    return Response.text("hello\n")


@pytest.fixture(scope="module")
def leaf(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    return path


async def ask_server(context: ssl.SSLContext, act: Act) -> str:
    """Return what comes back from a server with ``context``."""
    async with trio.open_nursery() as nursery:
        serving = partial(serve, hello, host="127.0.0.1", port=0, tls=context)
        server: Server = await nursery.start(serving)
        answer = await trio.to_thread.run_sync(ask_port, server.port, act)
        nursery.cancel_scope.cancel()
    return answer


def ask_port(port: int, act: Act) -> str:
    connected = socket.create_connection(("127.0.0.1", port), timeout=20)
    return what_came_back(act, connected)


@misbehaviours
async def test_who_breaks_a_rule_is_told_which(name: str, leaf: Path) -> None:
    case = MISBEHAVIOURS[name]
    assert await ask_server(open_server_context(leaf), case.act) == case.answer, case.source


@misbehaviours
def test_nginx_says_the_same(name: str, nginx: int) -> None:
    case = MISBEHAVIOURS[name]
    assert ask_port(nginx, case.act) == (case.nginx or case.answer), case.source


NGINX_CONF = """
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {leaf};
        ssl_certificate_key {leaf};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers ECDHE+AESGCM;
        location / {{ return 200 "hello"; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def nginx(leaf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx with the same certificate and the same kinds of suites."""
    program = require_program("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX_CONF.format(port=port, leaf=leaf))
    command = [program, "-p", str(folder), "-e", "error.log", "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_until_listening(port)
        yield port
        process.terminate()


def wait_until_listening(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("nginx does not listen")


# Client certificates, which nginx judges after the handshake


@pytest.fixture
def demanding(leaf: Path, authority: trustme.CA) -> ssl.SSLContext:
    """A server's context that demands a certificate of its clients."""
    context = open_server_context(leaf)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    return context


def certified(issued: trustme.LeafCert, version: tuple[int, int], *, forged: bool) -> Act:
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    chain = X509CertChain([X509().parse(issued.cert_chain_pems[0].bytes().decode())])

    def act(client: Client) -> None:
        def change(message: CertificateVerify) -> bytes | None:
            return edit(-1, message.write()[-1] ^ 1)(message) if forged else None

        begin = altered(
            CertificateVerify,
            change,
            version=version,
            credentials=(chain, parsePEMKey(pem, private=True)),
        )
        begin(client)
        client.say(23, REQUEST)

    return act


@pytest.mark.parametrize("version", [TLS12, TLS13], ids=["TLS 1.2", "TLS 1.3"])
@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        pytest.param("none", ("handshake_failure", "certificate_required"), id="none"),
        pytest.param("good", ("an answer", "an answer"), id="a good one"),
        pytest.param("forged", ("decrypt_error", "decrypt_error"), id="a forged signature"),
        pytest.param("foreign", ("unknown_ca", "unknown_ca"), id="one of another authority"),
        pytest.param(
            "expired", ("certificate_expired", "certificate_expired"), id="one that has expired"
        ),
    ],
)
async def test_a_client_is_told_what_is_wrong_with_its_certificate(
    kind: str,
    answer: tuple[str, str],
    version: tuple[int, int],
    demanding: ssl.SSLContext,
    authority: trustme.CA,
) -> None:
    """RFC 8446 §4.4.2.4, §6.2; RFC 5246 §7.2.2, §7.4.6."""
    issuer = trustme.CA() if kind == "foreign" else authority
    end = datetime.now(UTC) + timedelta(days=-1 if kind == "expired" else 1)
    issued = issuer.issue_cert("client", not_before=end - timedelta(days=9), not_after=end)
    act = certified(issued, version, forged=kind == "forged")
    if kind == "none":
        act = partial(Client.shake_hands, version=version)
    assert await ask_server(demanding, act) == answer[version == TLS13]


# Any context, any transport


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_an_alert_follows_what_was_sent_before_it(
    version: ssl.TLSVersion, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """With a context of the user's; in TLS 1.3 the session tickets, which Trio keeps, go first."""
    client_context.maximum_version = version
    async with open_connection(hello, server_context=server_context) as transport:
        client = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await client.do_handshake()
        await transport.send_all(b"\x17\x03\x03\x00\x20" + bytes(32))
        with pytest.raises(trio.BrokenResourceError) as caught:
            await client.receive_some()
        assert isinstance(caught.value.__cause__, ssl.SSLError)
        assert caught.value.__cause__.reason == "SSLV3_ALERT_BAD_RECORD_MAC"
        await transport.aclose()


@pytest.mark.parametrize("record", [2, 2**14], ids=["many records", "one record"])
@pytest.mark.parametrize("piece", [1, 4096])
async def test_a_server_name_that_is_not_ascii_is_refused_without_a_traceback(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    piece: int,
    record: int,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """RFC 6066 §3. Python's own callback would print a traceback for each."""
    outgoing = ssl.MemoryBIO()
    client = client_context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="xx.example")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    message = outgoing.read()[5:].replace(b"xx.example", b"\xff\xfe.example")
    fragments = [message[at : at + record] for at in range(0, len(message), record)]
    said = b"".join(b"\x16\x03\x01" + len(each).to_bytes(2, "big") + each for each in fragments)
    named_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    named_context.sni_callback = lambda *_: None
    caplog.set_level("INFO")
    for context in (server_context, named_context):
        async with open_connection(hello, server_context=context) as transport:
            for start in range(0, len(said), piece):
                await transport.send_all(said[start : start + piece])
            assert await transport.receive_some() == b"\x15\x03\x03\x00\x02\x02\x70"
            await transport.aclose()
    assert caplog.text.count("the server name that was asked for is not ASCII") == 2
    assert capsys.readouterr().err == ""


async def test_who_reads_no_alert_of_a_handshake_is_not_waited_for_long(
    server_context: ssl.SSLContext, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        await transport.send_all(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00")
        started = trio.current_time()
        assert (await transport.receive_some()).startswith(b"\x15\x03")
        assert await transport.receive_some() == b""  # our side ends at once, so that it is read
        assert trio.current_time() == started
        await assert_it_ends_after(1.0, transport)


async def test_who_reads_no_alert_is_not_waited_for_long(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        client = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await client.do_handshake()
        await transport.send_all(b"\x17\x03\x03\x00\x20" + bytes(32))
        await assert_it_ends_after(1.0, transport)


async def assert_it_ends_after(seconds: float, transport: trio.abc.Stream) -> None:
    """What is sent meanwhile is taken, for to close with it unread is a reset."""
    started = trio.current_time()
    with pytest.raises(trio.BrokenResourceError):
        while True:
            await transport.send_all(b"and another thing")
            await trio.sleep(0.3)
    assert seconds < trio.current_time() - started < seconds + 0.3


async def test_a_connection_is_aborted_while_another_task_sends(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """As where a client that takes nothing breaks the rules, or resets, meanwhile."""
    theirs, ours = map(trio.SocketStream, trio.socket.socketpair())
    opened: list[trio.SSLStream[trio.abc.Stream]] = []

    async def accept() -> None:
        opened.append(await tls.shake_hands(ours, server_context))

    client = trio.SSLStream(theirs, client_context, server_hostname="localhost")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(accept)
        await client.do_handshake()
    [stream] = opened
    ended = trio.Event()

    async def send_for_ever() -> None:
        with pytest.raises((trio.ClosedResourceError, trio.BrokenResourceError)):
            await stream.send_all(bytes(64 * 2**20))
        ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send_for_ever)
        await trio.testing.wait_all_tasks_blocked()
        transport = stream.transport_stream
        assert isinstance(transport, LingeringTransport)
        assert transport.alerting is not None
        transport.alerting.has_alerted = True
        with trio.fail_after(20):
            await tls.abort(stream)
            await ended.wait()
    await theirs.aclose()
