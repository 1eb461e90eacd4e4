"""What is advised where there was no handshake, by what stood in the way and what was offered."""

import pytest

from trio_https.cli.explain_advice import no_handshake_in_words
from trio_https.handshake.dialogue import Offer
from trio_https.handshake.explanation import Outcome
from trio_https.rules.handshake_failures import Obstacle, ServerFailure

ANY, TLS12, TLS13 = Offer(), Offer(version="1.2"), Offer(version="1.3")
RSA = Offer(rsa_key_exchange=True)


@pytest.mark.parametrize(
    ("obstacle", "offer", "advice"),
    [
        ("no TLS", ANY, "Is the port right?"),
        ("no TLS", RSA, "Is the port right?"),
        ("end", ANY, "Is the server running"),
        ("end", TLS13, "Try --tls 1.2,"),
        ("no version", ANY, "TLS 1.1 at most"),
        ("no version", TLS13, "Try --tls 1.2,"),
        ("no version", TLS12, "Try --tls 1.3,"),
        ("no version", RSA, "Try it without --rsa"),
        ("refusal", ANY, "or --rsa"),
        ("refusal", RSA, "Try it without --rsa"),
        ("refusal", Offer(version="1.2", rsa_key_exchange=True), "Try it without --rsa"),
        ("demand", ANY, "by the right name?"),
        ("other", TLS12, "or --rsa"),
    ],
)
def test_the_next_step_is_one_that_was_not_taken_yet(
    obstacle: Obstacle, offer: Offer, advice: str
) -> None:
    told = no_handshake_in_words(Outcome(offer, None, ServerFailure(obstacle, "it says no")))
    assert told.startswith("No handshake: it says no. ")
    assert advice in told
    assert f"Try --tls {offer.version}" not in told


def test_where_there_was_a_handshake_nothing_is_advised() -> None:
    assert no_handshake_in_words(Outcome(ANY, None)) == ""
