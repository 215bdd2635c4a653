"""Repair issues about the TLS certificate of a miner, and the flow that fixes them."""

from collections.abc import Mapping
from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .addresses import address, async_swap_addresses, reached_entries
from .api.exceptions import (
    XmrigAnotherMinerError,
    XmrigCertificateChangedError,
    XmrigConnectionError,
    XmrigError,
    XmrigPlainHttpError,
)
from .certificates import Certificate, fingerprint_text, pinned
from .connection import async_create_client
from .const import CONF_FINGERPRINT, DOMAIN, LOGGER
from .identity_issue import async_update_identity_issue, is_polled
from .issues import async_raise_issue, issue_id
from .repair_steps import active_entry, async_reconfigure

CERTIFICATE_CHANGED = "certificate_changed"
PLAIN_HTTP = "plain_http"
UNVERIFIED = "unverified"

CERTIFICATE_ISSUES = (CERTIFICATE_CHANGED, PLAIN_HTTP)
"""Raised by polls that fail."""


@callback
def async_update_certificate_issues(
    hass: HomeAssistant, entry: ConfigEntry[Any], error: XmrigError | None
) -> None:
    """Update the issues according to the result of a poll or command.

    An unreachable miner presents no certificate.
    """
    if not is_polled(entry):
        return
    found: str | None = None
    match error:
        case XmrigCertificateChangedError():
            found = CERTIFICATE_CHANGED
        case XmrigPlainHttpError():
            found = PLAIN_HTTP
        case XmrigConnectionError():
            return
    for key in CERTIFICATE_ISSUES:
        if key == found:
            async_raise_issue(
                hass,
                key,
                entry,
                {"name": entry.title, "address": address(entry.data)},
                is_fixable=key == CERTIFICATE_CHANGED,
                severity=ir.IssueSeverity.ERROR,
            )
        else:
            ir.async_delete_issue(hass, DOMAIN, issue_id(key, entry.entry_id))


@callback
def async_update_connection_issues(
    hass: HomeAssistant, entry: ConfigEntry[Any], error: XmrigError | None
) -> None:
    """Update the issues about what responds, after a poll or command."""
    async_update_certificate_issues(hass, entry, error)
    if isinstance(error, XmrigAnotherMinerError):
        async_update_identity_issue(hass, entry, error.found)
    elif error is None:
        async_update_identity_issue(hass, entry, None)


class CertificateFlow(RepairsFlow):
    """Shows the certificate of a miner, and pins it if the user accepts it."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow."""
        self._entry_id = entry_id
        self._shown: Certificate | None = None
        self._data: Mapping[str, Any] = {}
        """The data of the config entry when it was shown."""
        self._holder: ConfigEntry[Any] | None = None
        """The config entry whose miner shows the certificate."""
        self._holder_data: Mapping[str, Any] = {}
        """The data of that entry when it was shown."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Show the current certificate."""
        entry = active_entry(self.hass, self._entry_id)
        self._data = entry.data
        facts = {"name": entry.title, "address": address(entry.data)}
        shown = await self._async_certificate(entry)
        if shown is None:
            return self.async_abort(
                reason="cannot_check", description_placeholders=facts
            )
        holder = await self._async_holder(shown.fingerprint)
        # While they were read, the entry may have been removed or changed
        entry = active_entry(self.hass, self._entry_id)
        if entry.data != self._data:
            return await self.async_step_init()
        self._shown, self._holder = shown, holder
        old = entry.data.get(CONF_FINGERPRINT)
        is_suggestion = self.issue_id == issue_id(UNVERIFIED, entry.entry_id)
        if self._shown.fingerprint == old or is_suggestion is not (old is None):
            # It was pinned, or unpinned, since the issue was raised
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
            return self.async_abort(reason="resolved")
        if old is None:
            return self._async_show(UNVERIFIED, "accept", facts)
        facts["expected"] = fingerprint_text(old)
        if self._holder is None:
            return self._async_show("changed", "accept", facts)
        self._holder_data = self._holder.data
        facts["other"] = self._holder.title
        return self._async_show("of_other", "swap", facts)

    async_step_changed = async_step_init
    async_step_of_other = async_step_init
    async_step_unverified = async_step_init

    async def async_step_accept(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Pin the certificate that was shown; the next poll accepts no other one."""
        assert self._shown
        entry = active_entry(self.hass, self._entry_id)
        if entry.data != self._data:
            return await self.async_step_init()
        self.hass.config_entries.async_update_entry(
            entry, data=entry.data | pinned(self._shown.fingerprint)
        )
        self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})

    async def async_step_swap(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Swap the addresses with the config entry whose miner shows the certificate."""
        assert self._holder
        entry = active_entry(self.hass, self._entry_id)
        is_same = entry.data == self._data and self._holder.data == self._holder_data
        if not is_same or self._holder not in reached_entries(self.hass):
            return await self.async_step_init()
        async_swap_addresses(self.hass, entry, self._holder)
        return self.async_create_entry(data={})

    async def async_step_address(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Continue in the form that changes the connection."""
        return await async_reconfigure(self, self._entry_id)

    async def _async_holder(self, fingerprint: str) -> ConfigEntry[Any] | None:
        """Return the config entry that has a certificate pinned, but not at its address.

        Miners may share a certificate: if it is shown there too, none of them moved.
        """
        for entry in reached_entries(self.hass):
            if entry.data.get(CONF_FINGERPRINT) == fingerprint:
                found = await self._async_certificate(entry)
                if found is None or found.fingerprint != fingerprint:
                    return entry
        return None

    async def _async_certificate(self, entry: ConfigEntry[Any]) -> Certificate | None:
        """Return the certificate that is shown at the address of a config entry."""
        try:
            found = await async_create_client(self.hass, entry.data).certificate()
        except XmrigError as error:
            LOGGER.debug("Reading a certificate failed: %s", error)
            return None
        return Certificate.from_der(found)

    @callback
    def _async_show(
        self, step_id: str, repair: str, facts: dict[str, str]
    ) -> RepairsFlowResult:
        assert self._shown
        return self.async_show_menu(
            step_id=step_id,
            menu_options=[repair, "address"],
            description_placeholders=facts | self._shown.facts,
        )
