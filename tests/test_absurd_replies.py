"""No reply of a miner damages Home Assistant."""

from contextlib import suppress
import json
import logging
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.json import json_bytes, prepare_save_json
from homeassistant.helpers.restore_state import async_get
import pytest

from custom_components.xmrig_miner.diagnostics import async_get_config_entry_diagnostics
from simulator.faults import FAULTS, Fault
from simulator.http import Reply, Request, with_body
from simulator.miner import SimulatedMiner

from .api.models.test_bounds import ABSURD, LONE_SURROGATE
from .common import Rig
from .controls import MINING, act
from .watts import NUMBERS, set_up

KEPT = {"id", "worker_id", "kind", "type"}
"""Members that identify the miner and its backends."""

TOO_LONG = {"long", "many"}
"""Values that make replies of megabytes, none of which is read."""

ALIKE = {"2**63", "10**30", "-1.7e308"}
"""Values that are read like another one: as unknown. `test_bounds.py` has them too."""


def absurd(document: Any, value: Any) -> Any:
    """Return a document with another value in place of nearly every one."""
    if isinstance(document, dict):
        return {
            key: item if key in KEPT else absurd(item, value)
            for key, item in document.items()
        }
    if isinstance(document, list):
        return [absurd(item, value) for item in document]
    return value


def distort(value: Any) -> Any:
    """Return a fault that replaces every value."""

    def change(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        if reply.status != 200:
            return reply
        document = absurd(reply.document, value)
        if isinstance(document, dict):
            document |= {LONE_SURROGATE: value}
        return with_body(reply, json.dumps(document).encode())

    return change


async def check(rig: Rig) -> None:
    """Check that everything can be saved, and sent to a frontend."""
    hass = rig.hass
    json_bytes([state.as_dict() for state in hass.states.async_all()])
    stored = async_get(hass).async_get_stored_states()
    prepare_save_json([item.as_dict() for item in stored])
    if rig.is_loaded:
        json_bytes(await async_get_config_entry_diagnostics(hass, rig.entry))
        with suppress(HomeAssistantError):
            json_bytes(await act(rig, "get_data"))
    for registry in (er.async_get(hass), dr.async_get(hass), ir.async_get(hass)):
        prepare_save_json(registry._data_to_save())  # noqa: SLF001


@pytest.mark.parametrize("path", ["/summary", "/backends", "/config"])
@pytest.mark.parametrize("options", [{"gpus": 2}])
async def test_absurd_replies(
    all_enabled: None,
    rig: Rig,
    path: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With the same value nearly everywhere, at a poll and at set-up."""
    await set_up(rig, NUMBERS)
    for name, value in ABSURD.items():
        if name in TOO_LONG | ALIKE:
            continue
        fault = Fault("absurd", distort=distort(value), path=path, methods=("GET",))
        monkeypatch.setitem(FAULTS, "absurd", fault)
        rig.simulator.fault = "absurd"
        await rig.poll(2)
        await check(rig)
        await rig.hass.config_entries.async_reload(rig.entry.entry_id)
        await rig.poll()
        await check(rig)
        rig.simulator.fault = None
        await (rig.poll() if rig.is_loaded else rig.reload())
        assert rig.state(MINING) == "on", name
    errors = [item for item in caplog.records if item.levelno >= logging.ERROR]
    assert not [item for item in errors if item.exc_info]
