"""The steps that import miners from another integration, and undo an import."""

import asyncio
from typing import Any

from homeassistant.config_entries import (
    SOURCE_IMPORT,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.core import callback

from ..addresses import entry_at, identity_data
from ..const import CONF_KIND, DOMAIN
from ..kinds import EntryKind
from ..takeover.candidates import (
    Candidates,
    OldMiner,
    async_identity,
    known_miners,
    old_entries,
    read_entry,
    sort_out,
)
from ..takeover.moves import plan_import
from ..takeover.record import import_of, imported_ids
from ..takeover.steps import async_undo
from .import_form import CONF_MINERS, import_schema, names, notes

CONF_OLD_ENTRY = "old_entry"
CONF_DATA = "data"


class ImportSteps(ConfigFlow):
    """Imports miners from another integration."""

    _candidates = Candidates()

    def _can_import(self) -> bool:
        """Return whether there are miners to import, judging by address only."""
        found = map(read_entry, old_entries(self.hass))
        return bool(sort_out(found, {}, known_miners(self.hass)).importable)

    async def async_step_import_miners(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which miners to import, and import them."""
        if user_input is not None:
            chosen = [
                old
                for old in self._candidates.importable
                if old.entry_id in user_input[CONF_MINERS]
                and self._old_entry(old.entry_id, self._connection(old))
            ]
            if chosen:
                return await self._async_import(chosen)
        if user_input is None or user_input[CONF_MINERS]:
            # What was chosen may be imported or deleted by now
            self._candidates = await self._async_candidates()
        if not self._candidates.importable:
            return self.async_abort(
                reason="nothing_to_import",
                description_placeholders=notes(self._candidates),
            )
        is_noted = any(self._candidates.notes.values())
        return self.async_show_form(
            step_id="import_miners_noted" if is_noted else "import_miners",
            data_schema=import_schema(self._candidates),
            errors={} if user_input is None else {CONF_MINERS: "nothing_selected"},
            description_placeholders=notes(self._candidates),
        )

    async_step_import_miners_noted = async_step_import_miners

    async def async_step_import_one(self, found: dict[str, Any]) -> ConfigFlowResult:
        """Add a miner that the user chose in the import form."""
        old = self._old_entry(found[CONF_OLD_ENTRY], found[CONF_DATA])
        if old is None:
            return self.async_abort(reason="already_configured")
        return self.async_create_entry(
            title=old.title,
            data=self._entry_data(old, found[CONF_DATA]),
            description="imported",
            description_placeholders={"miners": found.get(CONF_MINERS, old.title)},
        )

    async def async_step_undo_import(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Undo the import of a miner after the user has confirmed it."""
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        plan = import_of(entry) if entry else None
        if entry is None or plan is None:
            return self.async_abort(reason="entry_removed")
        old = self.hass.config_entries.async_get_entry(plan.old_entry_id)
        if old is None:
            return self.async_abort(reason="old_entry_removed")
        placeholders = {"name": entry.title, "old": old.title, "domain": old.domain}
        if user_input is None:
            return self.async_show_form(
                step_id="undo_import", description_placeholders=placeholders
            )
        async_undo(self.hass, entry, plan)
        return self.async_abort(
            reason="import_undone", description_placeholders=placeholders
        )

    async def _async_candidates(self) -> Candidates:
        """Return the miners to import, after reading the identity of each."""
        found = [read_entry(entry) for entry in old_entries(self.hass)]
        seen = await asyncio.gather(*(async_identity(self.hass, old) for old in found))
        identities = {
            old.entry_id: identity
            for old, identity in zip(found, seen, strict=True)
            if identity
        }
        return sort_out(found, identities, known_miners(self.hass))

    async def _async_import(self, chosen: list[OldMiner]) -> ConfigFlowResult:
        """Add the first miner in this flow, and each other one in a flow of its own."""
        first, *others = (
            {CONF_OLD_ENTRY: old.entry_id, CONF_DATA: self._connection(old)}
            for old in chosen
        )
        results = await asyncio.gather(
            *(
                self.hass.config_entries.flow.async_init(
                    DOMAIN, context={"source": SOURCE_IMPORT}, data=other
                )
                for other in others
            )
        )
        added = [
            old
            for old, result in zip(chosen[1:], results, strict=True)
            if "result" in result
        ]
        return await self.async_step_import_one(
            {**first, CONF_MINERS: names([chosen[0], *added])}
        )

    def _connection(self, old: OldMiner) -> dict[str, Any]:
        """Return the address, the token and, if known, the identity of a miner."""
        identity = self._candidates.identities.get(old.entry_id)
        return {**(old.data or {}), **(identity_data(identity) if identity else {})}

    @callback
    def _old_entry(
        self, old_id: str, connection: dict[str, Any]
    ) -> ConfigEntry[Any] | None:
        """Return the old entry of a miner to import.

        None if it was deleted, or its miner added, since the form was shown.
        """
        is_imported = old_id in imported_ids(self.hass)
        if is_imported or entry_at(self.hass, connection, besides=None):
            return None
        return self.hass.config_entries.async_get_entry(old_id)

    @callback
    def _entry_data(
        self, old: ConfigEntry[Any], connection: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the data of an imported miner's config entry."""
        plan = plan_import(self.hass, old)
        return {CONF_KIND: EntryKind.MINER.value, **connection, **plan.as_data()}
