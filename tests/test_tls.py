"""The border to ssl: what is offered, and how a connection begins and ends."""

import errno
import os
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from trio_https import ClientGone, ConfigError, tls
from trio_https.config import TLSSettings
from trio_https.rehearsal import offered_versions

from .command import DEADLINE

PASSWORD = b"correct horse"

versions_spoken = pytest.mark.parametrize(
    "version",
    [
        pytest.param(ssl.TLSVersion.TLSv1_2, id="TLS 1.2"),
        pytest.param(ssl.TLSVersion.TLSv1_3, id="TLS 1.3"),
    ],
)


@pytest.fixture
def leaf(authority: trustme.CA, tmp_path: Path) -> Path:
    """A file with the key and the certificate of localhost."""
    path = tmp_path / "localhost.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
def encrypted(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path]:
    """A certificate, and its key encrypted with ``PASSWORD``."""
    issued = authority.issue_cert("localhost")
    certificate, key = tmp_path / "server.crt", tmp_path / "server.key"
    certificate.write_bytes(issued.cert_chain_pems[0].bytes())
    private_key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    encryption = BestAvailableEncryption(PASSWORD)
    key.write_bytes(private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return certificate, key


def shake_hands_in_memory(client: ssl.SSLContext, server: ssl.SSLContext) -> ssl.SSLObject:
    """Return the client's side after a handshake; raise what either side raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = {ours, theirs}
    while waiting:
        for side in (ours, theirs):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                pass
    return ours


# The files


def test_one_file_may_hold_both_the_certificate_and_the_key(
    leaf: Path, client_context: ssl.SSLContext
) -> None:
    agreed = shake_hands_in_memory(client_context, tls.open_server_context(leaf))
    assert ("DNS", "localhost") in agreed.getpeercert()["subjectAltName"]  # type: ignore[index]


def test_the_key_of_another_file_opens_with_its_password(
    encrypted: tuple[Path, Path], client_context: ssl.SSLContext
) -> None:
    context = tls.open_server_context(*encrypted, PASSWORD)
    assert shake_hands_in_memory(client_context, context).version() == "TLSv1.3"


def test_the_whole_chain_is_sent(tmp_path: Path) -> None:
    root = trustme.CA()
    issued = root.create_child_ca().issue_cert("localhost")
    path = tmp_path / "chain.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(path)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    root.configure_trust(client)
    assert shake_hands_in_memory(client, tls.open_server_context(path)).version()


@pytest.mark.parametrize("password", [None, b"", b"wrong"])
def test_an_encrypted_key_needs_its_password(
    password: bytes | None, encrypted: tuple[Path, Path]
) -> None:
    with pytest.raises(ConfigError) as caught:
        tls.open_server_context(*encrypted, password)
    for path in encrypted:
        assert str(path) in str(caught.value)


OPEN_CONTEXT = """
import sys
from pathlib import Path
from trio_https import ConfigError
from trio_https.tls import open_server_context
try:
    open_server_context(Path(sys.argv[1]), Path(sys.argv[2]))
except ConfigError:
    print("refused")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are something else there")
def test_an_encrypted_key_never_asks_on_the_terminal(encrypted: tuple[Path, Path]) -> None:
    main, terminal = os.openpty()
    os.write(main, PASSWORD + b"\n")  # an answer, should there be a question
    try:
        finished = subprocess.run(
            [sys.executable, "-c", OPEN_CONTEXT, *encrypted],
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=terminal,
            start_new_session=True,  # so that it becomes the process's own terminal, /dev/tty
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
            timeout=30,
        )
        os.set_blocking(main, False)
        shown = os.read(main, 1000)
    finally:
        os.close(main)
        os.close(terminal)
    assert finished.stdout == b"refused\n"
    assert b"phrase" not in shown


def test_a_key_of_another_certificate_is_refused(leaf: Path, encrypted: tuple[Path, Path]) -> None:
    with pytest.raises(ConfigError, match="key values mismatch") as caught:
        tls.open_server_context(leaf, encrypted[1], PASSWORD)
    assert str(caught.value).startswith(f"{leaf}: ")
    assert str(encrypted[1]) in str(caught.value)
    assert isinstance(caught.value.__cause__, ssl.SSLError)


def test_a_certificate_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="with the key in it: No such file") as caught:
        tls.open_server_context(tmp_path / "missing.crt")
    assert str(caught.value).startswith(f"{tmp_path / 'missing.crt'}: ")


