"""A home with every kind of entry, and how forms in it are filled in with anything."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers.json import json_bytes
from hypothesis import HealthCheck, settings, strategies as st

from custom_components.xmrig_miner.const import DOMAIN
from simulator import ProxySimulator
from tests.api.odd import any_json
from tests.common import Rig
from tests.fleet.house import GRID, House
from tests.forms import check_texts
from tests.watts import PLUG

forms = settings(
    max_examples=max(1, settings().max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Each of these examples fills in several forms, and reloads entries."""

STEPS = 5
"""How many forms of a flow are filled in at most."""


@dataclass
class Home:
    """A home with a miner, a proxy and the manager."""

    house: House
    proxy: Rig[ProxySimulator]
    more: list[Rig[Any]] = field(default_factory=list)

    @property
    def hass(self) -> HomeAssistant:
        """Return Home Assistant."""
        return self.house.hass

    @property
    def rigs(self) -> list[Rig[Any]]:
        """Return all of them."""
        return [*self.house.rigs, self.proxy, self.house.manager, *self.more]

    @property
    def plausible(self) -> st.SearchStrategy[Any]:
        """Return what users could enter in some field."""
        ports = [rig.simulator.port for rig in self.rigs]
        return st.sampled_from(
            [
                *("127.0.0.1", "rig.test", "[::1]", "127.0.0.1/a", "", "t0ken", "none"),
                *ports,
                *(f"http://127.0.0.1:{port}" for port in ports),
                *("authority", "certificate", "agree", "attic", ["attic"]),
                *(["attic", "x"], GRID, [GRID], [GRID, PLUG], [GRID, GRID], PLUG, []),
                *("switch.rig_one", 0, 1, 60, 140, -1, 0.5, 1e308, True, False, "60"),
            ]
        )


def inputs(schema: Any, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what is entered in a form: its fields with some values, or anything."""
    fields: dict[str, st.SearchStrategy[Any]] = {
        str(key): inputs(value.schema, values) if isinstance(value, section) else values
        for key, value in (schema.schema if schema else {}).items()
    }
    whole = st.fixed_dictionaries(fields)
    some = st.fixed_dictionaries({}, optional=fields)
    return st.one_of(*[whole] * 6, some, some, any_json)


def entered(
    step: dict[str, Any], plausible: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    """Return what is entered in a form, or chosen in a menu."""
    if step["type"] is FlowResultType.MENU:
        options = [*step["menu_options"], "no_option"]
        return st.fixed_dictionaries({"next_step_id": st.sampled_from(options)})
    values = st.one_of(*[plausible] * 3, any_json)
    return inputs(step["data_schema"], values)


def is_open(step: dict[str, Any]) -> bool:
    """Return whether a step waits for the user."""
    return step["type"] in (FlowResultType.FORM, FlowResultType.MENU)


async def submit(
    hass: HomeAssistant, manager: Any, step: dict[str, Any], user_input: Any
) -> dict[str, Any]:
    """Return the next step; the same one if the input is not valid."""
    with suppress(InvalidData):
        step = await manager.async_configure(step["flow_id"], user_input)
    await hass.async_block_till_done(wait_background_tasks=True)
    return step


async def fill_in(
    hass: HomeAssistant,
    manager: Any,
    step: dict[str, Any],
    texts: Any,
    plausible: st.SearchStrategy[Any],
    data: Any,
) -> dict[str, Any]:
    """Fill in a flow until it ends, or is left; return the last step."""
    try:
        for _ in range(STEPS):
            check_texts(step, texts)
            if not is_open(step):
                break
            user_input = data.draw(entered(step, plausible))
            step = await submit(hass, manager, step, user_input)
    finally:
        # Hypothesis ends examples that draw too much
        leave(manager, step)
    return step


def leave(manager: Any, step: dict[str, Any]) -> None:
    """Close the form of a flow."""
    if is_open(step):
        manager.async_abort(step["flow_id"])


def leave_forms(hass: HomeAssistant) -> None:
    """Close the forms of all config flows."""
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        hass.config_entries.flow.async_abort(flow["flow_id"])


type Entries = dict[str, tuple[Any, ...]]


def stored(hass: HomeAssistant) -> Entries:
    """Return what is stored of all entries."""
    return {
        entry.entry_id: (dict(entry.data), dict(entry.options), {**entry.subentries})
        for entry in hass.config_entries.async_entries(DOMAIN)
    }


def check_stored(hass: HomeAssistant) -> None:
    """Check that all entries can be stored."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        json_bytes([entry.as_dict()])


async def put_back(home: Home, before: Entries) -> None:
    """Remove what was added, and undo what was changed."""
    entries = home.hass.config_entries
    for entry in entries.async_entries(DOMAIN):
        if entry.entry_id not in before:
            await entries.async_remove(entry.entry_id)
            continue
        data, options, subentries = before[entry.entry_id]
        for added in entry.subentries.keys() - subentries.keys():
            entries.async_remove_subentry(entry, added)
        if (dict(entry.data), dict(entry.options)) != (data, options):
            entries.async_update_entry(entry, data=data, options=options)
    await home.hass.async_block_till_done(wait_background_tasks=True)
    for rig in home.rigs:
        if not rig.is_loaded:
            await rig.reload()
    assert stored(home.hass) == before


async def run(
    home: Home, manager: Any, handler: Any, context: Any, texts: Any, data: Any
) -> None:
    """Begin a flow, fill it in, and check that all entries are sound after it."""
    # Hypothesis repeats random numbers: IDs of flows differ by their time only
    await home.proxy.pass_time(timedelta(seconds=1))
    before = stored(home.hass)
    step = await manager.async_init(handler, context=context, data=None)
    try:
        await fill_in(home.hass, manager, step, texts, home.plausible, data)
        check_stored(home.hass)
    finally:
        leave_forms(home.hass)
        await put_back(home, before)
