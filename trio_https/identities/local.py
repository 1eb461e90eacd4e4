"""A certificate of the local authority for a block of a program, renewed as long as that runs."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from ..errors import ConfigError
from .places import LocalAuthority, SubjectName
from .served import Identities

__all__ = ["local_certificate"]


@asynccontextmanager
async def local_certificate(
    names: Iterable[str] = (), *, home: Path | None = None
) -> AsyncIterator[Identities]:
    """Issue a certificate by the local authority, and renew it as long as the block runs.

    It is for ``names``, DNS names and IP addresses; without any, for those that any machine has:
    localhost, its own host name, the loopback addresses. Give what you get as ``tls`` to servers;
    ``contexts.current`` of it is an ``ssl.SSLContext`` for a connection that begins now. ``home``
    is the folder of the authority, the user's own by default; it is made where there is none.

    Raises ``ConfigError`` for a name that the authority may not sign, public ones among them, or
    where the folder can't be used. If cancelled, nothing is lost.
    """
    identities = await trio.to_thread.run_sync(_open, tuple(names), home)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(identities.watch)
        yield identities
        nursery.cancel_scope.cancel(reason="nobody needs the certificate any more")


def _open(names: tuple[str, ...], home: Path | None) -> Identities:
    # Here, because they load cryptography, which a program with its own context does without.
    from ..certificates.home import certificates_home

    wanted = _parse(names) if names else None
    return Identities([LocalAuthority(home or certificates_home(), names=wanted)])


def _parse(names: tuple[str, ...]) -> tuple[SubjectName, ...]:
    from ..certificates.subject_names import parse_subject_name

    try:
        return tuple(dict.fromkeys(map(parse_subject_name, names)))
    except ValueError as exc:
        raise ConfigError(f"a certificate can't be issued: {exc}") from exc
