"""Certificates that change while they are served: what is used, what is kept, what is told."""

import errno
import logging
import os
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import h11
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

from trio_https import (
    CertificateFolder,
    ConfigError,
    Identities,
    KeyFiles,
    LocalAuthority,
    Request,
    Response,
    serve,
    serve_stream,
)
from trio_https.config import TLSSettings

from ..certificates.times import NOW
from ..peer import Peer
from .key_files import write_pair


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Give what the log was told since the last call."""
    caplog.set_level(logging.INFO, "trio_https")

    def told() -> list[str]:
        messages = caplog.messages[:]
        caplog.clear()
        return messages

    return told


Told = Callable[[], list[str]]


def shown(identities: Identities) -> list[str]:
    return [each.sha256 for each in identities.descriptions]


async def look_twice(identities: Identities) -> None:
    await identities.look()
    await identities.look()


# At the start


def test_the_first_is_the_default_and_each_name_has_its_own(
    authority: trustme.CA, tmp_path: Path
) -> None:
    pairs = [write_pair(authority, tmp_path, stem, f"{stem}.test") for stem in ("b", "a")]
    identities = Identities(pairs)
    assert identities.names == ("b.test", "a.test")
    assert identities.describe(None).names == ("b.test",)
    assert identities.describe("a.test").names == ("a.test",)
    assert identities.describe("c.test").names == ("b.test",)


def test_a_folder_and_a_file_go_together(authority: trustme.CA, tmp_path: Path) -> None:
    pair = write_pair(authority, tmp_path, "first", "first.test")
    folder = tmp_path / "folder"
    folder.mkdir()
    for stem in ("b", "a"):
        write_pair(authority, folder, stem, f"{stem}.test")
    assert Identities([pair, CertificateFolder(folder)]).names == ("first.test", "a.test", "b.test")


def encrypt(pair: KeyFiles, folder: Path) -> KeyFiles:
    """Encrypt the key of ``pair`` where it lies, and put its password beside it."""
    assert pair.key is not None
    key = load_pem_private_key(pair.key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    password = folder / "password"
    password.write_text("secret\r\nnotes\n")
    return KeyFiles(pair.certificate, pair.key, password)


def test_an_encrypted_key_is_opened(authority: trustme.CA, tmp_path: Path) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    encrypted = encrypt(pair, tmp_path)
    with pytest.raises(ConfigError, match="the key is encrypted"):
        Identities([pair])
    assert Identities([encrypted]).names == ("a.test",)
    (tmp_path / "password").unlink()
    with pytest.raises(ConfigError, match="Name a file whose first line is the password"):
        Identities([encrypted])


def test_what_does_not_serve_is_a_mistake_at_the_start(
    authority: trustme.CA, tmp_path: Path
) -> None:
    good = write_pair(authority, tmp_path, "good", "good.test")
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"bad\.pem: there is nothing in PEM"):
        Identities([good, KeyFiles(tmp_path / "bad.pem")])
    with pytest.raises(ValueError, match="give one place at least"):
        Identities([])
    with pytest.raises(ValueError, match="0 session tickets or more"):
        Identities([good], session_tickets=-1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "there is nothing in PEM in this file"),
        ("key", "there is a private key in it, which the server has no use for"),
        (
            "-----BEGIN X509 CRL-----\nMTIz\n-----END X509 CRL-----\n",
            "there is no certificate in it",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nMTIz\n-----END CERTIFICATE-----\n",
            "certificate number 1 in it is damaged",
        ),
    ],
)
def test_client_authorities_that_are_none_are_a_mistake(
    content: str, reason: str, authority: trustme.CA, tmp_path: Path
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    assert pair.key is not None
    path = tmp_path / "clients.pem"
    path.write_text(pair.key.read_text() if content == "key" else content)
    with pytest.raises(ConfigError, match=rf"clients\.pem: {reason}"):
        Identities([pair], client_ca=path)


# Files that change


async def test_nothing_changes_and_nothing_is_told_where_nothing_has_changed(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")])
    before = shown(identities)
    await look_twice(identities)
    assert shown(identities) == before
    assert told() == []


async def test_a_new_pair_is_used_when_it_was_seen_twice_and_told_once(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")])
    before = shown(identities)
    pair = write_pair(authority, tmp_path, "a", "a.test", "more.test")
    await identities.look()
    assert shown(identities) == before
    await identities.look()
    assert shown(identities) != before
    assert identities.names == ("a.test", "more.test")
    [line] = told()
    assert line.startswith(f"{pair.certificate}: in use now, for a.test, more.test; valid until ")
    await look_twice(identities)
    assert told() == []


async def test_a_key_that_does_not_fit_yet_is_waited_for(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair])
    new = write_pair(authority, tmp_path, "new", "a.test", "new.test")
    new.certificate.replace(pair.certificate)
    await identities.look()
    assert new.key is not None
    assert pair.key is not None
    new.key.replace(pair.key)
    await look_twice(identities)
    assert identities.names == ("a.test", "new.test")
    assert len(told()) == 1


async def test_what_is_broken_is_told_once_and_the_one_from_before_goes_on(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair])
    before = shown(identities)
    good = pair.certificate.read_bytes()
    pair.certificate.write_bytes(good[: len(good) // 2])
    for _ in range(5):
        await identities.look()
    [line] = told()
    assert line.startswith(f"{pair.certificate}: the block BEGIN CERTIFICATE has no END line. ")
    assert "Until then, the certificate from before goes on, valid until " in line
    assert shown(identities) == before
    pair.certificate.unlink()
    await look_twice(identities)
    assert ": no such file." in told()[0]
    write_pair(authority, tmp_path, "a", "a.test")
    await look_twice(identities)
    assert shown(identities) != before


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
async def test_what_could_not_be_read_for_a_while_is_read_when_it_can_be(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    """Without a trace on the files: there were too many open ones."""
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair])
    write_pair(authority, tmp_path, "a", "new.test")
    with no_file_to_open():
        for _ in range(4):
            await identities.look()
    [line] = told()
    assert line.startswith(f"{pair.certificate}: too many open files. ")
    await identities.look()
    assert identities.names == ("new.test",)


@contextmanager
def no_file_to_open() -> Iterator[None]:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_broken_one_keeps_no_other_from_being_renewed(
    authority: trustme.CA, tmp_path: Path
) -> None:
    pairs = [write_pair(authority, tmp_path, stem, f"{stem}.test") for stem in ("a", "b")]
    identities = Identities(pairs)
    before = shown(identities)
    pairs[0].certificate.write_text("broken")
    write_pair(authority, tmp_path, "b", "b.test")
    await look_twice(identities)
    assert shown(identities)[0] == before[0]
    assert shown(identities)[1] != before[1]


async def test_what_comes_into_a_folder_is_served_and_what_goes_is_not(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([CertificateFolder(tmp_path)])
    new = write_pair(authority, tmp_path, "b", "b.test")
    for _ in range(3):
        await identities.look()
    assert identities.names == ("a.test", "b.test")
    told()
    new.certificate.unlink()
    await identities.look()
    assert list(identities.names) == ["a.test", "b.test"]
    await identities.look()
    assert list(identities.names) == ["a.test"]
    assert told() == [f"{new.certificate}: not in use any more"]


async def test_a_folder_that_is_emptied_changes_nothing_and_is_told_once(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([CertificateFolder(tmp_path)])
    pair.certificate.unlink()
    for _ in range(4):
        await identities.look()
    assert identities.names == ("a.test",)
    [line] = told()
    assert line.endswith("site.key. Until then, its certificates stay as they are.")


async def test_a_folder_that_is_gone_keeps_no_other_place_from_being_renewed(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    folder, away = tmp_path / "folder", tmp_path / "away"
    folder.mkdir()
    write_pair(authority, folder, "a", "a.test")
    pair = write_pair(authority, tmp_path, "b", "b.test")
    identities = Identities([CertificateFolder(folder), pair])
    before = shown(identities)
    folder.rename(away)
    write_pair(authority, tmp_path, "b", "new.test")
    for _ in range(4):
        await identities.look()
    assert identities.names == ("a.test", "new.test")
    assert shown(identities)[0] == before[0]
    gone, renewed = told()
    assert gone.startswith(f"{folder}: No such file or directory. ")
    assert renewed.startswith(f"{pair.certificate}: in use now")
    write_pair(authority, away, "a", "back.test")
    away.rename(folder)
    await look_twice(identities)
    assert identities.names == ("back.test", "new.test")


# When it is asked for


async def test_reload_uses_what_is_there_at_once(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")])
    await identities.reload()
    assert told() == ["certificates: looked at again; those in use are the same as before"]
    write_pair(authority, tmp_path, "a", "new.test")
    await identities.reload()
    assert identities.names == ("new.test",)
    assert len(told()) == 1


async def test_reload_tells_again_what_is_broken(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair])
    pair.certificate.write_text("broken")
    for _ in range(2):
        await identities.reload()
        assert ": there is nothing in PEM in this file." in told()[0]


@pytest.mark.parametrize("fault", [OSError("no interfaces"), RuntimeError("a bug")], ids=repr)
async def test_a_fault_that_nobody_foresaw_changes_nothing_and_is_told_once(
    fault: Exception, tmp_path: Path, told: Told
) -> None:
    faults: list[Exception] = []

    def find_names() -> list[str]:
        if faults:
            raise faults[0]
        return ["vm.local"]

    identities = Identities([LocalAuthority(tmp_path / "home", find_names)])
    before = shown(identities)
    faults.append(fault)
    for _ in range(3):
        await identities.look()
    assert shown(identities) == before
    [line] = told()
    assert line == f"certificates: could not look for changes ({fault!r}); all stay as they are"


# Client authorities


async def test_other_client_authorities_are_used_and_told(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "clients.pem"
    trustme.CA().cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)
    before = identities.contexts.current
    trustme.CA().cert_pem.write_to_path(path)
    await look_twice(identities)
    assert identities.contexts.current is not before
    assert told() == [f"{path}: these authorities of clients are in use now"]
    await look_twice(identities)
    assert told() == []


async def test_broken_client_authorities_are_told_once_and_change_nothing(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "clients.pem"
    trustme.CA().cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)
    before = identities.contexts.current
    path.write_text("broken")
    for _ in range(4):
        await identities.look()
    assert identities.contexts.current is before
    [line] = told()
    assert line.startswith(f"{path}: there is nothing in PEM in this file.")


def client_of(clients: trustme.CA, servers: trustme.CA) -> ssl.SSLContext:
    """A client's context, with a certificate that ``clients`` has signed."""
    context = ssl.create_default_context()
    servers.configure_trust(context)
    clients.issue_cert("ada@example.org").configure_cert(context)
    return context


