"""Anything in the forms of a miner, a proxy and the manager, step by step."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.helpers.json import json_bytes
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.const import DOMAIN, SUBENTRY_WORKER
from simulator import ProxySimulator, StratumMiner
from tests.api.odd import any_json
from tests.common import Rig, entry_for
from tests.fleet.house import GRID, House
from tests.forms import check_texts
from tests.test_translations import TEXTS
from tests.watts import NO_CARDS, NUMBERS, PLUG, report

forms = settings(
    max_examples=max(1, settings().max_examples // 4),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Each of these examples fills in several forms, and reloads entries."""

STEPS = 5
"""How many forms of a flow are filled in at most."""


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner without graphics cards."""
    return NO_CARDS


@dataclass
class Home:
    """A home with a miner, a proxy and the manager."""

    house: House
    proxy: Rig[ProxySimulator]

    @property
    def hass(self) -> HomeAssistant:
        """Return Home Assistant."""
        return self.house.hass

    @property
    def rigs(self) -> list[Rig[Any]]:
        """Return all of them."""
        return [*self.house.rigs, self.proxy, self.house.manager]


@pytest.fixture
async def home(no_names: None, rig: Rig) -> AsyncGenerator[Home]:
    """Return a home in which all is set up."""
    rig.hass.config_entries.async_update_entry(rig.entry, options=NUMBERS)
    await rig.set_up()
    report(rig, 100)
    house = House(rig.hass, [rig])
    await house.set_up()
    miners = [StratumMiner("attic", hashrate=500), StratumMiner("cellar", hashrate=9)]
    async with ProxySimulator(miners=miners, uptime=1000, watch_delay=0) as simulator:
        entry = entry_for(simulator, entry_id="entry_of_proxy")
        proxy = Rig(rig.hass, simulator, entry, rig.freezer)
        await proxy.set_up()
        yield Home(house, proxy)


def plausible(home: Home) -> st.SearchStrategy[Any]:
    """Return what users could enter in some field."""
    simulators = [rig.simulator for rig in home.rigs]
    return st.sampled_from(
        [
            *("127.0.0.1", "rig.test", "[::1]", "127.0.0.1/a", "", "t0ken", "none"),
            *(simulator.port for simulator in simulators),
            *(f"http://127.0.0.1:{simulator.port}" for simulator in simulators),
            *("authority", "certificate", "agree", "attic", ["attic"], ["attic", "x"]),
            *(GRID, [GRID], [GRID, PLUG], [GRID, GRID], PLUG, [], "switch.rig_one"),
            *(0, 1, 60, 140, -1, 0.5, 1e308, True, False, "60"),
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


async def fill_in(
    home: Home, manager: Any, step: dict[str, Any], texts: Any, data: Any
) -> None:
    """Fill in a flow until it ends, or is left."""
    values = st.one_of(*[plausible(home)] * 3, any_json)
    for _ in range(STEPS):
        check_texts(step, texts)
        if step["type"] is FlowResultType.MENU:
            option = data.draw(st.sampled_from([*step["menu_options"], "no_option"]))
            entered: Any = {"next_step_id": option}
        elif step["type"] is FlowResultType.FORM:
            entered = data.draw(inputs(step["data_schema"], values))
        else:
            return
        with suppress(InvalidData):
            step = await manager.async_configure(step["flow_id"], entered)
        await home.hass.async_block_till_done(wait_background_tasks=True)
    if step["type"] in (FlowResultType.FORM, FlowResultType.MENU):
        manager.async_abort(step["flow_id"])


type Entries = dict[str, tuple[Any, ...]]


def stored(hass: HomeAssistant) -> Entries:
    """Return what is stored of all entries."""
    return {
        entry.entry_id: (dict(entry.data), dict(entry.options), {**entry.subentries})
        for entry in hass.config_entries.async_entries(DOMAIN)
    }


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
    await fill_in(home, manager, step, texts, data)
    for entry in home.hass.config_entries.async_entries(DOMAIN):
        json_bytes([entry.as_dict()])
    for flow in home.hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        home.hass.config_entries.flow.async_abort(flow["flow_id"])
    await put_back(home, before)


@forms
@given(data=st.data())
async def test_add(home: Home, data: Any) -> None:
    """A miner or the manager, of which there may be none yet."""
    entries = home.hass.config_entries
    context = {"source": SOURCE_USER}
    await run(home, entries.flow, DOMAIN, context, TEXTS["config"], data)


@pytest.mark.parametrize("index", range(3), ids=["miner", "proxy", "manager"])
@forms
@given(data=st.data())
async def test_reconfigure(home: Home, index: int, data: Any) -> None:
    """Each kind of entry."""
    entry = home.rigs[index].entry
    context = {"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    flow = home.hass.config_entries.flow
    await run(home, flow, DOMAIN, context, TEXTS["config"], data)


@forms
@given(data=st.data())
async def test_reauthenticate(home: Home, data: Any) -> None:
    """The token is stored only if it is accepted."""
    entry = home.rigs[0].entry
    context = {"source": SOURCE_REAUTH, "entry_id": entry.entry_id}
    flow = home.hass.config_entries.flow
    await run(home, flow, DOMAIN, context, TEXTS["config"], data)


@pytest.mark.parametrize("index", [0, 2], ids=["miner", "manager"])
@forms
@given(data=st.data())
async def test_options(home: Home, index: int, data: Any) -> None:
    """Each kind of entry that has options."""
    flow = home.hass.config_entries.options
    handler = home.rigs[index].entry.entry_id
    await run(home, flow, handler, None, TEXTS["options"], data)


@forms
@given(data=st.data())
async def test_workers(home: Home, data: Any) -> None:
    """Only workers that the proxy has become devices."""
    flow = home.hass.config_entries.subentries
    handler = (home.proxy.entry.entry_id, SUBENTRY_WORKER)
    texts = TEXTS["config_subentries"][SUBENTRY_WORKER]
    await run(home, flow, handler, {"source": SOURCE_USER}, texts, data)
