"""Which miner responds at the address of a config entry, and how to resolve it."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow

from .addresses import (
    address,
    async_swap_addresses,
    entries_of,
    exposes_token,
    identity_data,
    identity_of,
    is_expected_at,
    is_miner_of,
    with_address_of,
)
from .api.exceptions import XmrigError
from .api.identity import MinerIdentity
from .connection import async_create_client
from .const import LOGGER
from .identity_issue import async_delete_identity_issue
from .repair_steps import active_entry, async_reconfigure
from .runtime import XmrigConfigEntry


@dataclass(frozen=True)
class Situation:
    """Which miner responds at the address of a config entry, and the possible fixes."""

    step_id: str
    found: MinerIdentity
    other_id: str | None
    """The config entry of the miner that responds."""
    placeholders: Mapping[str, str]


async def async_situation(hass: HomeAssistant, entry_id: str) -> Situation:
    """Ask which miner responds at the address of a config entry; return the situation.

    Raises AbortFlow if that is the right miner or none, and if the entry is gone.
    """
    entry = active_entry(hass, entry_id)
    found = await _async_identity_at(hass, entry)
    if found is None:
        raise AbortFlow("cannot_check", {"address": address(entry.data)})
    in_place = [
        other.entry_id
        for other in entries_of(hass, found, besides=entry)
        if await _async_is_in_place(hass, other)
    ]
    # Any entry may have been removed while the miners were asked.
    entry = active_entry(hass, entry_id)
    if is_expected_at(hass, entry, found):
        async_delete_identity_issue(hass, entry, ignored=True)
        if entry.state is ConfigEntryState.SETUP_RETRY:
            hass.config_entries.async_schedule_reload(entry_id)
        raise AbortFlow("resolved")
    return _situation(entry, found, entries_of(hass, found, besides=entry), in_place)


def _situation(
    entry: XmrigConfigEntry,
    found: MinerIdentity,
    holders: Sequence[XmrigConfigEntry],
    in_place: Container[str],
) -> Situation:
    """Return the situation for the miner that responds at the address of an entry.

    `holders` are the entries that are for that miner. Where one of them is `in_place`,
    its own address reaches its miner too: the two may be identical twins.
    """
    facts = {
        "name": entry.title,
        "expected": identity_of(entry).label,
        "address": address(entry.data),
        "found": found.label,
    }
    away = [holder for holder in holders if holder.entry_id not in in_place]
    if not away and found.kind is not identity_of(entry).kind:
        return Situation("another_kind", found, None, facts)
    if not holders:
        return Situation("unknown_miner", found, None, facts)
    holder = (away or holders)[0]
    facts |= {"other": holder.title, "other_address": address(holder.data)}
    if not away:
        return Situation("twin", found, None, facts)
    return Situation("swapped", found, holder.entry_id, facts)


async def _async_identity_at(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> MinerIdentity | None:
    """Return which miner responds at the address of a config entry, if any."""
    try:
        summary = await async_create_client(hass, entry.data).any_summary()
    except XmrigError as error:
        LOGGER.debug("Asking a miner who it is failed: %s", error)
        return None
    return None if summary.lacks_identity else summary.identity


async def _async_is_in_place(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Return whether the right miner responds at the address of a config entry."""
    seen = await _async_identity_at(hass, entry)
    return seen is not None and is_miner_of(hass, entry, seen)


class AnotherMinerFlow(RepairsFlow):
    """Resolves that a different miner responds at the address of a config entry.

    The situation is determined before the menu is shown, and again before anything is
    stored: if it changed, the menu is shown again.
    """

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow."""
        self._entry_id = entry_id
        self._situation: Situation | None = None
        self._exposed: frozenset[str] = frozenset()
        """Config entries whose token the user agreed to send without TLS."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show which miner responds, and the possible fixes."""
        return self._async_show(await async_situation(self.hass, self._entry_id))

    async_step_swapped = async_step_init
    async_step_twin = async_step_init
    async_step_unknown_miner = async_step_init
    async_step_another_kind = async_step_init
    async_step_token_in_clear = async_step_init

    async def async_step_swap(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Swap the addresses of two config entries."""
        situation = await async_situation(self.hass, self._entry_id)
        if situation != self._situation or situation.other_id is None:
            return self._async_show(situation)
        pair = [
            self.hass.config_entries.async_get_known_entry(entry_id)
            for entry_id in (self._entry_id, situation.other_id)
        ]
        exposed = [
            entry
            for entry, other in (pair, pair[::-1])
            if exposes_token(entry.data, with_address_of(entry.data, other.data))
        ]
        if not self._exposed.issuperset(entry.entry_id for entry in exposed):
            self._exposed = frozenset(entry.entry_id for entry in exposed)
            return self.async_show_menu(
                step_id="token_in_clear",
                menu_options=["swap", "address"],
                description_placeholders={
                    "names": ", ".join(entry.title for entry in exposed)
                },
            )
        # The miner that responds has shown the certificate that is pinned for this one
        async_swap_addresses(self.hass, *pair, moves_pin=True)
        return self.async_create_entry(data={})

    async def async_step_accept(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Store the identity of the miner that responds as that of the entry."""
        situation = await async_situation(self.hass, self._entry_id)
        if situation != self._situation or situation.other_id:
            return self._async_show(situation)
        entry = active_entry(self.hass, self._entry_id)
        self.hass.config_entries.async_update_entry(
            entry, data=entry.data | identity_data(situation.found), unique_id=None
        )
        self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})

    async def async_step_address(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue in the form that changes the address."""
        return await async_reconfigure(self, self._entry_id)

    @callback
    def _async_show(self, situation: Situation) -> RepairsFlowResult:
        """Show the menu for a situation."""
        self._situation = situation
        self._exposed = frozenset()
        # A miner is never accepted as a proxy, nor the other way round
        repairs = {"swapped": ["swap"], "another_kind": []}
        return self.async_show_menu(
            step_id=situation.step_id,
            menu_options=[*repairs.get(situation.step_id, ["accept"]), "address"],
            description_placeholders=situation.placeholders,
        )
