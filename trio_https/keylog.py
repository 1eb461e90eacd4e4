"""The secrets of TLS sessions in a file, for whoever has to see what was said (RFC 9850).

Only where the operator asks for it by name; the environment (SSLKEYLOGFILE) alone turns on nothing.
"""

import os
import ssl
import stat
import sys
from pathlib import Path

from .errors import ConfigError

__all__ = ["log_secrets"]

# A link may lead to what is not the user's, and a pipe would be waited for.
_ONLY_FILES = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def log_secrets(context: ssl.SSLContext, path: Path) -> None:
    """Have the secrets of all sessions of ``context`` appended to the file ``path`` (RFC 9850).

    Whoever reads it can decrypt what was recorded of them, as Wireshark does; so nobody but its
    owner can. Raises ``ConfigError`` for what is no regular file, or can't be written.
    """
    try:
        # OpenSSL would make it readable for all.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _ONLY_FILES, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(f"{path}: no regular file. Name one, or a new one.")
            if sys.platform != "win32":
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
        context.keylog_filename = str(path)
    except OSError as exc:
        raise ConfigError(
            f"{path}: can't write the TLS secrets: {exc.strerror}. Name a file of your own."
        ) from exc
