"""From a file in the form of ``certs/ssl.conf`` to the template of a certificate.

The form is that of ``openssl req -x509 -config``: [req] names a section with the subject and one
with the extensions, which may name one with the alternative names. From what is accepted here, that
command makes the same certificate; what it would ask for, leave out or take in another way is a
mistake, told with its line.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, get_args

from cryptography import x509
from cryptography.x509.oid import NameOID

from ..errors import ConfigError
from ..rules.author_lines import LineMistake, check_mistakes
from .conf_extensions import (
    parse_extension,
    parse_general_name,
    split_criticality,
    split_general_names,
    to_alternative_name,
)
from .home import config_error
from .openssl_config import Section, Setting, parse_config
from .template import MAX_COMMON_NAME, CertificateTemplate, Digest, Extension, RSABits

__all__ = ["parse_ssl_conf", "read_ssl_conf"]

_MAX_BYTES = 256 * 1024  # such a file has one or two kilobytes

_DIGESTS: dict[str, Digest] = {name: name for name in get_args(Digest)}
_RSA_BITS: dict[str, RSABits] = {str(bits): bits for bits in get_args(RSABits)}

_Known = TypeVar("_Known")

# What may stand in [req] beside what is read: with these values, it says what is so anyway.
_FIXED = {"prompt": "no", "string_mask": "utf8only", "utf8": "yes", "encrypt_key": "no"}
_READ = ("default_md", "default_bits", "distinguished_name", "x509_extensions")

# RFC 5280 appendix A.1 has the lengths, in characters; OpenSSL holds to them too.
_FIELDS = {
    "C": (NameOID.COUNTRY_NAME, 2),
    "ST": (NameOID.STATE_OR_PROVINCE_NAME, 128),
    "L": (NameOID.LOCALITY_NAME, 128),
    "O": (NameOID.ORGANIZATION_NAME, 64),
    "OU": (NameOID.ORGANIZATIONAL_UNIT_NAME, 64),
    "emailAddress": (NameOID.EMAIL_ADDRESS, 128),
    "CN": (NameOID.COMMON_NAME, MAX_COMMON_NAME),
}
_LONG_NAMES = {
    "countryName": "C",
    "stateOrProvinceName": "ST",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "commonName": "CN",
}


def read_ssl_conf(path: Path) -> CertificateTemplate:
    """Return the template in the file ``path``. Raises ConfigError: each mistake with its line."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise config_error(path, error, "Name the file with --conf, or give names") from error
    return parse_ssl_conf(str(path), content)


def parse_ssl_conf(file: str, content: bytes) -> CertificateTemplate:
    """Return the template in the content of a file, which messages call ``file``.

    Raises ConfigError: each mistake with its line.
    """
    sections = parse_config(file, _decode(file, content))
    if "req" not in sections:
        raise ConfigError(f"{file}: there is no section [req]. Write it as in certs/ssl.conf.")
    return _Reading(file, sections).template()


def _decode(file: str, content: bytes) -> str:
    remedy = "Save it as UTF-8 without a byte order mark"
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"{file}: this is too long for a configuration. Name another file.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ConfigError(f"{file}, line 1: this text is in UTF-16. {remedy}.")
    if content.startswith(b"\xef\xbb\xbf"):
        reason = "there is a byte order mark (BOM), which some of OpenSSL's versions stumble over"
        raise ConfigError(f"{file}, line 1: {reason}. {remedy}.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}, line {line}: this text is not in UTF-8. {remedy}.") from error


