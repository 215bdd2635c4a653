"""The repair for an address where another miner answers."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow, FlowResultType

from .addresses import (
    address,
    async_swap_addresses,
    entries_of,
    exposes_token,
    identity_data,
    identity_of,
    is_miner_of,
    label,
    with_address_of,
)
from .api.exceptions import XmrigError
from .api.identity import MinerIdentity
from .const import DOMAIN, LOGGER
from .coordinator import XmrigConfigEntry, async_create_client
from .identity_issue import async_delete_identity_issue


@dataclass(frozen=True)
class Situation:
    """Which miner answers at the address of a config entry, and what can be done."""

    step_id: str
    found: MinerIdentity
    other_id: str | None
    """The config entry that is for the miner that answers."""
    placeholders: Mapping[str, str]


class AnotherMinerFlow(RepairsFlow):
    """Puts right that another miner answers at the address of a config entry.

    What answers is looked up before the menu is shown, and again before anything is
    stored: if it changed, the menu is shown anew.
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
        """Show what answers, and what can be done."""
        return self._async_show(await self._async_situation())

    async_step_swapped = async_step_init
    async_step_twin = async_step_init
    async_step_unknown_miner = async_step_init
    async_step_token_in_clear = async_step_init

    async def async_step_swap(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Swap the addresses of two config entries."""
        situation = await self._async_situation()
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
        async_swap_addresses(self.hass, *pair)
        return self.async_create_entry(data={})

    async def async_step_accept(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Store the identity of the miner that answers as that of the entry."""
        situation = await self._async_situation()
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
        """Go on in the form that changes the address."""
        form = await self.hass.config_entries.flow.async_init(
            DOMAIN,
            context={"source": SOURCE_RECONFIGURE, "entry_id": self._entry_id},
        )
        if form["type"] is not FlowResultType.FORM:
            return self.async_abort(reason="entry_removed")
        return self.async_abort(
            reason="reconfigure", next_flow=(FlowType.CONFIG_FLOW, form["flow_id"])
        )

    @callback
    def _async_show(self, situation: Situation) -> RepairsFlowResult:
        """Show the menu for a situation."""
        self._situation = situation
        self._exposed = frozenset()
        repair = "swap" if situation.step_id == "swapped" else "accept"
        return self.async_show_menu(
            step_id=situation.step_id,
            menu_options=[repair, "address"],
            description_placeholders=situation.placeholders,
        )

    async def _async_situation(self) -> Situation:
        """Return what answers at the address.

        Raises AbortFlow if that is the right miner or none, and if the entry is gone.
        """
        entry = active_entry(self.hass, self._entry_id)
        found = await _async_identity_at(self.hass, entry)
        if found is None:
            raise AbortFlow("cannot_check", {"address": address(entry.data)})
        in_place = [
            other.entry_id
            for other in entries_of(self.hass, found, besides=entry)
            if await _async_is_in_place(self.hass, other)
        ]
        # Any entry may have been removed while the miners were asked.
        entry = active_entry(self.hass, self._entry_id)
        if is_miner_of(self.hass, entry, found):
            async_delete_identity_issue(self.hass, entry, ignored=True)
            if entry.state is ConfigEntryState.SETUP_RETRY:
                self.hass.config_entries.async_schedule_reload(self._entry_id)
            raise AbortFlow("resolved")
        return _situation(
            entry, found, entries_of(self.hass, found, besides=entry), in_place
        )


def _situation(
    entry: XmrigConfigEntry,
    found: MinerIdentity,
    owners: Sequence[XmrigConfigEntry],
    in_place: Container[str],
) -> Situation:
    """Return what can be done about a miner that answers at the address of an entry.

    `owners` are the entries that are for that miner. Where one of them is `in_place`,
    its own address reaches its miner too: the two may be identical twins.
    """
    facts = {
        "name": entry.title,
        "expected": label(identity_of(entry)),
        "address": address(entry.data),
        "found": label(found),
    }
    away = [owner for owner in owners if owner.entry_id not in in_place]
    if not owners:
        return Situation("unknown_miner", found, None, facts)
    owner = (away or owners)[0]
    facts |= {"other": owner.title, "other_address": address(owner.data)}
    if not away:
        return Situation("twin", found, None, facts)
    return Situation("swapped", found, owner.entry_id, facts)


async def _async_identity_at(
    hass: HomeAssistant, entry: XmrigConfigEntry
) -> MinerIdentity | None:
    """Return which miner answers at the address of a config entry, None for none."""
    try:
        summary = await async_create_client(hass, entry.data).summary()
    except XmrigError as error:
        LOGGER.debug("Asking a miner who it is failed: %s", error)
        return None
    return MinerIdentity.of(summary)


async def _async_is_in_place(hass: HomeAssistant, entry: XmrigConfigEntry) -> bool:
    """Return whether the right miner answers at the address of a config entry."""
    seen = await _async_identity_at(hass, entry)
    return seen is not None and is_miner_of(hass, entry, seen)


def active_entry(hass: HomeAssistant, entry_id: str) -> XmrigConfigEntry:
    """Return a config entry; raises AbortFlow if it was removed or disabled."""
    entry: XmrigConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.disabled_by:
        raise AbortFlow("entry_removed")
    return entry
