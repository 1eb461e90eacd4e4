"""The names and addresses that a user wants in a certificate, as text.

Text -> a DNS name or an IP address that clients can match (RFC 9525 §6.3, RFC 5280 §4.2.1.6), or
the reason why none can. OpenSSL would write almost any text as a DNS name. Pure functions.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address

from .local_names import SubjectName, ends_in_number, is_dns_name

__all__ = ["parse_address", "parse_dns_name", "parse_subject_name"]


def parse_subject_name(text: str) -> SubjectName:
    """Return the name or the address that ``text`` is, a name in lower case.

    Raises ValueError, whose message is the reason and what to write.
    """
    name = text.strip().removesuffix(".")
    if _is_address(name):
        return parse_address(name)
    return parse_dns_name(name).lower()


def parse_dns_name(text: str) -> str:
    """Return ``text`` where it is a DNS name for a certificate; its first label may be ``*``.

    Raises ValueError, whose message is the reason and what to write.
    """
    if not text:
        raise ValueError("there is no name: write one, or take it out")
    if not text.isascii():
        raise ValueError(
            f"{text} is not as certificates have it: write its ASCII form, which begins with xn--"
        )
    if _is_address(text):
        raise ValueError(f"{text} is an address and no name: write IP.1 = {text}")
    if "*" in text.removeprefix("*."):
        raise ValueError(
            f"{text} matches nothing: write a * for the whole first label only, *.NAME"
        )
    if not is_dns_name(text.lower().removeprefix("*.")):
        raise ValueError(
            f"{text!r} is no name of a host: write letters, digits and hyphens, with dots between,"
            " without a scheme or a port"
        )
    if ends_in_number(text.lower()):
        raise ValueError(
            f"{text} ends in a number, so that browsers take it for an IPv4 address: write another"
            " name, or an address of four numbers up to 255"
        )
    return text


def parse_address(text: str) -> IPv4Address | IPv6Address:
    """Return the IP address that ``text`` is.

    Raises ValueError, whose message is the reason and what to write.
    """
    # RFC 4007 §11: a zone ("%eth0") has a meaning on its own host only.
    if not _is_address(text) or "%" in text:
        raise ValueError(
            f"{text!r} is no IP address: write one such as 192.168.1.20 or fd00::20, without a"
            " zone, a port or a network's length"
        )
    return ip_address(text)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
