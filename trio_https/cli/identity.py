"""Which certificates the server shows: the user's, the one in ``certs/``, or a local one."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ..certificates.description import CertificateDescription
from ..certificates.home import certificates_home
from ..certificates.local_issuer import LocalIssuer, find_local_issuer
from ..certificates.local_names import SubjectName
from ..certificates.objections import ends_soon
from ..config import TLSSettings
from ..errors import ConfigError
from ..identities.loading import read_client_authorities
from ..identities.places import CertificateFolder, KeyFiles, LocalAuthority, Place, Source
from ..identities.served import Identities
from .console import paint, say, step

__all__ = ["Identity", "IdentityOptions", "open_identity", "private_places"]

# Where a certificate is expected without being named, as the README of that folder says.
_CERTS_FOLDER = Path("certs")
_DEFAULT_TLS = TLSSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityOptions:
    """What the user asked for."""

    certificates: tuple[Path, ...] = ()
    """Files and folders; without any, what is found."""
    keys: tuple[Path, ...] = ()
    """None, or one for each file among ``certificates``."""
    password_file: Path | None = None
    client_ca: Path | None = None
    client_cert: Literal["optional", "required"] | None = None
    """None: required where there is a ``client_ca``."""
    session_tickets: int = 2
    tls: TLSSettings = _DEFAULT_TLS

    def __post_init__(self) -> None:
        """Raise ``ConfigError`` where clients would not be asked for what they must have."""
        if self.client_cert is not None and self.client_ca is None:
            raise ConfigError(
                "--client-cert goes with --client-ca, the authorities that sign for clients. Give"
                " that too, or leave it out: without it, every client is answered."
            )

    @property
    def client_required(self) -> bool:
        """Whether clients without a certificate are turned away."""
        return self.client_ca is not None and self.client_cert != "optional"


@dataclass(frozen=True, slots=True)
class Identity:
    """The certificates that clients are shown, ready for use."""

    served: Identities
    private_files: tuple[Path, ...]
    """Files and folders that must never be among the pages."""
    authority: LocalIssuer | None
    """What a client has to trust; None where another is behind the certificates."""


def open_identity(
    options: IdentityOptions, lan_names: Callable[[], Sequence[SubjectName]] | None = None
) -> Identity:
    """Load the certificates and their keys, or issue one, and tell the steps.

    ``lan_names`` gives the names that are to be in an issued one too, now and later. Raises
    ``ConfigError`` for files that don't serve.
    """
    if options.client_ca is not None:
        _tell_clients(options, options.client_ca)
    places = find_places(options)
    return _open_given(places, options) if places else _open_local(options, lan_names)


def private_places() -> list[Path]:
    """Return the places of private keys that are there, whether they are in use or not."""
    places = [_CERTS_FOLDER / "server.key"]
    with suppress(ConfigError):  # a user without a home folder has none there
        places.append(certificates_home())
    return [place for place in places if place.exists()]


def find_places(options: IdentityOptions) -> list[Place]:
    """Return where the user's certificates are, in order; none: the user has none.

    Raises ``ConfigError`` where files don't go together.
    """
    if not options.certificates:
        return _find_default(options)
    folders = [path for path in options.certificates if path.is_dir()]
    number_of_files = len(options.certificates) - len(folders)
    if len(options.keys) not in (0, number_of_files):
        raise ConfigError(
            f"--key: {len(options.keys)} for {number_of_files} files of --cert. Give one for each,"
            " in the same order, or none: then each is in the file of its certificate."
        )
    keys = iter(options.keys)
    return [
        CertificateFolder(path, options.password_file)
        if path in folders
        else KeyFiles(path, next(keys, None), options.password_file)
        for path in options.certificates
    ]


def _find_default(options: IdentityOptions) -> list[Place]:
    if options.keys or options.password_file is not None:
        raise ConfigError("--key and --key-password-file go with --cert. Give the certificate too.")
    certificate, key = _CERTS_FOLDER / "server.crt", _CERTS_FOLDER / "server.key"
    if certificate.exists() != key.exists():
        there, missing = (certificate, key) if certificate.exists() else (key, certificate)
        raise ConfigError(
            f"{there} is there, but {missing} is not. Put it there too, or move the other away,"
            " or name both with --cert and --key."
        )
    return [KeyFiles(certificate, key)] if certificate.exists() else []


def _open_given(places: list[Place], options: IdentityOptions) -> Identity:
    with step("Certificate") as told:
        served = _open(places, options)
        first, *others = zip(served.sources, served.descriptions, strict=True)
        told.detail = _in_words(first[1])
    _tell_key(*first)
    for source, description in others:
        with step("Certificate") as told:
            told.detail = _in_words(description)
        _tell_key(source, description)
    private = (path for place in places for path in place.private_files)
    return Identity(served, tuple(private), _find_authority(served.sources))


def _find_authority(sources: Sequence[Source]) -> LocalIssuer | None:
    """Return the local CA, if it is behind one of the user's certificates."""
    with suppress(ConfigError):  # a user without a home folder has none
        home = certificates_home()
        files = [source.certificate for source in sources if isinstance(source, KeyFiles)]
        return next(filter(None, (find_local_issuer(path, home) for path in files)), None)
    return None


def _open_local(
    options: IdentityOptions, lan_names: Callable[[], Sequence[SubjectName]] | None
) -> Identity:
    # Here, because what issues certificates is not needed where they are given.
    from ..certificates.local_certificate import open_local_certificate

    home = certificates_home()
    with step("Certificate") as told:
        local = open_local_certificate(
            home, now=datetime.now(UTC), lan_names=lan_names() if lan_names else ()
        )
        issued = "issued now, " if local.issued else ""
        told.detail = f"{issued}{_in_words(local.leaf)}"
    with step("Key") as told:
        served = _open([LocalAuthority(home, lan_names)], options)
        told.detail = f"{local.leaf.key}, {local.path}"
    if local.left_out:
        names = ", ".join(str(name) for name in local.left_out)
        say(f"          (not for {names}: your certificate authority is from before that name)")
    if local.ca_expires_soon:
        say(
            f"          (your certificate authority ends on {local.ca.not_after:%Y-%m-%d}:"
            f" remove {local.ca_path.parent} to have a new one made, and trust that)"
        )
    authority = LocalIssuer(local.ca_path, local.ca_name, local.ca.sha256)
    return Identity(served, (local.path, local.ca_path.parent), authority)


def _open(places: list[Place], options: IdentityOptions) -> Identities:
    return Identities(
        places,
        client_ca=options.client_ca,
        session_tickets=options.session_tickets,
        settings=options.tls,
    )


def _tell_key(source: Source, description: CertificateDescription) -> None:
    with step("Key") as told:
        told.detail = f"{description.key}, {source.private_files[0]}"
    if ends_soon(description, datetime.now(UTC)):
        end = f"{description.not_after:%Y-%m-%d %H:%M} UTC"
        say(paint(f"          (it ends on {end}: renew it, no restart is needed)", "yellow"))


def _tell_clients(options: IdentityOptions, client_ca: Path) -> None:
    with step("Clients") as told:
        read_client_authorities(client_ca)  # here, so that it is this step that fails
        need = "need" if options.client_required else "may have"
        told.detail = f"{need} a certificate by an authority in {client_ca}"


def _in_words(description: CertificateDescription) -> str:
    names = ", ".join(description.names) or "no names"
    days = (description.not_after - datetime.now(UTC)).days
    return f"{names}; until {description.not_after:%Y-%m-%d} ({days} days)"
