"""Requests for the names and addresses that a server is known by, and for no others.

A page on the internet can have its own name resolve to 127.0.0.1 (DNS rebinding), and then the
browser takes what a local server answers for that page's own. Its requests still carry its name.
"""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from ..errors import HTTPError
from ..messages import Handler, Reply, Request
from ..rules.request_target import host_of

__all__ = ["with_known_hosts"]


def with_known_hosts(
    handler: Handler, hosts: Iterable[str] | Callable[[], Iterable[str]]
) -> Handler:
    """Return ``handler`` for requests to ``hosts``, with a 421 for the others (RFC 9110 §15.5.20).

    Names compare without regard to case; ``*.example`` stands for all names right below. IP
    addresses are always known: nobody can make a name of theirs out of one. So is an HTTP/1.0
    request that names no host, which no browser sends. Where ``hosts`` is a function it is asked
    for each request: the names in a certificate change.
    """
    if not callable(hosts):
        fixed = tuple(hosts)
        return with_known_hosts(handler, lambda: fixed)
    known_hosts: tuple[str, ...] = ()
    is_known = _judge(known_hosts)

    async def answer(request: Request) -> Reply:
        nonlocal known_hosts, is_known
        if request.authority:
            if (now := tuple(hosts())) != known_hosts:
                known_hosts, is_known = now, _judge(now)
            if not is_known(request.authority):
                raise HTTPError(421, "this server is not known by that name")
        return await handler(request)

    return answer


def _judge(hosts: tuple[str, ...]) -> Callable[[str], bool]:
    """Return what tells whether an authority is of ``hosts``, and remembers it."""
    names = frozenset(host.lower().rstrip(".") for host in hosts)
    return lru_cache(maxsize=64)(partial(_is_known, names))  # the same ones, request for request


def _is_known(names: frozenset[str], authority: str) -> bool:
    host = host_of(authority)
    if host in names:
        return True
    if f"*.{host.partition('.')[2]}" in names:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
