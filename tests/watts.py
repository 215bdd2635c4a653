"""A computer that draws power, the user's meter, and helpers for both."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    ATTR_DEVICE_CLASS,
    ATTR_ENTITY_ID,
    ATTR_UNIT_OF_MEASUREMENT,
    UnitOfPower,
)

from custom_components.xmrig_miner.const import (
    CONF_FULL_POWER,
    CONF_IDLE_POWER,
    CONF_POWER_SENSOR,
    SCAN_INTERVAL,
)
from simulator import Simulator

from .common import Rig

PLUG = "sensor.plug"
LIMIT = "number.power_limit"
POWER = "sensor.power"
ENERGY = "sensor.energy"
EFFICIENCY = "sensor.efficiency"
PER_THREAD = "sensor.power_per_thread"
EXPECTED = "sensor.expected_power"
SINGLE_THREAD = "sensor.single_thread_power"
THREAD_CHANGE = "sensor.thread_change"
ESTIMATED = "binary_sensor.power_estimated"
REASON = "sensor.pause_reason"

NUMBERS = {CONF_IDLE_POWER: 60, CONF_FULL_POWER: 140}
"""The estimate for a computer with four threads, each of which draws 20 W."""
METER = {CONF_POWER_SENSOR: PLUG}
NO_CARDS = {"gpus": 0}

IDLE = 50
THREAD = 30
"""Actual idle power and power per thread in W, which differ from the estimate."""


def threads_hashing(simulator: Simulator) -> int:
    """Return how many CPU threads hash now."""
    cpu = simulator.miner.backends[0]
    return len(cpu.workers) if cpu.rate else 0


def drawn(simulator: Simulator) -> int:
    """Return the actual power of the computer, in W."""
    cards = simulator.gpus if simulator.is_hashing else []
    return (
        IDLE
        + THREAD * threads_hashing(simulator)
        + sum(gpu.power for gpu in cards if simulator.config[gpu.kind]["enabled"])
    )


def value(rig: Rig, name: str) -> float:
    """Return the value of a sensor or a number."""
    return float(rig.state(name))


def full_load(rig: Rig) -> int:
    """Return the highest power limit."""
    return int(rig.full_state(LIMIT).attributes["max"])


def is_estimated(rig: Rig) -> bool:
    """Return whether the power is shown as an estimate."""
    estimated = rig.state(ESTIMATED)
    assert estimated in ("on", "off")
    return estimated == "on"


async def say(rig: Rig, value: Any, unit: str | None = UnitOfPower.WATT) -> None:
    """Report a value by the user's meter, and wait until it is processed."""
    report(rig, value, unit)
    await rig.hass.async_block_till_done()


def report(rig: Rig, value: Any, unit: str | None = UnitOfPower.WATT) -> None:
    """Report a value by the user's meter."""
    rig.hass.states.async_set(
        PLUG,
        str(value),
        {ATTR_DEVICE_CLASS: SensorDeviceClass.POWER, ATTR_UNIT_OF_MEASUREMENT: unit},
    )


async def set_up(rig: Rig, options: Mapping[str, Any]) -> None:
    """Set up the miner with these options."""
    rig.hass.config_entries.async_update_entry(rig.entry, options=options)
    await rig.set_up()


async def choose(rig: Rig, options: Mapping[str, Any]) -> None:
    """Change the options of a miner that is set up, like their form."""
    rig.hass.config_entries.async_update_entry(rig.entry, options=options)
    await rig.reload()


async def measure(rig: Rig, polls: int = 12) -> None:
    """Let time pass while the meter reports the actual power."""
    for _ in range(polls):
        report(rig, drawn(rig.simulator))
        await rig.poll()


async def wait(rig: Rig, seconds: float) -> None:
    """Let time pass, including all polls.

    What is under way is over before: time-outs of requests pass with the time.
    """
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    for _ in range(int(seconds / SCAN_INTERVAL.total_seconds())):
        await rig.poll()
    await rig.pass_time(timedelta(seconds=seconds % SCAN_INTERVAL.total_seconds()))


async def set_limit(rig: Rig, watts: float) -> None:
    """Set the power limit, as a slider or an automation does."""
    await rig.hass.services.async_call(
        "number",
        "set_value",
        {ATTR_ENTITY_ID: rig.entity_id(LIMIT), "value": watts},
        blocking=True,
    )
