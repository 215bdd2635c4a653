"""The repair issue for pools or wallets that were changed externally."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState

from .api.exceptions import XmrigError
from .api.models import Config
from .const import LOGGER
from .coordinator import ProcessCoordinator
from .repair_steps import active_entry

PAYOUT_CHANGED = "payout_changed"


def changed_pools(
    coordinator: ProcessCoordinator[Any, Any], config: Config
) -> Mapping[str, str] | None:
    """Return the labels of the pools that are new, or of all if some were removed.

    None if the pools are those that were accepted.
    """
    state = coordinator.process.state
    if state.accepts_payout(config.payout):
        return None
    labels, accepted = config.payout_fingerprints, state.payout or frozenset()
    new = {key: pool for key, pool in labels.items() if key not in accepted}
    return new or labels


class PayoutChangedFlow(ConfirmRepairFlow):
    """Asks whether the user changed the pools."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow."""
        self._entry_id = entry_id
        self._shown: frozenset[str] | None = None
        """Fingerprints of all pools when the form was shown."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Accept the pools that the form shows, or show those that are there now."""
        entry = active_entry(self.hass, self._entry_id)
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="no_config")
        coordinator = entry.runtime_data.coordinator
        config = coordinator.data.config
        if not coordinator.last_update_success or config is None:
            return self.async_abort(reason="no_config")
        if (changed := changed_pools(coordinator, config)) is None:
            return self.async_abort(reason="resolved")
        if user_input is not None and config.payout == self._shown:
            try:
                await coordinator.process.accept_payout(config)
            except XmrigError as error:
                LOGGER.warning(
                    "The pools of %s were not accepted: %s", entry.title, error
                )
                return self.async_abort(reason="not_accepted")
            return self.async_create_entry(data={})
        self._shown = config.payout
        return self.async_show_form(
            step_id="confirm",
            errors={} if user_input is None else {"base": "changed_again"},
            description_placeholders={
                "name": entry.title,
                "pools": ", ".join(changed.values()),
            },
        )
