"""The form by which the user chooses workers of a proxy as devices."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
    UnknownEntry,
)
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..api.models import WorkerMode
from ..api.privacy import may_contain_wallet
from ..const import CONF_NAMED_BY, CONF_WORKER, MAX_CHOSEN_WORKERS, SUBENTRY_WORKER
from ..proxy.coordinator import ProxyCoordinator

CONF_WORKERS = "workers"


class WorkerFlow(ConfigSubentryFlow):
    """Adds workers: each becomes a subentry, and so a device that can be removed.

    Names are stored and shown everywhere, so those that may be wallets or passwords
    cannot be chosen.
    """

    def __init__(self) -> None:
        """Initialize the flow."""
        self._named_by = ""
        self._offered: list[str] = []

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Offer the workers that are online, or add those that were chosen."""
        entry = self._proxy()
        if entry.state is not ConfigEntryState.LOADED:
            return self._abort("unavailable")
        room = MAX_CHOSEN_WORKERS - len(entry.subentries)
        if room <= 0:
            return self._abort("all_chosen")
        if user_input is None:
            return await self._async_offer(entry.runtime_data.coordinator, room)
        chosen = dict.fromkeys(user_input[CONF_WORKERS])
        names = [name for name in chosen if name not in self._taken]
        if not names:
            return self._show(room, "choose_workers")
        if len(names) > room:
            return self._show(room, "too_many", names)
        for name in names[1:]:
            self.hass.config_entries.async_add_subentry(
                entry,
                ConfigSubentry(
                    data=MappingProxyType(self._data(name)),
                    subentry_type=SUBENTRY_WORKER,
                    title=name,
                    unique_id=name,
                ),
            )
        first = names[0]
        return self.async_create_entry(
            title=first, data=self._data(first), unique_id=first
        )

    def _proxy(self) -> ConfigEntry[Any]:
        """Return the entry of the proxy.

        Raises AbortFlow if it was removed in the meantime.
        """
        try:
            return self._get_entry()
        except UnknownEntry:
            raise AbortFlow("entry_removed") from None

    async def _async_offer(
        self, coordinator: ProxyCoordinator, room: int
    ) -> SubentryFlowResult:
        """Show the form, or say why there is nothing to choose from."""
        try:
            workers = (await coordinator.async_read_workers()).workers
        except HomeAssistantError:
            if not coordinator.last_update_success:
                return self._abort("unavailable")
            workers = None
        if workers is None:
            return self._abort("no_list")
        if workers.mode is WorkerMode.NONE:
            return self._abort("workers_off")
        shown = {name for name in workers.online if not may_contain_wallet(name)}
        is_secret = workers.has_secret_names or (workers.online and not shown)
        if is_secret or workers.mode is None:
            return self._abort("secret_names")
        self._named_by = workers.mode.value
        self._offered = sorted(shown - self._taken)
        return self._show(room) if self._offered else self._abort("no_workers")

    @property
    def _taken(self) -> set[str]:
        """Return the names of the workers that are devices already."""
        return {
            subentry.data[CONF_WORKER] for subentry in self._proxy().subentries.values()
        }

    def _data(self, name: str) -> dict[str, Any]:
        """Return what is stored of a worker."""
        return {CONF_WORKER: name, CONF_NAMED_BY: self._named_by}

    def _show(
        self, room: int, error: str | None = None, names: Iterable[str] = ()
    ) -> SubentryFlowResult:
        """Show the form, with an error and what was chosen."""
        field = vol.Required(CONF_WORKERS, default=list(names))
        options = SelectSelectorConfig(
            options=self._offered, multiple=True, mode=SelectSelectorMode.DROPDOWN
        )
        return self.async_show_form(
            step_id="user",
            data_schema=vol.Schema({field: SelectSelector(options)}),
            errors={CONF_WORKERS: error} if error else {},
            description_placeholders={
                "name": self._proxy().title,
                "room": str(room),
            },
        )

    def _abort(self, reason: str) -> SubentryFlowResult:
        """Say why no worker can be added."""
        return self.async_abort(
            reason=reason,
            description_placeholders={
                "name": self._proxy().title,
                "limit": str(MAX_CHOSEN_WORKERS),
            },
        )
