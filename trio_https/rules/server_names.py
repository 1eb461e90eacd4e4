"""Which of several certificates a client gets, by the server name that it indicates (RFC 6066 §3).

Names compare as clients will compare them with the certificate (RFC 9525 §6.3). Pure: what the
names stand for is whatever the caller has.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import TypeVar

__all__ = ["choose_by_name", "names_to_choose_by"]

Choice = TypeVar("Choice")


def names_to_choose_by(choices: Iterable[tuple[Iterable[str], Choice]]) -> dict[str, Choice]:
    """Return what each name leads to; where several have a name, the first of them.

    Names are those of certificates: "example.org", "*.example.org". IP addresses are left out, for
    no client indicates one.
    """
    table: dict[str, Choice] = {}
    for names, choice in choices:
        for name in names:
            if not _is_address(name):
                table.setdefault(_normalize(name), choice)
    return table


def choose_by_name(table: Mapping[str, Choice], server_name: str | None, default: Choice) -> Choice:
    """Return what ``server_name`` leads to: by itself, then by a wildcard, else ``default``.

    A wildcard stands for one label, the leftmost (RFC 9525 §6.3).
    """
    if not server_name:
        return default
    name = _normalize(server_name)
    if name.startswith("*"):  # a pattern, which is nobody's name
        return default
    label, _, domain = name.partition(".")
    found = table.get(name)
    if found is None and label and domain:
        found = table.get(f"*.{domain}")
    return default if found is None else found


def _normalize(name: str) -> str:
    # RFC 6066 §3: sent without the dot of the root. Some clients leave it.
    return name.lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
