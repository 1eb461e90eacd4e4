"""From settings to a server that runs until a signal ends it, a step at a time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import trio

import trio_https

from ..certificates.description import CertificateDescription
from ..certificates.local_names import is_public_name
from ..certificates.local_network import LocalNetwork, lan_names
from ..errors import ConfigError, without_groups
from ..handlers.client_certificates import with_client_certificates
from ..handlers.connection_info import with_connection_info
from ..handlers.known_hosts import with_known_hosts
from ..identities.served import Identities
from ..messages import Handler
from ..rehearsal import offered_versions
from ..server import serve
from .console import paint, say, step
from .folder import first_path, open_pages, refuse_private_files, refuse_secrets_among_pages
from .identity import Identity, IdentityOptions, open_identity, private_places
from .lan import Exposure, open_local_network
from .network_options import NetworkOptions
from .page_options import PageOptions
from .plain_http import PlainHTTP
from .running import run_until_signal

__all__ = ["Listen", "serve_pages"]

_HANDSHAKE_PAGE = "handshake.html"


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen, and for which names."""

    host: str
    port: int
    allowed_hosts: tuple[str, ...] | None
    """Besides those in the certificate; None: for any."""


def serve_pages(
    pages: Path | None,
    options: PageOptions,
    identity_options: IdentityOptions,
    listen: Listen,
    network_options: NetworkOptions,
    workers: int = 1,
) -> None:
    """Serve until SIGINT or SIGTERM, in this process or in several ``workers``.

    Raises ``ConfigError`` for what the user got wrong.
    """
    started = time.monotonic()
    root, handler = open_pages(pages, options)
    if identity_options.tls.keylog is not None:  # before it is there
        refuse_secrets_among_pages(root, identity_options.tls.keylog)
    network = open_local_network() if network_options.lan else LocalNetwork()
    identity = open_identity(identity_options, lan_names if network_options.lan else None)
    if options.hsts:
        _check_hsts(identity.served.names)
    refuse_private_files(root, (*identity.private_files, *private_places()))
    # What costs memory for each connection is for the pages that show it.
    record_handshakes = (root / _HANDSHAKE_PAGE).is_file()
    handler = _with_own_pages(handler, identity.served, handshake=record_handshakes)
    for_known_hosts = _restriction(listen, identity.served, network)
    handler = for_known_hosts(handler)
    if identity_options.client_required:
        handler = with_client_certificates(handler)
    _rehearse(identity.served)
    if identity_options.tls.keylog is not None:
        _warn_of_secrets(identity_options.tls.keylog)
    plain = PlainHTTP(
        options=network_options,
        host=listen.host,
        port=listen.port,
        path=first_path(options.prefix),
        authority=identity.authority,
        for_known_hosts=for_known_hosts,
    )
    exposure = None
    if network_options.lan:
        exposure = Exposure(network=network, pages=root, path=plain.path)
    run = _run_here if workers == 1 else partial(_run_workers, workers)
    run(handler, listen, record_handshakes, identity, plain, exposure, started=started)


def _run_here(
    handler: Handler,
    listen: Listen,
    record_handshakes: bool,
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    serving = partial(
        serve,
        handler,
        host=listen.host,
        port=listen.port,
        tls=identity.served,
        record_handshakes=record_handshakes,
    )
    try:
        trio.run(partial(run_until_signal, serving, identity, plain, exposure, started=started))
    except ExceptionGroup as group:
        raise without_groups(group) from None


def _run_workers(
    count: int,
    handler: Handler,
    listen: Listen,
    record_handshakes: bool,
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    from .serve_workers import WorkerSettings, supervise_until_signal  # few need it

    settings = WorkerSettings(
        count=count,
        handler=handler,
        host=listen.host,
        port=listen.port,
        record_handshakes=record_handshakes,
    )
    supervise_until_signal(settings, identity, plain, exposure, started=started)


def _with_own_pages(handler: Handler, served: Identities, *, handshake: bool) -> Handler:
    """Return ``handler`` with what the welcome pages ask for beside it."""
    handler = with_connection_info(
        handler,
        server=f"trio_https {trio_https.__version__}",
        certificate=lambda server_name: _certificate_facts(served.describe(server_name)),
    )
    if not handshake:
        return handler
    # Here, because it loads all that can be told of a handshake, which few folders ask for.
    from ..handshake.visitor_info import with_handshake_info

    return with_handshake_info(handler, shown=served.describe)


def _rehearse(served: Identities) -> None:
    """Try a handshake in memory, and tell the step."""
    with step("TLS") as told:
        versions = offered_versions(served.contexts.current)
        if not versions:
            raise ConfigError(
                "TLS: no handshake succeeds with this certificate on this OpenSSL. Give one with an"
                " ECDSA P-256 or an RSA key."
            )
        told.detail = f"{' and '.join(versions)}, ALPN http/1.1"


def _restriction(
    listen: Listen, served: Identities, network: LocalNetwork
) -> Callable[[Handler], Handler]:
    """Return what keeps a handler from answering for hosts that the server is not known by."""
    if listen.allowed_hosts is None:
        return lambda handler: handler
    others = (*network.names, *listen.allowed_hosts)
    return partial(with_known_hosts, hosts=lambda: served.names + others)


def _check_hsts(names: Sequence[str]) -> None:
    # RFC 6797 §8.2: it holds for a host, whatever the port, and outlives the server.
    if not any(map(is_public_name, names)):
        raise ConfigError(
            f"--hsts: the certificate is for {', '.join(names) or 'no name'}, and for"
            " no public name. Browsers would refuse plain HTTP on every port of this host then,"
            " from whatever program. Leave it out, or give a certificate with --cert that has a"
            " public name."
        )


def _warn_of_secrets(keylog: Path) -> None:
    say(paint(f"          (the secrets of all connections go to {keylog}:", "yellow"))
    say(paint("          whoever reads it can read all that is said in them)", "yellow"))


def _certificate_facts(certificate: CertificateDescription) -> dict[str, object]:
    return asdict(certificate) | {
        "not_before": f"{certificate.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
    }