async def known_client(identities: Identities, client: ssl.SSLContext) -> str:
    """Return what the server says of who asks: the names in their certificate, or "refused"."""

    async def greet(request: Request) -> Response:
        known = request.tls.client if request.tls else None
        return Response.text(known.names[0] if known else "nobody")

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(serve_stream, greet, theirs, tls=identities.contexts.current))
        stream = trio.SSLStream(ours, client, server_hostname="a.test")
        try:
            return (await Peer(stream).ask()).body.decode()
        except (trio.BrokenResourceError, h11.RemoteProtocolError):  # in 1.2 and in 1.3
            return "refused"
        finally:
            nursery.cancel_scope.cancel()


ADA = "email:ada@example.org"


async def test_an_authority_that_was_taken_out_is_not_trusted_whatever_else_is_broken(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    path, before, after = tmp_path / "clients.pem", trustme.CA(), trustme.CA()
    before.cert_pem.write_to_path(path)
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair], client_ca=path)
    assert await known_client(identities, client_of(before, authority)) == ADA
    certificate = shown(identities)

    after.cert_pem.write_to_path(path)
    pair.certificate.write_text("broken")
    await look_twice(identities)
    assert await known_client(identities, client_of(before, authority)) == "refused"
    assert await known_client(identities, client_of(after, authority)) == ADA
    assert shown(identities) == certificate
    in_use, broken = (line for line in told() if line.startswith(str(tmp_path)))
    assert in_use == f"{path}: these authorities of clients are in use now"
    assert broken.startswith(f"{pair.certificate}: there is nothing in PEM in this file. ")

    write_pair(authority, tmp_path, "a", "a.test")
    await look_twice(identities)
    assert shown(identities) != certificate
    assert await known_client(identities, client_of(before, authority)) == "refused"
    assert await known_client(identities, client_of(after, authority)) == ADA


