"""Repair issues of miners and proxies, and the flows that fix them."""

from collections.abc import Callable
from typing import Any, override

from homeassistant.components.repairs import (
    ConfirmRepairFlow,
    RepairsFlow,
    RepairsFlowResult,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .addresses import miner_entries
from .another_miner import AnotherMinerFlow
from .api.health import is_outdated, lacks_huge_pages
from .certificate_issues import (
    CERTIFICATE_CHANGED,
    CERTIFICATE_ISSUES,
    UNVERIFIED,
    CertificateFlow,
)
from .certificates import Verification
from .const import (
    CONF_NAMED_BY,
    CONF_READ_ONLY,
    CONF_VERIFICATION,
    DOMAIN,
    MAX_IDLE,
    MAX_NO_POOL,
    MAX_REJECT_RATE,
)
from .coordinator import ProcessCoordinator, XmrigCoordinator
from .fleet.automation_issue import AUTOMATIONS_COMPETE, AutomationsFlow
from .fleet.source_issues import NO_GRID_POWER, SENSORS_MISSING
from .identity_issue import ANOTHER_MINER, async_delete_identity_issue, is_polled
from .issues import async_delete_unless_ignored, async_raise_issue, issue_id
from .kinds import AnyConfigEntry
from .payout_issue import PAYOUT_CHANGED, PayoutChangedFlow, changed_pools
from .proxy.coordinator import ProxyCoordinator
from .proxy.members import ProxyPlace, ports_of
from .repair_steps import async_reconfigure
from .storage import UNREADABLE

READ_ONLY = "read_only"
NO_HUGE_PAGES = "no_huge_pages"
OUTDATED = "outdated"
ZERO_HASHRATE = "zero_hashrate"
SHARES_REJECTED = "shares_rejected"
PROXY_NO_POOL = "proxy_no_pool"
WORKERS_RENAMED = "workers_renamed"
CONFIG_NOT_KEPT = "config_not_kept"
CHANGE_LOST = "change_lost"

ISSUES = (
    READ_ONLY,
    NO_HUGE_PAGES,
    OUTDATED,
    PAYOUT_CHANGED,
    ZERO_HASHRATE,
    SHARES_REJECTED,
    CONFIG_NOT_KEPT,
    CHANGE_LOST,
    UNVERIFIED,
    PROXY_NO_POOL,
    WORKERS_RENAMED,
)
"""Raised by polls that succeed."""


@callback
def async_follow_issues(coordinator: ProcessCoordinator[Any, Any]) -> None:
    """Keep the issues up to date until the config entry is unloaded."""

    @callback
    def update() -> None:
        async_update_issues(coordinator)

    update()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(update))


@callback
def async_update_issues(coordinator: ProcessCoordinator[Any, Any]) -> None:
    """Create the issues that the last poll shows, and delete those that are fixed.

    That the user agreed to only monitor a miner ends once its API allows commands.
    """
    entry = coordinator.config_entry
    if not coordinator.last_update_success or not is_polled(entry):
        return
    if coordinator.data.summary.restricted is False and CONF_READ_ONLY in entry.data:
        # If it becomes read-only again, that is a change that the user did not agree to
        data = {key: entry.data[key] for key in entry.data if key != CONF_READ_ONLY}
        coordinator.hass.config_entries.async_update_entry(entry, data=data)
    found = _common_issues(coordinator)
    if isinstance(coordinator, XmrigCoordinator):
        found |= _miner_issues(coordinator)
    if isinstance(coordinator, ProxyCoordinator):
        found |= _proxy_issues(coordinator)
    for key in ISSUES:
        if key in found:
            async_raise_issue(
                coordinator.hass,
                key,
                entry,
                {"name": coordinator.name, **found[key]},
                is_fixable=key in _FLOWS,
            )
        else:
            ir.async_delete_issue(
                coordinator.hass, DOMAIN, issue_id(key, entry.entry_id)
            )


@callback
def async_delete_issues(
    hass: HomeAssistant, entry: AnyConfigEntry, *, ignored: bool
) -> None:
    """Delete the issues of a config entry, including ignored ones if `ignored` is True.

    To be called after the platforms are unloaded: a poll that ends earlier raises the
    issues again.
    """
    async_delete_identity_issue(hass, entry, ignored=ignored)
    for key in (*ISSUES, *CERTIFICATE_ISSUES):
        async_delete_unless_ignored(
            hass, issue_id(key, entry.entry_id), ignored=ignored
        )


