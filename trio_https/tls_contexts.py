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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .config import TLSSettings
from .errors import ConfigError
from .rules.server_names import choose_by_name, names_to_choose_by
from .tls import new_server_context, open_server_context

__all__ = ["NamedContext", "ServerContexts", "open_named_context"]

_DEFAULT_SETTINGS = TLSSettings()
_NOBODY = "nobody"  # as authorities of clients: no context is for these


@dataclass(frozen=True, slots=True)
class NamedContext:
    """A certificate ready for use, and the names that it is for."""

    names: tuple[str, ...]
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class _Served:
    """What a handshake goes by, as one value: it has all of the old one, or all of the new one."""

    beginning: ssl.SSLContext
    client_authorities: str | None
    by_name: Mapping[str, ssl.SSLContext]
    default: ssl.SSLContext


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
        self._settings = settings
        beginning = self._new_context(client_authorities)
        self._served = _Served(beginning, client_authorities, *_table(certificates))

    @property
    def current(self) -> ssl.SSLContext:
        """The context for a connection that begins now."""
        return self._served.beginning

    @property
    def client_authorities(self) -> str | None:
        """The authorities of clients, in PEM."""
        return self._served.client_authorities

    @property
    def state(self) -> object:
        """What handshakes go by now; another object after each change."""
        return self._served

    def trusts_as(self, state: object) -> bool:
        """Whether the authorities of clients are still those of a ``state`` from before."""
        authorities = self._served.client_authorities
        return isinstance(state, _Served) and state.client_authorities == authorities

    def replace(self, certificates: Sequence[NamedContext]) -> None:
        """Have these from the next handshake on; sessions that began before can be resumed."""
        by_name, default = _table(certificates)
        self._served = replace(self._served, by_name=by_name, default=default)

    def replace_all(
        self, certificates: Sequence[NamedContext], client_authorities: str | None
    ) -> None:
        """Have these certificates, and clients of these authorities, from the next handshake on.

        No session is resumed that began before: resuming it, nobody would look at the client's
        certificate again, which may be of an authority that is no longer trusted. So a connection
        that began before and says hello after it is refused. Raises ``ConfigError`` where OpenSSL
        can't use the authorities; then nothing is replaced.
        """
        beginning = self._new_context(client_authorities)
        self._served = _Served(beginning, client_authorities, *_table(certificates))

    def refuse_all(self) -> None:
        """Let no handshake succeed until ``replace_all``: nobody is trusted as before."""
        self._served = replace(self._served, client_authorities=_NOBODY)

    def renew_ticket_keys(self) -> None:
        """Forget the keys of session tickets, and have new ones from the next handshake on.

        Whoever gets hold of them can read what was sent in all sessions of TLS 1.2 that they
        sealed; so they must not live long (RFC 9325 §3.4). Tickets that are out lead to a full
        handshake, and no connection notices. Raises ``ConfigError`` where that can't be done now.
        """
        beginning = self._new_context(self._served.client_authorities)
        self._served = replace(self._served, beginning=beginning)

    def _new_context(self, client_authorities: str | None) -> ssl.SSLContext:
        context = new_server_context(self._settings)
        # These two are the connection's from its beginning, and not of the certificate's context.
        ask_for_client_certificate(context, client_authorities)
        context.num_tickets = self._session_tickets
        if self._session_tickets == 0:
            context.options |= ssl.OP_NO_TICKET  # those of TLS 1.2, which are not counted
        context.sslobject_class = _NamedObject
        context.sni_callback = partial(self._choose, client_authorities)
        return context

    def _choose(
        self,
        client_authorities: str | None,
        connection: ssl.SSLObject,
        server_name: str | None,
        _context: ssl.SSLContext,
    ) -> int | None:
        """Give a connection its certificate; called in its handshake, also without a name.

        ``client_authorities`` are those of when it began. Returns the alert to refuse it by.
        """
        served = self._served
        if client_authorities != served.client_authorities:
            # OpenSSL has looked for a session by now, with the ticket keys of the beginning.
            return ssl.AlertDescription.ALERT_DESCRIPTION_ACCESS_DENIED
        if isinstance(connection, _NamedObject):
            connection.indicated_name = server_name
        connection.context = choose_by_name(served.by_name, server_name, served.default)
        return None


class _NamedObject(ssl.SSLObject):
    """The server's end of a connection, which tells the name that the client indicated."""

    indicated_name: str | None = None

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
    return NamedContext(tuple(names), context)


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


def _table(
    certificates: Sequence[NamedContext],
) -> tuple[Mapping[str, ssl.SSLContext], ssl.SSLContext]:
    by_name = names_to_choose_by((named.names, named.context) for named in certificates)
    return by_name, certificates[0].context
