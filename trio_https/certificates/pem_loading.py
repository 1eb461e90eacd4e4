"""From a PEM file to its certificates and its private key, with a reason for each way to fail.

All raise ConfigError that names the file, what is wrong with it, and the command that repairs it
where there is one. Whether key and certificates go together is not looked at here.
"""

import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
)

from .home import config_error
from .pem_blocks import PemBlock, parse_pem_blocks

__all__ = [
    "CERTIFICATE_LABELS",
    "load_chain",
    "load_private_key",
    "parse_certificate",
    "read_password",
    "read_pem_blocks",
]

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})

# PKCS #8 (RFC 5958), PKCS #1 (RFC 8017) and SEC 1 (RFC 5915).
_KEY_LABELS = frozenset(
    {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}
)

# Object identifiers, in DER, of ways to encrypt a key that `cryptography` still knows, but OpenSSL
# 3 only with its legacy provider. The first was the default of `openssl pkcs8` up to 1.0.2.
_RETIRED_ENCRYPTION = (
    bytes.fromhex("06092a864886f70d010503"),  # pbeWithMD5AndDES-CBC
    bytes.fromhex("060a2a864886f70d010c0101"),  # pbeWithSHAAnd128BitRC4
    bytes.fromhex("060a2a864886f70d010c0106"),  # pbeWithSHAAnd40BitRC2-CBC
    bytes.fromhex("06082a864886f70d0302"),  # rc2-cbc, inside of PBES2
)


def read_pem_blocks(path: Path, remedy: str) -> list[PemBlock]:
    """Return the blocks of a PEM file, at least one; ``remedy`` is for one that can't be read."""
    content = _read(path, remedy)
    try:
        blocks = parse_pem_blocks(content)
    except ValueError as error:
        _refuse_binary(path, content)
        raise config_error(path, str(error), remedy) from error
    if not blocks:
        _refuse_binary(path, content)
        raise config_error(path, "there is nothing in PEM in this file", remedy)
    return blocks


def _read(path: Path, remedy: str) -> bytes:
    try:
        if path.is_dir():
            raise config_error(path, "this is a folder", remedy)
        # A pipe, say, can be read once only, and OpenSSL is going to read it again.
        if path.exists() and not path.is_file():
            raise config_error(path, "this is not a regular file", remedy)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise config_error(path, "no such file", remedy) from error
    except PermissionError as error:
        remedy = "Let the user who runs the server read it (chown or chmod)"
        raise config_error(path, error, remedy) from error
    except OSError as error:
        raise config_error(path, error, remedy) from error


