"""What the user has to agree to before a connection is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry

from ..addresses import address, exposes_token, identity_of
from ..api.identity import MinerIdentity
from ..certificates import Certificate, fingerprint_text
from ..const import CONF_FINGERPRINT, CONF_READ_ONLY


@dataclass(frozen=True)
class Question:
    """A question that the user has to agree to before an entry is stored."""

    step_id: str
    about: object
    """What the agreement is for: if it changes, the user is asked again."""
    placeholders: Mapping[str, str] = field(compare=False)


def certificate_question(data: Mapping[str, Any], certificate: Certificate) -> Question:
    """Return the question of whether to accept a certificate, maybe in another's place."""
    facts = {"address": address(data), **certificate.facts}
    if pin := data.get(CONF_FINGERPRINT):
        expected = {"expected": fingerprint_text(pin)}
        return Question("certificate_changed", certificate, facts | expected)
    return Question("certificate", certificate, facts)


def token_question(entry: ConfigEntry[Any], data: Mapping[str, Any]) -> Question | None:
    """Return the question of whether a token may be sent without TLS from now on.

    None if the token would not be exposed.
    """
    if not exposes_token(entry.data, data):
        return None
    facts = {"name": entry.title, "address": address(data)}
    return Question("token_in_clear", tuple(sorted(facts.items())), facts)


def read_only_question(
    entry: ConfigEntry[Any] | None, data: Mapping[str, Any], seen: MinerIdentity
) -> Question | None:
    """Return the question of whether to only monitor a miner with a read-only API.

    None if the entry is already read-only.
    """
    if entry is not None and entry.data.get(CONF_READ_ONLY):
        return None
    facts = _facts(entry, data, seen)
    return Question("read_only", facts["address"], facts)


def another_miner_question(
    entry: ConfigEntry[Any], data: Mapping[str, Any], seen: MinerIdentity
) -> Question:
    """Return the question of whether an entry is to become that of a different miner."""
    return Question("another_miner", seen, _facts(entry, data, seen))


def entry_question(
    step_id: str,
    other: ConfigEntry[Any],
    entry: ConfigEntry[Any] | None,
    data: Mapping[str, Any],
    seen: MinerIdentity,
) -> Question:
    """Return a question that names another config entry."""
    facts = {"other": other.title, "other_address": address(other.data)}
    return Question(step_id, (other.entry_id, seen), _facts(entry, data, seen) | facts)


def _facts(
    entry: ConfigEntry[Any] | None, data: Mapping[str, Any], seen: MinerIdentity
) -> dict[str, str]:
    """Return placeholders about the miner that responded and the expected one."""
    return {
        "name": entry.title if entry else "",
        "expected": identity_of(entry).label if entry else "",
        "address": address(data),
        "found": seen.label,
    }
