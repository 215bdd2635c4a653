"""Helpers for tests of the blueprints."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint, DomainBlueprints
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import callback
from homeassistant.setup import async_setup_component
from homeassistant.util import yaml as yaml_util

from tests.common import Rig

FOLDER = Path(__file__).parents[2] / "blueprints/automation/xmrig_miner"
NAMES = ("cheap_hours", "follow_surplus", "heat_a_room", "on_off_by_surplus")

IDLE_POWER = 40
FULL_POWER = 120

GRID = "sensor.grid_power"
GRID_EXPORT = "sensor.grid_export"
MINING = "switch.mining"
LIMIT = "number.power_limit"
AUTOMATION = "automation.mining_plan"

STEP = timedelta(seconds=30)


def load(name: str) -> Blueprint:
    """Load a blueprint as Home Assistant does. Raises InvalidBlueprint."""
    path = FOLDER / f"{name}.yaml"
    return Blueprint(
        yaml_util.load_yaml_dict(str(path)),
        expected_domain="automation",
        path=f"xmrig_miner/{path.name}",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )


@dataclass
class House:
    """A miner behind a meter, which an automation may read."""

    rig: Rig
    elsewhere: float = 0
    """Power of the house without the miner in W; negative with solar power."""
    meter: str | None = None
    """A state of the meter that is not a number; None while it works."""
    unit: str = "W"
    is_feed_in: bool = False
    """Whether the meter is positive while exporting."""
    has_two_sensors: bool = False
    """Whether what is drawn and what is fed in are sensors of their own."""
    flicker: float = 0.1
    """W by which readings differ although nothing changes."""
    ahead: float = 0
    """Seconds by which the event loop's time was advanced."""

    async def automate(self, name: str, **inputs: Any) -> None:
        """Create an automation from a blueprint."""

        @callback
        def load_blueprint(_: DomainBlueprints, path: str) -> Blueprint:
            assert path == f"xmrig_miner/{name}.yaml"
            return load(name)

        use = {"path": f"xmrig_miner/{name}.yaml", "input": inputs}
        automation = {"id": "plan", "alias": "Mining plan", "use_blueprint": use}
        with patch.object(DomainBlueprints, "_load_blueprint", load_blueprint):
            assert await async_setup_component(
                self.rig.hass, "automation", {"automation": [automation]}
            )
        await self.settle()
        state = self.rig.hass.states.get(AUTOMATION)
        assert state is not None, "The automation was not set up"
        assert state.state == "on"

    async def stop(self) -> None:
        """Turn the automation off."""
        await self.rig.hass.services.async_call(
            "automation", "turn_off", {ATTR_ENTITY_ID: AUTOMATION}, blocking=True
        )

    @property
    def drawn(self) -> float:
        """Actual power of the miner, in W."""
        threads = round(self.rig.simulator.hashrate / 430)
        return IDLE_POWER + threads * (FULL_POWER - IDLE_POWER) / 4

    @property
    def threads(self) -> int:
        """Number of threads that really hash."""
        return round(self.rig.simulator.hashrate / 430)

    async def settle(self) -> None:
        """Wait until Home Assistant is idle."""
        await self.rig.hass.async_block_till_done(wait_background_tasks=True)

    def _show(self, entity_id: str, watts: float) -> None:
        """Let a sensor of the meter show a power."""
        value = round(watts, 1) / {"W": 1, "kW": 1000}[self.unit]
        self.rig.hass.states.async_set(
            entity_id, self.meter or str(value), {"unit_of_measurement": self.unit}
        )

    async def report(self) -> None:
        """Let the meter report."""
        self.flicker = -self.flicker
        watts = self.elsewhere + self.drawn + self.flicker
        if self.is_feed_in:
            watts = -watts
        if self.has_two_sensors:
            self._show(GRID_EXPORT, max(0, -watts))
            watts = max(0, watts)
        self._show(GRID, watts)
        await self.settle()

    async def pass_time(self, time: timedelta) -> None:
        """Let time pass, with a report of the meter every 30 s.

        A meter that does not work shows the same all the time, or nothing new.
        """
        while time > timedelta(0):
            await self.skip(min(STEP, time))
            time -= STEP
            if self.meter != "silent":
                await self.report()

    async def skip(self, time: timedelta) -> None:
        """Let time pass without reports of the meter.

        The event loop's time moves too, so that each timer is due when it should be.
        """
        self.rig.freezer.tick(time)
        self.ahead += time.total_seconds()
        # One iteration of the loop, which starts what is due
        await asyncio.sleep(0)
        await self.settle()

    async def surplus(self, watts: float) -> None:
        """Set the surplus in W, and wait until the miner has followed."""
        self.elsewhere = -watts
        await self.pass_time(timedelta(minutes=1))

    async def set_limit(self, watts: float) -> None:
        """Set the power limit of the miner."""
        await self.rig.hass.services.async_call(
            "number",
            "set_value",
            {ATTR_ENTITY_ID: self.entity_id(LIMIT), "value": watts},
            blocking=True,
        )
        await self.settle()

    def set(self, entity_id: str, state: str, **attributes: Any) -> None:
        """Set the state of another entity."""
        self.rig.hass.states.async_set(entity_id, state, attributes)

    def entity_id(self, name: str) -> str:
        """Return the id of an entity of the miner, named as `platform.key`."""
        return self.rig.entity_id(name)
