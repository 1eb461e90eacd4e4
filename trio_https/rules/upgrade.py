"""Whether a request asks for another protocol on its connection (RFC 9110 §7.8)."""

from collections.abc import Sequence

from ..errors import HTTPError

__all__ = ["asks_for", "check_upgrade", "list_members"]


def check_upgrade(
    protocol: str, *, http_version: str, upgrade: Sequence[str], connection: Sequence[str]
) -> None:
    """Refuse with 426 a request that does not ask for ``protocol`` (RFC 9110 §15.5.22)."""
    # RFC 9110 §7.8: in HTTP/1.0 the field is ignored.
    if http_version == "1.0" or not asks_for(protocol, upgrade=upgrade, connection=connection):
        raise HTTPError(426, f"this is for {protocol}", headers=[("Upgrade", protocol)])


def asks_for(protocol: str, *, upgrade: Sequence[str], connection: Sequence[str]) -> bool:
    """Whether ``protocol`` is among those asked for; the fields are given by their lines.

    A proxy that knows nothing of the Upgrade field leaves it standing, and takes the option out of
    Connection: without that, nobody asks (RFC 9110 §7.6.1). Names compare without regard to case.
    """
    asked = protocol.lower() in list_members(upgrade)
    return asked and "upgrade" in list_members(connection)


def list_members(lines: Sequence[str]) -> list[str]:
    """Return the members of a list field, of all its lines, in lower case (RFC 9110 §5.6.1)."""
    members = (member.strip().lower() for line in lines for member in line.split(","))
    return [member for member in members if member]