def _refuse_binary(path: Path, content: bytes) -> None:
    """Raise ConfigError, with the command that converts it, for a file in a known binary form."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise config_error(path, "this text is in UTF-16", "Save it in UTF-8 or ASCII")
    if _is_der_certificate(content):
        remedy = _convert("openssl x509 -inform der", path)
        raise config_error(path, "this certificate is in DER, not in PEM", remedy)
    if _is_der_key(content):
        remedy = _convert("openssl pkey -inform der", path)
        raise config_error(path, "this key is in DER, not in PEM", remedy)
    # RFC 7292 §4: a PFX is a sequence that begins with the integer 3. Its length takes 4 octets.
    if content[:2] == b"\x30\x82" and content[4:7] == b"\x02\x01\x03":
        remedy = _convert("openssl pkcs12 -nodes", path)
        raise config_error(path, "this is a PKCS #12 file, not one in PEM", remedy)


def _is_der_certificate(content: bytes) -> bool:
    try:
        x509.load_der_x509_certificate(content)
    except (ValueError, x509.InvalidVersion):
        return False
    return True


def _is_der_key(content: bytes) -> bool:
    try:
        load_der_private_key(content, password=None)
    except TypeError:
        return True  # it is encrypted
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def load_chain(path: Path, blocks: Sequence[PemBlock]) -> list[x509.Certificate]:
    """Return the certificates in the blocks of the file ``path``, at least one."""
    if any(block.label == "TRUSTED CERTIFICATE" for block in blocks):
        reason = "this is a certificate with OpenSSL's own trust settings"
        raise config_error(path, reason, _convert("openssl x509", path))
    found = [block for block in blocks if block.label in CERTIFICATE_LABELS]
    if not found:
        remedy = "Give the server's certificate with --cert, and its private key with --key"
        raise config_error(path, f"there is no certificate in it, only {_labels(blocks)}", remedy)
    return [_load_certificate(path, number, block) for number, block in enumerate(found, 1)]


def _load_certificate(path: Path, number: int, block: PemBlock) -> x509.Certificate:
    try:
        if block.is_encrypted:
            raise ValueError("it has headers as an encrypted key")
        return parse_certificate(block.data)
    except (ValueError, x509.InvalidVersion) as error:
        reason = f"certificate number {number} in it is damaged"
        raise config_error(path, reason, "Get the file anew from where it comes from") from error


def parse_certificate(data: bytes) -> x509.Certificate:
    """Return the certificate in DER. Raises ValueError or InvalidVersion (of ``cryptography``)."""
    certificate = x509.load_der_x509_certificate(data)
    # It warns of a common name of more than 64 octets, where RFC 5280 counts characters: 22 of
    # Chinese are enough. Both names are kept once they have been read.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        _ = certificate.subject, certificate.issuer
    return certificate


def read_password(path: Path) -> bytes:
    """Return the first line of a file, the password of a key."""
    try:
        return path.read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as error:
        remedy = "Name a file whose first line is the password of the key"
        raise config_error(path, error, remedy) from error


def load_private_key(
    path: Path, blocks: Sequence[PemBlock], password: bytes | None
) -> PrivateKeyTypes:
    """Return the private key in the blocks of the file ``path``, decrypted if need be."""
    # The first one, as OpenSSL does, even where a later one would fit.
    block = next((block for block in blocks if block.label.endswith("PRIVATE KEY")), None)
    if block is None:
        reason = f"there is no private key in it, only {_labels(blocks)}"
        raise config_error(path, reason, "Give the certificate's private key with --key")
    if block.label not in _KEY_LABELS:
        reason = f"TLS has no use for this kind of key, {block.label}"
        raise config_error(path, reason, "Give the certificate's private key with --key")
    if block.is_encrypted:
        return _decrypt_key(path, block, password)
    try:
        return load_pem_private_key(block.text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        remedy = "Get the file anew from where it comes from, or make key and certificate anew"
        raise config_error(path, "the private key in it is damaged", remedy) from error


def _decrypt_key(path: Path, block: PemBlock, password: bytes | None) -> PrivateKeyTypes:
    if not password:
        reason = "the key is encrypted, and no password is given"
        raise config_error(path, reason, "Give the password's file with --key-password-file")
    if any(identifier in block.data[:128] for identifier in _RETIRED_ENCRYPTION):
        reason = "the key is encrypted in a way that OpenSSL has given up"
        command = "openssl pkcs8 -topk8 -provider legacy -provider default"
        raise config_error(path, reason, _convert(command, path))
    try:
        return load_pem_private_key(block.text, password)
    except (ValueError, UnsupportedAlgorithm) as error:
        conversion = _convert("openssl pkey -aes256", path)
        remedy = f"Give the right one, or, if it is, the key in another form. {conversion}"
        raise config_error(path, "the password does not open the key", remedy) from error


def _convert(command: str, path: Path) -> str:
    """Return the remedy to run a command of OpenSSL on a file; its output is a new file."""
    new_path = path.with_suffix(".new.pem")
    files = f"-in {shlex.quote(str(path))} -out {shlex.quote(str(new_path))}"
    return f'Convert it with "{command} {files}"'


def _labels(blocks: Sequence[PemBlock]) -> str:
    return ", ".join(dict.fromkeys(block.label for block in blocks))
