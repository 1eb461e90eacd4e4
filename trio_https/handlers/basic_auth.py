"""A name and a password before anything else (RFC 7617), for handlers of a few users.

What a request costs must not tell which names there are, nor be a way to keep the server busy: each
check takes the same work, in one of a few threads, and few wait for them. How passwords are kept,
``passwords`` knows.
"""

import hmac
import secrets
from collections.abc import Mapping

import trio

from ..errors import HTTPError
from ..messages import Handler, Reply, Request
from ..rules.basic_credentials import (
    BasicCredentials,
    format_challenge,
    normalize_credential,
    parse_credentials,
)
from .passwords import StoredPassword, parse_stored_password

__all__ = ["with_basic_auth"]

_THREADS = 2  # of 16 MiB each
_MAX_WAITING = 32  # some three seconds of work: whoever comes then is told to come later


def with_basic_auth(
    handler: Handler, *, realm: str, users: Mapping[str, str], plain_http: bool = False
) -> Handler:
    """Return ``handler`` for ``users``, with a 401 for all others.

    ``users`` are names with what ``hash_password`` gave for their passwords. The name that has been
    verified is ``request.user``, and in the access log. ``realm``, in ASCII, is what the browser
    names when it asks. Over plain HTTP it is a 403, unless ``plain_http`` says that a proxy in
    front ends TLS. A password is computed anew until it was right once, then remembered while the
    server runs. While too many wait for that, it is a 503.

    Raises ``ValueError`` for a realm, a name or a hash that can't be used, and for no users.
    """
    challenge = (("WWW-Authenticate", format_challenge(realm)),)
    passwords = _Passwords(users)

    async def answer(request: Request) -> Reply:
        if request.tls is None and not plain_http:
            raise HTTPError(403, "a password is for HTTPS only: ask for a URL with https://")
        credentials = parse_credentials(request.headers.get_all("authorization"))
        if credentials is None or not await passwords.match(credentials):
            raise HTTPError(401, headers=challenge)
        request.scope.user = credentials.name
        return await handler(request)

    return answer


class _Passwords:
    """The passwords of all users, and which of them were right already.

    Remembered is a digest for each user at most, under a key that only this process has: the stored
    hash is fixed, so what was right stays right; nothing wrong is kept, so nobody fills it; and a
    password can't be tried on the digests without the memory of the process, which sees passwords
    go by anyway.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        if not users:
            raise ValueError("users: there are none, so nobody could get in")
        self._stored = {normalize_credential(name): _parse(name, users[name]) for name in users}
        self._decoys = list(self._stored.values())
        self._secret = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}
        self._threads = trio.CapacityLimiter(_THREADS)

    async def match(self, credentials: BasicCredentials) -> bool:
        """Whether name and password are those of a user. Cancelling leaves a thread to its end.

        Raises ``HTTPError`` 503 where too many are waiting already.
        """
        name, password = credentials
        digest = self._digest(password)
        if hmac.compare_digest(self._verified.get(name, b""), digest):
            return True
        if self._threads.statistics().tasks_waiting >= _MAX_WAITING:
            raise HTTPError(503, "too many log in now", headers=[("Retry-After", "5")])
        stored = self._stored.get(name) or self._decoy(name)
        is_right = await trio.to_thread.run_sync(
            stored.matches, password, limiter=self._threads, abandon_on_cancel=True
        )
        if not is_right or name not in self._stored:
            return False
        self._verified[name] = digest
        return True

    def _decoy(self, name: str) -> StoredPassword:
        """Return the hash that a name is compared with that nobody has: always the same one."""
        number = int.from_bytes(self._digest(name)[:8])
        return self._decoys[number % len(self._decoys)]

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode(), "sha256")


def _parse(name: str, text: str) -> StoredPassword:
    if ":" in name:
        raise ValueError(f"users: {name!r} has a colon, which ends a name (RFC 7617 §2)")
    try:
        return parse_stored_password(text)
    except ValueError as exc:
        raise ValueError(f"users: the hash of {name!r} can't be used: {exc}") from exc
