"""The repair for automations that compete with each other or with the manager."""

from homeassistant.components.automation import (
    DOMAIN as AUTOMATION_DOMAIN,
    EVENT_AUTOMATION_RELOADED,
)
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    SOURCE_USER,
    ConfigEntryChange,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import (
    async_track_state_added_domain,
    async_track_state_change_event,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..issues import async_delete_unless_ignored, async_raise_issue
from ..kinds import AnyConfigEntry, EntryKind, entries_of_kind
from .automations import (
    SurplusAutomation,
    async_active_manager,
    async_hand_over,
    async_managed_miners,
    async_surplus_automations,
    competing,
)
from .runtime import FLEET, FleetRuntimeData
from .settings import FleetSettings

AUTOMATIONS_COMPETE = "automations_compete"

_WATCH: HassKey[AutomationWatch] = HassKey(f"{DOMAIN}_automations")
"""The single watch, which runs with or without a manager."""


@callback
def async_watch_automations(hass: HomeAssistant) -> None:
    """Raise the repair whenever automations compete, once Home Assistant has started."""
    watch = hass.data[_WATCH] = AutomationWatch(hass)
    async_at_started(hass, watch.async_start)


class AutomationWatch:
    """Raises a repair while automations compete, and deletes it afterwards."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the watch."""
        self._hass = hass
        self.competing: tuple[SurplusAutomation, ...] = ()
        self.agreed: frozenset[str] = frozenset()
        """Automations that the user agreed to turn off once a manager exists."""
        self._stop_states: CALLBACK_TYPE | None = None
        self._stop_fleet: CALLBACK_TYPE | None = None
        self._fleet: FleetRuntimeData | None = None
        self._settings: FleetSettings | None = None

    @callback
    def async_start(self, _: HomeAssistant) -> None:
        """Track automations, miners and the manager while Home Assistant is running."""
        async_track_state_added_domain(self._hass, AUTOMATION_DOMAIN, self._handle)
        self._hass.bus.async_listen(EVENT_AUTOMATION_RELOADED, self._handle)
        async_dispatcher_connect(
            self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._handle_entry
        )
        self._update()

    @callback
    def _handle(self, _: object) -> None:
        """Update the repair after an automation was added or changed."""
        self._update()

    @callback
    def _handle_state(self, event: Event[EventStateChangedData]) -> None:
        """Update the repair after an automation was turned on or off, or removed.

        Changes of attributes are ignored: they change on each run.
        """
        old, new = event.data["old_state"], event.data["new_state"]
        if old is None or new is None or old.state != new.state:
            self._update()

    @callback
    def _handle_entry(self, _: ConfigEntryChange, entry: AnyConfigEntry) -> None:
        """Update the repair after a config entry of the integration changed."""
        if entry.domain == DOMAIN:
            self._update()

    @callback
    def _handle_decision(self) -> None:
        """Update the repair after the settings of the manager changed."""
        if self._fleet and self._fleet.coordinator.settings is not self._settings:
            self._update()

    @callback
    def _update(self) -> None:
        """Raise or delete the repair, and track what it depends on."""
        automations = async_surplus_automations(self._hass)
        self._follow({automation.entity_id for automation in automations})
        self.competing = competing(automations, async_managed_miners(self._hass))
        if not self.competing:
            # Keep an ignored issue: the automation or manager may only be reloading
            async_delete_unless_ignored(self._hass, AUTOMATIONS_COMPETE)
            return
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, AUTOMATIONS_COMPETE)
        placeholders = names(self.competing)
        if issue and issue.active and issue.translation_placeholders != placeholders:
            # If the user ignored the issue, it was about other automations
            ir.async_delete_issue(self._hass, DOMAIN, AUTOMATIONS_COMPETE)
        async_raise_issue(self._hass, AUTOMATIONS_COMPETE, None, placeholders)
        if self.agreed and (runtime := async_active_manager(self._hass)):
            agreed, self.agreed = self.agreed, frozenset()
            self._hass.async_create_task(
                self._async_hand_over(
                    runtime,
                    tuple(item for item in self.competing if item.entity_id in agreed),
                ),
                f"{DOMAIN} automations",
            )

    async def _async_hand_over(
        self, runtime: FleetRuntimeData, automations: tuple[SurplusAutomation, ...]
    ) -> None:
        """Turn off the automations that the user agreed to hand over."""
        try:
            await async_hand_over(self._hass, runtime, automations)
        except HomeAssistantError as error:
            LOGGER.warning("The automations were not turned off: %s", error)

    @callback
    def _follow(self, automations: set[str]) -> None:
        """Track the states of automations, and the settings of the manager."""
        if self._stop_states:
            self._stop_states()
        self._stop_states = async_track_state_change_event(
            self._hass, automations, self._handle_state
        )
        fleet = self._hass.data.get(FLEET)
        if fleet is not self._fleet:
            if self._stop_fleet:
                self._stop_fleet()
            self._stop_fleet = (
                fleet.coordinator.async_add_listener(self._handle_decision)
                if fleet
                else None
            )
            self._fleet = fleet
        self._settings = fleet.coordinator.settings if fleet else None


def names(automations: tuple[SurplusAutomation, ...]) -> dict[str, str]:
    """Return the translation placeholders that name automations."""
    return {"automations": ", ".join(automation.name for automation in automations)}


class AutomationsFlow(RepairsFlow):
    """Hands the miners of competing automations over to the manager.

    Nothing changes until a manager exists. With nothing in control, the miners would
    keep their last setting.
    """

    def __init__(self) -> None:
        """Initialize the flow."""
        self._shown: tuple[SurplusAutomation, ...] = ()
        """The automations that the form showed."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show the form to hand over the miners, or to add a manager first."""
        watch = self.hass.data[_WATCH]
        if not watch.competing:
            return self.async_abort(reason="resolved")
        self._shown = watch.competing
        has_manager = bool(entries_of_kind(self.hass, EntryKind.MANAGER))
        return self.async_show_form(
            step_id="hand_over" if has_manager else "add_manager",
            description_placeholders=names(self._shown),
        )

    async def async_step_add_manager(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue with the form that adds the manager."""
        watch = self.hass.data[_WATCH]
        if watch.competing != self._shown or entries_of_kind(
            self.hass, EntryKind.MANAGER
        ):
            return await self.async_step_init()
        watch.agreed = frozenset(item.entity_id for item in self._shown)
        flows = self.hass.config_entries.flow
        menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "manager"})
        return self.async_abort(
            reason="add_manager", next_flow=(FlowType.CONFIG_FLOW, form["flow_id"])
        )

    async def async_step_hand_over(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Turn the automations off, and let the manager control their miners."""
        if self.hass.data[_WATCH].competing != self._shown:
            return await self.async_step_init()
        if (runtime := async_active_manager(self.hass)) is None:
            return self.async_abort(reason="manager_inactive")
        try:
            await async_hand_over(self.hass, runtime, self._shown)
        except HomeAssistantError as error:
            LOGGER.warning("The automations were not turned off: %s", error)
            return self.async_abort(reason="not_handed_over")
        return self.async_create_entry(data={})
