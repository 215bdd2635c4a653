"""All that can be seen of a miner and of its entry."""

import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
import json
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
from simulator import ProxySimulator
from simulator.base import BaseSimulator
from tests.controls import MINING, THREADS

from .trial import Trial, is_paused, plain

NOT_COMPARED = "sensor.thread_change"
"""The entity whose state says nothing about the miner: what it does is counted anew
after each moment in which that is not known."""

PAST = (Platform.BUTTON, Platform.EVENT)
"""What shows no state, but when it was last used. Events are looked at by themselves."""

DATE = re.compile(r"\d{4}-\d\d-\d\dT.*")
EPOCH = 1e9
"""Numbers above it are taken for seconds since 1970."""


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
        issue.issue_id: _facts(issue)
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


def _facts(issue: ir.IssueEntry) -> dict[str, str]:
    """Return what the text of an issue names, but for the address: its port differs."""
    facts = issue.translation_placeholders or {}
    return {key: value for key, value in facts.items() if key != "address"}


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
