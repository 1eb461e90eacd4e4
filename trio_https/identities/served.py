"""The certificates that a server shows, kept as their files and the local authority have them.

``Identities`` looks every few seconds and loads what has changed. What doesn't serve is told once,
with its reason, and the certificate from before goes on; what does is told in a line. Each
certificate is replaced by itself, so that one broken file keeps no other from being renewed, and so
are the authorities of clients, so that none keeps one that was taken out.
Whoever serves with it runs ``watch`` beside the connections; how those choose is not known here.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from ..config import TLSSettings
from ..errors import ConfigError
from ..rules.server_names import choose_by_name, names_to_choose_by
from ..tls_contexts import ServerContexts
from .client_authorities import ClientAuthorities
from .places import KeyFiles, Place, Source
from .settling import Settling

if TYPE_CHECKING:  # it loads cryptography
    from ..certificates.description import CertificateDescription
    from .loading import Identity

__all__ = ["TICKET_KEY_SECONDS", "Identities"]

logger = logging.getLogger("trio_https")

_DEFAULT_SETTINGS = TLSSettings()

_LOOK_SECONDS = 2.0  # so a change is in use within four: it has to be there at two looks
TICKET_KEY_SECONDS = 24 * 3600.0  # RFC 9325 §3.4 wants new ones every week, say


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Identities:
    """One or several certificates for a server, chosen by the name that a client asks for (SNI).

    They are loaded anew when their files change, and local ones are renewed when they are due;
    connections go on, and sessions can be resumed.
    """

    def __init__(
        self,
        places: Iterable[Place],
        *,
        client_ca: Path | None = None,
        session_tickets: int = 2,
        settings: TLSSettings = _DEFAULT_SETTINGS,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Load what is in ``places``, of which the first is for clients that name none of them.

        ``client_ca`` is a PEM file of authorities: clients are asked for a certificate signed by
        one of them, and may have none (``with_client_certificates`` refuses those).
        ``session_tickets`` is how many a client of TLS 1.3 gets to resume with; 0: it can't.

        Reads files, which may wait for a disk. Raises ``ConfigError`` where one doesn't serve, and
        ``ValueError`` for no place, or a number below 0.
        """
        self._places = tuple(places)
        self._settings = settings
        self._now = now
        self._settling = Settling()
        self._complaints: dict[str, str] = {}
        self._broken: dict[Source, str] = {}
        self._found: dict[Place, list[Source]] = {}
        self._out_of_reach: dict[Place, str] = {}
        self._turn = trio.Lock()
        self._watching = trio.Lock()
        if not self._places or session_tickets < 0:
            raise ValueError("give one place at least, and 0 session tickets or more")
        self._sources: tuple[Source, ...] = ()
        self._clients = ClientAuthorities(client_ca) if client_ca is not None else None
        self._take_news(at_once=True)
        self._identities = self._load_all()
        self._names = _names_in(self._identities)
        self.contexts: ServerContexts = ServerContexts(
            [identity.named for identity in self._identities.values()],
            client_authorities=self._client_authorities,
            session_tickets=session_tickets,
            settings=settings,
        )

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where the certificates are from, the default one's first."""
        return tuple(self._identities)

    @property
    def descriptions(self) -> "tuple[CertificateDescription, ...]":
        """The certificates as they are now, in the order of ``sources``."""
        return tuple(identity.description for identity in self._identities.values())

    @property
    def names(self) -> tuple[str, ...]:
        """All names and addresses that are in them."""
        return self._names

    def describe(self, server_name: str | None) -> "CertificateDescription":
        """Return the certificate for clients that ask for this name, or for none."""
        described = [(each.names, each) for each in self.descriptions]
        return choose_by_name(names_to_choose_by(described), server_name, described[0][1])

    async def watch(self) -> None:
        """Look for changes every two seconds, and change ticket keys once a day, until cancelled.

        Raises nothing else: what happens is told in the log, and what is in use stays. Where
        several watch, as servers that share these do, one looks, and another when that one ends.
        """
        async with self._watching:
            await self._watch()

    async def _watch(self) -> None:
        keys_are_due = trio.current_time() + TICKET_KEY_SECONDS
        while True:
            await trio.sleep(_LOOK_SECONDS)
            await self.look(at_once=False)
            if trio.current_time() >= keys_are_due:
                self.renew_ticket_keys()
                keys_are_due = trio.current_time() + TICKET_KEY_SECONDS

    def renew_ticket_keys(self) -> None:
        """Have new keys for session tickets. Raises nothing: if that fails, the log tells it."""
        try:
            self.contexts.renew_ticket_keys()
        except ConfigError as exc:  # the file for the secrets may be out of reach
            logger.error("%s Until then, session tickets keep the keys of yesterday.", exc)

    async def reload(self) -> None:
        """Load all anew, now, and tell in the log what came of it.

        Raises nothing. Cancelled, it is done nevertheless, or was not begun.
        """
        async with self._turn:
            await trio.to_thread.run_sync(self.reload_sync)

    def reload_sync(self) -> None:
        """Do what ``reload`` does, where there is no Trio and nobody else looks."""
        before = self.descriptions
        self._complaints.clear()
        self._broken.clear()
        self._out_of_reach.clear()
        self.look_sync(at_once=True)
        if self.descriptions == before:
            logger.info("certificates: looked at again; those in use are the same as before")

    async def look(self, *, at_once: bool = False) -> None:
        """Load what has changed and come to rest; ``at_once``, everything. Raises nothing."""
        async with self._turn:
            await trio.to_thread.run_sync(partial(self.look_sync, at_once=at_once))

    def look_sync(self, *, at_once: bool = False) -> None:
        """Do what ``look`` does, where there is no Trio and nobody else looks."""
        # One after the other: neither waits for what is wrong with the other.
        with self._complaining("authorities of clients"):
            self._look_at_clients(at_once=at_once)
        with self._complaining("certificates"):
            self._replace(self._take_news(at_once=at_once))

    @property
    def _client_authorities(self) -> str | None:
        return self._clients.pem if self._clients else None

    @contextmanager
    def _complaining(self, about: str) -> Iterator[None]:
        """Tell what is raised in the block; of a fault that comes at each look, once."""
        bug = None
        try:
            yield
        except ConfigError as exc:
            text = str(exc)
        except Exception as exc:
            text = f"{about}: could not look for changes ({exc!r}); all stay as they are"
            bug = None if isinstance(exc, OSError) else exc
        else:
            self._complaints.pop(about, None)
            return
        if text != self._complaints.get(about):
            logger.error("%s", text, exc_info=bug)
        self._complaints[about] = text

    def _look_at_clients(self, *, at_once: bool) -> None:
        """Have clients of the authorities that are in the file now."""
        if self._clients is None:
            return
        self._clients.look(at_once=at_once)
        if self._clients.pem != self.contexts.client_authorities:
            self._replace_authorities(self._clients)

    def _replace_authorities(self, clients: ClientAuthorities) -> None:
        """Open all contexts anew: one can't forget an authority. No certificate's file is read."""
        try:
            fresh = {
                source: _open_for_clients(identity, clients.pem, self._settings)
                for source, identity in self._identities.items()
            }
            self.contexts.replace_all([each.named for each in fresh.values()], clients.pem)
        except (ConfigError, OSError) as exc:
            # An authority that was taken out must not be trusted for that.
            self.contexts.refuse_all()
            raise ConfigError(
                f"{clients.path}: these authorities can't be put into use ({exc}). Until then, all"
                " handshakes are refused."
            ) from exc
        self._identities = fresh
        logger.info("%s: these authorities of clients are in use now", clients.path)

    def _take_news(self, *, at_once: bool) -> set[Source]:
        """Look at everything, and return what has to be loaded."""
        take_news = partial(self._settling.take_news, at_once=at_once)
        sources = self._find_sources()
        if take_news("sources", sources):
            self._sources = sources
        now = self._now()
        lost = {source for place in self._out_of_reach for source in self._found[place]}
        there = [source for source in self._sources if source not in lost]
        return {source for source in there if take_news(source, source.stamp(now))}

    def _find_sources(self) -> tuple[Source, ...]:
        """Return what is in all places; of one that is out of reach, what was there before."""
        for place in self._places:
            try:
                self._found[place] = place.sources()
            except ConfigError as exc:
                if place not in self._found:  # at the start
                    raise
                text = f"{exc} Until then, its certificates stay as they are."
                if text != self._out_of_reach.get(place):
                    logger.error("%s", text)
                self._out_of_reach[place] = text
            else:
                self._out_of_reach.pop(place, None)
        return tuple(dict.fromkeys(each for place in self._places for each in self._found[place]))

    def _replace(self, news: set[Source]) -> None:
        """Load these, and use what serves."""
        fresh: dict[Source, Identity] = {}
        for source in self._sources:
            identity = self._load_anew(source) if source in news else self._identities.get(source)
            if identity is not None:
                fresh[source] = identity
        if fresh and fresh != self._identities:
            self.contexts.replace([identity.named for identity in fresh.values()])
            self._adopt(fresh)

    def _load_anew(self, source: Source) -> "Identity | None":
        """Return what is there now, or what is in use, if that doesn't serve."""
        try:
            identity = _load(source, self._client_authorities, self._settings, self._now())
        except ConfigError as exc:
            in_use = self._identities.get(source)
            self._complain_of(source, f"{exc} {_what_goes_on(in_use)}")
            return in_use
        self._broken.pop(source, None)
        return identity

    def _complain_of(self, source: Source, text: str) -> None:
        if text != self._broken.get(source):
            logger.error("%s", text)
        # What kept files from being read may pass and leave no trace on them: too many open files,
        # say. The local authority comes again by itself.
        if isinstance(source, KeyFiles):
            self._broken[source] = text
            self._settling.forget(source)

    def _load_all(self) -> "dict[Source, Identity]":
        now = self._now()
        return {
            source: _load(source, self._client_authorities, self._settings, now)
            for source in self._sources
        }

    def _adopt(self, fresh: "dict[Source, Identity]") -> None:
        before, self._identities = self._identities, fresh
        self._names = _names_in(fresh)
        for source, identity in fresh.items():
            old = before.get(source)
            if old is None or old.description.sha256 != identity.description.sha256:
                logger.info("%s: in use now, %s", source, _in_words(identity))
        for source in before.keys() - fresh.keys():
            logger.info("%s: not in use any more", source)


def _load(
    source: Source, client_authorities: str | None, settings: TLSSettings, now: datetime
) -> "Identity":
    from .loading import load_identity  # with cryptography, which few programs need

    return load_identity(source, client_authorities, settings, now)


def _open_for_clients(
    identity: "Identity", client_authorities: str, settings: TLSSettings
) -> "Identity":
    from .loading import open_for_clients

    return open_for_clients(identity, client_authorities, settings)


def _names_in(identities: "dict[Source, Identity]") -> tuple[str, ...]:
    found = (name for each in identities.values() for name in each.description.names)
    return tuple(dict.fromkeys(found))


def _in_words(identity: "Identity") -> str:
    description = identity.description
    return f"for {', '.join(description.names)}; valid until {description.not_after:%Y-%m-%d}"


def _what_goes_on(in_use: "Identity | None") -> str:
    if in_use is None:
        return "Until then, it is not in use."
    until = in_use.description.not_after
    return f"Until then, the certificate from before goes on, valid until {until:%Y-%m-%d}."