def _common_issues(
    coordinator: ProcessCoordinator[Any, Any],
) -> dict[str, dict[str, str]]:
    """Return the active issues that a miner and a proxy can have.

    Each with the placeholders of its text.
    """
    snapshot = coordinator.data
    data = coordinator.config_entry.data
    found: dict[str, dict[str, str]] = {}
    if data[CONF_SSL] and data[CONF_VERIFICATION] == Verification.NONE:
        found[UNVERIFIED] = {}
    if snapshot.restricted and not data.get(CONF_READ_ONLY):
        found[READ_ONLY] = {}
    if coordinator.process.is_change_lost:
        found[CHANGE_LOST] = {}
    if snapshot.config and not coordinator.process.is_overwritten(snapshot.config):
        changed = changed_pools(coordinator, snapshot.config)
        if changed is not None:
            found[PAYOUT_CHANGED] = {"pools": ", ".join(changed.values())}
    return found


def _miner_issues(coordinator: XmrigCoordinator) -> dict[str, dict[str, str]]:
    """Return the active issues that only a miner can have."""
    snapshot = coordinator.data
    found: dict[str, dict[str, str]] = {}
    if lacks_huge_pages(snapshot):
        found[NO_HUGE_PAGES] = {}
    if is_outdated(snapshot):
        found[OUTDATED] = {"version": str(snapshot.summary.version)}
    if coordinator.keeps_config is False:
        found[CONFIG_NOT_KEPT] = {}
    if coordinator.idle_for() >= MAX_IDLE:
        found[ZERO_HASHRATE] = {"minutes": str(MAX_IDLE // 60)}
    rate = coordinator.health.reject_rate
    if rate is not None and rate > MAX_REJECT_RATE:
        found[SHARES_REJECTED] = {"rate": f"{rate:.0f}"}
    return found


def _proxy_issues(coordinator: ProxyCoordinator) -> dict[str, dict[str, str]]:
    """Return the active issues that only a proxy can have."""
    found: dict[str, dict[str, str]] = {}
    if coordinator.no_pool_for() >= MAX_NO_POOL:
        found[PROXY_NO_POOL] = {
            "count": str(coordinator.data.summary.miners),
            "miners": ", ".join(miners_behind(coordinator)) or "-",
        }
    if lost := coordinator.lost_workers:
        before = {subentry.data[CONF_NAMED_BY] for subentry in lost}
        found[WORKERS_RENAMED] = {
            "workers": ", ".join(sorted(subentry.title for subentry in lost)),
            "before": ", ".join(sorted(before)),
            "now": str(coordinator.named_by),
        }
    return found


def miners_behind(coordinator: ProxyCoordinator) -> list[str]:
    """Return the names of the miners in Home Assistant that mine through a proxy."""
    snapshot = coordinator.data
    place = ProxyPlace(
        host=coordinator.config_entry.data[CONF_HOST],
        ports=ports_of(snapshot.config),
        workers=snapshot.workers.online if snapshot.workers else frozenset(),
    )
    return sorted(
        entry.title
        for entry in miner_entries(coordinator.hass)
        if entry.state is ConfigEntryState.LOADED
        and place.has_miner(
            entry.data[CONF_HOST], entry.runtime_data.coordinator.data.summary
        )
    )


class SourcesFlow(ConfirmRepairFlow):
    """Shows which sensors the manager is missing, and lets the user choose others."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow."""
        self._entry_id = entry_id

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue in the form with the sensors that the manager reads."""
        if ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id) is None:
            return self.async_abort(reason="resolved")
        if user_input is not None:
            return await async_reconfigure(self, self._entry_id)
        return await super().async_step_confirm()


class UnreadableFlow(ConfirmRepairFlow):
    """Closes the message about files that were set aside."""

    @override
    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show the message, or close it if the files were removed with their entry."""
        if ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id) is None:
            return self.async_create_entry(data={})
        return await super().async_step_confirm(user_input)


_FLOWS: dict[str, Callable[[str], RepairsFlow]] = {
    PAYOUT_CHANGED: PayoutChangedFlow,
    ANOTHER_MINER: AnotherMinerFlow,
    CERTIFICATE_CHANGED: CertificateFlow,
    UNVERIFIED: CertificateFlow,
    NO_GRID_POWER: SourcesFlow,
    SENSORS_MISSING: SourcesFlow,
    AUTOMATIONS_COMPETE: lambda _: AutomationsFlow(),
    UNREADABLE: lambda _: UnreadableFlow(),
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    entry_id = data["entry_id"] if data else ""
    return _FLOWS[issue_id.removesuffix(f"_{entry_id}")](entry_id)
