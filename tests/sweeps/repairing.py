"""Repairs: what raises their issues, and the dialogs that fix them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from homeassistant.components.repairs import (
    DOMAIN as REPAIRS,
    RepairsFlowManager,
    issue_handler,
    repairs_flow_manager,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError

from custom_components.xmrig_miner.const import DOMAIN
from simulator.jsonvalue import Json

from .trial import VirtualRig

STRANGER = "0123456789abcdef"
"""The id of a miner that has a new network card."""

ASKED_AGAIN = "asked_again"
"""Stands for the error of a dialog that does not end, but shows what is there now."""


async def change_wallet(rig: VirtualRig) -> None:
    """Change who is paid, like another program."""

    def edit(config: Json) -> None:
        config["pools"][0]["user"] = "ANOTHER_WALLET"

    rig.simulator.edit_config(edit)


async def change_identity(rig: VirtualRig) -> None:
    """Restart the miner with a new network card."""
    rig.simulator.surroundings.identity = STRANGER
    rig.simulator.restart()


async def change_certificate(rig: VirtualRig) -> None:
    """Restart the miner without the files of its certificate, which makes new ones."""
    rig.simulator.renew_certificate()
    rig.simulator.restart()


async def fix(rig: VirtualRig, key: str, option: str | None = None) -> None:
    """Fix an issue in its dialog, and wait until the entry is set up again.

    `option` is the one to choose of its menu; None if it is a form. A poll comes between
    the two steps. Raises HomeAssistantError with the reason if the dialog ends without
    a result.
    """
    flows = _flows(rig.hass)
    issue_id = f"{key}_{rig.entry.entry_id}"
    with _served(rig.hass):
        step = await flows.async_init(DOMAIN, context={"issue_id": issue_id})
        _raise_if(step, FlowResultType.ABORT)
        await rig.poll()
        answer = {"next_step_id": option} if option else {}
        step = await flows.async_configure(step["flow_id"], answer)
        _raise_if(step, FlowResultType.ABORT, FlowResultType.FORM, FlowResultType.MENU)
        await rig.settled()


@contextmanager
def _served(hass: HomeAssistant) -> Iterator[None]:
    """Cancel a dialog when Home Assistant stops, which then serves no browser."""
    try:
        yield
    except Exception:
        if hass.is_running:
            raise
        raise asyncio.CancelledError from None


def _flows(hass: HomeAssistant) -> RepairsFlowManager:
    """Return the dialogs of repairs, without the rest of their integration."""
    if repairs_flow_manager(hass) is None:
        hass.data[REPAIRS] = {}
        issue_handler.async_setup(hass)
    flows = repairs_flow_manager(hass)
    assert flows
    return flows


def _raise_if(step: Any, *types: FlowResultType) -> None:
    """Raise the reason of a step that has one of these types."""
    if step["type"] in types:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=step.get("reason", ASKED_AGAIN),
        )


fix_payout = partial(fix, key="payout_changed")
fix_identity = partial(fix, key="another_miner", option="accept")
fix_certificate = partial(fix, key="certificate_changed", option="accept")
