"""A Home Assistant that another integration for XMRig has filled, and still runs in.

What it has stored is the capture that `tests/takeover` uses, too.
"""

from collections.abc import Mapping
import json
from pathlib import Path
from textwrap import dedent

CAPTURE = Path(__file__).parents[1] / "fixtures" / "hwmland-0.3.1"
PORTS = {"Rig One": 18088, "Keller": 18089, "Open": 18090}

AREAS = {
    "version": 1,
    "minor_version": 1,
    "key": "core.area_registry",
    "data": {"areas": [{"id": "cellar", "name": "Cellar", "picture": None}]},
}
"""Those that the devices of the capture are in."""

FILES = {
    "manifest.json": json.dumps(
        {"domain": "xmrig", "name": "XMRig", "version": "0.3.1", "config_flow": True}
    ),
    "config_flow.py": """
        from homeassistant.config_entries import ConfigFlow


        class Flow(ConfigFlow, domain="xmrig"):
            VERSION = 1
    """,
    "__init__.py": """
        async def async_setup_entry(hass, entry):
            entry.data["token"]  # as that integration does
            await hass.config_entries.async_forward_entry_setups(entry, ["sensor"])
            return True


        async def async_unload_entry(hass, entry):
            return await hass.config_entries.async_unload_platforms(entry, ["sensor"])
    """,
    "sensor.py": """
        from homeassistant.components.sensor import SensorEntity

        SENSORS = {
            "hashrate10s": ("Hashrate 10s", "H/s"),
            "hashrate1m": ("Hashrate 1m", "H/s"),
            "hashrate15m": ("Hashrate 15m", "H/s"),
            "difficulty": ("Difficulty", "dif"),
            "shares_good": ("Shares good", "cnt"),
            "shares_total": ("Shares total", "cnt"),
        }


        class Sensor(SensorEntity):
            _attr_should_poll = False
            _attr_native_value = 42

            def __init__(self, entry, key, name, unit):
                self._attr_unique_id = f"{entry.entry_id}{key}"
                self._attr_name = f"{entry.title} {name}"
                self._attr_native_unit_of_measurement = unit
                self._attr_device_info = {
                    "identifiers": {("xmrig", entry.title)},
                    "name": f"{entry.title} xmrig",
                }


        async def async_setup_entry(hass, entry, async_add_entities):
            async_add_entities(Sensor(entry, key, *of) for key, of in SENSORS.items())
    """,
}


def fill(config: Path, ports: Mapping[str, int]) -> None:
    """Fill a config folder that is not in use yet.

    `ports` are those of the miners, by the titles of their entries.
    """
    folder = config / "custom_components" / "xmrig"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_text(dedent(content))
    storage = config / ".storage"
    storage.mkdir()
    for path in CAPTURE.iterdir():
        (storage / path.stem).write_text(path.read_text())
    (storage / "core.area_registry").write_text(json.dumps(AREAS))
    entries = storage / "core.config_entries"
    stored = json.loads(entries.read_text())
    for entry in stored["data"]["entries"]:
        data = entry["data"]
        data["address"] = data["address"].replace(
            str(PORTS[entry["title"]]), str(ports[entry["title"]])
        )
    entries.write_text(json.dumps(stored))
