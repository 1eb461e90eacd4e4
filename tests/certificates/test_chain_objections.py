from datetime import timedelta
from pathlib import Path

import pytest

from trio_https.certificates.chain_objections import find_chain_objections
from trio_https.certificates.details import CertificateChain, CertificateKey

from .chains import Made, issue
from .times import NOW

DAY = timedelta(days=1)
SIGNING = ["key_cert_sign"]
# What OpenSSL says of a chain whose end it does not know.
NO_ISSUER = "unable to get local issuer certificate"

ROOT = issue("root", names=[], is_ca=True, usages=SIGNING)
INTERMEDIATE = issue("intermediate", ROOT, names=[], is_ca=True, usages=SIGNING)
LEAF = issue("leaf", INTERMEDIATE)
STRANGER = issue("intermediate", names=[], is_ca=True, usages=SIGNING)  # of the same name
EXPIRED = issue("old", ROOT, names=[], is_ca=True, usages=SIGNING, end=NOW - DAY)


def chain_of(*made: Made) -> CertificateChain:
    return CertificateChain("server.crt", tuple(each.certificate for each in made))


def problems(
    *made: Made, key: Made | None = None, distrust: str | None = None, anchors: Made | None = None
) -> list[str]:
    found = find_chain_objections(
        chain_of(*made),
        CertificateKey(Path("server.key"), key.key) if key else None,
        anchors=chain_of(anchors) if anchors else None,
        distrust=distrust,
        now=NOW,
    )
    return [objection.text for objection in found if objection.is_serious]


def test_a_chain_in_order_is_left_in_peace() -> None:
    assert problems(LEAF, INTERMEDIATE, key=LEAF) == []
    assert problems(LEAF, INTERMEDIATE, ROOT, distrust="self-signed certificate in chain") == []
    assert problems(issue(), distrust="self-signed certificate") == []


@pytest.mark.parametrize(
    ("chain", "problem"),
    [
        ((LEAF, ROOT), "certificate number 2 did not sign number 1 (none in the file did)"),
        ((LEAF, ROOT, INTERMEDIATE), "certificate number 2 did not sign number 1 (number 3 did)"),
        ((LEAF, STRANGER), "certificate number 2 did not sign number 1 (none in the file did)"),
        ((LEAF, INTERMEDIATE, issue("other", ROOT)), "certificate number 3 is of no authority"),
        (
            (issue("leaf", EXPIRED), EXPIRED),
            "certificate number 2 is valid from 2026-11-13 to 2026",
        ),
    ],
)
def test_what_is_wrong_in_a_chain_is_told(chain: tuple[Made, ...], problem: str) -> None:
    assert any(text.startswith(problem) for text in problems(*chain))


def test_a_chain_without_its_intermediate_is_told() -> None:
    [problem] = problems(LEAF, distrust=NO_ISSUER)
    assert problem.startswith("the chain ends before its root: 'CN=intermediate' is not in it")


def test_a_chain_that_ends_at_a_known_authority_needs_no_more() -> None:
    assert problems(LEAF, distrust=NO_ISSUER, anchors=INTERMEDIATE) == []
    assert problems(LEAF, distrust=NO_ISSUER, anchors=STRANGER) != []
    assert problems(LEAF, distrust="certificate has expired") == []


@pytest.mark.parametrize(
    ("chain", "problem"),
    [
        ((LEAF, INTERMEDIATE), "server.key: the key does not belong to server.crt"),
        ((INTERMEDIATE, LEAF), "the certificate that the key belongs to is number 2 in it"),
    ],
)
def test_a_key_that_does_not_fit_is_told(chain: tuple[Made, ...], problem: str) -> None:
    key = LEAF if chain[0] is INTERMEDIATE else ROOT
    assert problems(*chain, key=key)[0].startswith(problem)


def test_of_a_chain_that_is_known_in_part_only_the_rest_is_not_judged() -> None:
    found = find_chain_objections(
        chain_of(LEAF), None, distrust=NO_ISSUER, is_partial=True, now=NOW
    )
    assert [objection.is_serious for objection in found] == [False]


def test_distrust_is_a_note() -> None:
    found = find_chain_objections(chain_of(issue()), None, distrust="self-signed", now=NOW)
    [note] = found
    assert not note.is_serious
    assert note.text.startswith("this machine's clients don't trust it: self-signed.")
