"""Which versions and cipher suites of TLS a server offers (RFC 9325; Mozilla's Server Side TLS).

Names are OpenSSL's. The policies are those of version 5.7 of Mozilla's guidelines, without the
suites for clients from before 2014 that know no elliptic curves. The suites of TLS 1.3 are all
good; there is nothing to choose.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["GOOD_GROUPS", "TLS_POLICIES", "TLSPolicy"]

# X25519, P-256 and P-384, and their hybrids with ML-KEM, which no quantum computer breaks; OpenSSL
# offers the hybrids from 3.5 on, and TLSPolicy.groups has its favourite among them.
GOOD_GROUPS = frozenset({0x001D, 0x0017, 0x0018, 0x11EC, 0x11EB, 0x11ED})
"""The groups of the policies by IANA's numbers, for who can't tell OpenSSL their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSPolicy:
    """What is offered, best first."""

    minimum_version: Literal["TLSv1_2", "TLSv1_3"]
    cipher_suites: tuple[str, ...]
    """Of TLS 1.2."""
    groups: tuple[str, ...] = ("?X25519MLKEM768", "X25519", "prime256v1", "secp384r1")
    """For key exchange; "?" in front of one that OpenSSL may lack."""


TLS_POLICIES: dict[str, TLSPolicy] = {
    # For every browser since 2014. AEAD and forward secrecy, nothing else (RFC 9325 §4.2).
    "intermediate": TLSPolicy(
        minimum_version="TLSv1_2",
        cipher_suites=(
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
        ),
    ),
    # For every browser since 2019.
    "modern": TLSPolicy(minimum_version="TLSv1_3", cipher_suites=()),
}