def test_a_key_that_is_missing_is_named(leaf: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.key: No such file"):
        tls.open_server_context(leaf, tmp_path / "missing.key")


@pytest.mark.parametrize("content", [b"", b"no PEM", bytes(range(256))])
def test_what_is_no_pem_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "server.crt"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        tls.open_server_context(path)
    assert str(caught.value).startswith(f"{path}: OpenSSL can't use this certificate")


def test_a_certificate_without_its_key_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    path = tmp_path / "server.crt"
    authority.cert_pem.write_to_path(path)
    with pytest.raises(ConfigError):
        tls.open_server_context(path)


# What is offered


@versions_spoken
def test_tls_1_2_and_1_3_are_spoken(
    version: ssl.TLSVersion, leaf: Path, client_context: ssl.SSLContext
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    agreed = shake_hands_in_memory(client_context, tls.open_server_context(leaf))
    assert (agreed.version() or "").replace(".", "_") == version.name


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["TLS 1.0", "TLS 1.1"]
)
def test_older_versions_are_refused(
    version: ssl.TLSVersion, leaf: Path, client_context: ssl.SSLContext
) -> None:
    server_context = tls.open_server_context(leaf)
    for context in (client_context, server_context):
        context.set_ciphers("ALL:@SECLEVEL=0")  # so that nothing but the version is in the way
    client_context.minimum_version = client_context.maximum_version = version
    with pytest.raises(ssl.SSLError, match=r"(?i)version|protocol"):
        shake_hands_in_memory(client_context, server_context)
    server_context.minimum_version = version
    assert shake_hands_in_memory(client_context, server_context).version()


def test_the_server_chooses_the_cipher_suite(leaf: Path, client_context: ssl.SSLContext) -> None:
    suites = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    server_context = tls.open_server_context(leaf)
    chosen: set[Any] = set()
    for preferred in (suites, suites[::-1]):
        client_context.set_ciphers(":".join(preferred))
        chosen.add(shake_hands_in_memory(client_context, server_context).cipher())
    assert len(chosen) == 1


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(ssl.OP_NO_COMPRESSION, id="no compression (CRIME, RFC 9325 §3.3)"),
        pytest.param(ssl.OP_NO_RENEGOTIATION, id="no renegotiation (RFC 9325 §3.5)"),
        pytest.param(ssl.OP_NO_SSLv3, id="no SSL 3, as Python has it"),
    ],
)
def test_an_option_that_no_client_can_see_is_set(option: ssl.Options, leaf: Path) -> None:
    assert tls.open_server_context(leaf).options & option == option


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["http/1.1"], "http/1.1"),
        (["h2", "http/1.1"], "http/1.1"),
        (["h2"], None),
        (["http/1.0"], "http/1.0"),
        (["http/1.0", "http/1.1"], "http/1.1"),
        ([], None),
    ],
)
def test_alpn_chooses_exactly_what_is_served(
    offered: list[str], chosen: str | None, authority: trustme.CA, leaf: Path
) -> None:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    if offered:
        client.set_alpn_protocols(offered)
    agreed = shake_hands_in_memory(client, tls.open_server_context(leaf))
    assert agreed.selected_alpn_protocol() == chosen


def test_session_keys_go_to_no_file_that_the_environment_names(
    leaf: Path, client_context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    context = tls.open_server_context(leaf)
    shake_hands_in_memory(client_context, context)
    assert context.keylog_filename is None
    assert not (tmp_path / "keys.log").exists()


# The policies are those of version 5.7 of Mozilla's Server Side TLS, without DHE.


def names_of_suites(context: ssl.SSLContext) -> list[str]:
    return [suite["name"] for suite in context.get_ciphers()]


SUITES_OF_TLS_1_3 = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
}


