"""From settings to a server that runs until a signal ends it, a step at a time."""

import shlex
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

import trio

import trio_https

from ..certificates.description import CertificateDescription
from ..certificates.local_names import is_public_name
from ..certificates.local_network import LocalNetwork, lan_names
from ..errors import ConfigError, without_groups
from ..handlers.client_certificates import with_client_certificates
from ..handlers.connection_info import with_connection_info
from ..handlers.known_hosts import with_known_hosts
from ..handshake.visitor_info import with_handshake_info
from ..identities.served import Identities
from ..messages import Handler
from ..pages.handler import Pages
from ..rehearsal import offered_versions, why_untrusted
from ..server import Server, serve
from .console import paint, say, step
from .identity import Identity, IdentityOptions, open_identity, private_places
from .lan import Exposure, announce_exposure, open_local_network
from .network_options import NetworkOptions
from .page_options import PageOptions
from .plain_http import PlainHTTP, start_plain_servers

__all__ = ["Listen", "serve_pages"]

_HANDSHAKE_PAGE = "handshake.html"
_DEFAULT_PAGES = Path("pages")
_GRACE_SECONDS = 10
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
) -> None:
    """Serve until SIGINT or SIGTERM. Raises ``ConfigError`` for what the user got wrong."""
    started = time.monotonic()
    with step("Pages") as told:
        root, told.detail = _choose_pages(pages)
        handler = _make_handler(root, options)
        told.detail += _why_no_first_page(root, options)
    if identity_options.tls.keylog is not None:  # before it is there
        _refuse_secrets_among_pages(root, identity_options.tls.keylog)
    network = open_local_network() if network_options.lan else LocalNetwork()
    identity = open_identity(identity_options, lan_names if network_options.lan else None)
    if options.hsts:
        _check_hsts(identity.served.names)
    _refuse_private_files(root, (*identity.private_files, *private_places()))
    handler = with_connection_info(
        handler,
        server=f"trio_https {trio_https.__version__}",
        certificate=lambda server_name: _certificate_facts(identity.served.describe(server_name)),
    )
    # What costs memory for each connection is for the pages that show it.
    record_handshakes = (root / _HANDSHAKE_PAGE).is_file()
    if record_handshakes:
        handler = with_handshake_info(handler, shown=identity.served.describe)
    for_known_hosts = _restriction(listen, lambda: (*identity.served.names, *network.names))
    handler = for_known_hosts(handler)
    if identity_options.client_required:
        handler = with_client_certificates(handler)
    with step("TLS") as told:
        versions = offered_versions(identity.served.contexts.current)
        if not versions:
            raise ConfigError(
                "TLS: no handshake succeeds with this certificate on this OpenSSL. Give one with an"
                " ECDSA P-256 or an RSA key."
            )
        told.detail = f"{' and '.join(versions)}, ALPN http/1.1"
    if identity_options.tls.keylog is not None:
        _warn_of_secrets(identity_options.tls.keylog)
    plain = PlainHTTP(
        options=network_options,
        host=listen.host,
        port=listen.port,
        path=_first_path(options.prefix),
        authority=identity.authority,
        for_known_hosts=for_known_hosts,
    )
    exposure = Exposure(network=network, pages=root, path=plain.path)
    serving = partial(
        serve,
        handler,
        host=listen.host,
        port=listen.port,
        tls=identity.served,
        record_handshakes=record_handshakes,
    )
    try:
        serve_until_signal = partial(_serve_until_signal, serving, identity, plain)
        exposed = exposure if network_options.lan else None
        trio.run(partial(serve_until_signal, exposed, started=started))
    except ExceptionGroup as group:
        raise without_groups(group) from None


def _restriction(
    listen: Listen, names: Callable[[], Iterable[str]]
) -> Callable[[Handler], Handler]:
    """Return what keeps a handler from answering for hosts that the server is not known by."""
    allowed = listen.allowed_hosts
    if allowed is None:
        return lambda handler: handler
    return partial(with_known_hosts, hosts=lambda: (*names(), *allowed))


def _make_handler(root: Path, options: PageOptions) -> Handler:
    return Pages(
        root,
        prefix=options.prefix,
        index_names=options.index,
        pretty_urls=not options.exact_urls,
        spa=options.spa,
        listing=options.listing,
        follow_links=options.follow_links,
        etag=options.etag,
        compress=options.compress,
        hsts=options.hsts,
    )


def _why_no_first_page(root: Path, options: PageOptions) -> str:
    """Return what to say of a folder that has nothing to show at its own URL."""
    if options.listing or any((root / name).is_file() for name in options.index):
        return ""
    return f" (no {' or '.join(options.index)} here; --listing shows what there is)"


def _first_path(prefix: str) -> str:
    """Return the path of the first page, as it stands in a URL."""
    return "/" + quote(prefix.strip("/") + "/").lstrip("/")


