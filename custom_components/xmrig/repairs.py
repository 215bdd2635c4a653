"""What is wrong with a miner, and what the user can do about it."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .another_miner import AnotherMinerFlow, active_entry
from .api.health import is_outdated, lacks_huge_pages
from .api.models import Config
from .const import DOMAIN, MAX_IDLE, MAX_REJECT_RATE
from .coordinator import XmrigConfigEntry, XmrigCoordinator
from .identity_issue import ANOTHER_MINER, async_delete_identity_issue, is_polled

READ_ONLY = "read_only"
NO_HUGE_PAGES = "no_huge_pages"
OUTDATED = "outdated"
PAYOUT_CHANGED = "payout_changed"
ZERO_HASHRATE = "zero_hashrate"
SHARES_REJECTED = "shares_rejected"

ISSUES = (
    READ_ONLY,
    NO_HUGE_PAGES,
    OUTDATED,
    PAYOUT_CHANGED,
    ZERO_HASHRATE,
    SHARES_REJECTED,
)


@callback
def async_update_issues(coordinator: XmrigCoordinator) -> None:
    """Raise what the last poll shows, and delete what is fixed."""
    entry = coordinator.config_entry
    if not coordinator.last_update_success or not is_polled(entry):
        return
    found = _found(coordinator)
    for key in ISSUES:
        issue_id = f"{key}_{entry.entry_id}"
        if key not in found:
            ir.async_delete_issue(coordinator.hass, DOMAIN, issue_id)
            continue
        ir.async_create_issue(
            coordinator.hass,
            DOMAIN,
            issue_id,
            data={"entry_id": entry.entry_id},
            is_fixable=key == PAYOUT_CHANGED,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"name": coordinator.name, **found[key]},
        )


@callback
def async_delete_issues(
    hass: HomeAssistant, entry: XmrigConfigEntry, *, ignored: bool
) -> None:
    """Delete the issues of a config entry, and forget which were ignored if asked.

    To be called once the platforms are unloaded: a poll that ends before raises the
    issues again. One that ends later does not.
    """
    async_delete_identity_issue(hass, entry, ignored=ignored)
    registry = ir.async_get(hass)
    for key in ISSUES:
        issue = registry.async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")
        if issue and (ignored or issue.dismissed_version is None):
            ir.async_delete_issue(hass, DOMAIN, issue.issue_id)


def _found(coordinator: XmrigCoordinator) -> dict[str, dict[str, str]]:
    """Return the issues that there are, each with what fills the gaps in its text."""
    snapshot = coordinator.data
    found: dict[str, dict[str, str]] = {}
    if snapshot.restricted:
        found[READ_ONLY] = {}
    if lacks_huge_pages(snapshot):
        found[NO_HUGE_PAGES] = {}
    if is_outdated(version := snapshot.summary.version):
        found[OUTDATED] = {"version": str(version)}
    if snapshot.config:
        changed = changed_payees(coordinator, snapshot.config)
        if changed is not None:
            found[PAYOUT_CHANGED] = {"pools": ", ".join(changed.values())}
    if coordinator.idle_for() >= MAX_IDLE:
        found[ZERO_HASHRATE] = {"minutes": str(MAX_IDLE // 60)}
    rate = coordinator.health.reject_rate
    if rate is not None and rate > MAX_REJECT_RATE:
        found[SHARES_REJECTED] = {"rate": f"{rate:.0f}"}
    return found


def changed_payees(
    coordinator: XmrigCoordinator, config: Config
) -> Mapping[str, str] | None:
    """Return the labels of the pools that are new, or of all if some were removed.

    None if the pools are those that were accepted.
    """
    accepted = coordinator.miner.memory.payees
    payees = config.payees
    if accepted is None or payees.keys() == accepted:
        return None
    new = {key: pool for key, pool in payees.items() if key not in accepted}
    return new or payees


class PayoutChangedFlow(RepairsFlow):
    """Asks whether it was the user who changed the pools."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow."""
        self._entry_id = entry_id
        self._shown: frozenset[str] = frozenset()
        """Fingerprints of all pools when the form was shown."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin with the only step."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Accept the pools that the form shows, or show those that are there now."""
        entry = active_entry(self.hass, self._entry_id)
        if entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="no_config")
        coordinator = entry.runtime_data
        config = coordinator.data.config
        if not coordinator.last_update_success or config is None:
            return self.async_abort(reason="no_config")
        if (changed := changed_payees(coordinator, config)) is None:
            return self.async_abort(reason="resolved")
        if user_input is not None and config.payees.keys() == self._shown:
            await coordinator.miner.accept_payees(config)
            return self.async_create_entry(data={})
        self._shown = frozenset(config.payees)
        return self.async_show_form(
            step_id="confirm",
            errors={} if user_input is None else {"base": "changed_again"},
            description_placeholders={
                "name": entry.title,
                "pools": ", ".join(changed.values()),
            },
        )


_FLOWS: dict[str, Callable[[str], RepairsFlow]] = {
    PAYOUT_CHANGED: PayoutChangedFlow,
    ANOTHER_MINER: AnotherMinerFlow,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    entry_id = data["entry_id"] if data else ""
    return _FLOWS[issue_id.removesuffix(f"_{entry_id}")](entry_id)
