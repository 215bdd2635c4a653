"""TLS certificates of miners: how they are verified, and what users see of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from cryptography import x509
from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL

from .const import CONF_FINGERPRINT, CONF_VERIFICATION


class Verification(StrEnum):
    """How the certificate of a miner is verified."""

    AUTHORITY = "authority"
    """By the certificate authorities that Home Assistant trusts."""
    CERTIFICATE = "certificate"
    """By the SHA-256 of the certificate that the user accepted."""
    NONE = "none"


@dataclass(frozen=True)
class Certificate:
    """A certificate that a miner presented."""

    fingerprint: str
    """Its SHA-256 in hex."""
    valid_from: datetime | None
    valid_until: datetime | None

    @classmethod
    def from_der(cls, data: bytes) -> Self:
        """Parse a certificate in DER form; if it cannot be read, it has no dates."""
        fingerprint = sha256(data).hexdigest()
        try:
            certificate = x509.load_der_x509_certificate(data)
        except ValueError:
            return cls(fingerprint, None, None)
        return cls(
            fingerprint,
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )

    @property
    def facts(self) -> dict[str, str]:
        """Return the placeholders for texts about the certificate."""
        return {
            "found": fingerprint_text(self.fingerprint),
            "valid_from": _date(self.valid_from),
            "valid_until": _date(self.valid_until),
        }


def fingerprint_text(fingerprint: str) -> str:
    """Return a fingerprint as `openssl x509 -fingerprint` prints it."""
    return bytes.fromhex(fingerprint).hex(":").upper()


def pinned(fingerprint: str) -> dict[str, str]:
    """Return what a config entry stores to accept only this certificate."""
    return {
        CONF_VERIFICATION: Verification.CERTIFICATE.value,
        CONF_FINGERPRINT: fingerprint,
    }


def with_verification(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a config entry from before version 1.2, migrated.

    It had a flag for the verification, which had no effect without TLS.
    """
    updated = dict(data)
    if CONF_VERIFY_SSL in updated:
        is_off = not updated.pop(CONF_VERIFY_SSL) and updated[CONF_SSL]
        choice = Verification.NONE if is_off else Verification.AUTHORITY
        updated[CONF_VERIFICATION] = choice.value
    return updated


def _date(time: datetime | None) -> str:
    return time.date().isoformat() if time else "–"
