"""Certificates of an authority that is not ours, written to files as users have them."""

from pathlib import Path

import trustme

from trio_https import KeyFiles

__all__ = ["write_pair"]


def write_pair(authority: trustme.CA, folder: Path, stem: str, *names: str) -> KeyFiles:
    """Write ``stem.crt`` and ``stem.key`` for ``names``; what is there is replaced."""
    issued = authority.issue_cert(*names)
    certificate, key = folder / f"{stem}.crt", folder / f"{stem}.key"
    issued.private_key_pem.write_to_path(key)
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    return KeyFiles(certificate, key)
