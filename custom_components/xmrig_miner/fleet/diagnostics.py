"""Diagnostics of the manager, without secrets: they are attached to bug reports."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
import math
from typing import Any

from ..api.privacy import REDACTED, is_algorithm
from ..manager import Sample
from .runtime import FleetConfigEntry


def manager_diagnostics(entry: FleetConfigEntry) -> dict[str, Any]:
    """Return the manager's inputs, settings and last decision.

    Members are numbered. Sensors are listed by role, as their entity IDs may contain
    names. All times are in seconds, on the same clock as `now`.
    """
    coordinator = entry.runtime_data.coordinator
    samples = coordinator.samples()
    members, plan = coordinator.data.members, coordinator.data.plan
    names = {member.id: f"member {number}" for number, member in enumerate(members, 1)}
    house = coordinator.house
    return {
        "now": _rounded(coordinator.hass.loop.time()),
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
    """Return the report of a sensor as JSON; None if the sensor does not exist."""
    if sample is None:
        return None
    watts = sample.watts
    return {
        "value": _rounded(sample.value),
        "at": _rounded(sample.at),
        # The user may have chosen a unit that is not one of power
        "is_power": watts is not None,
        "watts": _rounded(watts),
    }


def _shown(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value of the manager as JSON.

    Numbers, enum members and algorithms are kept, and members of the manager get the
    names in `names`. All other text is redacted.
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
            return _rounded(value)
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


def _rounded(value: float | None) -> float | None:
    """Return a number as JSON, which has neither NaN nor infinity."""
    return None if value is None or not math.isfinite(value) else round(value, 3)
