"""What is wrong with a miner, and what its owner can do about it."""

from typing import Any

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .api.health import is_outdated, lacks_huge_pages
from .const import DOMAIN, MAX_IDLE, MAX_REJECT_RATE
from .coordinator import XmrigConfigEntry, XmrigCoordinator

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
    """Raise what the last poll shows, and take back what is mended."""
    if not coordinator.last_update_success:
        return
    entry = coordinator.config_entry
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
    """Take the issues of a miner back, and forget which ones were ignored if asked."""
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
        payees = snapshot.config.payees
        accepted = snapshot.state.payout or frozenset()
        if not snapshot.state.accepts_payout(snapshot.config.payout):
            new = [label for key, label in payees.items() if key not in accepted]
            found[PAYOUT_CHANGED] = {"pools": ", ".join(new or payees.values())}
    if coordinator.idle_for() >= MAX_IDLE:
        found[ZERO_HASHRATE] = {"minutes": str(MAX_IDLE // 60)}
    rate = coordinator.health.reject_rate
    if rate is not None and rate > MAX_REJECT_RATE:
        found[SHARES_REJECTED] = {"rate": f"{rate:.0f}"}
    return found


class PayoutChangedFlow(RepairsFlow):
    """Asks the owner whether it was they who changed the pools."""

    def __init__(self, entry: XmrigConfigEntry) -> None:
        """Initialize the flow."""
        self._entry = entry

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin with the only step."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Accept the pools as they are, if the owner says so."""
        if user_input is None:
            issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
            return self.async_show_form(
                step_id="confirm",
                description_placeholders=issue.translation_placeholders
                if issue
                else None,
            )
        config = self._entry.runtime_data.data.config
        if config is None:
            return self.async_abort(reason="no_config")
        await self._entry.runtime_data.miner.accept_payees(config)
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that mends an issue."""
    entry = hass.config_entries.async_get_entry(data["entry_id"]) if data else None
    return PayoutChangedFlow(entry) if entry else ConfirmRepairFlow()