async def test_a_client_that_had_connected_before_has_the_authorities_of_when_it_says_hello(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """Browsers connect before there is something to ask for."""
    path, clients = tmp_path / "clients.pem", trustme.CA()
    trustme.CA().cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)

    async def greet(request: Request) -> Response:
        assert request.tls is not None
        return Response.json(request.tls.client is not None)

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve_stream, greet, theirs, tls=identities))
        await trio.testing.wait_all_tasks_blocked()
        clients.cert_pem.write_to_path(path)
        await identities.reload()
        client = client_of(clients, authority)
        reply = await Peer(trio.SSLStream(ours, client, server_hostname="a.test")).ask()
        assert reply.body == b"true"
        nursery.cancel_scope.cancel()


async def test_authorities_are_replaced_again_and_again_while_a_certificate_is_broken(
    authority: trustme.CA, tmp_path: Path
) -> None:
    path, clients = tmp_path / "clients.pem", [trustme.CA() for _ in range(3)]
    clients[0].cert_pem.write_to_path(path)
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair], client_ca=path)
    pair.certificate.unlink()
    for trusted in (clients[1], clients[2], clients[0]):
        trusted.cert_pem.write_to_path(path)
        await look_twice(identities)
        for each in clients:
            expected = ADA if each is trusted else "refused"
            assert await known_client(identities, client_of(each, authority)) == expected


