"""The certificate that XMRig creates for itself (base/net/tls/TlsGen.cpp)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


def make_context() -> tuple[ssl.SSLContext, bytes]:
    """Return a server's TLS context and its certificate in DER form.

    Self-signed for CN=localhost and ten years, like the miner's; the key is an elliptic
    curve key because that is created faster.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, SHA256())
    )
    return server_context(key, certificate)


def server_context(
    key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> tuple[ssl.SSLContext, bytes]:
    """Return a server's TLS context, and its certificate in DER form."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cert.pem"
        path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
        context.load_cert_chain(path)
    return context, certificate.public_bytes(Encoding.DER)
