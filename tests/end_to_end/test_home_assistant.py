"""The states and commands of Home Assistant, compared with the miner."""

from functools import partial
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
import pytest

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_KEEP_STATE,
    CONF_POWER_INTERVAL,
    DOMAIN,
)
from custom_components.xmrig_miner.power.options import MIN_POWER_INTERVAL
from tests.fixing import issues
from tests.targets import TOKEN, WALLETS, Target

from .home import Home
from .rig import FAILOVER, Wire

MINING = "switch.mining"
THREADS = "number.cpu_threads"
LIMIT = "number.power_limit"
STATUS = "sensor.status"
HASHRATE = "sensor.hashrate"

# The 10 s window is full after the next half second
_WINDOW = 10.8


@pytest.fixture
async def home(
    hass: HomeAssistant, enable_custom_integrations: None, target: Target, wire: Wire
) -> Home:
    """Return Home Assistant with the miner, without any commands yet."""
    return await Home.with_miner(hass, target)


async def test_pause_and_cap_outlive_the_miner(
    target: Target, wire: Wire, home: Home
) -> None:
    """The request is restored one poll after a restart, even from another file."""

    async def has_hashrate() -> bool:
        await home.poll()
        return home.state(HASHRATE) not in (STATE_UNKNOWN, "0")

    await target.after(_WINDOW, has_hashrate)
    assert home.state(MINING) == "on"
    assert home.state(STATUS) == "mining"
    assert home.number(HASHRATE) > 0
    assert home.number("sensor.threads") == 2

    await home.call(MINING, "turn_off")
    await home.set_number(THREADS, 1)
    assert await wire.is_paused()
    assert len(await wire.threads()) == 1
    assert home.state(STATUS) == "paused"
    assert home.number(HASHRATE) == 0

    await target.kill()
    target.write_disk(wire.first)
    await target.restart()
    await target.eventually(wire.threads)
    await home.poll()
    assert home.state(MINING) == "off"
    assert home.number(THREADS) == 1
    assert await wire.is_paused()
    assert len(await wire.threads()) == 1
    [issue] = issues(home.hass).values()
    assert issue.translation_key == "config_not_kept"

    await home.call(MINING, "turn_on")
    assert home.state(MINING) == "on"
    await wire.mines()
    assert (await home.act("restore_config"))["changes"]
    assert home.number(THREADS) == 2
    await wire.assert_as_first()


async def test_a_pause_for_a_time(target: Target, wire: Wire, home: Home) -> None:
    """It ends at the first poll after its time, by the clock of Home Assistant."""
    pause = {"duration": {"seconds": 5}}
    is_early = target.within(5)
    answer = await home.hass.services.async_call(
        DOMAIN, "pause_for", pause, blocking=True, return_response=True
    )
    assert answer == {"ok": [home.entry.title], "failed": [], "skipped": []}
    assert await wire.is_paused() or not is_early()
    assert home.state("sensor.paused_until") != "unknown" or not is_early()
    await home.poll()
    assert await wire.is_paused() or not is_early()
    await home.settle(5)
    await home.poll()
    assert home.state(MINING) == "on"
    assert home.state("sensor.paused_until") == "unknown"
    await wire.mines()
    await wire.assert_as_first()


async def test_stop_and_start(target: Target, wire: Wire, home: Home) -> None:
    """The buttons take effect, and all states are known."""
    await home.call("button.stop", "press")
    assert (home.state(MINING), home.state(STATUS)) == ("off", "stopped")
    assert home.number(HASHRATE) == 0
    assert await wire.threads() == []
    await home.call("button.start", "press")
    assert home.state(MINING) == "on"
    await wire.mines()
    await wire.assert_as_first()

    data = await home.act("get_data")
    assert data["summary"]["version"] == target.version
    assert {backend["type"] for backend in data["backends"]} >= {"cpu"}
    assert data["config"].keys() == (await wire.config()).keys()
    assert not any(secret in str(data) for secret in (TOKEN, *WALLETS))


async def test_killed_and_back(target: Target, wire: Wire, home: Home) -> None:
    """An unreachable miner is unavailable, and recovers without a reload."""
    coordinator = home.entry.runtime_data.coordinator
    await target.kill()
    await home.poll()
    shown = {home.state(name) for name in (MINING, THREADS, STATUS, HASHRATE)}
    assert shown == {STATE_UNAVAILABLE}
    await target.restart()
    await target.eventually(wire.threads)
    await home.poll()
    assert (home.state(MINING), home.number(THREADS)) == ("on", 2)
    assert home.entry.runtime_data.coordinator is coordinator
    await wire.assert_as_first()


async def test_select_pool(target: Target, wire: Wire, home: Home) -> None:
    """The selected pool is used."""
    assert home.state("select.pool") == target.pools[0]
    await home.call("select.pool", "select_option", option=target.pools[1])
    assert home.state("select.pool") == target.pools[1]
    await target.eventually(lambda: wire.is_at(1), timeout=FAILOVER)
    await home.poll()
    assert home.state("sensor.pool") == target.pools[1]
    await home.act("restore_config")
    await wire.assert_as_first()


async def test_power_limit(
    hass: HomeAssistant, target: Target, wire: Wire, home: Home
) -> None:
    """The limit leads to fewer threads, none, and all again."""
    options: dict[str, Any] = {CONF_KEEP_STATE: True}
    options |= {CONF_IDLE_POWER: 50, CONF_FULL_POWER: 150}
    hass.config_entries.async_update_entry(
        home.entry, options=options | {CONF_POWER_INTERVAL: MIN_POWER_INTERVAL}
    )
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert home.number(LIMIT) == 150

    await home.set_number(LIMIT, 120)
    assert len(await wire.threads()) == 1
    await home.set_number(LIMIT, 60)
    assert await wire.is_paused()
    assert (home.state(MINING), home.number(HASHRATE)) == ("off", 0)

    async def runs(threads: int) -> bool:
        return home.state(MINING) == "on" and len(await wire.threads()) == threads

    await home.set_number(LIMIT, 120)
    await home.settle(MIN_POWER_INTERVAL)
    await target.eventually(partial(runs, 1), timeout=0)
    await wire.mines()
    await home.set_number(LIMIT, 150)
    await home.settle(MIN_POWER_INTERVAL)
    await target.eventually(partial(runs, 2), timeout=0)
    await wire.mines()
    await wire.assert_as_first()
