"""The steps that add the manager, and choose the sensors that it reads."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    UnknownEntry,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow

from ..const import CONF_KIND
from ..fleet.energy import async_dashboard
from ..fleet.house import CONF_SOURCES
from ..kinds import MANAGER_ID, EntryKind
from ..renamed_entities import async_current_ids
from .power_form import own_entities
from .sources_form import (
    SourcesErrors,
    chosen,
    in_sections,
    sources_errors,
    sources_schema,
)

MANAGER_TITLE = "Mining manager"


class ManagerSteps(ConfigFlow):
    """Adds the manager, or changes the sensors that it reads.

    There is at most one manager, regardless of how it is added.
    """

    async def async_step_manager(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which meters to use; the Energy dashboard must have a grid meter."""
        house = await async_dashboard(self.hass)
        if not house.has_grid:
            return self.async_show_menu(
                step_id="no_grid", menu_options=["sources", "manager"]
            )
        return self.async_show_menu(
            step_id="manager",
            menu_options=["dashboard", "sources"],
            description_placeholders={
                "sensors": _names(self.hass, house.sources.grid.sensors)
            },
        )

    async_step_no_grid = async_step_manager

    async def async_step_dashboard(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Use the sensors of the Energy dashboard."""
        return await self._async_store_manager({})

    async def async_step_sources(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user choose the sensors."""
        if user_input is None:
            return self._async_show_sources(self._stored().get(CONF_SOURCES, {}))
        sources = async_current_ids(self.hass, chosen(user_input))
        if errors := sources_errors(self.hass, sources):
            return self._async_show_sources(sources, errors)
        return await self._async_store_manager({CONF_SOURCES: sources})

    def _stored(self) -> Mapping[str, Any]:
        """Return the data of the entry to reconfigure; empty when adding one."""
        is_new = self.source != SOURCE_RECONFIGURE
        return {} if is_new else self._manager().data

    def _manager(self) -> ConfigEntry[Any]:
        """Return the entry to reconfigure.

        Raises AbortFlow if it was removed in the meantime.
        """
        try:
            return self._get_reconfigure_entry()
        except UnknownEntry:
            raise AbortFlow("manager_removed") from None

    async def _async_store_manager(self, sources: dict[str, Any]) -> ConfigFlowResult:
        """Add the manager, or change the sensors that it reads."""
        data = {CONF_KIND: EntryKind.MANAGER.value, **sources}
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_reload_and_abort(self._manager(), data=data)
        await self.async_set_unique_id(MANAGER_ID, raise_on_progress=False)
        self._abort_if_unique_id_configured(error="manager_exists")
        return self.async_create_entry(title=MANAGER_TITLE, data=data)

    @callback
    def _async_show_sources(
        self, shown: Mapping[str, Any], errors: SourcesErrors | None = None
    ) -> ConfigFlowResult:
        """Show the form, filled in with the given sensors."""
        errors = errors or SourcesErrors()
        schema = sources_schema(
            own_entities(self.hass), expanded={*in_sections(shown), *errors.fields}
        )
        return self.async_show_form(
            step_id="sources",
            data_schema=self.add_suggested_values_to_schema(schema, in_sections(shown)),
            errors=errors.fields,
            description_placeholders={"wrong": errors.sensors},
        )


def _names(hass: HomeAssistant, sensors: Iterable[str]) -> str:
    """Return the names of sensors as text; the entity ID of one without a state."""
    states = [(sensor, hass.states.get(sensor)) for sensor in sensors]
    return ", ".join(state.name if state else sensor for sensor, state in states)