class _Reading:
    """One reading of a file: which sections something led to, and the mistakes so far."""

    def __init__(self, file: str, sections: Mapping[str, Section]) -> None:
        self._file = file
        self._sections = sections
        self._used = {"req"}
        self._mistakes: list[tuple[int, LineMistake]] = []

    def template(self) -> CertificateTemplate:
        request = self._sections["req"]
        settings = self._settings_of_request(request)
        subject = self._subject(self._follow(request, settings, "distinguished_name"))
        extensions = self._extensions(self._follow(request, settings, "x509_extensions"))
        digest = self._choice(settings.get("default_md"), _DIGESTS, "sha256")
        rsa_bits = self._choice(settings.get("default_bits"), _RSA_BITS, 2048)
        for name in self._sections.keys() - self._used:
            self._tell(self._sections[name].line, f"nothing leads to [{name}]: take it out")
        check_mistakes(self._file, self._mistakes)
        return CertificateTemplate(
            subject=subject, extensions=extensions, digest=digest, rsa_bits=rsa_bits
        )

    def _settings_of_request(self, request: Section) -> Mapping[str, Setting]:
        settings = {setting.name: setting for setting in request.settings}
        if "prompt" not in settings:
            self._tell(request.line, "OpenSSL would ask for each field: write prompt = no in [req]")
        for setting in request.settings:
            if setting.name in _FIXED:
                self._choice(setting, {_FIXED[setting.name]: True}, True)
            elif setting.name not in _READ:
                known = ", ".join((*_READ, *_FIXED))
                self._tell(
                    setting.line, f"{setting.name} is not known: take it out (known are {known})"
                )
        return settings

    def _choice(
        self, setting: Setting | None, known: Mapping[str, _Known], default: _Known
    ) -> _Known:
        if setting is None:
            return default
        if setting.value not in known:
            wanted = " or ".join(known)
            self._tell(setting.line, f"{setting.name} = {setting.value}: write {wanted}")
        return known.get(setting.value, default)

    def _follow(
        self, request: Section, settings: Mapping[str, Setting], pointer: str
    ) -> Section | None:
        if pointer not in settings:
            self._tell(request.line, f"{pointer} is missing: name the section, in [req]")
            return None
        return self._section(settings[pointer].line, settings[pointer].value)

    def _section(self, line: int, name: str) -> Section | None:
        self._used.add(name)
        if name not in self._sections:
            self._tell(line, f"there is no section [{name}]: add it")
        return self._sections.get(name)

    def _subject(self, section: Section | None) -> x509.Name:
        if section is None:
            return x509.Name([])
        attributes = []
        for setting in section.settings:
            with self._telling(setting.line):
                attributes.append(_parse_attribute(setting))
        # Not without: browsers look at the subjectAltName alone, but people look at this.
        if not any(_field_name(setting) == "CN" for setting in section.settings):
            self._tell(section.line, "there is no CN: write the name of the server, CN = localhost")
        return x509.Name(attributes)

    def _extensions(self, section: Section | None) -> tuple[Extension, ...]:
        if section is None:
            return ()
        extensions = []
        for setting in section.settings:
            with self._telling(setting.line):
                extension = self._extension(setting)
                if extension is not None:
                    extensions.append(extension)
        if not any(setting.name == "subjectAltName" for setting in section.settings):
            reason = "browsers look at no other name than those of subjectAltName"
            self._tell(section.line, f"{reason}: write subjectAltName = @alt_names")
        return tuple(extensions)

    def _extension(self, setting: Setting) -> Extension | None:
        if setting.name != "subjectAltName":
            return parse_extension(setting.name, setting.value)
        critical, value = split_criticality(setting.value)
        if value.startswith("@"):
            names = self._general_names(self._section(setting.line, value.removeprefix("@")))
        else:
            names = [parse_general_name(*pair) for pair in split_general_names(value)]
        return to_alternative_name(names, critical=critical)

    def _general_names(self, section: Section | None) -> list[x509.GeneralName]:
        names: list[x509.GeneralName] = []
        for setting in section.settings if section else ():
            with self._telling(setting.line):
                names.append(parse_general_name(setting.name, setting.value))
        return names

    def _tell(self, line: int, text: str) -> None:
        self._mistakes.append((line, LineMistake(text)))

    @contextmanager
    def _telling(self, line: int) -> Iterator[None]:
        try:
            yield
        except LineMistake as mistake:
            self._mistakes.append((line, mistake))


def _parse_attribute(setting: Setting) -> x509.NameAttribute[str]:
    name = _field_name(setting)
    if name not in _FIELDS:
        raise LineMistake(
            f"{setting.name} is no field of a subject that is known: take it out (known are"
            f" {', '.join(_FIELDS)})"
        )
    oid, length = _FIELDS[name]
    _check_field(name, setting.value, length)
    return x509.NameAttribute(oid, setting.value)


def _field_name(setting: Setting) -> str:
    # "0.OU" and "1.OU" are two of a kind.
    name = re.sub(r"^[0-9]+\.", "", setting.name)
    return _LONG_NAMES.get(name, name)


def _check_field(name: str, value: str, length: int) -> None:
    if not value:
        raise LineMistake(f"{name} is empty: write a value, or take the line out")
    if name == "C" and not re.fullmatch("[A-Za-z]{2}", value):
        raise LineMistake(f"C = {value} is no country: write the two letters of ISO 3166, CN say")
    if name == "emailAddress" and not value.isascii():
        raise LineMistake("an emailAddress in a certificate is ASCII: write one that is")
    # `cryptography` counts the octets of a common name, OpenSSL the characters of each field.
    size, unit = (len(value.encode()), "bytes") if name == "CN" else (len(value), "characters")
    if size > length:
        raise LineMistake(f"{name} has {size} {unit}: write at most {length} (RFC 5280)")
