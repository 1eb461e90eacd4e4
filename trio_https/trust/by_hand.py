"""What a user does by hand: devices and programs whose trust this machine can't change.

Texts only. The steps for Windows are those of the application note that this server comes from;
those for other systems follow the words that their settings have in English.
"""

import shlex
from typing import NamedTuple

from .authority import Authority

__all__ = ["Steps", "steps_by_hand"]


class Steps(NamedTuple):
    """How one kind of client comes to trust a CA."""

    client: str
    steps: tuple[str, ...]
    """In order, each a sentence without its full stop."""


# On a machine of its own, a CA's file is {name}; on this one it is at {path}. By the system that
# has no need of the steps, since "trust" does them there.
_STEPS = {
    "Windows": """
        Windows (Edge, Chrome, Firefox)
        Double-click {name}, then Install Certificate
        Current User; Place all certificates in the following store; Browse; \
            Trusted Root Certification Authorities
        Finish; Yes, if the thumbprint (sha1) is {thumbprint}
    """,
    "Darwin": """
        macOS (Safari, Chrome, Firefox)
        Double-click {name}, which adds it to the login keychain
        Keychain Access; login; Certificates; double-click it
        Trust; When using this certificate: Always Trust
    """,
    "Firefox": """
        Firefox where it does not look into the system's store
        Settings; Privacy & Security; Certificates; View Certificates; Authorities; Import
        Choose {path}; Trust this CA to identify websites
    """,
    "Android": """
        Android
        Bring {name} to the device
        Settings; Security & privacy; More security settings; Encryption & credentials; \
            Install a certificate; CA certificate; Install anyway
        For Firefox besides: Settings; About Firefox; tap the logo five times; back; \
            Secret Settings; Use third party CA certificates
    """,
    "iOS": """
        iPhone and iPad
        Bring {name} to the device (AirDrop, mail, a download) and open it
        Settings; Profile Downloaded; Install
        Settings; General; About; Certificate Trust Settings; turn it on for this authority
    """,
    "programs": """
        Programs with a list of their own
        Java: keytool -importcert -cacerts -alias trio-https -file {argument}
        Node.js: NODE_EXTRA_CA_CERTS={argument}
        Python's requests: REQUESTS_CA_BUNDLE={argument}; its httpx: SSL_CERT_FILE={argument}
    """,
}


def steps_by_hand(authority: Authority, system: str) -> list[Steps]:
    """Return the steps for all clients but those of ``system``, which is one of ``platform``."""
    words = {
        "name": authority.path.name,
        "path": str(authority.path),
        "argument": shlex.quote(str(authority.path)),
        "thumbprint": authority.thumbprint,
    }
    return [_parse(text, words) for key, text in _STEPS.items() if key != system]


def _parse(text: str, words: dict[str, str]) -> Steps:
    client, *steps = (" ".join(line.split()) for line in text.strip().splitlines())
    return Steps(client, tuple(step.format(**words) for step in steps))
