"""Passwords as they are kept: hashed by scrypt (RFC 7914), in the PHC string format.

``$scrypt$ln=14,r=8,p=5$SALT$KEY``: ``ln`` is the binary logarithm of the cost, and salt and key are
base64 without padding, so that other programs (passlib, say) read and write the same. Computing a
key is slow on purpose: who has an event loop does it in a thread. No request is known here.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, replace

from ..rules.basic_credentials import CONTROL_CHARACTER, normalize_credential

__all__ = ["StoredPassword", "hash_password", "parse_stored_password"]

# One of the settings that OWASP names as equal (Password Storage Cheat Sheet), and of them one that
# takes little memory: 16 MiB, and a seventh of a second, for each password that is tried.
_LOG_COST, _BLOCK_SIZE, _PARALLELISM = 14, 8, 5
_SALT_BYTES, _KEY_BYTES = 16, 32
_MAX_MEMORY = 128 * 1024 * 1024
_SLACK = 1024 * 1024  # OpenSSL counts some more than RFC 7914
_MAX_PARALLELISM = 16

_STORED = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})"
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StoredPassword:
    """What is kept of a password."""

    log_cost: int
    block_size: int
    parallelism: int
    salt: bytes
    key: bytes

    def matches(self, password: str) -> bool:
        """Whether this is the password, in a time that does not tell how near it is."""
        return hmac.compare_digest(self.key_of(password), self.key)

    @property
    def memory(self) -> int:
        """What computing the key takes, in bytes (RFC 7914 §2 and §5)."""
        return 128 * self.block_size * ((1 << self.log_cost) + self.parallelism + 2)

    def key_of(self, password: str) -> bytes:
        """Return the key that a password has with this salt, at this cost."""
        return hashlib.scrypt(
            normalize_credential(password).encode(),
            salt=self.salt,
            n=1 << self.log_cost,
            r=self.block_size,
            p=self.parallelism,
            maxmem=self.memory + _SLACK,
            dklen=len(self.key),
        )

    def __str__(self) -> str:
        """Return the text to keep."""
        cost = f"ln={self.log_cost},r={self.block_size},p={self.parallelism}"
        return f"$scrypt${cost}${_encode(self.salt)}${_encode(self.key)}"


def hash_password(password: str) -> str:
    """Return what to keep of a password, with a salt of its own. Takes a seventh of a second.

    Raises ``ValueError`` for one that no client can send: an empty one, or with control characters.
    """
    if not password or CONTROL_CHARACTER.search(password):
        raise ValueError("a password has some characters, and none of them a control character")
    unused = StoredPassword(
        log_cost=_LOG_COST,
        block_size=_BLOCK_SIZE,
        parallelism=_PARALLELISM,
        salt=secrets.token_bytes(_SALT_BYTES),
        key=bytes(_KEY_BYTES),
    )
    return str(replace(unused, key=unused.key_of(password)))


def parse_stored_password(text: str) -> StoredPassword:
    """Return what ``hash_password`` gave. Raises ``ValueError``, which does not show it."""
    match = _STORED.fullmatch(text)
    if match is None:
        raise ValueError("it is no $scrypt$ hash: make one of the password by hash_password()")
    log_cost, block_size, parallelism = map(int, match.groups()[:3])
    if not (log_cost and block_size and 0 < parallelism <= _MAX_PARALLELISM):
        raise ValueError("it has a cost that is none: make a new one by hash_password()")
    salt, key = map(_decode, match.groups()[3:])
    stored = StoredPassword(
        log_cost=log_cost, block_size=block_size, parallelism=parallelism, salt=salt, key=key
    )
    if stored.memory > _MAX_MEMORY:
        raise ValueError(f"it takes {stored.memory >> 20} MiB a check, and 128 are the limit")
    return stored


def _encode(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