async def test_authorities_are_replaced_when_the_password_of_the_key_is_gone(
    authority: trustme.CA, tmp_path: Path
) -> None:
    path, clients = tmp_path / "clients.pem", trustme.CA()
    trustme.CA().cert_pem.write_to_path(path)
    pair = encrypt(write_pair(authority, tmp_path, "a", "a.test"), tmp_path)
    identities = Identities([pair], client_ca=path)
    (tmp_path / "password").unlink()
    clients.cert_pem.write_to_path(path)
    await look_twice(identities)
    assert await known_client(identities, client_of(clients, authority)) == ADA


async def test_authorities_are_replaced_where_the_local_certificate_can_not_be_looked_at(
    tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "clients.pem"
    faults: list[OSError] = []

    def find_names() -> list[str]:
        if faults:
            raise faults[0]
        return ["vm.local"]

    trustme.CA().cert_pem.write_to_path(path)
    local = LocalAuthority(tmp_path / "home", find_names)
    identities = Identities([local], client_ca=path)
    faults.append(OSError("no interfaces"))
    trustme.CA().cert_pem.write_to_path(path)
    await look_twice(identities)
    assert identities.contexts.client_authorities == path.read_text()
    assert f"{path}: these authorities of clients are in use now" in told()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
async def test_client_authorities_that_could_not_be_read_for_a_while_are_read_when_they_can_be(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "clients.pem"
    trustme.CA().cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)
    before = identities.contexts.current
    trustme.CA().cert_pem.write_to_path(path)
    with no_file_to_open():
        for _ in range(4):
            await identities.look()
    assert identities.contexts.current is before
    [line] = told()
    assert line.startswith(f"{path}: too many open files. ")
    assert line.endswith("Until then, the authorities from before are trusted.")
    await identities.look()
    assert identities.contexts.client_authorities == path.read_text()


async def test_an_empty_file_of_client_authorities_keeps_no_certificate_from_being_renewed(
    authority: trustme.CA, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "clients.pem"
    trustme.CA().cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)
    authorities = identities.contexts.client_authorities
    path.write_text("")
    write_pair(authority, tmp_path, "a", "new.test")
    for _ in range(3):
        await identities.look()
    assert identities.names == ("new.test",)
    assert identities.contexts.client_authorities == authorities
    assert len(told()) == 2
    await identities.reload()  # which tells again what is wrong
    assert told()[0].startswith(f"{path}: there is nothing in PEM in this file.")


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no such files")
@pytest.mark.parametrize("back", [False, True], ids=["later", "back to those from before"])
async def test_nobody_is_trusted_as_before_where_authorities_can_not_be_put_into_use(
    back: bool,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: Told,
) -> None:
    path, before, after = tmp_path / "clients.pem", trustme.CA(), trustme.CA()
    before.cert_pem.write_to_path(path)
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")], client_ca=path)

    def fail(name: str) -> int:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))

    after.cert_pem.write_to_path(path)
    with monkeypatch.context() as full:
        full.setattr("os.memfd_create", fail)
        for _ in range(4):
            await identities.look()
    for each in (before, after):
        assert await known_client(identities, client_of(each, authority)) == "refused"
    [complaint] = [line for line in told() if line.startswith(str(path))]
    assert complaint.endswith("Until then, all handshakes are refused.")
    if back:
        before.cert_pem.write_to_path(path)
    await look_twice(identities)
    trusted = before if back else after
    assert await known_client(identities, client_of(trusted, authority)) == ADA


# The local certificate


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


async def test_the_local_certificate_is_renewed_when_a_third_of_its_life_is_left(
    tmp_path: Path, told: Told
) -> None:
    clock = Clock()
    identities = Identities([LocalAuthority(tmp_path / "home")], now=clock)
    [first] = identities.descriptions
    life = first.not_after - first.not_before
    clock.time = first.not_after - life / 3 - timedelta(minutes=20)
    await look_twice(identities)
    assert identities.descriptions == (first,)
    assert told() == []
    clock.time = first.not_after - life / 3 + timedelta(minutes=1)
    await look_twice(identities)
    [second] = identities.descriptions
    assert second.not_after > first.not_after
    [line] = told()
    assert line.startswith("the local certificate: in use now, for localhost, ")


