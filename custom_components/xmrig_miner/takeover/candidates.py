"""Entries of other integrations: what they say, and which can be imported."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_TOKEN,
)
from homeassistant.core import HomeAssistant

from ..addresses import (
    has_login,
    identity_of,
    is_same_address,
    miner_entries,
    parse_address,
)
from ..api.exceptions import XmrigError
from ..api.identity import MinerIdentity
from ..certificates import Verification
from ..connection import async_create_client
from ..const import CONF_VERIFICATION, LOGGER
from .mapping import HWMLAND, KEYS
from .record import imported_ids

CONF_ADDRESS = "address"


@dataclass(frozen=True, kw_only=True)
class OldMiner:
    """A miner as another integration knows it."""

    entry_id: str
    title: str
    data: Mapping[str, Any] | None = field(repr=False)
    """Address and token as they are stored here; None for an unusable address."""
    has_login: bool = False
    """Its address has a user or password, which are left out: XMRig has only a token."""


@dataclass(frozen=True, kw_only=True)
class KnownMiner:
    """A miner that was added here, or is imported before another."""

    data: Mapping[str, Any] = field(repr=False)
    identity: MinerIdentity | None


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What can be imported, and what cannot."""

    importable: tuple[OldMiner, ...] = ()
    identities: Mapping[str, MinerIdentity] = field(default_factory=dict)
    """Of those that were reached, by the ID of their old entry."""
    duplicates: tuple[OldMiner, ...] = ()
    """Added here already, or the same miner as another one in the list."""
    unusable: tuple[OldMiner, ...] = ()
    """Their addresses cannot be read."""

    @property
    def notes(self) -> Mapping[str, tuple[OldMiner, ...]]:
        """Return the miners of which something is to be said, by what that is."""
        return {
            "unreached": self.unreached,
            "logins": tuple(old for old in self.importable if old.has_login),
            "duplicates": self.duplicates,
            "unusable": self.unusable,
        }

    @property
    def unreached(self) -> tuple[OldMiner, ...]:
        """Return those that did not answer; they can be imported all the same."""
        return tuple(
            old for old in self.importable if old.entry_id not in self.identities
        )


def old_miner(
    domain: str, entry_id: str, title: str, data: Mapping[str, Any]
) -> OldMiner:
    """Return what an entry of another integration says."""
    token = data.get(CONF_TOKEN)
    try:
        text, port = _address(domain, data)
        address = parse_address(
            {
                CONF_HOST: text,
                CONF_PORT: port,
                CONF_SSL: False,
                # As it was there
                CONF_VERIFICATION: Verification.AUTHORITY.value,
            }
        )
    except KeyError, TypeError, ValueError, AttributeError:
        return OldMiner(entry_id=entry_id, title=title, data=None)
    secret = {CONF_ACCESS_TOKEN: token} if isinstance(token, str) and token else {}
    return OldMiner(
        entry_id=entry_id,
        title=title,
        data=address | secret,
        has_login=has_login(text),
    )


def _address(domain: str, data: Mapping[str, Any]) -> tuple[str, int]:
    """Return address and port of an entry; raises for one that cannot be read."""
    if domain == HWMLAND:
        text = data[CONF_ADDRESS].strip()
        # Without a port, it used that of the scheme
        return text, 443 if text.lower().startswith("https:") else 80
    return data[CONF_HOST].strip(), int(data[CONF_PORT])


def sort_out(
    found: Iterable[OldMiner],
    identities: Mapping[str, MinerIdentity],
    known: Iterable[KnownMiner],
) -> Candidates:
    """Return which miners can be imported, the same one only once.

    Of two entries of one miner, the first with a token is taken.
    """
    before = list(known)
    importable, duplicates, unusable = [], [], []
    found = list(found)
    for old in sorted(found, key=lambda old: CONF_ACCESS_TOKEN not in (old.data or {})):
        if old.data is None:
            unusable.append(old)
            continue
        this = KnownMiner(data=old.data, identity=identities.get(old.entry_id))
        if any(_is_same(this, other) for other in before):
            duplicates.append(old)
        else:
            importable.append(old)
            before.append(this)
    return Candidates(
        importable=tuple(sorted(importable, key=found.index)),
        identities=dict(identities),
        duplicates=tuple(duplicates),
        unusable=tuple(unusable),
    )


def _is_same(this: KnownMiner, other: KnownMiner) -> bool:
    """Return whether two are the same miner, as far as is known."""
    if is_same_address(this.data, other.data):
        return True
    if not (this.identity and other.identity and other.identity.is_known):
        return False
    return (
        this.identity.worker_id == other.identity.worker_id
        and other.identity.matches(this.identity)
    )


def old_entries(hass: HomeAssistant) -> list[ConfigEntry[Any]]:
    """Return the entries of other integrations that have not been imported.

    They are there also if their integration is not installed anymore.
    """
    imported = imported_ids(hass)
    return [
        entry
        for domain in KEYS
        for entry in hass.config_entries.async_entries(domain, include_ignore=False)
        if entry.entry_id not in imported
    ]


def read_entry(entry: ConfigEntry[Any]) -> OldMiner:
    """Return what a config entry of another integration says."""
    return old_miner(entry.domain, entry.entry_id, entry.title, entry.data)


def known_miners(hass: HomeAssistant) -> list[KnownMiner]:
    """Return the miners that were added here."""
    return [
        KnownMiner(data=entry.data, identity=identity_of(entry))
        for entry in miner_entries(hass)
    ]


async def async_identity(hass: HomeAssistant, old: OldMiner) -> MinerIdentity | None:
    """Ask a miner who it is; None if it does not answer, or not as a miner."""
    if old.data is None:
        return None
    try:
        summary = await async_create_client(hass, old.data).summary()
    except (XmrigError, ValueError) as error:
        LOGGER.debug("Asking a miner to import failed: %s", error)
        return None
    return None if summary.lacks_identity else summary.identity
