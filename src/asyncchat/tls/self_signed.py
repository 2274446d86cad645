"""A key and a certificate that the server makes for itself, beside its store."""

import contextlib
import os
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from asyncchat.errors import ChatError

SUFFIX = "-tls.pem"
"""What follows the name of the store in that of the file with the key and the certificate."""

_EARLIER = timedelta(days=1)
"""The clocks of clients may be slow."""

_VALID = timedelta(days=3650)


def path_of(store: str) -> str:
    """Return the path of the file with the key and the certificate of a store."""
    return store + SUFFIX


def of_store(store: str) -> str:
    """Return the path of the file with the key and the certificate; make it if there is none. Raises ChatError."""
    path = Path(path_of(store))
    if not path.exists():
        made = make()
        try:
            _write(path, made)
        except OSError as error:
            raise ChatError(f"can't write {path}: {os.strerror(error.errno or 0).lower()}") from None
    return str(path)


def _write(path: Path, content: bytes) -> None:
    """Write the whole file, or nothing, and never over another."""
    descriptor, temporary = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # with mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another start was faster
            os.link(temporary, path)
    finally:
        os.unlink(temporary)


def make() -> bytes:
    """Return a new key and its certificate (PEM). Raises ChatError."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise ChatError(
            "`--tls self` needs the package cryptography: run `pip install cryptography`, "
            "or give a certificate with --tls-cert and --tls-key"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "asyncchat")])
    hosts = {"localhost", socket.gethostname().lower()}
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(h) for h in sorted(hosts) if h.isascii()]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
