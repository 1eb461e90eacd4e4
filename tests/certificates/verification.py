"""What clients say to a certificate: OpenSSL's command, and a handshake in memory."""

import ssl
import subprocess
from pathlib import Path

from ..programs import require_program

__all__ = ["run_handshake", "verify_with_openssl"]


def verify_with_openssl(ca: Path, leaf: Path) -> str:
    """Return "" where ``openssl verify`` accepts a server certificate, else what it says."""
    command = [require_program("openssl"), "verify", "-x509_strict", "-purpose", "sslserver"]
    result = subprocess.run(
        [*command, "-CAfile", ca, leaf], capture_output=True, text=True, timeout=30
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


def run_handshake(ca: Path, identity: Path, host: str) -> str:
    """Return the TLS version of a connection of a client that trusts ``ca`` to ``host``.

    Raises ssl.SSLCertVerificationError where the client does not accept the certificate.
    """
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(identity)
    client_context = ssl.create_default_context(cafile=ca)
    # What Python 3.13 asks for by default.
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(4):
        for side in tuple(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    assert not waiting
    version = client.version()
    assert version is not None
    return version
