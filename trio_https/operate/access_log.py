"""The access log: one line for each request that was answered, or that could not be.

An entry is a value that the connection gives to the logger ``trio_https.access`` as its message;
a formatter chooses how it is written. As text it is the combined log format of web servers, with
what TLS agreed on and the time it took behind it. All that a client chose is escaped: no field can
begin a new line, end its quotes, or speak to a terminal (CVE-2009-4487 and its like).
"""

import json
import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ..messages import Address, Headers, TLSInfo

__all__ = ["AccessEntry", "JSONFormatter", "TextFormatter", "access_logger", "escape", "log_access"]

access_logger = logging.getLogger("trio_https.access")


# Frozen for type checkers alone: else it takes 2.6 times as long to make, a sixth of a line's cost.
@dataclass(slots=True, kw_only=True)
class AccessEntry:
    """One request and what became of it; ``str()`` gives its line."""

    received_at: Final[float]
    """When the head had been received, in seconds since the epoch."""
    client: Final[Address | None]
    request_line: Final[str]
    """As sent, "" where nothing could be made of it."""
    status: Final[int | None]
    """None where the client left, or the connection was ended, before there was one."""
    bytes_sent: Final[int]
    """Of the body, without head and framing."""
    duration: Final[float]
    """From the received head to the last byte handed to the transport, in seconds."""
    headers: Final[Headers]
    """Of the request."""
    tls: Final[TLSInfo | None]
    error_id: Final[str | None] = None
    """Under which the traceback of a handler's bug stands in the log."""
    user: Final[str | None] = None
    """Who has logged in with a password."""
    request_id: Final[str | None] = None
    """By which others know it: proxies, and the client."""

    def __str__(self) -> str:
        get = self.headers.get
        request_line, user, referer, agent, request_id = _escape_each(
            self.request_line or "-",
            self._user(),
            get("referer") or "-",
            get("user-agent") or "-",
            self.request_id or "",
        )
        return (
            f"{self.client.host if self.client else '-'}"
            f" - {user.replace(' ', _SPACE) or '-'} [{_format_time(int(self.received_at))}]"
            f' "{request_line}" {"-" if self.status is None else self.status} {self.bytes_sent}'
            f' "{referer}" "{agent}"'
            f" {f'{self.tls.version} {self.tls.cipher_suite}' if self.tls else '- -'}"
            f" {self.duration * 1000:.1f}ms"
            f"{f' error={self.error_id}' if self.error_id else ''}"
            f"{f' id={request_id}' if request_id else ''}"
        )

    def _user(self) -> str:
        """Return who was authenticated, where the format has it: by a password, or by TLS."""
        client = self.tls.client if self.tls else None
        return self.user or (client.subject if client else "")

    def to_json(self) -> str:
        """Return the entry as a JSON object on one line, in ASCII; times in seconds."""
        method, target, version = (*self.request_line.split(" "), None, None, None)[:3]
        text = json.dumps(
            {
                "time": round(self.received_at, 3),
                "client": str(self.client) if self.client else None,
                "method": method or None,
                "target": target,
                "version": version,
                "status": self.status,
                "bytes_sent": self.bytes_sent,
                "duration": round(self.duration, 6),
                "referer": self.headers.get("referer"),
                "user_agent": self.headers.get("user-agent"),
                "tls_version": self.tls.version if self.tls else None,
                "cipher_suite": self.tls.cipher_suite if self.tls else None,
                "resumed": self.tls.resumed if self.tls else None,
                "server_name": self.tls.server_name if self.tls else None,
                "client_certificate": self._client_certificate(),
                "user": self.user,
                "request_id": self.request_id,
                "error_id": self.error_id,
            }
        )
        return text.replace("\x7f", "\\u007f")  # the one control character that JSON lets pass

    def _client_certificate(self) -> dict[str, object] | None:
        client = self.tls.client if self.tls else None
        if client is None:
            return None
        return {
            "subject": client.subject,
            "names": client.names,
            "sha256": client.sha256,
            "serial_number": client.serial_number,
        }


def log_access(entry: AccessEntry) -> None:
    """Hand ``entry`` to the logger, which is known to take it."""
    # Not by ``info``: to find out who has called takes a fifth of what a line costs.
    name, level = access_logger.name, logging.INFO
    record = access_logger.makeRecord(name, level, __file__, 0, entry, (), None, "log_access")
    access_logger.handle(record)


class TextFormatter(logging.Formatter):
    """Writes an entry of the access log as text, without what Python does for other records."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record whose message is an ``AccessEntry``."""
        entry = record.msg
        return str(entry) if isinstance(entry, AccessEntry) else super().format(record)


class JSONFormatter(logging.Formatter):
    """Writes an entry of the access log as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record whose message is an ``AccessEntry``."""
        entry = record.msg
        return entry.to_json() if isinstance(entry, AccessEntry) else super().format(record)


_NOT_PLAIN = re.compile(r"[^ !#-\[\]-~]")  # printable ASCII but the quote and the backslash
_SPACE = r"\x20"


def escape(text: str) -> str:
    r"""Return ``text`` in printable ASCII; all else, and ``"`` and ``\``, as ``\xNN``."""
    return _NOT_PLAIN.sub(_escape_character, text)


def _escape_each(*texts: str) -> Iterable[str]:
    # One search in all of them: there is seldom anything to escape, and each search has its cost.
    return map(escape, texts) if _NOT_PLAIN.search("".join(texts)) else texts


def _escape_character(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":  # an octet that was no text (PEP 383)
        octets = character.encode("ascii", "surrogateescape")
    else:
        octets = character.encode("latin-1" if character < "\u0100" else "utf-8", "surrogatepass")
    return "".join(f"\\x{octet:02x}" for octet in octets)


@lru_cache(maxsize=4)  # the same second many times over
def _format_time(seconds: int) -> str:
    utc = time.gmtime(seconds)
    month = _MONTHS[utc.tm_mon - 1]  # strftime's would follow the locale
    clock = f"{utc.tm_hour:02}:{utc.tm_min:02}:{utc.tm_sec:02}"
    return f"{utc.tm_mday:02}/{month}/{utc.tm_year}:{clock} +0000"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
