"""The handshake of a visitor, from what the server has recorded on the wire."""

import json
import ssl
from collections.abc import Sequence
from typing import Any

import pytest
import trio
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from trio_https import Request, Response
from trio_https.certificates.description import CertificateDescription, describe_certificate
from trio_https.flights import Flight, FlightRecorder
from trio_https.handshake.visitor import describe_visit
from trio_https.handshake.visitor_info import HANDSHAKE_INFO_PATH, with_handshake_info
from trio_https.messages import TLSInfo
from trio_https.testing import open_connection

from ..peer import Peer, Reply
from .talking import greet


@pytest.fixture(scope="session")
def shown(authority: trustme.CA) -> CertificateDescription:
    pem = authority.issue_cert("localhost").cert_chain_pems[0].bytes()
    return describe_certificate(x509.load_pem_x509_certificate(pem))


async def visit(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    shown: CertificateDescription,
    *,
    headers: Sequence[tuple[str, str]] = (),
    record: bool = True,
) -> Reply:
    names: list[str | None] = []

    def choose(name: str | None) -> CertificateDescription:
        names.append(name)
        return shown

    handler = with_handshake_info(greet, shown=choose)
    async with open_connection(
        handler, server_context=server_context, record_handshakes=record
    ) as stream:
        tls = trio.SSLStream(stream, client_context, server_hostname="localhost")
        reply = await Peer(tls).ask(HANDSHAKE_INFO_PATH, headers=headers)
    assert names in ([], [None])  # the context is not one of ours, which know the name
    return reply


def titles(story: dict[str, Any]) -> list[str]:
    return [step["title"] for step in story["steps"]]


async def test_tls_13_is_told_though_most_of_it_is_encrypted(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    reply = await visit(server_context, client_context, shown)
    story = json.loads(reply.body)
    assert titles(story) == [
        "ClientHello",
        "ServerHello",
        "Both sides make the keys",
        "EncryptedExtensions",
        "Certificate",
        "CertificateVerify",
        "Finished",
        "The client checks the certificate",
        "Finished",
        "Both sides make the keys",
    ]
    assert story["version"] == "TLSv1.3"
    assert story["resumed"] is False
    certificate = story["steps"][4]
    assert certificate["is_sealed"]
    assert ("SHA-256", shown.sha256) in [(f["name"], f["value"]) for f in certificate["facts"]]
    assert story["round_trip"] > 0


async def test_tls_12_is_told_as_it_was_sent(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    story = json.loads((await visit(server_context, client_context, shown)).body)
    assert titles(story)[:6] == [
        "ClientHello",
        "ServerHello",
        "Certificate",
        "ServerKeyExchange",
        "ServerHelloDone",
        "The client checks the certificate",
    ]
    assert "ChangeCipherSpec" in titles(story)


async def test_a_resumed_session_is_told_without_a_certificate(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    tls = TLSInfo(
        version="TLSv1.3",
        cipher_suite="TLS_AES_128_GCM_SHA256",
        alpn="http/1.1",
        resumed=True,
        flights=await record_flights(server_context, client_context),
    )
    story = describe_visit(tls, lambda _name: shown)
    assert "Certificate" not in titles(story)
    assert titles(story).count("Finished") == 2


async def record_flights(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> tuple[Flight, ...]:
    kept: list[tuple[Flight, ...]] = []

    async def keep(request: Request) -> Response:
        assert request.tls is not None
        kept.append(request.tls.flights)
        return Response.text("")

    async with open_connection(
        keep, server_context=server_context, record_handshakes=True
    ) as stream:
        tls = trio.SSLStream(stream, client_context, server_hostname="localhost")
        await Peer(tls).ask("/")
    return kept[0]


async def test_what_comes_after_the_handshake_is_not_recorded(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    flights = await record_flights(server_context, client_context)
    assert [flight.sender for flight in flights] == ["client", "server", "client"]
    # Finished and ChangeCipherSpec at most: a request would be longer.
    assert len(flights[-1].octets) < 100


async def test_without_a_record_there_is_nothing_to_tell(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    reply = await visit(server_context, client_context, shown, record=False)
    assert (reply.status, reply.body) == (200, b"null")


async def test_another_site_learns_nothing(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    headers = [("Sec-Fetch-Site", "cross-site")]
    reply = await visit(server_context, client_context, shown, headers=headers)
    assert reply.status == 403


async def test_nobody_keeps_the_answer(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, shown: CertificateDescription
) -> None:
    reply = await visit(server_context, client_context, shown)
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


@given(octets=st.lists(st.binary(max_size=60), max_size=6), resumed=st.booleans())
def test_any_octets_give_a_story(octets: list[bytes], resumed: bool) -> None:
    flights = tuple(
        Flight("client" if number % 2 == 0 else "server", float(number), piece)
        for number, piece in enumerate(octets)
    )
    tls = TLSInfo(version="", cipher_suite="", alpn=None, resumed=resumed, flights=flights)
    json.dumps(describe_visit(tls, unknown))


def unknown(_server_name: str | None) -> CertificateDescription:
    raise AssertionError("asked for a certificate that the client was not shown")


# What is kept


def test_a_recorder_keeps_no_more_than_it_has_room_for() -> None:
    recorder = FlightRecorder()
    for _ in range(10):
        recorder.record("client", b"x" * 5000, at=0.0)
    assert sum(len(flight.octets) for flight in recorder.flights) == 16 * 1024


def test_a_recorder_keeps_no_more_than_so_many_flights() -> None:
    recorder = FlightRecorder()
    for _ in range(1000):
        recorder.record("client", b"x", at=0.0)
    assert len(recorder.flights) == 64


def test_a_recorder_that_is_stopped_keeps_nothing_more() -> None:
    recorder = FlightRecorder()
    recorder.record("client", b"kept", at=0.0)
    recorder.stop()
    recorder.record("client", b"not kept", at=1.0)
    assert recorder.flights == (Flight("client", 0.0, b"kept"),)


def test_a_recorder_has_a_copy_of_its_own() -> None:
    """SSLStream reuses its buffer."""
    recorder, buffer = FlightRecorder(), bytearray(b"sent")
    recorder.record("server", buffer, at=0.0)
    buffer[:] = b"next"
    assert recorder.flights[0].octets == b"sent"
