"""What a trouble shows, as text without times and addresses."""

from collections.abc import Awaitable
from dataclasses import dataclass, fields
import logging

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from simulator import api
from tests.common import ALWAYS_AVAILABLE, Rig
from tests.controls import MINING, THREADS, act, cpu_threads, set_threads

FEW = 4


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Effects of a fault while it lasts and afterwards; the columns of the table."""

    entities: str
    pause: str
    threads: str
    set_config: str
    log: str
    repairs: str
    after: str

    def row(self, name: str) -> str:
        """Return it as a row of the table in docs/faults.md."""
        cells = [getattr(self, field.name) for field in fields(self)]
        return "| " + " | ".join([name, *(_escaped(cell) for cell in cells)]) + " |"


HEAD = (
    "| what goes wrong | entities | *Mining* off | *CPU threads* | `set_config` | log "
    "| repairs | one poll after it ends |\n|---|---|---|---|---|---|---|---|"
)


def entities(rig: Rig, before: dict[str, str]) -> str:
    """Return the entities' states compared with before."""
    states = rig.states
    gone = sorted(rig.unavailable - ALWAYS_AVAILABLE)
    if len(gone) >= len(before) - len(ALWAYS_AVAILABLE):
        return "unavailable"
    unknown = sorted(
        name
        for name, state in states.items()
        if state == STATE_UNKNOWN and before.get(name) not in (None, STATE_UNKNOWN)
    )
    parts = [f"status {states['sensor.status']}"]
    for what, names in (("unavailable", gone), ("unknown", unknown)):
        if names:
            found = ", ".join(names) if len(names) <= FEW else f"{len(names)} entities"
            parts.append(f"{what}: {found}")
    if missing := sorted(before.keys() - states.keys()):
        parts.append(f"removed: {len(missing)} entities")
    if added := sorted(states.keys() - before.keys()):
        parts.append(f"new: {len(added)} entities")
    return "; ".join(parts)


async def result_of_pause(rig: Rig) -> str:
    """Turn off mining, and return the result."""
    return _no_control(rig, MINING) or await _result(rig.turn(MINING, on=False))


async def result_of_set_config(rig: Rig) -> str:
    """Change a value of the config, and return the result."""
    return await _result(act(rig, "set_config", config={"retries": 7}))


async def result_of_threads(rig: Rig, threads: int) -> str:
    """Set the threads, and return the result."""
    return _no_control(rig, THREADS) or await _result(set_threads(rig, threads))


def _no_control(rig: Rig, name: str) -> str | None:
    """Return why there is no control; None if there is one."""
    if name not in rig.entities:
        return "no such entity"
    # Home Assistant does not call actions of unavailable entities
    return "unavailable" if name in rig.unavailable else None


async def _result(action: Awaitable[object]) -> str:
    try:
        await action
    except HomeAssistantError as error:
        return f"`{error.translation_key}`"
    return "done"


def poll_error(rig: Rig) -> str | None:
    """Return the key of the last poll's error, if any."""
    error = rig.entry.runtime_data.coordinator.last_exception
    return error.translation_key if isinstance(error, HomeAssistantError) else None


def log(rig: Rig, caplog: pytest.LogCaptureFixture, error: str | None) -> str:
    """Return the messages of the integration, each once.

    The message about polls that fail is shown as the key of its error.

    Fails for an exception that was not expected.
    """
    messages: dict[str, None] = {}
    for record in caplog.records:
        assert not record.exc_info, record.getMessage()
        assert record.name != "asyncio", record.getMessage()
        if record.levelno >= logging.WARNING and DOMAIN in record.name:
            text = record.getMessage()
            assert str(rig.simulator.token) not in text
            if text.startswith(f"Error fetching {rig.entry.title} data: "):
                text = f"`{error}`"
            messages[text.replace(f"127.0.0.1:{rig.simulator.port}", "ADDRESS")] = None
    return "; ".join(messages)


def repairs(rig: Rig) -> str:
    """Return the repairs and forms that need the user."""
    registry = ir.async_get(rig.hass)
    found = sorted(
        str(issue.translation_key)
        for (domain, _), issue in registry.issues.items()
        if domain == DOMAIN and issue.active
    )
    if any(rig.entry.async_get_active_flows(rig.hass, {SOURCE_REAUTH})):
        found.append("reauthentication")
    return ", ".join(found)


def differences(rig: Rig, before: dict[str, str]) -> list[str]:
    """Return where entities differ from the miner's actual state."""
    miner = rig.simulator.miner
    wrong = []
    if gone := rig.unavailable:
        wrong.append(f"{len(gone)} entities unavailable")
    if missing := sorted(before.keys() - rig.states.keys()):
        wrong.append(f"{missing} are gone")
    if wrong:
        return wrong
    is_paused = api.summary(miner, 2)["paused"]
    if rig.state(MINING) != ("off" if is_paused else "on"):
        wrong.append(f"{MINING} is {rig.state(MINING)}")
    if float(rig.state(THREADS)) != cpu_threads(rig.simulator):
        wrong.append(f"{THREADS} is {rig.state(THREADS)}")
    return wrong


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
