"""Authorities for the tests of TLS listeners: chains, clients, and lists of revoked certificates.

    authority = Authority(folder, "Test CA")
    authority.issue("shop.pem", "shop.key", names=["shop.test"])
"""

import datetime
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _key(kind):
    return rsa.generate_private_key(65_537, 2_048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authority:
    """Signs certificates. Its own stands in `path`; one with an `issuer` is an intermediate."""

    def __init__(self, folder, name="Test CA", issuer=None, path_length=None):
        self.folder = pathlib.Path(folder)
        self.name = _name(name)
        self.issuer = issuer
        self.key = _key("ecdsa")
        self.path = self.folder / f"{name.replace(' ', '-').lower()}.pem"
        now = datetime.datetime.now(datetime.timezone.utc)
        signer = issuer or self
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(signer.key, hashes.SHA256())
        )
        self.path.write_bytes(self.pem)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def chain(self):
        """The intermediates from this one up to the root, which does not belong to it."""
        return self.pem + self.issuer.chain if self.issuer else b""

    def issue(self, certificate, key, names=(), common_name="", kind="ecdsa", days=30, begins=-1, usage=None):
        """Writes a certificate with its chain, and its key, to files; returns the certificate."""
        now = datetime.datetime.now(datetime.timezone.utc)
        private = _key(kind)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common_name or (names[0] if names and isinstance(names[0], str) else "nobody")))
            .issuer_name(self.name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins * DAY)
            .not_valid_after(now + days * DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) if isinstance(name, str) else name for name in names]), critical=False
            )
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        issued = builder.sign(self.key, hashes.SHA256())
        path = self.folder / key
        path.touch(mode=0o600)
        path.write_bytes(_pem(private))
        (self.folder / certificate).write_bytes(issued.public_bytes(serialization.Encoding.PEM) + self.chain)
        return issued

    def revoke(self, path, *certificates, days=7, der=False, signer=None):
        """Writes a list of revoked certificates."""
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now - 30 * DAY)
            .next_update(now + days * DAY)
            .add_extension(x509.CRLNumber(1), critical=False)
        )
        for certificate in certificates:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(certificate.serial_number)
                .revocation_date(now - DAY)
                .build()
            )
        encoding = serialization.Encoding.DER if der else serialization.Encoding.PEM
        data = builder.sign((signer or self).key, hashes.SHA256()).public_bytes(encoding)
        (self.folder / path).write_bytes(data)
        return data


CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