async def test_the_local_certificate_is_issued_anew_when_the_names_change(tmp_path: Path) -> None:
    names = ["vm.local"]
    identities = Identities([LocalAuthority(tmp_path / "home", lambda: names)])
    assert {"localhost", "vm.local"} < set(identities.names)
    names[:] = ["other.local"]
    await look_twice(identities)
    assert {"localhost", "other.local"} < set(identities.names)
    assert "vm.local" not in identities.names


async def test_a_renewal_that_fails_is_tried_again_every_ten_minutes(
    tmp_path: Path, told: Told
) -> None:
    clock = Clock()
    home = tmp_path / "home"
    identities = Identities([LocalAuthority(home)], now=clock)
    [first] = identities.descriptions
    (home / "ca" / "ca.key").write_text("broken")
    for _ in range(3):
        clock.time += timedelta(minutes=10)
        await look_twice(identities)
        await look_twice(identities)
        assert len(told()) == 1
    assert identities.descriptions == (first,)


# In a server


@pytest.fixture
def client(authority: trustme.CA) -> ssl.SSLContext:
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(client)
    return client


async def hello(request: Request) -> Response:
    return Response.text("hello")


async def until(condition: Callable[[], bool], *, pause: float = 0.01) -> None:
    """Wait for a thread, whose time is not that of the mock clock."""
    while not condition():  # noqa: ASYNC110 -- nothing tells when it is
        await trio.sleep(pause)


@asynccontextmanager
async def connected(port: int, client: ssl.SSLContext) -> AsyncIterator[Peer]:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        yield Peer(trio.SSLStream(stream, client, server_hostname="a.test"))


async def test_fifty_swaps_under_load_fail_no_request_and_drop_no_connection(
    authority: trustme.CA, tmp_path: Path, client: ssl.SSLContext, nursery: trio.Nursery
) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair])
    server = await nursery.start(partial(serve, hello, port=0, tls=identities))
    seen: set[str] = set()
    requests = 0

    async def keep_asking() -> None:
        nonlocal requests
        while True:
            async with connected(server.port, client) as peer:
                for _ in range(3):
                    assert (await peer.ask()).status == 200
                    requests += 1

    async with connected(server.port, client) as lasting, trio.open_nursery() as asking:
        assert (await lasting.ask()).status == 200
        for _ in range(4):
            asking.start_soon(keep_asking)
        for _ in range(50):
            enough = requests + 3
            new = write_pair(authority, tmp_path, "new", "a.test")
            new.certificate.replace(pair.certificate)
            await identities.reload()  # between the two: they don't fit
            assert new.key is not None
            assert pair.key is not None
            new.key.replace(pair.key)
            await identities.reload()
            seen.update(shown(identities))
            await until(lambda enough=enough: requests >= enough)  # type: ignore[misc]
        asking.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            assert (await lasting.ask()).status == 200
    assert len(seen) == 50


async def test_a_server_looks_by_itself(
    authority: trustme.CA,
    tmp_path: Path,
    nursery: trio.Nursery,
    autojump_clock: Any,
) -> None:
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")])
    await nursery.start(partial(serve, hello, port=0, tls=identities))
    write_pair(authority, tmp_path, "a", "new.test")
    await until(lambda: identities.names == ("new.test",))


async def test_ticket_keys_do_not_grow_old(
    authority: trustme.CA, tmp_path: Path, nursery: trio.Nursery, autojump_clock: Any
) -> None:
    identities = Identities([write_pair(authority, tmp_path, "a", "a.test")])
    before = identities.contexts.current
    started = trio.current_time()
    nursery.start_soon(identities.watch)
    await until(lambda: identities.contexts.current is not before, pause=600)
    assert trio.current_time() - started >= 24 * 3600
    nursery.cancel_scope.cancel()


async def test_ticket_keys_that_can_not_be_changed_end_no_server(
    authority: trustme.CA,
    tmp_path: Path,
    nursery: trio.Nursery,
    autojump_clock: Any,
    told: Told,
) -> None:
    """A context needs the file for the secrets, and its folder may be gone by then."""
    keylog = tmp_path / "folder" / "keys"
    keylog.parent.mkdir()
    pair = write_pair(authority, tmp_path, "a", "a.test")
    identities = Identities([pair], settings=TLSSettings(keylog=keylog))
    before = identities.contexts.current
    keylog.unlink()
    keylog.parent.rmdir()
    nursery.start_soon(identities.watch)
    lines: list[str] = []
    while not lines:
        await trio.sleep(600)
        lines += told()
    assert lines[0].startswith(f"{keylog}: can't write the TLS secrets: ")
    assert identities.contexts.current is before
    keylog.parent.mkdir()
    await until(lambda: identities.contexts.current is not before, pause=600)
    nursery.cancel_scope.cancel()