def test_the_intermediate_policy_offers_what_every_browser_since_2014_can(leaf: Path) -> None:
    context = tls.open_server_context(leaf)
    assert set(names_of_suites(context)) - SUITES_OF_TLS_1_3 == {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    }
    assert set(names_of_suites(context)) >= SUITES_OF_TLS_1_3
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_modern_policy_offers_tls_1_3_alone(leaf: Path) -> None:
    context = tls.open_server_context(leaf, settings=TLSSettings(policy="modern"))
    assert offered_versions(context) == ["1.3"]


def test_no_option_that_python_and_openssl_have_set_is_taken_away(leaf: Path) -> None:
    """Among them OpenSSL's for middleboxes, which has no name in Python (RFC 8446 §D.4)."""
    before = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).options
    assert tls.open_server_context(leaf).options & before == before


def test_clients_are_not_asked_for_a_certificate(leaf: Path) -> None:
    assert tls.open_server_context(leaf).verify_mode is ssl.CERT_NONE


# The handshake


MemoryStream = trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]


async def assert_closed(transport: trio.abc.Stream) -> None:
    with pytest.raises(trio.ClosedResourceError):
        await transport.send_all(b"x")
    with pytest.raises(trio.ClosedResourceError):
        await transport.receive_some(1)


class Transport(trio.abc.Stream):
    """Nothing is sent on it, it can't end its side alone, and it fails as it is told."""

    def __init__(
        self, *, receiving_fails: Exception | None = None, closing_fails: Exception | None = None
    ) -> None:
        self.receiving_fails = receiving_fails
        self.closing_fails = closing_fails
        self.closed = 0

    async def send_all(self, _data: object) -> None:
        raise AssertionError

    async def wait_send_all_might_not_block(self) -> None:
        raise AssertionError

    async def receive_some(self, _max_bytes: int | None = None) -> bytes:
        assert self.receiving_fails is not None, "nobody was told of our end: who would answer?"
        await trio.lowlevel.checkpoint()
        raise self.receiving_fails

    async def aclose(self) -> None:
        self.closed += 1
        await trio.lowlevel.checkpoint()
        if self.closing_fails is not None and self.closed == 1:
            raise self.closing_fails


def encrypt(transport: trio.abc.Stream, context: ssl.SSLContext) -> trio.SSLStream[trio.abc.Stream]:
    return trio.SSLStream(transport, context, server_hostname="localhost")


async def open_tls_pair(
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    transports: tuple[trio.abc.Stream, trio.abc.Stream] | None = None,
) -> tuple[trio.SSLStream[trio.abc.Stream], trio.SSLStream[trio.abc.Stream]]:
    """Return the two ends of a connection, the client's first."""
    ours, theirs = transports or trio.testing.memory_stream_pair()
    client = encrypt(ours, client_context)
    server: list[trio.SSLStream[trio.abc.Stream]] = []

    async def shake_hands() -> None:
        server.append(await tls.shake_hands(theirs, server_context))
        await server[0].send_all(b"!")  # takes the session tickets of TLS 1.3 along

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shake_hands)
        assert await client.receive_some(1) == b"!"
    return client, server[0]


