"""Several certificates behind one listener, each in a context of its own.

Every connection begins with the context ``current``, which has no certificate. When its client has
said for which name it comes (SNI, RFC 6066 §3), it is given the context of that name's certificate.
To replace certificates is to replace the table of names, in one assignment: a handshake has the old
one or the new one, never half of each, and connections that are open notice nothing.

What stays with ``current`` are the session tickets. OpenSSL seals them with the keys of the context
that a connection began with, so that sessions are resumed whichever certificate they began with,
and after that was replaced. Where files are and when to read them anew is not known here.
"""

import ssl
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import TLSSettings
from .errors import ConfigError
from .rules.server_names import choose_by_name, names_to_choose_by
from .tls import new_server_context, open_server_context

__all__ = ["NamedContext", "ServerContexts", "open_named_context"]

_DEFAULT_SETTINGS = TLSSettings()


@dataclass(frozen=True, slots=True)
class NamedContext:
    """A certificate ready for use, and the names that it is for."""

    names: tuple[str, ...]
    context: ssl.SSLContext
    client_authorities: str | None = None
    """Those that it verifies clients by; a context can't forget them."""


@dataclass(frozen=True, slots=True)
class _Certificates:
    """What may be chosen from, as one value."""

    by_name: Mapping[str, ssl.SSLContext]
    default: ssl.SSLContext
    outdated: Set[ssl.SSLContext]
    """Those that still verify clients by other authorities than are to be trusted now."""


class ServerContexts:
    """The contexts of a server: the one to begin with, and one a certificate."""

    def __init__(
        self,
        certificates: Sequence[NamedContext],
        *,
        client_authorities: str | None = None,
        session_tickets: int = 2,
        settings: TLSSettings = _DEFAULT_SETTINGS,
    ) -> None:
        """Take ``certificates``, of which the first one is the default; there must be one.

        ``client_authorities`` are certificates in PEM: clients are asked for one signed by them.
        Raises ``ConfigError`` where OpenSSL can't use them. ``session_tickets`` is how many a
        client gets after a handshake of TLS 1.3; 0: none, so that it can't resume.
        """
        self._session_tickets = session_tickets
        self._client_authorities = client_authorities
        self._certificates = self._table(certificates)
        self._settings = settings
        self._current = self._new_context()

    @property
    def current(self) -> ssl.SSLContext:
        """The context for a connection that begins now."""
        return self._current

    def replace(self, certificates: Sequence[NamedContext]) -> None:
        """Have these from the next handshake on; sessions that began before can be resumed."""
        self._certificates = self._table(certificates)

    def replace_all(
        self, certificates: Sequence[NamedContext], client_authorities: str | None
    ) -> None:
        """Have these certificates, and clients of these authorities, from the next handshake on.

        No session is resumed that began before: resuming it, nobody would look at the client's
        certificate again, which may be of an authority that is no longer trusted. Raises
        ``ConfigError`` where OpenSSL can't use the authorities; then nothing is replaced.
        """
        before = self._client_authorities
        self._client_authorities = client_authorities
        try:
            current = self._new_context()
        except ConfigError:
            self._client_authorities = before
            raise
        self._certificates = self._table(certificates)
        self._current = current

    def renew_ticket_keys(self) -> None:
        """Forget the keys of session tickets, and have new ones from the next handshake on.

        Whoever gets hold of them can read what was sent in all sessions of TLS 1.2 that they
        sealed; so they must not live long (RFC 9325 §3.4). Tickets that are out lead to a full
        handshake, and no connection notices.
        """
        self._current = self._new_context()

    def _new_context(self) -> ssl.SSLContext:
        context = new_server_context(self._settings)
        # These two are the connection's from its beginning, and not of the certificate's context.
        ask_for_client_certificate(context, self._client_authorities)
        context.num_tickets = self._session_tickets
        if self._session_tickets == 0:
            context.options |= ssl.OP_NO_TICKET  # those of TLS 1.2, which are not counted
        context.sslobject_class = _NamedObject
        context.sni_callback = self._choose
        return context

    def _table(self, certificates: Sequence[NamedContext]) -> _Certificates:
        by_name = names_to_choose_by((named.names, named.context) for named in certificates)
        outdated = frozenset(
            named.context
            for named in certificates
            if named.client_authorities != self._client_authorities
        )
        return _Certificates(by_name, certificates[0].context, outdated)

    def _choose(
        self, connection: ssl.SSLObject, server_name: str | None, _context: ssl.SSLContext
    ) -> None:
        """Give a connection its certificate; called in its handshake, also without a name."""
        if isinstance(connection, _NamedObject):
            connection.indicated_name = server_name
        certificates = self._certificates
        chosen = choose_by_name(certificates.by_name, server_name, certificates.default)
        connection.context = chosen
        if isinstance(connection, _NamedObject):
            connection.knows_client = chosen not in certificates.outdated


class _NamedObject(ssl.SSLObject):
    """The server's end of a connection, which tells the name that the client indicated."""

    indicated_name: str | None = None
    knows_client = True

    def getpeercert(self, binary_form: bool = False) -> Any:
        """Return the client's certificate; {} or None, as for none, if it isn't to be trusted."""
        if not self.knows_client:
            return None if binary_form else {}
        return super().getpeercert(binary_form)

    @property
    def server_hostname(self) -> str | None:
        """For a client's end it is what was asked for; and so here."""
        return self.indicated_name


def open_named_context(
    names: Sequence[str],
    certificate: Path,
    key: Path | None = None,
    password: bytes | None = None,
    *,
    client_authorities: str | None = None,
    settings: TLSSettings = _DEFAULT_SETTINGS,
) -> NamedContext:
    """Load a certificate chain and its key, PEM files both, for the names that it has.

    Raises ``ConfigError`` where OpenSSL can't use them.
    """
    context = open_server_context(certificate, key, password, settings=settings)
    # OpenSSL verifies with the authorities of the context that was switched to.
    ask_for_client_certificate(context, client_authorities)
    return NamedContext(tuple(names), context, client_authorities)


def ask_for_client_certificate(context: ssl.SSLContext, authorities: str | None) -> None:
    """Have clients asked for a certificate that one of ``authorities`` signed; None: not asked.

    Asked, not made to: one that has none gets a connection, and so an answer that it can read. One
    whose certificate doesn't verify gets a TLS alert.
    """
    if authorities is None:
        return
    try:
        context.load_verify_locations(cadata=authorities)
    except ssl.SSLError as exc:
        raise ConfigError(
            f"the authorities of clients: OpenSSL can't use them ({exc.reason or exc}). Give their"
            " certificates in PEM."
        ) from exc
    context.verify_mode = ssl.CERT_OPTIONAL
