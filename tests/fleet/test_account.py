"""The energy that the manager counted outlives restarts, kills and damaged files."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util.file import WriteError
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.storage import XmrigStore

from .house import MODE, THREAD, THREADS, House

pytestmark = pytest.mark.real_files

A_MINUTE = 3 * THREADS * THREAD / 60_000
"""kWh of one minute with all miners."""

ROUNDED = 0.001


@pytest.fixture
async def mining(house: House) -> House:
    """Return a house that mines at full power, all of which is bought."""
    await house.set_up()
    await house.manager.call("select", "select_option", MODE, option="full")
    await house.pass_time(100)
    return house


def energy(house: House, name: str = "energy") -> float:
    """Return an energy that the manager shows, in kWh."""
    return float(house.manager.state(f"sensor.{name}"))


def stored(house: House, store: str = "energy") -> Path:
    """Return a file of the manager."""
    name = f"{DOMAIN}.{house.entry.entry_id}.{store}"
    return Path(house.hass.config.path(".storage", name))


def files(hass: HomeAssistant, house: House) -> set[str]:
    """Return the names of all files of the manager."""
    directory = Path(hass.config.path(".storage"))
    return {path.name for path in directory.glob(f"*{house.entry.entry_id}*")}


async def test_a_restart_loses_nothing(mining: House) -> None:
    """What was counted since the last minute is saved, and shown after."""
    shown = energy(mining)
    await mining.pass_time(40)
    await mining.manager.reload()
    # As of the last full minute, which ended at an unknown time
    least = shown + 40 / 60 * A_MINUTE
    assert least - ROUNDED <= energy(mining) <= least + 1.2 * A_MINUTE
    for name in ("energy_grid", "solar_share"):
        assert mining.manager.state(f"sensor.{name}") != "unknown"


@pytest.mark.parametrize("seconds", [10, 30, 50])
async def test_a_kill_loses_a_minute_at_most(mining: House, seconds: int) -> None:
    """And nothing that was shown: no total is lower after it than it was before."""
    await mining.pass_time(seconds)
    shown = {name: energy(mining, name) for name in ("energy", "energy_grid")}
    begin = mining.hass.loop.time()
    content = stored(mining).read_bytes()
    await mining.hass.config_entries.async_unload(mining.entry.entry_id)
    closed = stored(mining).read_bytes()
    assert closed != content
    stored(mining).write_bytes(content)
    await mining.hass.config_entries.async_setup(mining.entry.entry_id)
    assert mining.hass.loop.time() - begin < 10
    for name, before in shown.items():
        assert before <= energy(mining, name) <= before + A_MINUTE + ROUNDED, name


async def test_a_day_that_passed_while_it_was_down(mining: House) -> None:
    """The share is that of today, not that of the day it was saved on."""
    await mining.hass.config_entries.async_unload(mining.entry.entry_id)
    text = stored(mining).read_text()
    assert '"day": "2026-11-01"' in text or '"day":"2026-11-01"' in text
    stored(mining).write_text(text.replace("2026-11-01", "2026-10-31"))
    shares: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == share and (state := event.data["new_state"]):
            shares.append(state.state)

    share = mining.manager.entity_id("sensor.solar_share")
    mining.hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    await mining.hass.config_entries.async_setup(mining.entry.entry_id)
    assert set(shares) == {"unknown"}
    assert mining.manager.state("sensor.solar_share") == "unknown"
    assert energy(mining) > 0


@pytest.mark.parametrize(
    ("store", "content"),
    [
        ("energy", "{"),
        ("energy", '{"version": 9, "data": {}}'),
        ("energy", '{"version": 1, "key": "x", "data": {}}'),
        ("manager", "{"),
    ],
)
async def test_a_damaged_file_is_set_aside(
    mining: House, store: str, content: str
) -> None:
    """The manager is set up without it, and a repair names the file."""
    await mining.hass.config_entries.async_unload(mining.entry.entry_id)
    stored(mining, store).write_text(content)
    await mining.hass.config_entries.async_setup(mining.entry.entry_id)
    assert mining.manager.is_loaded
    assert (energy(mining) == 0) is (store == "energy")
    mode = "full" if store == "energy" else "smart"
    assert mining.manager.state(MODE) == mode
    [kept] = stored(mining).parent.glob("*.unreadable.*")
    assert kept.read_text() == content
    issue = ir.async_get(mining.hass).async_get_issue(
        DOMAIN, f"stored_data_unreadable_{mining.entry.entry_id}"
    )
    assert issue is not None
    assert issue.translation_placeholders
    assert kept.name in issue.translation_placeholders["files"]
    await mining.hass.config_entries.async_remove(mining.entry.entry_id)
    assert files(mining.hass, mining) == set()
    assert not ir.async_get(mining.hass).async_get_issue(DOMAIN, issue.issue_id)


async def test_a_full_disk_is_reported_once(
    mining: House, caplog: pytest.LogCaptureFixture
) -> None:
    """What is counted shows all the same, and is saved once it can be."""
    shown = energy(mining)
    with patch.object(XmrigStore, "_async_write_data", fail_to_write):
        await mining.pass_time(180)
    assert energy(mining) > shown
    warnings = [text for text in caplog.messages if "was not saved" in text]
    assert len(warnings) == 1
    assert "Manager" in warnings[0]
    await mining.pass_time(120)
    shown = energy(mining)
    await mining.manager.reload()
    assert energy(mining) >= shown


async def fail_to_write(store: XmrigStore, data: Any) -> None:
    """Fail like a full disk."""
    store._error = WriteError("disk full")  # noqa: SLF001
    raise WriteError("disk full")


async def test_nothing_is_written_at_rest(mining: House) -> None:
    """A memory card lasts longer."""
    await mining.manager.call("select", "select_option", MODE, option="off")
    await mining.pass_time(180)
    before = stored(mining).stat().st_mtime_ns
    await mining.pass_time(180)
    assert stored(mining).stat().st_mtime_ns == before
