"""The steps after the connection: the power of the computer, and the manager."""

from typing import Any

from homeassistant.config_entries import SOURCE_IMPORT, ConfigFlow, ConfigFlowResult
from homeassistant.core import callback
import voluptuous as vol

from ..addresses import entry_at
from ..const import CONF_POWER_SENSOR, CONF_READ_ONLY, DOMAIN
from ..fleet.energy import async_dashboard
from ..kinds import MANAGER_ID
from ..power.options import PowerOptions
from ..renamed_entities import async_current_ids, async_deleted, async_note_renames
from .power_form import find_plug, own_entities, power_error, power_fields, sensor_user


class PowerSteps(ConfigFlow):
    """Adds a miner after the connection succeeded."""

    def __init__(self) -> None:
        """Initialize the steps."""
        self._title = ""
        self._miner: dict[str, Any] = {}
        """The data of the config entry to add."""
        self._power: dict[str, Any] = {}
        """The options of the config entry to add."""

    @callback
    def _async_ask_power(self, title: str, data: dict[str, Any]) -> ConfigFlowResult:
        """Continue with the power of the computer, as far as it was entered before."""
        if title != self._title:
            self._power = {}
        self._title, self._miner = title, data
        plug = find_plug(self.hass, title)
        suggested = {CONF_POWER_SENSOR: plug} if plug else {}
        return self._async_show_power(self._power or suggested)

    async def async_step_power(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the power of the computer; it is optional and can be added later."""
        if user_input is None:
            return self._async_show_power({})
        if errors := power_error(user_input):
            return self._async_show_power(user_input, errors)
        self._power = user_input
        if form := self._async_ask_another_sensor():
            return form
        if PowerOptions.from_options(user_input).is_complete and await self._has_sun():
            return await self.async_step_solar()
        return self._async_create_miner()

    async def async_step_solar(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer to add the manager as well."""
        return self.async_show_menu(
            step_id="solar", menu_options=["with_manager", "without_manager"]
        )

    async def async_step_with_manager(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add the manager, then the miner.

        In the reverse order, the manager would also be offered by discovery.
        """
        if not self._async_known(self._miner):
            await self.hass.config_entries.flow.async_init(
                DOMAIN, context={"source": SOURCE_IMPORT}
            )
        return self._async_create_miner()

    async def async_step_without_manager(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add only the miner."""
        return self._async_create_miner()

    async def _has_sun(self) -> bool:
        """Return whether to offer the manager: it needs a grid meter.

        False for a read-only miner, which it could not control, if there is a manager
        already, or if the user ignored its discovery.
        """
        entries = self.hass.config_entries
        if self._miner.get(CONF_READ_ONLY):
            return False
        if entries.async_entry_for_domain_unique_id(DOMAIN, MANAGER_ID):
            return False
        return (await async_dashboard(self.hass)).has_grid

    @callback
    def _async_known(self, data: dict[str, Any]) -> ConfigFlowResult | None:
        """End the flow if there is an entry for the address; None without one."""
        if entry_at(self.hass, data, besides=None):
            return self.async_abort(reason="already_configured")
        return None

    @callback
    def _async_create_miner(self) -> ConfigFlowResult:
        """Add the miner, unless another flow added it or took its sensor meanwhile."""
        if known := self._async_known(self._miner):
            return known
        if form := self._async_ask_another_sensor():
            return form
        return self.async_create_entry(
            title=self._title, data=self._miner, options=self._power
        )

    @callback
    def _async_ask_another_sensor(self) -> ConfigFlowResult | None:
        """Show the power form again if the selected sensor cannot be used.

        It was deleted meanwhile, or another miner has it.
        """
        self._power = async_current_ids(self.hass, self._power)
        if deleted := async_deleted(self.hass, self._power):
            errors = dict.fromkeys(deleted, "entity_deleted")
            return self._async_show_power(
                self._power, errors, wrong=", ".join(deleted.values())
            )
        if other := sensor_user(self.hass, self._power):
            errors = {CONF_POWER_SENSOR: "sensor_of_another_miner"}
            return self._async_show_power(self._power, errors, other=other)
        return None

    @callback
    def _async_show_power(
        self,
        shown: dict[str, Any],
        errors: dict[str, str] | None = None,
        **placeholders: str,
    ) -> ConfigFlowResult:
        """Show the form, filled in with the given values."""
        async_note_renames(self.hass)
        schema = vol.Schema(power_fields(own_entities(self.hass)))
        return self.async_show_form(
            step_id="power",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors or {},
            description_placeholders={"name": self._title, **placeholders},
        )
