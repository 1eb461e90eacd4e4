"""The names that a local CA may sign for: those that mean this machine or its own network.

They become the name constraints of the CA (RFC 5280 §4.2.1.10), so that a client refuses a leaf for
any other name, whoever has got hold of the key. Pure functions; nothing here knows of X.509.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

__all__ = [
    "PERMITTED_NETWORKS",
    "SubjectName",
    "default_names",
    "ends_in_number",
    "is_dns_name",
    "is_permitted",
    "is_public_name",
    "permitted_domains",
]

SubjectName = str | IPv4Address | IPv6Address
"""A DNS name, also a wildcard such as "*.localhost", or an IP address."""

# What nobody can buy: RFC 6761 §6.2 and §6.3 (test, localhost), RFC 6762 (local), RFC 8375
# (home.arpa); ICANN set internal aside for private use in 2024.
_RESERVED_DOMAINS = ("localhost", "local", "test", "internal", "home.arpa")

# Loopback, private and link-local addresses: RFC 1122 §3.2.1.3, RFC 1918, RFC 3927; RFC 4291
# §2.5.3 and §2.5.6, RFC 4193.
PERMITTED_NETWORKS = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fe80::/10", "fc00::/7"),
    )
)

# A constraint holds for a domain with all under it, so that the CA of a machine called "dev" could
# sign for every site of .dev. Of the 1,400 top-level domains, these are likely names of a machine.
_TOP_LEVEL_DOMAINS = """
    ai app art audio bar black blog blue bot box build business cafe cam camera cat cloud club
    co com company computer data dell design dev digital dog earth email fire fish foo fun
    games gold green guru host hosting house info ink io lenovo link live me media mobile
    monster movie music net network new news ninja one org page party phone photo photos pink
    play plus pro prod pub radio red run school science security services shop site sky smart
    solar sony space star store storage stream studio support systems team tech tools top tube
    tv video watch web website win windows work works world xbox zone
""".split()  # noqa: SIM905 -- as a list it is a hundred lines

# RFC 1123 §2.1. An underscore is no part of a host name, so clients match none in a certificate.
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)


def default_names(hostname: str) -> tuple[SubjectName, ...]:
    """Return the names of a server on this machine, ``hostname`` among them if clients can use it.

    The first one becomes the common name of the certificate.
    """
    names = ("localhost", "*.localhost", IPv4Address("127.0.0.1"), IPv6Address("::1"))
    name = _normalize(hostname)
    return (*names, name) if name != "localhost" and _is_host_name(name) else names


def permitted_domains(hostname: str) -> tuple[str, ...]:
    """Return the domains that a CA on the machine ``hostname`` may sign for."""
    name = _normalize(hostname)
    if not _is_host_name(name) or is_permitted(name, _RESERVED_DOMAINS, ()):
        return _RESERVED_DOMAINS
    return (*_RESERVED_DOMAINS, name)


def is_permitted(
    name: SubjectName, domains: Iterable[str], networks: Iterable[IPv4Network | IPv6Network]
) -> bool:
    """Whether constraints to these domains and networks leave ``name`` (RFC 5280 §4.2.1.10)."""
    if not isinstance(name, str):
        return any(name in network for network in networks)
    host = name.removeprefix("*.")
    if not is_dns_name(host):
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def is_public_name(name: str) -> bool:
    """Whether a name in a certificate, "*.example.org" say, can be that of a public site."""
    host = _normalize(name).removeprefix("*.")
    return "." in host and _is_host_name(host) and not is_permitted(host, _RESERVED_DOMAINS, ())


def is_dns_name(name: str) -> bool:
    """Whether a name in lower case, without a wildcard, is one that a host can have."""
    # 253 characters are the 255 octets of RFC 1035 §2.3.4 without the root's and a length octet.
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in name.split("."))


def ends_in_number(name: str) -> bool:
    """Whether browsers read a name in lower case as an IPv4 address, right or wrong.

    The "ends in a number checker" of the WHATWG's URL standard: https://1234/ is 0.0.4.210.
    """
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]) is not None


def _normalize(hostname: str) -> str:
    return hostname.lower().removesuffix(".")


def _is_host_name(name: str) -> bool:
    return is_dns_name(name) and not ends_in_number(name) and name not in _TOP_LEVEL_DOMAINS
