"""The form that lists the miners of another integration."""

from collections.abc import Iterable

from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..addresses import address
from ..takeover.candidates import Candidates, OldMiner

CONF_MINERS = "miners"


def import_schema(candidates: Candidates) -> vol.Schema:
    """Return the schema of the form, with all importable miners selected."""
    options = [
        SelectOptionDict(
            value=old.entry_id,
            label=f"{old.title} ({address(old.data)})" if old.data else old.title,
        )
        for old in candidates.importable
    ]
    return vol.Schema(
        {
            vol.Required(
                CONF_MINERS, default=[option["value"] for option in options]
            ): SelectSelector(
                SelectSelectorConfig(
                    options=options, multiple=True, mode=SelectSelectorMode.LIST
                )
            )
        }
    )


def names(miners: Iterable[OldMiner]) -> str:
    """Return the names of miners as text, or a dash if there are none."""
    return ", ".join(old.title for old in miners) or "–"


def notes(candidates: Candidates) -> dict[str, str]:
    """Return the names of the miners of each note, as translation placeholders."""
    return {note: names(miners) for note, miners in candidates.notes.items()}
