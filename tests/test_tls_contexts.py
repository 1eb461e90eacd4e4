"""Certificates by SNI, sessions across them, and clients with certificates: OpenSSL in memory."""

import ssl
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
import trio
import trustme

from trio_https import ConfigError, Request, Response
from trio_https.rehearsal import offered_versions
from trio_https.testing import open_connection
from trio_https.tls_contexts import NamedContext, ServerContexts, open_named_context

from .peer import Peer

VERSIONS = pytest.mark.parametrize(
    "version",
    [
        pytest.param(ssl.TLSVersion.TLSv1_2, id="TLS 1.2"),
        pytest.param(ssl.TLSVersion.TLSv1_3, id="TLS 1.3"),
    ],
)

Load = Callable[..., NamedContext]


@pytest.fixture
def load(authority: trustme.CA, tmp_path: Path) -> Load:
    """Load a new certificate for names, for clients of an authority or without."""

    def load(*names: str, clients: str | None = None) -> NamedContext:
        path = tmp_path / "pair.pem"
        authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(path)
        return open_named_context(names, path, client_authorities=clients)

    return load


def pem_of(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


class Met(NamedTuple):
    """Both ends of a connection in memory, after a handshake and a byte."""

    client: ssl.SSLObject
    server: ssl.SSLObject

    @property
    def session(self) -> ssl.SSLSession:
        assert self.client.session is not None
        return self.client.session


def meet(
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    name: str | None = "a.test",
    session: ssl.SSLSession | None = None,
) -> Met:
    """Shake hands, exchange a byte, so that tickets arrive; raise what either side raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name, session=session)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for step in (ours.do_handshake, theirs.do_handshake) * 3:
        try:
            step()
        except ssl.SSLWantReadError:
            continue
    theirs.write(b"x")
    assert ours.read(1) == b"x"
    return Met(ours, theirs)


@pytest.fixture
def client(client_context: ssl.SSLContext) -> ssl.SSLContext:
    client_context.check_hostname = False  # which certificate came is what is asked here
    return client_context


def names_of(met: Met) -> list[str]:
    certificate = met.client.getpeercert()
    assert certificate
    return [str(pair[1]) for pair in certificate["subjectAltName"]]


# SNI


@VERSIONS
@pytest.mark.parametrize(
    ("server_name", "names"),
    [
        ("a.test", ["a.test"]),
        ("B.test", ["b.test", "*.b.test"]),
        ("www.b.test", ["b.test", "*.b.test"]),
        ("unknown.test", ["a.test"]),
        ("127.0.0.1", ["a.test"]),
        (None, ["a.test"]),
    ],
)
def test_the_name_that_is_asked_for_chooses_the_certificate(
    server_name: str | None,
    names: list[str],
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts = ServerContexts([load("a.test"), load("b.test", "*.b.test")])
    met = meet(client, contexts.current, server_name)
    assert names_of(met) == names
    assert met.client.selected_alpn_protocol() == "http/1.1"
    # OpenSSL's clients send no SNI for an address (RFC 6066 §3).
    assert met.server.server_hostname == (None if server_name == "127.0.0.1" else server_name)


def test_a_client_that_checks_the_name_is_content(
    load: Load, client_context: ssl.SSLContext
) -> None:
    contexts = ServerContexts([load("a.test"), load("b.test", "*.b.test")])
    for name in ("a.test", "b.test", "www.b.test"):
        meet(client_context, contexts.current, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        meet(client_context, contexts.current, "c.test")


@pytest.mark.parametrize("option", [ssl.OP_NO_COMPRESSION, ssl.OP_NO_RENEGOTIATION])
def test_what_tls_is_offered_is_the_same_as_with_one_certificate(
    option: ssl.Options, load: Load, client: ssl.SSLContext
) -> None:
    named = load("a.test")
    contexts = ServerContexts([named])
    assert option in contexts.current.options
    assert contexts.current.options == named.context.options
    assert contexts.current.minimum_version == named.context.minimum_version
    assert offered_versions(contexts.current) == ["1.2", "1.3"]


# Sessions


@VERSIONS
@pytest.mark.parametrize("second", ["a.test", "b.test"])
def test_a_session_is_resumed_whichever_certificate_it_began_with(
    second: str, version: ssl.TLSVersion, load: Load, client: ssl.SSLContext
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts = ServerContexts([load("a.test"), load("b.test")])
    first = meet(client, contexts.current, "b.test")
    again = meet(client, contexts.current, second, first.session)
    assert (first.server.session_reused, again.server.session_reused) == (False, True)


@VERSIONS
def test_a_session_is_resumed_after_its_certificate_was_replaced(
    version: ssl.TLSVersion, load: Load, client: ssl.SSLContext
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts = ServerContexts([load("a.test")])
    first = meet(client, contexts.current)
    contexts.replace([load("a.test")])
    assert meet(client, contexts.current, session=first.session).server.session_reused
    fresh = meet(client, contexts.current)
    assert not fresh.server.session_reused
    shown = [met.client.getpeercert(binary_form=True) for met in (first, fresh)]
    assert shown[0] != shown[1]


@VERSIONS
def test_with_other_ticket_keys_the_handshake_is_a_full_one_and_no_failure(
    version: ssl.TLSVersion, load: Load, client: ssl.SSLContext
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts = ServerContexts([load("a.test")])
    first = meet(client, contexts.current)
    contexts.renew_ticket_keys()
    second = meet(client, contexts.current, session=first.session)
    assert not second.server.session_reused
    assert meet(client, contexts.current, session=second.session).server.session_reused


@VERSIONS
def test_without_tickets_nothing_is_resumed(
    version: ssl.TLSVersion, load: Load, client: ssl.SSLContext
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts = ServerContexts([load("a.test")], session_tickets=0)
    first = meet(client, contexts.current)
    if first.session.has_ticket:
        assert not meet(client, contexts.current, session=first.session).server.session_reused
    assert contexts.current.num_tickets == 0


def test_the_count_of_tickets_is_what_was_asked_for(load: Load) -> None:
    assert ServerContexts([load("a.test")]).current.num_tickets == 2
    assert ServerContexts([load("a.test")], session_tickets=5).current.num_tickets == 5


# Replacing


def test_a_connection_in_the_handshake_keeps_the_certificate_that_it_was_given(
    load: Load, client: ssl.SSLContext
) -> None:
    contexts = ServerContexts([load("a.test")])
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="a.test")
    theirs = contexts.current.wrap_bio(to_server, to_client, server_side=True)
    with pytest.raises(ssl.SSLWantReadError):
        ours.do_handshake()
    with pytest.raises(ssl.SSLWantReadError):
        theirs.do_handshake()
    contexts.replace([load("b.test")])
    ours.do_handshake()
    theirs.do_handshake()
    certificate = ours.getpeercert()
    assert certificate
    assert certificate["subjectAltName"] == (("DNS", "a.test"),)


# Clients with certificates


@pytest.fixture
def client_authority() -> trustme.CA:
    return trustme.CA()


def contexts_for_clients(load: Load, authority: trustme.CA) -> tuple[ServerContexts, str]:
    """Return the contexts of a.test, for clients of ``authority``, and that in PEM."""
    pem = pem_of(authority)
    return ServerContexts([load("a.test", clients=pem)], client_authorities=pem), pem


def with_certificate(client: ssl.SSLContext, authority: trustme.CA) -> ssl.SSLContext:
    authority.issue_cert("ada@example.org", common_name="Ada Lovelace").configure_cert(client)
    return client


async def tell_tls(request: Request) -> Response:
    assert request.tls is not None
    client = request.tls.client
    return Response.text(f"{request.tls.server_name} {client and client.sha256}")


async def ask(client: ssl.SSLContext, server: ssl.SSLContext) -> str:
    """Return what a handler is told of the connection."""
    async with open_connection(tell_tls, server_context=server) as transport:
        stream = trio.SSLStream(transport, client, server_hostname="a.test")
        return (await Peer(stream).ask()).body.decode()


@VERSIONS
async def test_a_verified_certificate_is_told_to_the_handler(
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
    client_authority: trustme.CA,
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts, _ = contexts_for_clients(load, client_authority)
    assert await ask(client, contexts.current) == "a.test None"
    issued = client_authority.issue_cert("ada@example.org", common_name="Ada Lovelace")
    issued.configure_cert(client)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    assert await ask(client, contexts.current) == f"a.test {sha256(der).hexdigest()}"


@VERSIONS
def test_a_resumed_session_has_the_certificate_of_the_handshake(
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
    client_authority: trustme.CA,
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts, pem = contexts_for_clients(load, client_authority)
    with_certificate(client, client_authority)
    first = meet(client, contexts.current)
    contexts.replace([load("a.test", clients=pem)])
    again = meet(client, contexts.current, session=first.session)
    assert again.server.session_reused
    assert again.server.getpeercert()
    assert again.server.getpeercert() == first.server.getpeercert()


@VERSIONS
def test_a_certificate_of_another_authority_ends_the_handshake(
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
    client_authority: trustme.CA,
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts, _ = contexts_for_clients(load, client_authority)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        meet(with_certificate(client, trustme.CA()), contexts.current)


@VERSIONS
def test_with_other_authorities_no_session_from_before_is_resumed(
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
    client_authority: trustme.CA,
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts, _ = contexts_for_clients(load, client_authority)
    other_pem = pem_of(trustme.CA())
    first = meet(with_certificate(client, client_authority), contexts.current)
    contexts.replace_all([load("a.test", clients=other_pem)], other_pem)
    with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        meet(client, contexts.current, session=first.session)


@VERSIONS
@pytest.mark.parametrize("name", ["a.test", None])
@pytest.mark.parametrize("has_session", [True, False])
def test_a_connection_that_began_with_other_authorities_is_refused(
    has_session: bool,
    name: str | None,
    version: ssl.TLSVersion,
    load: Load,
    client: ssl.SSLContext,
    client_authority: trustme.CA,
) -> None:
    """It could resume a session by the ticket keys of that time."""
    client.minimum_version = client.maximum_version = version
    contexts, pem = contexts_for_clients(load, client_authority)
    beginning = contexts.current
    session = meet(with_certificate(client, client_authority), beginning).session
    other_pem = pem_of(trustme.CA())
    contexts.replace_all([load("a.test", clients=other_pem)], other_pem)
    with pytest.raises(ssl.SSLError, match="CALLBACK_FAILED"):
        meet(client, beginning, name, session if has_session else None)
    contexts.replace_all([load("a.test", clients=pem)], pem)
    assert meet(client, contexts.current).server.getpeercert()


def test_a_connection_that_began_with_other_ticket_keys_goes_on(
    load: Load, client: ssl.SSLContext
) -> None:
    contexts = ServerContexts([load("a.test")])
    beginning = contexts.current
    contexts.renew_ticket_keys()
    assert names_of(meet(client, beginning)) == ["a.test"]


@VERSIONS
def test_where_all_are_refused_nobody_comes_in_until_there_are_authorities(
    version: ssl.TLSVersion, load: Load, client: ssl.SSLContext, client_authority: trustme.CA
) -> None:
    client.minimum_version = client.maximum_version = version
    contexts, pem = contexts_for_clients(load, client_authority)
    session = meet(with_certificate(client, client_authority), contexts.current).session
    contexts.refuse_all()
    for each in (None, session):
        with pytest.raises(ssl.SSLError, match="CALLBACK_FAILED"):
            meet(client, contexts.current, session=each)
    with pytest.raises(ConfigError):
        contexts.renew_ticket_keys()
    contexts.replace_all([load("a.test", clients=pem)], pem)
    assert not meet(client, contexts.current, session=session).server.session_reused


def test_authorities_that_are_none_replace_nothing(
    load: Load, client: ssl.SSLContext, client_authority: trustme.CA
) -> None:
    contexts, pem = contexts_for_clients(load, client_authority)
    before = contexts.current
    with pytest.raises(ConfigError, match="the authorities of clients: OpenSSL can't use them"):
        contexts.replace_all([load("b.test", clients=pem)], "no PEM")
    assert contexts.current is before
    assert names_of(meet(client, before)) == ["a.test"]
    contexts.renew_ticket_keys()  # with the authorities from before
    meet(with_certificate(client, client_authority), contexts.current)


def test_each_change_is_known_by_another_state(load: Load) -> None:
    contexts = ServerContexts([load("a.test")])
    states = [contexts.state]
    assert contexts.state is states[0]
    changes: list[Callable[[], None]] = [
        lambda: contexts.replace([load("b.test")]),
        contexts.renew_ticket_keys,
        lambda: contexts.replace_all([load("a.test")], None),
        contexts.refuse_all,
    ]
    for change in changes:
        change()
        assert all(contexts.state is not state for state in states)
        states.append(contexts.state)


def test_a_state_tells_whether_clients_are_trusted_as_they_were_then(
    load: Load, authority: trustme.CA, client_authority: trustme.CA
) -> None:
    contexts, trusted = contexts_for_clients(load, client_authority)
    before = contexts.state
    contexts.replace([load("b.test", clients=trusted)])
    contexts.renew_ticket_keys()
    assert contexts.trusts_as(before)
    other = pem_of(authority)
    contexts.replace_all([load("a.test", clients=other)], other)
    assert not contexts.trusts_as(before)
    contexts.refuse_all()
    assert not contexts.trusts_as(before)
