"""What everyone may see of the manager: diagnostics are attached to bug reports."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
import math
from typing import Any

from ..api.privacy import REDACTED, is_algorithm
from ..manager import Sample
from .runtime import FleetConfigEntry


def manager_diagnostics(entry: FleetConfigEntry) -> dict[str, Any]:
    """Return what the manager reads, knows, and decided last.

    Members are numbered. Sensors are told apart by what they are for: their entity IDs
    may contain names. All times are seconds of one clock, which `now` is of.
    """
    coordinator = entry.runtime_data.coordinator
    samples = coordinator.samples()
    members, plan = coordinator.data.members, coordinator.data.plan
    names = {member.id: f"member {number}" for number, member in enumerate(members, 1)}
    house = coordinator.house
    return {
        "now": _shown(coordinator.hass.loop.time(), names),
        "settings": _shown(coordinator.settings, names),
        "sources": {
            role: [_shown_sample(samples.get(sensor)) for sensor in sensors]
            for role, sensors in house.roles.items()
        },
        "fixed_prices": {
            "import": house.importing.number,
            "export": house.exporting.number,
        },
        "forecasts": len(house.forecasts),
        "members": [_shown(member, names) for member in members],
        "plan": _shown(plan, names),
    }


def _shown_sample(sample: Sample | None) -> dict[str, Any] | None:
    """Return what a sensor reported; None if there is no such sensor."""
    if sample is None:
        return None
    watts = sample.watts
    return {
        "value": _shown(sample.value, {}),
        "at": _shown(sample.at, {}),
        # The user may have given the sensor any unit
        "is_power": watts is not None,
        "watts": _shown(watts, {}),
    }


def _shown(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value of the manager's as JSON.

    Numbers, choices and algorithms are shown, and members by their names here; all
    other text is hidden.
    """
    if is_dataclass(value):
        return {
            field.name: _shown(getattr(value, field.name), names)
            for field in fields(value)
        }
    match value:
        case None | bool() | int():
            return value
        case float():
            return round(value, 3) if math.isfinite(value) else None
        case Enum():
            return value.value
        case str():
            return names.get(value, value if is_algorithm(value) else REDACTED)
        case Mapping():
            return {
                names.get(key, f"{REDACTED} {number}"): _shown(item, names)
                for number, (key, item) in enumerate(value.items(), 1)
            }
    return [_shown(item, names) for item in value]
