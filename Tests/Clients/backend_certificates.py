"""Certificates for tests: an authority, and what it signs, as files and as `ssl` contexts.

    authority = Authority(folder)
    backend = Backend(tls=authority.issue("127.0.0.1").server())
    # … backends: { b: { targets: [...], tls: { ca: <authority.file> } } }
"""

import datetime
import ipaddress
import itertools
import pathlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_numbers = itertools.count(1)


def _now():
    return datetime.datetime.now(datetime.timezone.utc)


class Certificate:
    """A certificate and its key, in `file` and `key_file`."""

    def __init__(self, folder, name, certificate, key):
        self.certificate = certificate
        self.key = key
        self.file = pathlib.Path(folder) / f"{name}.pem"
        self.key_file = pathlib.Path(folder) / f"{name}.key"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self.key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.key_file.chmod(0o600)

    def server(self, protocols=(), clients=None):
        """A server's context. `clients` is an authority whose clients alone are served."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key_file)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients.file)
        return context


class Authority(Certificate):
    """A certificate authority of a test's own."""

    def __init__(self, folder, name="test-authority"):
        key = ec.generate_private_key(ec.SECP256R1())
        self.folder = folder
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(self.subject, key.public_key(), _now(), datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        super().__init__(folder, f"{name}-{next(_numbers)}", certificate, key)

    def _builder(self, subject, public_key, start, duration):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start - datetime.timedelta(hours=1))
            .not_valid_after(start + duration)
        )

    def issue(self, *names, ended=False):
        """A certificate for hosts and numeric addresses, `ended` for one that was valid until an hour ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        start = _now() - datetime.timedelta(days=2 if ended else 0)
        duration = datetime.timedelta(hours=47 if ended else 24)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            self._builder(subject, key.public_key(), start, duration)
            .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Certificate(self.folder, f"{names[0]}-{next(_numbers)}", certificate, key)


def _general(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
