"""The forms by which miners, proxies and the manager are added and changed.

The steps that begin a flow are here; those that follow them are in `flows/`.
"""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigFlowResult,
    ConfigSubentryFlow,
    OptionsFlow,
)
from homeassistant.core import callback
from homeassistant.helpers.typing import DiscoveryInfoType

from .const import DOMAIN, SUBENTRY_WORKER
from .flows.connection import ConnectionSteps
from .flows.imports import ImportSteps
from .flows.manager import MANAGER_TITLE, ManagerSteps
from .flows.manager_options import ManagerOptionsFlow
from .flows.workers import WorkerFlow
from .kinds import (
    MANAGER_ID,
    AnyConfigEntry,
    EntryKind,
    entries_of_kind,
    is_miner,
    is_of_kind,
)
from .options_flow import XmrigOptionsFlow
from .takeover.steps import is_undoable


class XmrigConfigFlow(ConnectionSteps, ManagerSteps, ImportSteps, domain=DOMAIN):
    """Adds and changes miners and the manager."""

    VERSION = 1
    MINOR_VERSION = 2

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: AnyConfigEntry) -> OptionsFlow:
        """Return the form of the options."""
        if is_miner(config_entry):
            return XmrigOptionsFlow()
        return ManagerOptionsFlow()

    @classmethod
    @callback
    @override
    def async_supports_options_flow(cls, config_entry: AnyConfigEntry) -> bool:
        """Return whether there are options: a proxy has none.

        An error would hide the config entries of all integrations.
        """
        return is_of_kind(config_entry, EntryKind.MINER, EntryKind.MANAGER)

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: AnyConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a config entry: workers to a proxy."""
        if is_of_kind(config_entry, EntryKind.PROXY):
            return {SUBENTRY_WORKER: WorkerFlow}
        return {}

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add a miner, or ask what is to be added.

        The first miner and all that follow once there is a manager need no question,
        unless another integration has miners that can be imported.
        """
        if user_input is None and len(self._choices()) > 1:
            return await self.async_step_add()
        return await self.async_step_miner(user_input)

    async def async_step_add(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is to be added."""
        return self.async_show_menu(step_id="add", menu_options=self._choices())

    def _choices(self) -> list[str]:
        """Return what can be added."""
        has_manager = bool(entries_of_kind(self.hass, EntryKind.MANAGER))
        has_miner = bool(entries_of_kind(self.hass, EntryKind.MINER))
        return [
            *(["import_miners"] if self._can_import() else []),
            "miner",
            *(["manager"] if has_miner and not has_manager else []),
        ]

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how a miner or proxy is reached, or what the manager reads."""
        entry = self._entry()
        if entry and is_of_kind(entry, EntryKind.MANAGER):
            return await self.async_step_manager()
        if entry and user_input is None and is_undoable(self.hass, entry):
            return self.async_show_menu(
                step_id="imported",
                menu_options=["miner", "undo_import"],
                description_placeholders={"name": entry.title},
            )
        return await self.async_step_miner(user_input)

    async def async_step_imported(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the menu of an imported miner again, for a browser that was reloaded."""
        return await self.async_step_reconfigure()

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for another token after the miner rejected the stored one."""
        return self._async_show_form()

    async def async_step_import(
        self, import_data: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Add the manager or an imported miner, as the user chose in another flow."""
        if import_data is not None:
            return await self.async_step_import_one(import_data)
        return await self.async_step_dashboard()

    @override
    async def async_step_integration_discovery(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Offer the manager."""
        await self.async_set_unique_id(MANAGER_ID)
        self._abort_if_unique_id_configured(error="manager_exists")
        self.context["title_placeholders"] = {"name": MANAGER_TITLE}
        return await self.async_step_manager()
