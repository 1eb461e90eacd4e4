"""Who has shown no certificate, or one that is over by now, is told so, and the handler is not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from trio_https import (
    ClientCertificate,
    HTTPError,
    Request,
    Response,
    TLSInfo,
    with_client_certificates,
)
from trio_https.testing import open_connection

from .peer import Peer

ADA = ClientCertificate(
    subject="CN=Ada",
    names=(),
    sha256="ab" * 32,
    serial_number="01",
    not_after=datetime.now(UTC) + timedelta(hours=1),
)
TLS = TLSInfo(version="TLSv1.3", cipher_suite="", alpn=None, resumed=False)


async def greet(request: Request) -> Response:
    assert request.tls is not None
    assert request.tls.client is not None
    return Response.text(f"hello {request.tls.client.subject}")


@pytest.fixture
async def request_without_tls() -> AsyncIterator[Request]:
    received: list[Request] = []

    async def keep(request: Request) -> Response:
        received.append(request)
        return Response()

    async with open_connection(keep) as stream:
        await Peer(stream).ask()
        yield received[0]


async def test_who_has_shown_one_is_answered(request_without_tls: Request) -> None:
    request = replace(request_without_tls, tls=replace(TLS, client=ADA))
    response = await with_client_certificates(greet)(request)
    assert isinstance(response, Response)
    assert response.body == b"hello CN=Ada"


@pytest.mark.parametrize("tls", [None, TLS], ids=["no TLS", "none shown"])
async def test_who_has_shown_none_is_told_what_to_do(
    tls: TLSInfo | None, request_without_tls: Request
) -> None:
    request = replace(request_without_tls, tls=tls)
    with pytest.raises(HTTPError, match=r"yours has shown none\. Import") as refusal:
        await with_client_certificates(greet)(request)
    assert refusal.value.status == 403


async def test_one_that_has_expired_on_a_connection_that_goes_on_is_refused(
    request_without_tls: Request,
) -> None:
    over = replace(ADA, not_after=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    request = replace(request_without_tls, tls=replace(TLS, client=over))
    with pytest.raises(HTTPError, match="has expired, on 2026-01-02 03:04 UTC") as refusal:
        await with_client_certificates(greet)(request)
    assert refusal.value.status == 403
