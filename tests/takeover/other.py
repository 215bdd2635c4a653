"""The other integration as far as it matters here: it makes entities and reads nothing.

Unique IDs, device, units and names are those of hwmland 0.3.1.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.components.sensor import SensorEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from pytest_homeassistant_custom_component.common import (
    MockModule,
    MockPlatform,
    mock_integration,
    mock_platform,
)

type UnloadEntry = Callable[
    [HomeAssistant, ConfigEntry[Any]], Coroutine[Any, Any, bool]
]

DOMAIN = "xmrig"
PLATFORMS = [Platform.SENSOR, Platform.SWITCH]

SENSORS = {
    "hashrate10s": ("Hashrate 10s", "H/s"),
    "hashrate1m": ("Hashrate 1m", "H/s"),
    "hashrate15m": ("Hashrate 15m", "H/s"),
    "difficulty": ("Difficulty", "dif"),
    "shares_good": ("Shares good", "cnt"),
    "shares_total": ("Shares total", "cnt"),
    "connection": ("Pool", None),
    "algo": ("Algo", None),
}


def _describe(
    entity: SensorEntity | SwitchEntity, entry: ConfigEntry[Any], key: str, name: str
) -> None:
    entity._attr_name = f"{entry.title} {name}"  # noqa: SLF001
    entity._attr_unique_id = f"{entry.entry_id}{key}"  # noqa: SLF001
    entity._attr_should_poll = False  # noqa: SLF001
    entity._attr_device_info = DeviceInfo(  # noqa: SLF001
        identifiers={(DOMAIN, entry.title)}, name=f"{entry.title} xmrig"
    )


class _Sensor(SensorEntity):
    def __init__(
        self, entry: ConfigEntry[Any], key: str, name: str, unit: str | None
    ) -> None:
        _describe(self, entry, key, name)
        self._attr_native_unit_of_measurement = unit
        self._attr_native_value = 42 if unit else "text"


class _Mining(SwitchEntity):
    _attr_is_on = True

    def __init__(self, entry: ConfigEntry[Any]) -> None:
        _describe(self, entry, "_mining", "Mining")


class _Flow(ConfigFlow, domain=DOMAIN):
    pass


async def _async_setup_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    # That integration does not load without a token
    assert entry.data["token"]
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def _async_unload_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def _async_setup_sensors(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddEntitiesCallback,
) -> None:
    async_add_entities(_Sensor(entry, key, *found) for key, found in SENSORS.items())


async def _async_setup_switch(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    async_add_entities: AddEntitiesCallback,
) -> None:
    async_add_entities([_Mining(entry)])


async def async_unload_late(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    """Unload an entry after a while."""
    await asyncio.sleep(10)
    return await _async_unload_entry(hass, entry)


async def async_refuse_unload(_: HomeAssistant, __: ConfigEntry[Any]) -> bool:
    """Refuse to unload an entry."""
    return False


def install(hass: HomeAssistant, *, unload: UnloadEntry = _async_unload_entry) -> None:
    """Install the other integration; `unload` is how its entries are unloaded."""
    module = MockModule(
        DOMAIN,
        async_setup_entry=_async_setup_entry,
        async_unload_entry=unload,
    )
    mock_integration(hass, module)
    mock_platform(hass, f"{DOMAIN}.config_flow")
    for platform, setup in (
        (Platform.SENSOR, _async_setup_sensors),
        (Platform.SWITCH, _async_setup_switch),
    ):
        mock_platform(
            hass, f"{DOMAIN}.{platform}", MockPlatform(async_setup_entry=setup)
        )
