"""Certificates of miners, created for tests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import IPv4Address
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from simulator.certificate import make_context, server_context

FIRST_YEAR, LAST_YEAR = 2020, 2100
"""Of a certificate that is valid: OpenSSL compares with the real clock."""

_MAY_SIGN = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate, and the context of a server that shows it."""

    context: ssl.SSLContext
    der: bytes

    @property
    def fingerprint(self) -> str:
        """Return its SHA-256 in hex."""
        return sha256(self.der).hexdigest()


def self_signed() -> ServerCertificate:
    """Return a certificate like XMRig's own."""
    return ServerCertificate(*make_context())


class Authority:
    """A certificate authority."""

    def __init__(self) -> None:
        """Create its key and its certificate."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test authority")
        self._certificate = (
            _builder(self._name, self._name, self._key, LAST_YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_MAY_SIGN, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, SHA256())
        )

    def trust(self) -> ssl.SSLContext:
        """Return the context of a client that trusts it."""
        return ssl.create_default_context(
            cadata=self._certificate.public_bytes(Encoding.DER)
        )

    def issue(
        self, *, host: str = "127.0.0.1", until: int = LAST_YEAR
    ) -> ServerCertificate:
        """Return a certificate for a host that is valid until the start of a year."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name("rig-one"), self._name, key, until)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
            .sign(self._key, SHA256())
        )
        return ServerCertificate(*server_context(key, certificate))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, until: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
    )