async def test_after_the_handshake_the_stream_is_encrypted(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    client, server = await open_tls_pair(client_context, server_context)
    await client.send_all(b"from the client")
    assert await server.receive_some() == b"from the client"
    await server.send_all(b"from the server")
    assert await client.receive_some() == b"from the server"


async def test_the_stream_can_be_waited_for_until_it_takes_more(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    client, server = await open_tls_pair(client_context, server_context)
    with trio.fail_after(DEADLINE):
        await server.wait_send_all_might_not_block()
    await trio.aclose_forcefully(client)


async def test_a_handshake_that_drips_can_be_given_up(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    to_server = ssl.MemoryBIO()
    hello = client_context.wrap_bio(ssl.MemoryBIO(), to_server, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    ours, theirs = trio.testing.memory_stream_pair()
    started = trio.current_time()

    async def drip() -> None:
        for octet in to_server.read():
            await trio.sleep(0.9)  # so that none falls together with the end
            await ours.send_all(bytes([octet]))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(drip)
        with trio.move_on_after(10) as wait:
            await tls.shake_hands(theirs, server_context)
        assert wait.cancelled_caught
        assert trio.current_time() - started == 10
        await assert_closed(theirs)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(b"", "the client closed the connection", id="nothing"),
        pytest.param(b"\x16\x03\x01\x02", "the client closed the connection", id="half a record"),
        pytest.param(
            b"GET / HTTP/1.1\r\n\r\n", "the client spoke plain HTTP to the TLS port", id="HTTP"
        ),
        pytest.param(
            b"SSH-2.0-OpenSSH\r\n",
            "the client does not speak TLS; give it a URL with https://, or another port",
            id="SSH",
        ),
    ],
)
async def test_what_is_no_handshake_fails_with_its_reason(
    sent: bytes, reason: str, server_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    await ours.send_all(sent)
    await ours.send_eof()
    with pytest.raises(ClientGone) as caught:
        await tls.shake_hands(theirs, server_context)
    assert str(caught.value) == f"the TLS handshake failed: {reason}"
    assert isinstance(caught.value.__cause__, trio.BrokenResourceError)
    await assert_closed(theirs)


async def test_a_client_that_distrusts_us_says_so(server_context: ssl.SSLContext) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    distrustful = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # with no CA at all
    distrustful.maximum_version = ssl.TLSVersion.TLSv1_2

    async def client() -> None:
        # Trio keeps the alert to itself, so it is taken from OpenSSL and sent by hand.
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        ssl_object = distrustful.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while True:
            try:
                ssl_object.do_handshake()
            except ssl.SSLWantReadError:
                await ours.send_all(outgoing.read())
                incoming.write(await ours.receive_some())
            except ssl.SSLCertVerificationError:
                await ours.send_all(outgoing.read())
                break

    async with trio.open_nursery() as nursery:
        nursery.start_soon(client)
        with pytest.raises(ClientGone, match=r"\(unknown_ca\); have it trusted: trio-https trust$"):
            await tls.shake_hands(theirs, server_context)
    await assert_closed(theirs)


async def test_a_client_that_is_gone_before_our_answer_is_gone(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    outgoing = ssl.MemoryBIO()
    hello = client_context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    await ours.send_all(outgoing.read())
    await ours.aclose()
    with pytest.raises(ClientGone, match=r"^the TLS handshake failed: the connection broke$"):
        await tls.shake_hands(theirs, server_context)
    await assert_closed(theirs)


async def test_a_reset_is_told_in_the_words_of_the_system(server_context: ssl.SSLContext) -> None:
    broken = trio.BrokenResourceError("socket connection broken")  # as a SocketStream says it
    broken.__cause__ = ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    transport = Transport(receiving_fails=broken)
    with pytest.raises(ClientGone, match=r"failed: connection reset by peer$"):
        await tls.shake_hands(transport, server_context)
    assert transport.closed


async def test_what_nobody_foresaw_goes_up_after_the_transport_is_closed(
    server_context: ssl.SSLContext,
) -> None:
    transport = Transport(receiving_fails=RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        await tls.shake_hands(transport, server_context)
    assert transport.closed


async def test_a_transport_that_another_task_closes_ends_the_handshake(
    server_context: ssl.SSLContext,
) -> None:
    _, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def shake_hands() -> None:
            with pytest.raises(ClientGone):
                await tls.shake_hands(theirs, server_context)

        nursery.start_soon(shake_hands)
        await trio.testing.wait_all_tasks_blocked()
        await theirs.aclose()
    await assert_closed(theirs)


async def test_a_cancelled_handshake_closes_the_transport_at_once(
    server_context: ssl.SSLContext,
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def shake_hands() -> None:
            await tls.shake_hands(theirs, server_context)

        nursery.start_soon(shake_hands)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await assert_closed(theirs)
    assert await ours.receive_some() == b""


# ALPN without a protocol in common (RFC 7301 §3.2)


async def answer_to_protocols(
    offered: list[str], authority: trustme.CA, server_context: ssl.SSLContext
) -> str | None:
    """Return why the server refuses a client that offers these, None: it doesn't."""
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client_context)
    client_context.set_alpn_protocols(offered)
    ours, theirs = trio.testing.memory_stream_pair()
    refusals: list[str] = []

    async def shake_hands() -> None:
        received = await tls.receive_opening(theirs)
        try:
            await tls.shake_hands(theirs, server_context, received=received)
        except ClientGone as gone:
            refusals.append(str(gone))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(shake_hands)
        with suppress(trio.BrokenResourceError):  # the alert, see test_alerts.py
            await encrypt(ours, client_context).do_handshake()
        await ours.aclose()
    return refusals[0] if refusals else None


async def test_a_client_that_speaks_none_of_our_protocols_is_refused(
    authority: trustme.CA, leaf: Path
) -> None:
    context = tls.open_server_context(leaf)
    assert await answer_to_protocols(["h2", 'x"y'], authority, context) == (
        r"the TLS handshake failed: no protocol of ours is offered, but h2, x\x22y"
    )
    assert await answer_to_protocols(["h2", "http/1.1"], authority, context) is None


async def test_what_a_context_of_the_users_offers_is_its_own_business(
    authority: trustme.CA, leaf: Path
) -> None:
    """It may have a callback for "acme-tls/1", say, and none can be asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    assert await answer_to_protocols(["acme-tls/1"], authority, context) is None


async def test_protocols_that_were_added_to_our_context_are_served(
    authority: trustme.CA, leaf: Path
) -> None:
    context = tls.open_server_context(leaf)
    context.set_alpn_protocols(["http/1.1", "acme-tls/1"])
    assert await answer_to_protocols(["acme-tls/1"], authority, context) is None


# What was agreed on


@versions_spoken
async def test_both_sides_see_the_same(
    version: ssl.TLSVersion, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    client, server = await open_tls_pair(client_context, server_context)
    cipher = client.cipher()
    assert cipher is not None
    described = tls.describe(server)
    assert (described.version, described.cipher_suite) == (client.version(), cipher[0])
    assert (described.alpn, described.resumed) == ("http/1.1", False)


async def test_a_client_without_alpn_chose_nothing(
    authority: trustme.CA, server_context: ssl.SSLContext
) -> None:
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client_context)
    _, server = await open_tls_pair(client_context, server_context)
    assert tls.describe(server).alpn is None


class ResumingContext(ssl.SSLContext):
    """A client's context that resumes ``session``: trio.SSLStream has no argument for it."""

    session: ssl.SSLSession | None = None

    def wrap_bio(self, *bios: Any, **settings: Any) -> ssl.SSLObject:
        settings["session"] = self.session
        return super().wrap_bio(*bios, **settings)


@versions_spoken
async def test_a_resumed_session_is_known_as_one(
    version: ssl.TLSVersion, authority: trustme.CA, leaf: Path
) -> None:
    server_context = tls.open_server_context(leaf)
    client_context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.minimum_version = client_context.maximum_version = version
    authority.configure_trust(client_context)
    client, server = await open_tls_pair(client_context, server_context)
    assert not tls.describe(server).resumed
    client_context.session = client.session
    _, server = await open_tls_pair(client_context, server_context)
    assert tls.describe(server).resumed


# The end


async def test_the_end_is_close_notify_and_then_the_end_of_the_transport(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    client, server = await open_tls_pair(client_context, server_context)
    started = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await tls.close(server, timeout=2)

        nursery.start_soon(close)
        assert await client.receive_some() == b""  # without close_notify: BrokenResourceError
        assert await client.transport_stream.receive_some() == b""
        assert trio.current_time() == started, "the client must not wait for its own close"
        await client.aclose()
    assert trio.current_time() == started


async def test_without_tls_it_is_the_end_of_the_transport(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await tls.close(theirs, timeout=2)

        nursery.start_soon(close)
        assert await ours.receive_some() == b""
        assert trio.current_time() == started, "the client must not wait for its own close"
        await ours.aclose()
    await assert_closed(theirs)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_what_the_client_still_sends_is_read_until_it_closes_too(
    encrypted: bool,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    autojump_clock: Any,
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server: trio.abc.Stream = theirs
    if encrypted:
        _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    await ours.send_all(bytes(100_000))
    started = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await tls.close(server, timeout=2)
            assert trio.current_time() - started == 1

        nursery.start_soon(close)
        await trio.sleep(0.5)
        await ours.send_all(bytes(100_000))
        await trio.sleep(0.5)
        await ours.send_eof()
    await assert_closed(theirs)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_a_client_that_never_closes_is_not_waited_for_long(
    encrypted: bool,
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    autojump_clock: Any,
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server: trio.abc.Stream = theirs
    if encrypted:
        _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    started = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def chatter() -> None:
            while True:
                await ours.send_all(b"and another thing")
                await trio.sleep(0.3)

        nursery.start_soon(chatter)
        await tls.close(server, timeout=2)
        assert trio.current_time() - started == 2
        nursery.cancel_scope.cancel()
    await assert_closed(theirs)


async def test_close_notify_is_not_waited_for_where_the_client_takes_nothing(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    started = trio.current_time()
    await tls.close(server, timeout=2)
    assert trio.current_time() - started == 2
    await assert_closed(theirs)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_a_client_that_was_faster_is_no_error(
    encrypted: bool, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server: trio.abc.Stream = theirs
    if encrypted:
        _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    await ours.aclose()
    await tls.close(server, timeout=2)
    await assert_closed(theirs)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_closing_again_does_nothing(
    encrypted: bool, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server: trio.abc.Stream = theirs
    if encrypted:
        _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    await trio.aclose_forcefully(server)
    await tls.close(server, timeout=2)
    await assert_closed(theirs)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "TLS"])
async def test_cancelled_while_it_waits_for_the_client_it_closes_at_once(
    encrypted: bool, client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    server: trio.abc.Stream = theirs
    if encrypted:
        _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await tls.close(server, timeout=2)
            raise AssertionError("it was not cancelled")

        nursery.start_soon(close)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await assert_closed(theirs)
    with pytest.raises(trio.ClosedResourceError):
        await server.send_all(b"x")


async def test_cancelled_while_it_sends_close_notify_it_closes_at_once(
    client_context: ssl.SSLContext, server_context: ssl.SSLContext
) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    _, server = await open_tls_pair(client_context, server_context, (ours, theirs))
    async with trio.open_nursery() as nursery:

        async def close() -> None:
            await tls.close(server, timeout=2)
            raise AssertionError("it was not cancelled")

        nursery.start_soon(close)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    await assert_closed(theirs)


async def test_a_transport_that_has_no_end_of_its_own_side_is_closed_without_waiting() -> None:
    transport = Transport()
    await tls.close(transport, timeout=2)
    assert transport.closed


async def test_what_the_transport_breaks_with_when_it_closes_goes_up_after_it_is_closed() -> None:
    transport = Transport(closing_fails=OSError("out of order"))
    with pytest.raises(OSError, match="out of order"):
        await tls.close(transport, timeout=2)
    assert transport.closed == 1


def test_a_password_that_no_key_can_have_is_a_mistake(
    encrypted: tuple[Path, Path],
) -> None:
    with pytest.raises(ConfigError):
        tls.open_server_context(*encrypted, b"x" * 2000)


async def test_an_aborted_connection_leaves_nothing_in_the_system() -> None:
    """What the client has not taken is dropped, and the client is told by a reset."""
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        host, port = listener.socket.getsockname()
        client = await trio.open_tcp_stream(host, port)
        server = await listener.accept()
        with trio.move_on_after(0.1):
            await server.send_all(bytes(100_000_000))
        await tls.abort(server)
        with pytest.raises(trio.BrokenResourceError):
            while await client.receive_some():
                pass
        await client.aclose()
        await tls.abort(server)  # once more does no harm
