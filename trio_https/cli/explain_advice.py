"""What ``trio-https explain`` advises where there was no handshake: another offer, another place.

Texts only, chosen by what stood in the way and what was offered.
"""

from ..handshake.dialogue import Offer
from ..handshake.explanation import Outcome
from ..rules.handshake_failures import Obstacle

__all__ = ["no_handshake_in_words"]


def no_handshake_in_words(outcome: Outcome) -> str:
    """Return why there was no handshake, and what to try next; "" where there was one."""
    failure = outcome.failure
    if failure is None:
        return ""
    return f"No handshake: {failure.text}. {_advice(failure.obstacle, outcome.offer)}"


def _advice(obstacle: Obstacle, offer: Offer) -> str:
    match obstacle:
        case "no TLS":
            return "Is the port right? HTTPS is most often on 443; trio-https serves it on 8443."
        case "demand":
            return "Is it the right server, by the right name? Nothing that explain offers helps."
        case "end":
            return (
                "Is the server running, and does it begin with TLS? A mail server, for one, wants"
                f" STARTTLS first. {_another_offer(offer)}"
            )
        case "no version" if offer.version is None and not offer.rsa_key_exchange:
            return "It may be one of old, with TLS 1.1 at most: OpenSSL here has given that up."
        case _:
            return _another_offer(offer)


def _another_offer(offer: Offer) -> str:
    if offer.rsa_key_exchange:
        return "Try it without --rsa: few servers take that today."
    if offer.version == "1.3":
        return "Try --tls 1.2, for a server from before 2018."
    if offer.version == "1.2":
        return "Try --tls 1.3, or --rsa for a server of old."
    return "Try --tls 1.2 by itself, or --rsa for a server of old."
