"""From what was met to what is said: each thing that stops a browser, by a server that has it."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio
import trustme

from trio_https import Request, Response
from trio_https.certificates.new_certificate import issue_self_signed
from trio_https.certificates.template import template_for_names
from trio_https.doctor.diagnosis import diagnose_visits
from trio_https.doctor.findings import Finding
from trio_https.doctor.visits import Visit
from trio_https.handshake.dialogue import Dialogue, Offer, hold_dialogue, open_client_context
from trio_https.testing import open_connection

HOME = Visit(name="localhost", address="127.0.0.1", port=8443)
OTHER_HOME = replace(HOME, address="::1")


def now() -> datetime:
    """Return the time of a test, which may be long after that of this module."""
    return datetime.now(UTC)


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """A context whose certificate nobody objects to, for it doesn't last for ever."""
    month = timedelta(days=30)
    certificate = authority.issue_cert(
        "localhost", not_before=now() - month, not_after=now() + month
    )
    return make_context(certificate)


def make_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def answer_as_ours(_request: Request, /) -> Response:
    return Response.json({"server": "trio_https"})


async def meet(
    context: ssl.SSLContext,
    handler: Callable[[Request], Awaitable[Response]] = answer_as_ours,
    *,
    name: str = "localhost",
) -> Visit:
    """Visit a server in memory as the doctor does: with checks, and without where they fail."""
    checked = dialogue = await talk(context, handler, check=True)
    if checked.distrust:
        dialogue = await talk(context, handler, check=False)
    return replace(HOME, name=name, dialogue=dialogue, distrust=checked.distrust)


async def talk(
    context: ssl.SSLContext, handler: Callable[[Request], Awaitable[Response]], *, check: bool
) -> Dialogue:
    request = b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with open_connection(handler, server_context=context) as stream:  # type: ignore[arg-type]
        client = open_client_context(Offer(), check=check)
        return await hold_dialogue(stream, client, "localhost", request=request)


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def the_problem(findings: list[Finding]) -> str:
    [found] = [finding.text for finding in findings if finding.kind == "problem"]
    return found


@pytest.mark.usefixtures("trusted")
async def test_a_server_that_all_is_well_with_is_told_as_that(
    server_context: ssl.SSLContext,
) -> None:
    findings = diagnose_visits([await meet(server_context)], now=now())
    assert kinds(findings) == ["ok"]
    assert "TLSv1.3" in findings[0].text


async def test_an_authority_that_is_not_trusted_leads_to_trust(
    server_context: ssl.SSLContext,
) -> None:
    problem = the_problem(diagnose_visits([await meet(server_context)], now=now()))
    assert "unable to get local issuer certificate" in problem
    assert "trio-https trust" in problem


async def test_a_certificate_that_signed_itself_does_not_lead_to_trust(tmp_path: Path) -> None:
    made = issue_self_signed(template_for_names(["localhost"]), lifetime=timedelta(90), now=now())
    pem = tmp_path / "server.pem"
    pem.write_bytes(made.key + made.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    problem = the_problem(diagnose_visits([await meet(context)], now=now()))
    assert "import it where you browse" in problem
    assert "trio-https trust" not in problem


@pytest.mark.usefixtures("trusted")
async def test_a_name_that_is_not_in_the_certificate_is_told(
    server_context: ssl.SSLContext,
) -> None:
    visit = await meet(server_context, name="laptop.local")
    problem = the_problem(diagnose_visits([visit], now=now()))
    assert problem.startswith(
        "https://laptop.local:8443: the certificate is not for laptop.local, only for"
    )


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_has_expired_is_told(authority: trustme.CA) -> None:
    expired = authority.issue_cert("localhost", not_after=now() - timedelta(days=1))
    findings = diagnose_visits([await meet(make_context(expired))], now=now())
    assert any("has expired" in f.text for f in findings if f.kind == "problem")


@pytest.mark.usefixtures("trusted")
async def test_a_clock_that_differs_from_the_servers_is_told(
    server_context: ssl.SSLContext,
) -> None:
    later = now() + timedelta(minutes=10)
    problem = the_problem(diagnose_visits([await meet(server_context)], now=later))
    assert "the server's clock says" in problem


@pytest.mark.usefixtures("trusted")
async def test_a_clock_before_the_certificate_begins_is_told(
    server_context: ssl.SSLContext,
) -> None:
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    findings = diagnose_visits([await meet(server_context)], now=long_ago)
    assert any("set this machine's clock" in f.text for f in findings if f.kind == "problem")


@pytest.mark.usefixtures("trusted")
async def test_another_program_that_answers_is_told(server_context: ssl.SSLContext) -> None:
    async def other(_request: Request, /) -> Response:
        return Response.text("It works!")

    findings = diagnose_visits([await meet(server_context, other)], now=now())
    assert kinds(findings) == ["note", "ok"]
    assert "another program than trio-https" in findings[0].text


@pytest.mark.usefixtures("trusted")
async def test_a_name_that_the_server_does_not_answer_to_is_told(
    server_context: ssl.SSLContext,
) -> None:
    async def refuse(_request: Request, /) -> Response:
        return Response.text("not here", 421)

    problem = the_problem(diagnose_visits([await meet(server_context, refuse)], now=now()))
    assert "--allow-host localhost" in problem


def test_a_port_where_nobody_listens_is_told_with_what_to_do() -> None:
    visits = [replace(visit, refusal="connection refused") for visit in (HOME, OTHER_HOME)]
    findings = diagnose_visits(visits, now=now())
    assert kinds(findings) == ["problem", "problem"]
    assert "https://localhost:8443 at 127.0.0.1: connection refused" in findings[0].text
    assert "Start trio-https" in findings[0].text


@pytest.mark.usefixtures("trusted")
async def test_one_address_of_two_is_enough_for_a_browser(server_context: ssl.SSLContext) -> None:
    refused = replace(OTHER_HOME, refusal="connection refused")
    findings = diagnose_visits([refused, await meet(server_context)], now=now())
    assert kinds(findings) == ["note", "ok"]
    assert "IPv6" in findings[0].text


def test_what_speaks_no_tls_is_told() -> None:
    visit = replace(HOME, no_handshake="what answers there is not TLS")
    assert "Does another program listen there?" in the_problem(diagnose_visits([visit], now=now()))


@pytest.mark.usefixtures("trusted")
async def test_what_speaks_no_http_is_told(server_context: ssl.SSLContext) -> None:
    visit = await meet(server_context)
    assert visit.dialogue is not None
    for answer, said in [(b"", "says nothing"), (b"220 ready\r\n", "is not HTTP")]:
        other = replace(visit, dialogue=replace(visit.dialogue, answer=answer))
        assert said in the_problem(diagnose_visits([other], now=now()))


async def test_what_two_addresses_have_in_common_is_told_once(
    server_context: ssl.SSLContext,
) -> None:
    visit = await meet(server_context)
    findings = diagnose_visits([visit, replace(visit, address="::1")], now=now())
    assert len(findings) == len(set(findings)) == 1
    await trio.lowlevel.checkpoint()
