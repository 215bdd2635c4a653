"""All that can be seen of a miner and of its entry, and how two views differ."""

from collections.abc import Collection, Iterator
import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
import json
import math
import re
from typing import Any

from homeassistant.const import (
    ATTR_FRIENDLY_NAME,
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.readings import NOTICEABLE
from simulator import ProxySimulator
from simulator.base import BaseSimulator
from tests.controls import MINING, THREADS

from .trial import Trial, is_paused, plain

PASSED = 60
"""Seconds by which the moments of two runs may differ, counted from their beginnings: a
failure may take as long as a time-out and what follows it."""

STATUS = "sensor.status"
HASHING = {"starting", "mining"}
HASHES = ("H/s", "H/J")
ROUGH_UNITS = {
    "H/s": 0.3,
    "H/J": 0.3,
    "kWh": 1,
    "s": 1,
    "h": 1,
    "min": 1,
    **dict.fromkeys(("%", "W", "°C", "rpm", "MHz", "ms", "shares"), NOTICEABLE),
}
"""Units of values that change by themselves, or whose small changes show only later, and
by how much of them."""

NOT_COMPARED = "sensor.thread_change"
"""The entity whose state says nothing about the miner: what it does is counted anew
after each moment in which that is not known."""

LONG_WINDOWS = ("_1m", "_15m")
"""Ends of the names of entities that show a mean over so long that it keeps changing,
as does what is stored of the power that was measured."""

PAST = (Platform.BUTTON, Platform.EVENT)
"""What shows no state, but when it was last used. Events are looked at by themselves."""

DATE = re.compile(r"\d{4}-\d\d-\d\dT.*")
EPOCH = 1e9
"""Numbers above it are taken for seconds since 1970."""

MANY = 20
"""Entities that are unavailable together are not listed one by one."""


type Difference = tuple[tuple[Any, ...], Any, Any]
"""Where it is, what is expected, and what is found."""


@dataclass(frozen=True)
class View:
    """What can be seen at one moment."""

    is_warming_up: bool
    """Whether the miner itself does not know yet how fast it is."""

    entities: dict[str, dict[str, Any]]
    """State and attributes of each entity, by `platform.key`."""
    events: list[dict[str, Any]]
    """The facts of all activity events since the beginning."""
    issues: dict[str, Any]
    """The repairs, with what their texts name."""
    flows: list[str]
    """The kinds of the flows that wait for the user."""
    devices: dict[str, Any]
    stored: dict[str, Any]
    """What is on disk, by `stored` and the name of the file without the entry's id."""
    miner: dict[str, Any]
    """The miner's config, and whether it is paused."""

    @cached_property
    def shown(self) -> dict[str, Any]:
        """Return what a user sees."""
        return {
            **self.entities,
            "events": self.events,
            "issues": self.issues,
            "flows": self.flows,
            "devices": self.devices,
        }

    @cached_property
    def all(self) -> dict[str, Any]:
        """Return everything."""
        return {**self.shown, **self.stored, "miner": self.miner}


def look(trial: Trial, began: float) -> View:
    """Look at everything; moments are counted from a point in time."""
    rig = trial.rig
    units: dict[str, Any] = {}
    entities = {}
    for name, entity in sorted(rig.entities.items()):
        if state := rig.hass.states.get(entity.entity_id):
            attributes = plain(dict(state.attributes))
            attributes.pop(ATTR_FRIENDLY_NAME, None)
            units[name] = attributes.get(ATTR_UNIT_OF_MEASUREMENT)
            shown = {"state": state.state, **attributes}
            is_past = entity.domain in PAST or name == NOT_COMPARED
            if is_past and state.state != STATE_UNAVAILABLE:
                shown = {"state": STATE_UNKNOWN}
            entities[name] = _relative(shown, began)
    issues = {
        issue.issue_id: {**(issue.translation_placeholders or {})}
        for issue in ir.async_get(rig.hass).issues.values()
        if issue.active and DOMAIN in (issue.domain, issue.issue_domain)
    }
    flows = rig.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return View(
        is_warming_up=trial.is_warming_up,
        entities=entities,
        events=[_fact(_relative(facts, began)) for facts in trial.events],
        issues=issues,
        flows=sorted(flow["context"]["source"] for flow in flows),
        devices={
            name: [device.name, *_maker(device)]
            for name, device in sorted(rig.devices.items())
        },
        stored={
            f"stored.{name}": _relative(document, began)
            for name, document in trial.stored.items()
        },
        miner=miner_state(trial.simulator),
    )


def miner_state(simulator: BaseSimulator[Any]) -> dict[str, Any]:
    """Return the parts of a miner's state that commands change."""
    state = copy.deepcopy(
        {
            "paused": is_paused(simulator),
            "config": simulator.config,
            "disk": json.loads(simulator.surroundings.disk),
        }
    )
    if not isinstance(simulator, ProxySimulator):
        backends = simulator.process.backends
        state["threads"] = [len(item.workers) for item in backends]
    for document in (state["config"], state["disk"]):
        # A different one in each run
        del document["http"]["port"]
    return state


def _maker(device: dr.DeviceEntry | dr.ChildDeviceEntry) -> list[str | None]:
    """Return model and version of a device; a graphics card has none of its own."""
    if isinstance(device, dr.DeviceEntry):
        return [device.manufacturer, device.model, device.sw_version]
    return []


@dataclass(frozen=True)
class Moment:
    """A point in time, in seconds since the beginning."""

    seconds: float


def _fact(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of an event; how old a new process is depends on when it is seen."""
    uptime = facts.get("uptime")
    return facts if uptime is None else {**facts, "uptime": Moment(uptime)}


def _relative(value: Any, began: float) -> Any:
    """Return a value with moments in place of points in time."""
    if isinstance(value, dict):
        return {key: _relative(item, began) for key, item in value.items()}
    if isinstance(value, list):
        return [_relative(item, began) for item in value]
    if isinstance(value, str) and DATE.fullmatch(value):
        return Moment(datetime.fromisoformat(value).timestamp() - began)
    if isinstance(value, float) and value > EPOCH:
        return Moment(value - began)
    return value


def unlike(
    expected: list[View], found: View, *, ignored: Collection[str] = ()
) -> list[str]:
    """Return what is seen that is in none of the views that are expected.

    A miner that does not know its hashrate yet is shown as starting, which is right.
    """
    wrong = []
    names = {name for view in (*expected, found) for name in view.all}
    for name in sorted(names - set(ignored)):
        each = [_unlike(view, found, name) for view in expected]
        if all(each):
            wrong += each[-1]
    return shorter(wrong)


def _unlike(expected: View, found: View, name: str) -> list[Difference]:
    """Return in what a part of two views differs."""
    first, second = expected.all.get(name), found.all.get(name)
    if isinstance(first, dict) and isinstance(second, dict):
        states = first.get("state"), second.get("state")
        is_unknown = (
            found.is_warming_up
            and states[1] == STATE_UNKNOWN
            and second.get(ATTR_UNIT_OF_MEASUREMENT) in HASHES
        )
        is_starting = (
            (found.is_warming_up or expected.is_warming_up)
            and name == STATUS
            and HASHING.issuperset(states)
        )
        if is_unknown or is_starting:
            first = {**first, "state": states[1]}
    return list(_differences(first, second, (name,), None))


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Return in what two documents differ, apart from what changes with time."""
    return shorter(list(_differences(expected, found, (), None)))


def shorter(differing: list[Difference]) -> list[str]:
    """Return differences as text; entities that are unavailable together as one."""
    away = [path for path, _, found in differing if found == STATE_UNAVAILABLE]
    is_away = len(away) > MANY
    return [
        *([f"{len(away)} entities are unavailable"] if is_away else []),
        *(
            f"{'.'.join(map(str, path))}: {_short(found)} instead of {_short(expected)}"
            for path, expected, found in differing
            if not (is_away and found == STATE_UNAVAILABLE)
        ),
    ]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."


def _differences(
    expected: Any, found: Any, path: tuple[Any, ...], unit: str | None
) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        unit = expected.get(ATTR_UNIT_OF_MEASUREMENT, unit)
        for key in sorted(expected.keys() | found.keys()):
            yield from _differences(
                expected.get(key), found.get(key), (*path, key), unit
            )
    elif (
        isinstance(expected, list)
        and isinstance(found, list)
        and len(expected) == len(found)
    ):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from _differences(*pair, (*path, index), unit)
    elif not _alike(expected, found, _roughness(path, expected, unit)):
        yield path, expected, found


def _roughness(path: tuple[Any, ...], expected: Any, unit: str | None) -> float:
    """Return by how much of it a value may differ."""
    if path and (str(path[0]).endswith(LONG_WINDOWS) or "meter" in path):
        return 1
    return ROUGH_UNITS.get(unit or "", 0.3 if isinstance(expected, float) else 0)


def _alike(expected: Any, found: Any, share: float) -> bool:
    if expected == found:
        return type(expected) is type(found)
    if isinstance(expected, Moment) and isinstance(found, Moment):
        return abs(expected.seconds - found.seconds) <= PASSED
    if share and expected == STATE_UNKNOWN and _number(found):
        # It takes a while until it is known, and a failure takes time too
        return True
    first, second = _number(expected), _number(found)
    if first is None or second is None:
        return False
    return math.isclose(first, second, rel_tol=share)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except TypeError, ValueError:
        return None


def controls(simulator: BaseSimulator[Any]) -> dict[str, str]:
    """Return what the controls have to show of a miner or a proxy as it is now."""
    config = simulator.config
    first = next(item for item in config["pools"] if item.get("enabled", True))
    pool = {"select.pool": first["url"]}
    if isinstance(simulator, ProxySimulator):
        return pool
    backends = simulator.process.backends
    enabled = {item.kind for item in backends if item.is_enabled}
    expected = {
        MINING: bool(enabled) and not is_paused(simulator),
        "switch.pause_on_battery": bool(config["pause-on-battery"]),
        "switch.pause_on_activity": bool(config["pause-on-active"]),
        **{f"switch.{item.kind}_backend": item.kind in enabled for item in backends},
    }
    return {
        THREADS: str(len(config["cpu"]["rx"])),
        **pool,
        **{name: "on" if on else "off" for name, on in expected.items()},
    }
