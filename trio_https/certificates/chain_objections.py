"""What clients would object to in a chain and its key: order, gaps, dates, whether they belong.

The authorities above a chain are in the clients' stores. Of these, only what the caller says is
known here: which certificates a client may have anyway, and why one refused the chain.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from cryptography import x509

from .description import format_name, is_self_signed, is_signed_by
from .details import CertificateChain, CertificateKey, describe_chain, is_authority
from .local_names import SubjectName
from .objections import Objection, find_objections, objection_of
from .pem_files import check_key_fits, check_strength

__all__ = ["find_chain_objections"]

# OpenSSL's words for X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY and its kin.
_ENDS_EARLY = ("unable to get", "unable to verify the first certificate")


def find_chain_objections(
    chain: CertificateChain,
    key: CertificateKey | None,
    names: Sequence[SubjectName] = (),
    *,
    anchors: CertificateChain | None = None,
    distrust: str | None = None,
    is_partial: bool = False,
    now: datetime,
) -> Iterator[Objection]:
    """Yield what clients would object to in a chain, its key and its first certificate.

    ``names``, in lower case, are those in the clients' URLs; ``anchors`` are authorities that need
    not be in the chain; ``distrust`` is why a client of this machine refused the chain; it
    ``is_partial`` where more may have been sent than is known. ``now`` is aware. Raises
    ConfigError for a damaged certificate.
    """
    describe_chain(chain)  # raises ConfigError, so that nothing below meets what is damaged
    place = Path(chain.place)
    if key is not None:
        fitting = partial(check_key_fits, key.key, key.path, place, chain.certificates)
        yield from objection_of(chain.place, fitting)
    yield from find_objections(chain.certificates[0], chain.place, names, now=now)
    for number, certificate in enumerate(chain.certificates[1:], 2):
        yield from objection_of(chain.place, partial(check_strength, place, number, certificate))
        yield from _about_authority(number, certificate, now)
    if not is_partial:
        yield from _about_order(chain.certificates)
        yield from _about_end(chain.certificates[-1], anchors, distrust)
    if distrust is not None:
        yield Objection(
            f"this machine's clients don't trust it: {distrust}. Have them trust its authority"
            " (trio-https trust, if that is your own), or the certificate itself where it is"
            " signed with its own key.",
            is_serious=False,
        )


def _about_authority(
    number: int, certificate: x509.Certificate, now: datetime
) -> Iterator[Objection]:
    if not is_authority(certificate):
        yield Objection(
            f"certificate number {number} is of no authority, and can lead nowhere. Put behind the"
            " server's own certificate only the one that signed it, and so on."
        )
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        yield Objection(
            f"certificate number {number} is valid from {certificate.not_valid_before_utc:%Y-%m-%d}"
            f" to {certificate.not_valid_after_utc:%Y-%m-%d} only. Get the chain anew from the"
            " authority."
        )


def _about_order(certificates: Sequence[x509.Certificate]) -> Iterator[Objection]:
    for number, (certificate, issuer) in enumerate(pairwise(certificates), 1):
        if is_signed_by(certificate, issuer):
            continue
        signers = [
            other
            for other, candidate in enumerate(certificates, 1)
            if other != number and is_signed_by(certificate, candidate)
        ]
        where = f"number {signers[0]} did" if signers else "none in the file did"
        yield Objection(
            f"certificate number {number + 1} did not sign number {number} ({where}). Put each"
            " behind the one that it signed, and leave out what leads nowhere."
        )


def _about_end(
    last: x509.Certificate, anchors: CertificateChain | None, distrust: str | None
) -> Iterator[Objection]:
    if is_self_signed(last) or distrust is None or not distrust.startswith(_ENDS_EARLY):
        return
    if any(is_signed_by(last, anchor) for anchor in (anchors.certificates if anchors else ())):
        return
    yield Objection(
        f"the chain ends before its root: {format_name(last.issuer)!r} is not in it, and not"
        " known on this machine. If that is an intermediate authority, put its certificate at the"
        " end; phones and curl don't fetch it."
    )
