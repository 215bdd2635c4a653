"""Read the entries of other integrations, and find those that can be imported."""

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
from ..api.identity import Kind, MinerIdentity
from ..certificates import Verification
from ..connection import async_create_client
from ..const import CONF_VERIFICATION, LOGGER
from .mapping import HWMLAND, KEYS
from .record import imported_ids

CONF_ADDRESS = "address"


@dataclass(frozen=True, kw_only=True)
class OldMiner:
    """A miner as configured in another integration."""

    entry_id: str
    title: str
    data: Mapping[str, Any] | None = field(repr=False)
    """Address and token as stored by this integration; None for an unusable address."""
    has_login: bool = False
    """Whether a login was removed from the address, as XMRig only supports a token."""


@dataclass(frozen=True, kw_only=True)
class KnownMiner:
    """A miner that is already added, or that comes earlier in the import."""

    data: Mapping[str, Any] = field(repr=False)
    identity: MinerIdentity | None


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """The miners that can be imported, and those that cannot."""

    importable: tuple[OldMiner, ...] = ()
    identities: Mapping[str, MinerIdentity] = field(default_factory=dict)
    """Identities of the miners that were reached, by the ID of the old entry."""
    duplicates: tuple[OldMiner, ...] = ()
    """Miners that are already added, or that are the same as another in the list."""
    proxies: tuple[OldMiner, ...] = ()
    """Entries at whose address an xmrig-proxy responds."""
    unusable: tuple[OldMiner, ...] = ()
    """Miners whose address cannot be parsed."""

    @property
    def notes(self) -> Mapping[str, tuple[OldMiner, ...]]:
        """Return the miners that the form has a note about, by the key of the note."""
        return {
            "unreached": self.unreached,
            "logins": tuple(old for old in self.importable if old.has_login),
            "duplicates": self.duplicates,
            "proxies": self.proxies,
            "unusable": self.unusable,
        }

    @property
    def unreached(self) -> tuple[OldMiner, ...]:
        """Return the miners that did not respond; they can be imported anyway."""
        return tuple(
            old for old in self.importable if old.entry_id not in self.identities
        )


def old_miner(
    domain: str, entry_id: str, title: str, data: Mapping[str, Any]
) -> OldMiner:
    """Return the miner that an entry of another integration describes."""
    token = data.get(CONF_TOKEN)
    try:
        text, port = _address(domain, data)
        address = parse_address(
            {
                CONF_HOST: text,
                CONF_PORT: port,
                CONF_SSL: False,
                # As in the other integration
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
    """Return the address and port of an entry.

    Raises AttributeError, KeyError, TypeError or ValueError if they cannot be read.
    """
    if domain == HWMLAND:
        text = data[CONF_ADDRESS].strip()
        # Without a port, that integration used the default of the scheme
        return text, 443 if text.lower().startswith("https:") else 80
    return data[CONF_HOST].strip(), int(data[CONF_PORT])


def sort_out(
    found: Iterable[OldMiner],
    identities: Mapping[str, MinerIdentity],
    known: Iterable[KnownMiner],
) -> Candidates:
    """Return which miners can be imported, each miner only once.

    If a miner has several entries, the first one with a token is used.
    """
    before = list(known)
    importable, duplicates, proxies, unusable = [], [], [], []
    found = list(found)
    for old in sorted(found, key=lambda old: CONF_ACCESS_TOKEN not in (old.data or {})):
        if old.data is None:
            unusable.append(old)
            continue
        this = KnownMiner(data=old.data, identity=identities.get(old.entry_id))
        if this.identity and this.identity.kind is Kind.PROXY:
            proxies.append(old)
        elif any(_is_same(this, other) for other in before):
            duplicates.append(old)
        else:
            importable.append(old)
            before.append(this)
    return Candidates(
        importable=tuple(sorted(importable, key=found.index)),
        identities=dict(identities),
        duplicates=tuple(duplicates),
        proxies=tuple(proxies),
        unusable=tuple(unusable),
    )


def _is_same(this: KnownMiner, other: KnownMiner) -> bool:
    """Return whether two entries are known to be the same miner."""
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

    They exist even if their integration is no longer installed.
    """
    imported = imported_ids(hass)
    return [
        entry
        for domain in KEYS
        for entry in hass.config_entries.async_entries(domain, include_ignore=False)
        if entry.entry_id not in imported
    ]


def read_entry(entry: ConfigEntry[Any]) -> OldMiner:
    """Return the miner that a config entry of another integration describes."""
    return old_miner(entry.domain, entry.entry_id, entry.title, entry.data)


def known_miners(hass: HomeAssistant) -> list[KnownMiner]:
    """Return the miners that are already added."""
    return [
        KnownMiner(data=entry.data, identity=identity_of(entry))
        for entry in miner_entries(hass)
    ]


async def async_identity(hass: HomeAssistant, old: OldMiner) -> MinerIdentity | None:
    """Read the identity of a miner or proxy; None if none of them responds."""
    if old.data is None:
        return None
    try:
        summary = await async_create_client(hass, old.data).any_summary()
    except (XmrigError, ValueError) as error:
        LOGGER.debug("Asking a miner to import failed: %s", error)
        return None
    return None if summary.lacks_identity else summary.identity
