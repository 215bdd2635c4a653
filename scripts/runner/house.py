"""A simulated house: sun, loads, a battery, and meters that include the miners.

The price of power and the temperature of a room are for automations only.

Home Assistant receives the readings by a webhook, as template sensors.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
import json
import math
from typing import Any

import aiohttp

from .client import Client

INTERVAL = 5
"""Seconds between two readings."""

PRICE, CHEAP_PRICE, PEAK_PRICE, FEED_IN = 0.30, 0.15, 0.45, 0.08
"""Per kWh: bought usually, at cheap and at peak hours, and exported."""

CYCLE = 600.0
"""Period in seconds of cheap and expensive power, and of a warm study."""
CHEAP_HOURS = (90.0, 150.0)
PEAK_HOURS = (240.0, 300.0)
WARM_HOURS = (420.0, 570.0)
COLD, WARM = 19.0, 21.2
"""°C in the study."""

CAPACITY = 5.0
"""kWh of the battery."""
MAX_BATTERY = 300.0
"""Maximum power in W, in both directions."""
MIN_LEVEL, MAX_LEVEL = 10.0, 95.0
"""Minimum and maximum charge in %."""

WEBHOOK = "simulated_house"
_POWER = {"unit_of_measurement": "W", "device_class": "power"}
_ENERGY = {"unit_of_measurement": "kWh", "device_class": "energy"}
_LEVEL = {"unit_of_measurement": "%", "device_class": "battery"}
_PRICE = {"unit_of_measurement": "EUR/kWh"}
_TEMPERATURE = {"unit_of_measurement": "°C", "device_class": "temperature"}

_SENSORS = {
    "solar_power": ("Solar power", _POWER),
    "solar_energy": ("Solar energy", _ENERGY),
    "grid_power": ("Grid power", _POWER),
    "grid_import": ("Grid import", _ENERGY),
    "grid_export": ("Grid export", _ENERGY),
    "battery_power": ("Battery power", _POWER),
    "battery_charged": ("Battery charged", _ENERGY),
    "battery_discharged": ("Battery discharged", _ENERGY),
    "battery_level": ("Battery level", _LEVEL),
    "electricity_price": ("Electricity price", _PRICE),
    "study_temperature": ("Study temperature", _TEMPERATURE),
}

SENSORS = {key: f"sensor.{key}" for key in _SENSORS}

ENERGY_SOURCES: list[dict[str, Any]] = [
    {
        "type": "grid",
        "stat_energy_from": SENSORS["grid_import"],
        "stat_energy_to": SENSORS["grid_export"],
        "stat_rate": SENSORS["grid_power"],
        "number_energy_price": PRICE,
        "number_energy_price_export": FEED_IN,
        "cost_adjustment_day": 0,
    },
    {
        "type": "solar",
        "stat_energy_from": SENSORS["solar_energy"],
        "stat_rate": SENSORS["solar_power"],
        "config_entry_solar_forecast": None,
    },
    {
        "type": "battery",
        "stat_energy_from": SENSORS["battery_discharged"],
        "stat_energy_to": SENSORS["battery_charged"],
        "stat_rate": SENSORS["battery_power"],
        "stat_soc": SENSORS["battery_level"],
    },
]
"""Preferences of the Energy dashboard."""


def plug(name: str) -> str:
    """Return the entity ID of the smart plug of a miner."""
    return f"sensor.{_plug_key(name)}"


def _plug_key(name: str) -> str:
    return f"{name.replace('-', '_')}_plug"


def template_sensors(names: Iterable[str]) -> str:
    """Return the YAML of the template sensors, with plugs of some miners."""
    plugs = {_plug_key(name): (f"{name} plug", _POWER) for name in names}
    sensors = [
        {
            "name": name,
            "unique_id": f"{WEBHOOK}_{key}",
            "state": f"{{{{ trigger.json.{key} }}}}",
            "state_class": "total_increasing" if kind is _ENERGY else "measurement",
            **kind,
        }
        for key, (name, kind) in (_SENSORS | plugs).items()
    ]
    trigger = {
        "trigger": "webhook",
        "webhook_id": WEBHOOK,
        "allowed_methods": ["POST"],
    }
    house = [{"triggers": [trigger | {"local_only": True}], "sensor": sensors}]
    return json.dumps(house, indent=2)


@dataclass
class House:
    """The state of the house."""

    elapsed: float = 0.0
    level: float = 60.0
    """Charge of the battery in %."""
    counters: dict[str, float] = field(default_factory=dict)
    """kWh by sensor."""

    @property
    def sun(self) -> float:
        """Return the power of the panels under passing clouds in W."""
        cloud = 0.28 * math.cos(self.elapsed / 20) + 0.05 * math.sin(self.elapsed / 4)
        return 850 * (0.67 + cloud)

    @property
    def loads(self) -> float:
        """Return the power of the house without the miners in W."""
        kettle = 1800 if self.elapsed % 240 > 210 else 0
        return 190 + 20 * math.sin(self.elapsed / 33) + kettle

    @property
    def price(self) -> float:
        """Return the price of a bought kWh."""
        for price, (start, end) in (
            (CHEAP_PRICE, CHEAP_HOURS),
            (PEAK_PRICE, PEAK_HOURS),
        ):
            if start <= self.elapsed % CYCLE < end:
                return price
        return PRICE

    @property
    def study(self) -> float:
        """Return the temperature of the study in °C."""
        start, end = WARM_HOURS
        share = (self.elapsed % CYCLE - start) / (end - start)
        rise = math.sin(math.pi * share) if 0 < share < 1 else 0
        return COLD + (WARM - COLD) * rise

    def pass_time(self, seconds: float, plugs: Mapping[str, float]) -> dict[str, float]:
        """Let time pass, and return the readings; `plugs` are in W by miner."""
        self.elapsed += seconds
        lacking = self.loads + sum(plugs.values()) - self.sun
        battery = max(-MAX_BATTERY, min(MAX_BATTERY, lacking))
        if self.level <= MIN_LEVEL:
            battery = min(0.0, battery)
        elif self.level >= MAX_LEVEL:
            battery = max(0.0, battery)
        self.level -= battery * seconds / 36_000 / CAPACITY
        power = {
            "solar_power": self.sun,
            "grid_power": lacking - battery,
            "battery_power": battery,
            **{_plug_key(name): watts for name, watts in plugs.items()},
        }
        flows = {
            "solar_energy": self.sun,
            "grid_import": lacking - battery,
            "grid_export": battery - lacking,
            "battery_charged": -battery,
            "battery_discharged": battery,
        }
        for key, watts in flows.items():
            kwh = max(0.0, watts) * seconds / 3_600_000
            self.counters[key] = self.counters.get(key, 0.0) + kwh
        return {
            **{key: round(watts, 1) for key, watts in power.items()},
            **{key: round(kwh, 5) for key, kwh in self.counters.items()},
            "battery_level": round(self.level, 1),
            "electricity_price": self.price,
            "study_temperature": round(self.study, 1),
        }


async def play(
    session: aiohttp.ClientSession,
    url: str,
    plugs: Callable[[], Mapping[str, float]],
) -> None:
    """Report readings of the house to Home Assistant, which has to be running."""
    house = House()
    while True:
        readings = house.pass_time(INTERVAL, plugs())
        try:
            async with session.post(f"{url}/api/webhook/{WEBHOOK}", json=readings):
                pass
        except aiohttp.ClientError:
            # After a restart, it listens before the webhook exists
            await Client.connect(session, url)
        await asyncio.sleep(INTERVAL)
