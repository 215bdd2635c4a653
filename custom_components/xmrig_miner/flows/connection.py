"""The steps that set up the connection to a miner or a proxy."""

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_SSL
from homeassistant.core import callback

from ..addresses import (
    address_data,
    entries_of,
    entry_at,
    identity_data,
    identity_of,
    is_expected_at,
    is_miner_of,
    parse_address,
    reached_entries,
    with_address_of,
)
from ..api.client import XmrigClient
from ..api.exceptions import (
    XmrigCertificateChangedError,
    XmrigCertificateError,
    XmrigError,
)
from ..api.identity import Kind, MinerIdentity
from ..api.models import BaseSummary
from ..certificates import Certificate, Verification, pinned
from ..connection import async_create_client
from ..const import (
    CONF_FINGERPRINT,
    CONF_IMPORT,
    CONF_READ_ONLY,
    CONF_VERIFICATION,
    LOGGER,
)
from ..runtime import XmrigConfigEntry
from .connection_form import (
    CONF_REMOVE_TOKEN,
    CONNECTION_ERRORS,
    SECTION_TLS,
    ConnectionForm,
)
from .questions import (
    another_miner_question,
    certificate_question,
    entry_question,
    read_only_question,
    token_question,
)


class ConnectionSteps(ConnectionForm):
    """Adds a miner or a proxy, or changes its connection.

    The input is tried before it is stored. If the user has to agree to something, a
    menu asks for it and offers the way back to the form. After the user has agreed,
    everything is tried again, since a different miner may respond by then.
    """

    def __init__(self) -> None:
        """Initialize the steps."""
        super().__init__()
        self._pin: str | None = None
        """Fingerprint of the certificate that the user accepted."""
        self._seen: MinerIdentity | None = None
        """The miner or proxy to add."""

    async def async_step_miner(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the connection form, or try what was entered."""
        return await self._async_form_or_try(user_input)

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new access token; an empty one removes it."""
        return await self._async_form_or_try(user_input)

    async def async_step_agree(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Continue after the user agreed; only the menu of a question leads here."""
        if TYPE_CHECKING:
            assert self._question is not None
        self._agreed.add(self._question)
        if isinstance(certificate := self._question.about, Certificate):
            self._pin = certificate.fingerprint
            if self._entered and (tls := self._entered.get(SECTION_TLS)):
                choice = {CONF_VERIFICATION: Verification.CERTIFICATE.value}
                self._entered = self._entered | {SECTION_TLS: tls | choice}
        return await self._async_try()

    async def async_step_change(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Return to the form, which keeps what was entered."""
        return self._async_show_form()

    async def _async_form_or_try(
        self, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show the form, or try what was entered."""
        if user_input is None:
            return self._async_show_form()
        self._entered = user_input
        self._agreed.clear()
        tls = user_input.get(SECTION_TLS)
        if tls and tls[CONF_VERIFICATION] != Verification.CERTIFICATE:
            self._pin = None
        return await self._async_try()

    async def _async_try(self) -> ConfigFlowResult:
        """Connect to the miner, and store what was entered if nothing is wrong."""
        entry = self._entry()
        try:
            data = self._data(entry)
            client = async_create_client(self.hass, data)
        except ValueError:
            return self._async_show_form("invalid_host")
        if data[CONF_VERIFICATION] == Verification.CERTIFICATE and not data[CONF_SSL]:
            return self._async_show_form("pin_without_tls")
        if entry and (question := self._unanswered(token_question(entry, data))):
            return self._async_show_question(question)
        try:
            summary = await self._async_summary(client, data)
        except XmrigError as error:
            LOGGER.debug("Adding a miner failed: %s", error)
            return self._async_show_form(CONNECTION_ERRORS.get(type(error), error.key))
        except Exception:  # noqa: BLE001
            LOGGER.exception("Unexpected error")
            return self._async_show_form("unknown")
        if summary is None:
            return self._async_show_question()
        if summary.lacks_identity:
            return self._async_show_form("not_xmrig")
        if self._data(entry := self._entry()) != data:
            # The address or token of the entry changed in the meantime.
            return await self._async_try()
        return self._async_take(entry, data, summary)

    @callback
    def _async_take(
        self, entry: XmrigConfigEntry | None, data: dict[str, Any], summary: BaseSummary
    ) -> ConfigFlowResult:
        """Store what was entered, unless the user has to agree to something first."""
        seen = summary.identity
        if entry and seen.kind is not identity_of(entry).kind:
            return self._async_show_form("another_kind")
        if summary.restricted:
            question = self._unanswered(read_only_question(entry, data, seen))
            if question:
                return self._async_show_question(question)
            data[CONF_READ_ONLY] = True
        if entry is None:
            return self._async_add(data, seen)
        if self.source == SOURCE_RECONFIGURE and (
            holder := entry_at(self.hass, data, besides=entry)
        ):
            return self._async_swap(entry, holder, data, seen)
        return self._async_update(entry, data, seen)

    async def _async_summary(
        self, client: XmrigClient, data: Mapping[str, Any]
    ) -> BaseSummary | None:
        """Return the summary; None if the user has to accept the certificate first.

        Nothing is sent to a miner whose certificate is not accepted. Raises XmrigError
        if the miner cannot be read.
        """
        pin = data.get(CONF_FINGERPRINT)
        if pin or data[CONF_VERIFICATION] != Verification.CERTIFICATE:
            with suppress(XmrigCertificateError, XmrigCertificateChangedError):
                return await client.any_summary()
        certificate = Certificate.from_der(await client.certificate())
        self._question = certificate_question(data, certificate)
        return None

    def _data(self, entry: XmrigConfigEntry | None) -> dict[str, Any]:
        """Return the entered address and token as data of a config entry.

        Reauthentication keeps the stored address. Reconfiguration keeps the stored
        token if none was entered, unless the user chose to remove it.

        Raises ValueError if the address has no host.
        """
        entered = self._entered or {}
        entered = entered | entered.get(SECTION_TLS, {})
        token = entered.get(CONF_ACCESS_TOKEN, "").strip()
        if entry is None or self.source != SOURCE_REAUTH:
            data = parse_address(entered)
        else:
            data = address_data(entry.data)
        pin = self._pin
        if entry and data[CONF_VERIFICATION] == Verification.CERTIFICATE:
            pin = pin or entry.data.get(CONF_FINGERPRINT)
        data |= pinned(pin) if pin else {}
        if entry and self.source == SOURCE_RECONFIGURE and not token:
            is_removed = entered.get(CONF_REMOVE_TOKEN, False)
            token = "" if is_removed else entry.data.get(CONF_ACCESS_TOKEN, "")
        return data | ({CONF_ACCESS_TOKEN: token} if token else {})

    @callback
    def _async_add(self, data: dict[str, Any], seen: MinerIdentity) -> ConfigFlowResult:
        """Add a miner, after a question if it may already be added."""
        self._seen = seen
        if known := self._async_known(data):
            return known
        title, data = seen.worker_id or data[CONF_HOST], data | identity_data(seen)
        if seen.kind is Kind.PROXY:
            return self.async_create_entry(title=title, data=data)
        return self._async_ask_power(title, data)

    @callback
    @override
    def _async_known(self, data: dict[str, Any]) -> ConfigFlowResult | None:
        """Ask about an entry for the same miner at another address, too."""
        if ended := super()._async_known(data):
            return ended
        seen = self._seen
        assert seen
        for other in reached_entries(self.hass):
            known = identity_of(other)
            if known.worker_id == seen.worker_id and known.matches(seen):
                question = entry_question("same_miner", other, None, data, seen)
                if question not in self._agreed:
                    return self._async_show_question(question)
        return None

    @callback
    def _async_swap(
        self,
        entry: XmrigConfigEntry,
        holder: ConfigEntry[Any],
        data: dict[str, Any],
        seen: MinerIdentity,
    ) -> ConfigFlowResult:
        """Swap addresses with the entry that has the new one, if its miner has moved.

        If two entries had the same address, they would control the same miner.
        """
        is_here = is_miner_of(self.hass, entry, seen)
        if not is_here or is_miner_of(self.hass, holder, seen):
            return self._async_show_form("address_in_use", {"other": holder.title})
        question = entry_question("address_of_entry", holder, entry, data, seen)
        if question not in self._agreed:
            return self._async_show_question(question)
        holder_data = with_address_of(holder.data, entry.data)
        if exposed := self._unanswered(token_question(holder, holder_data)):
            return self._async_show_question(exposed)
        self.hass.config_entries.async_update_entry(
            holder, data=holder_data, unique_id=None
        )
        self.hass.config_entries.async_schedule_reload(holder.entry_id)
        return self._async_store(entry, data, seen)

    @callback
    def _async_update(
        self, entry: XmrigConfigEntry, data: dict[str, Any], seen: MinerIdentity
    ) -> ConfigFlowResult:
        """Update an entry, after a question if a different miner responds."""
        if not is_expected_at(self.hass, entry, seen):
            holders = entries_of(self.hass, seen, besides=entry)
            question = (
                entry_question("miner_of_entry", holders[0], entry, data, seen)
                if holders
                else another_miner_question(entry, data, seen)
            )
            if question not in self._agreed:
                return self._async_show_question(question)
        return self._async_store(entry, data, seen)

    @callback
    def _async_store(
        self, entry: XmrigConfigEntry, data: dict[str, Any], seen: MinerIdentity
    ) -> ConfigFlowResult:
        """Store the address, the token, and the identity of the responding miner."""
        known = identity_of(entry)
        if not seen.id and seen.worker_id == known.worker_id:
            # A miner that was started without a network has no ID until it restarts.
            seen = known
        origin = {key: entry.data[key] for key in (CONF_IMPORT,) if key in entry.data}
        return self.async_update_reload_and_abort(
            entry,
            unique_id=None,
            data=data | identity_data(seen) | origin,
        )