def _check_hsts(names: Sequence[str]) -> None:
    # RFC 6797 §8.2: it holds for a host, whatever the port, and outlives the server.
    if not any(map(is_public_name, names)):
        raise ConfigError(
            f"--hsts: the certificate is for {', '.join(names) or 'no name'}, and for"
            " no public name. Browsers would refuse plain HTTP on every port of this host then,"
            " from whatever program. Leave it out, or give a certificate with --cert that has a"
            " public name."
        )


def _choose_pages(pages: Path | None) -> tuple[Path, str]:
    if pages is not None:
        return pages, str(pages)
    if _DEFAULT_PAGES.is_dir():
        return _DEFAULT_PAGES, f"{_DEFAULT_PAGES}, found in this folder"
    return _welcome_pages(), "the built-in welcome pages; name a folder to serve your own"


def _welcome_pages() -> Path:
    package = Path(trio_https.__file__).parent
    shipped = package / "welcome_pages"
    return shipped if shipped.is_dir() else package.parent / "pages"  # in a checkout


def _refuse_private_files(root: Path, private_files: Iterable[Path]) -> None:
    resolved = root.resolve()
    for path in private_files:
        if path.resolve().is_relative_to(resolved):
            raise ConfigError(
                f"{root}: holds {path}, and with it a private key that everybody could read then."
                " Serve another folder, or keep the key outside of it."
            )


def _refuse_secrets_among_pages(root: Path, keylog: Path) -> None:
    if keylog.resolve().is_relative_to(root.resolve()):
        raise ConfigError(
            f"--keylog: {keylog} would be among the pages in {root}. Name a file outside of it."
        )


def _warn_of_secrets(keylog: Path) -> None:
    say(paint(f"          (the secrets of all connections go to {keylog}:", "yellow"))
    say(paint("          whoever reads it can read all that is said in them)", "yellow"))


def _certificate_facts(certificate: CertificateDescription) -> dict[str, object]:
    return asdict(certificate) | {
        "not_before": f"{certificate.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{certificate.not_after:%Y-%m-%dT%H:%M:%SZ}",
    }


async def _serve_until_signal(
    serving: Callable[..., Awaitable[None]],
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    # What they mean again afterwards: one that comes too late to be heeded ends nothing.
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with trio.open_signal_receiver(*_STOP_SIGNALS) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(_reload_on_signal, identity.served)
            with step("Listening") as told:
                server: Server = await nursery.start(serving)
                told.detail = ", ".join(str(address) for address in server.addresses)
            others = await start_plain_servers(nursery, plain, https_port=server.port)
            with step("Ready") as told:
                host = urlsplit(server.urls[0]).hostname or ""
                distrust = why_untrusted(identity.served.contexts.current, host)
                told.detail = f"after {time.monotonic() - started:.2f} s; Ctrl-C stops it"
            urls = [url.removesuffix("/") + plain.path for url in server.urls]
            _announce(urls, identity, distrust)
            if exposure is not None:
                announce_exposure(exposure, server, others.ca_page, qr=plain.options.qr)
            servers = [each for each in (server, others.redirect, others.ca_page) if each]
            nursery.start_soon(_stop_on_signals, signals, servers, nursery.cancel_scope)


async def _reload_on_signal(
    served: Identities, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Load the certificates anew on SIGHUP, where the system has it."""
    if sys.platform == "win32":
        task_status.started()
        return
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _number in signals:
            await served.reload()


async def _stop_on_signals(
    signals: AsyncIterator[int], servers: Iterable[Server], everything: trio.CancelScope
) -> None:
    """Stop gracefully on the first signal, at once on the second."""
    await anext(signals)
    say(f"Stopping: requests have {_GRACE_SECONDS} s to finish; Ctrl-C again stops at once.")

    async def stop_at_once() -> None:
        await anext(signals)
        everything.cancel(reason="second signal")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_at_once)
        async with trio.open_nursery() as stopping:
            for server in servers:
                stopping.start_soon(server.stop, _GRACE_SECONDS)
        nursery.cancel_scope.cancel(reason="stopped")
    everything.cancel(reason="stopped")  # what waits for signals
    say("Stopped.")


def _announce(urls: Sequence[str], identity: Identity, distrust: str | None) -> None:
    say()
    for url in urls:
        say(f"  {paint(url, 'cyan', bold=True)}")
    say()
    if distrust is None:
        say("  Trusted by this machine's clients.")
    else:
        say(f"  Not trusted by this machine's clients yet: {distrust}.")
        if identity.authority is not None:
            say("  Run trio-https trust, and they and your browsers do.")
    if identity.authority is not None:
        say("  The certificate authority to be trusted, which is yours alone:")
        say(f"    file     {identity.authority.path}")
        say(f"    SHA-256  {identity.authority.sha256}")
        say(f"  Or try:  curl --cacert {shlex.quote(str(identity.authority.path))} {urls[0]}")
    say()
