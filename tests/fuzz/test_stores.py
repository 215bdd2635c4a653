"""Anything in the stored files: what cannot be read is set aside, the rest is sound."""

from dataclasses import replace
import json
import logging
import math
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import SerializationError, json_loads
from hypothesis import HealthCheck, example, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.addresses import address
from custom_components.xmrig_miner.api.models import Config
from custom_components.xmrig_miner.api.state import MinerState
from custom_components.xmrig_miner.api.thread_profiles import profiles_of
from custom_components.xmrig_miner.const import CONF_IMPORT, DOMAIN
from custom_components.xmrig_miner.fleet.settings import FleetSettings
from custom_components.xmrig_miner.issues import issue_id
from custom_components.xmrig_miner.manager import (
    Account,
    Curve,
    ManagerState,
    Meters,
    Reading,
    Sleep,
    SleepRules,
)
from custom_components.xmrig_miner.power.model import CardPower, PowerModel
from custom_components.xmrig_miner.power.thread_cap import ThreadCaps
from custom_components.xmrig_miner.storage import UNREADABLE, async_remove
from custom_components.xmrig_miner.takeover.candidates import old_miner
from custom_components.xmrig_miner.takeover.mapping import KEYS
from custom_components.xmrig_miner.takeover.record import (
    Import,
    Phase,
    TakenEntity,
    import_of,
)
from tests.api.odd import CONFIG, any_json, places, put, without
from tests.common import Rig
from tests.controls import config_of
from tests.fleet.house import GRID, House
from tests.manager.common import House as PureHouse, miner
from tests.watts import METER, NO_CARDS, PLUG, say

pytestmark = pytest.mark.real_files

anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
WRONG_SHAPE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What readers of stored data may raise."""

set_ups = settings(anything, max_examples=max(1, anything.max_examples // 4))
"""Each of these examples sets up a miner and the manager."""

ID = "entry_of_rig-one"
REQUEST = {"mining": True, "here": True, "limited": False, "until": None}
THREADS = {"path": ["cpu", "rx"], "original": [0, 1, 2, 3], "new_value": [0, 1]}
RETRIES = {"path": ["retries"], "original": 5, "new_value": 7}
STATE = {
    "backends": ["cpu"],
    "all_edits": {"edits": [THREADS, RETRIES], "pending": [RETRIES]},
    "control_edits": {"edits": [THREADS], "pending": []},
    "request": REQUEST,
    "previous_request": {**REQUEST, "mining": False, "until": 1.8e9},
    "threads": 2,
    "started": 1.7e9,
    "payout": ["0123456789abcdef"],
    "pending_payout": ["fedcba9876543210"],
}
POWER = {
    "meter": {
        "sensor": PLUG,
        "model": {
            "watts": {"0": [50, 30], "2": [110.5, 12], "4": [170, 3]},
            "algorithm": "rx/0",
            "hashrates": [["kawpow", {"4": [9, 2]}], ["rx/0", {"2": [900, 12]}]],
        },
        "cards": {"cuda": 120},
    },
    "limit": {"watts": 130, "managed": 3, "user": 3, "limit": [2]},
    "threads_before": 4,
    "calibration": [[4, 1720, 1720, 270, 0, "rx/0"], [1, None, 430, 80, 0, None]],
}
MANAGER = {
    "mode": "smart",
    "keep_mining": False,
    "caution": "balanced",
    "reserve": -50,
    "earnings": 0.04,
    "price_limit": 0.1,
    "battery_priority": 20,
    "battery_start": 80,
    "members": {ID: {"managed": True, "priority": 3}},
}
ENERGY = {
    "energy": [1.5, 2, 0, 0.25],
    "today": [0.5, 0, 0, 0],
    "day": "2026-11-29",
    "cost": -0.4,
}
LEARNED = {
    "response": ManagerState().response.as_json(),
    "household": [[2000, 40.5], [900, None]],
    "watts": {ID: [[0, 4, 80.5], [4, 2, -38], [2, 3, 21], *[[1, 3, 40.1]] * 8]},
    "sleepers": {
        ID: {
            "phase": "asleep",
            "attempts": 1,
            "fault": None,
            "left_alone": False,
            "wakes": True,
            "start_up": 120,
            "need": 80,
        }
    },
}
IMPORT = Import(
    old_entry_id="old",
    domain="hwmland",
    was_enabled=True,
    phase=Phase.IMPORTED,
    entities=(TakenEntity(registry_id="a", unique_id="b", key="hashrate"),),
    left=("c",),
    device_id="d",
    identifiers=(("hwmland", "e"),),
).as_data()[CONF_IMPORT]
STORES = {
    "": (STATE, ID),
    ".power": (POWER, ID),
    ".manager": (MANAGER, "entry_of_manager"),
    ".energy": (ENERGY, "entry_of_manager"),
    ".learned": (LEARNED, "entry_of_manager"),
}

odd_values = any_json | st.sampled_from(
    [5e-324, 1e-200, 1e308, 0.5, -1, 255, 4096, 2**53, 2**53 - 1, True, "1", "-1", []]
)


@st.composite
def of_shape(draw: st.DrawFn, document: Any) -> Any:
    """Return a document with some of its values replaced, removed, or repeated."""
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(document)))
        change = draw(st.sampled_from(["put", "put", "put", "remove", "repeat"]))
        if change == "put":
            document = put(document, path, draw(odd_values))
        elif change == "remove":
            document = without(document, path)
        else:
            value = document
            for key in path:
                value = value[key]
            document = put(document, path, [value] * draw(st.integers(0, 100)))
        if not document:
            break
    return document


def documents(document: Any) -> st.SearchStrategy[Any]:
    """Return documents of a shape, and others."""
    return st.one_of(*[of_shape(document)] * 4, any_json)


def read(parse: Any, document: Any) -> Any:
    """Return what is read of a stored document; None for what is set aside."""
    try:
        stored: Any = json_loads(json.dumps({"data": document}))
        return parse(stored["data"]) if isinstance(stored["data"], dict) else None
    except (*WRONG_SHAPE, SerializationError):
        return None


def check_stored(value: Any, parse: Any) -> None:
    """Check that a value is stored as JSON, and is the same when it is read again."""
    text = json_bytes(value.as_json())
    assert json_bytes(parse(json_loads(text)).as_json()) == text


def check_finite(*values: float | None) -> None:
    """Check that numbers can be shown."""
    assert all(value is None or math.isfinite(value) for value in values)


@anything
@given(document=documents(STATE))
def test_a_state(document: Any) -> None:
    """What undoes edits is applied to any config."""
    state = read(MinerState.from_json, document)
    if state is None:
        return
    check_stored(state, MinerState.from_json)
    for config in (
        state.user_config(Config(CONFIG)),
        state.original_config(Config(CONFIG)),
    ):
        json_bytes(config.document)
        _ = config.profiles, config.payout, config.pools


@anything
@example({"meter": {"model": {"watts": {"4": [170, 1e-9]}, "hashrates": []}}})
@given(document=documents(POWER))
def test_power(document: Any) -> None:
    """The curve is finite and never falls."""
    if not isinstance(document, dict) or not isinstance(document.get("meter"), dict):
        return
    model = read(PowerModel(4, 60, 140).with_learned, document["meter"].get("model"))
    if model is not None:
        check_stored(model, PowerModel(4).with_learned)
        model = model.for_algorithm("rx/0")
        watts = [model.watts(threads) for threads in range(6)]
        check_finite(*watts, *map(model.hashrate, range(6)), model.per_thread)
        assert watts == sorted(watts)
        assert 0 <= model.threads_within(100) <= 4
        Curve.from_model(model)
    cards = read(CardPower, document["meter"].get("cards"))
    if cards is not None:
        check_stored(cards, CardPower)
        check_finite(cards.total(["cuda", "opencl"]))
    caps = read(ThreadCaps.from_json, document.get("limit"))
    if caps is not None:
        check_stored(caps, ThreadCaps.from_json)
        seen = caps.detect_user_cap(current=3, full=4)
        assert 0 < seen.max_threads(4) <= 4


def decide_for_a_while(house: PureHouse) -> None:
    """Decide on a sun that comes and goes, with one miner and one that may sleep."""
    for now in range(0, 900, 30):
        plan = house.run(now, grid=-300 if now % 240 < 120 else 200)
        check_finite(plan.surplus, plan.budget, plan.draw, plan.wake_at)
        assert all(0 <= threads <= 4 for threads in plan.targets.values())


@anything
@given(document=documents(LEARNED))
def test_what_the_manager_learned(document: Any) -> None:
    """Decisions are finite, and change only what a miner can do."""
    state = read(ManagerState.from_json, document)
    if state is None:
        return
    check_stored(state, ManagerState.from_json)
    rules = SleepRules(has_plug=True, has_command=True, can_wake=True, after=300)
    house = PureHouse(miner(ID, size=4), miner("b", is_online=False, sleep=rules))
    house.state = replace(state, sleepers={"b": state.sleepers.get(ID, Sleep())})
    decide_for_a_while(house)
    json_bytes(house.state.as_json())


@anything
@given(document=documents(MANAGER))
def test_settings(document: Any) -> None:
    """Decisions are finite with them."""
    settings = read(FleetSettings.from_json, document)
    if settings is None:
        return
    check_stored(settings, FleetSettings.from_json)
    house = PureHouse(miner(ID), miner("b"))
    house.settings = settings.settings
    decide_for_a_while(house)


@anything
@given(document=documents(ENERGY))
def test_energy(document: Any) -> None:
    """The totals are finite and do not fall."""
    account = read(Account.from_json, document)
    if account is None:
        return
    check_stored(account, Account.from_json)
    total = account.total
    for now in range(0, 600, 60):
        account = account.counted(
            now,
            100,
            Meters(grid=Reading(50, now, now)),
            is_silent=False,
            price=0.3,
            day="2026-11-29",
        )
        assert account.total >= total
        total = account.total
        check_finite(total, account.cost, account.energy.solar_share)
    json_bytes(account.as_json())


@anything
@given(record=documents(IMPORT))
def test_the_record_of_an_import(record: Any) -> None:
    """It is stored as it was read, or there is none."""
    stored = json.loads(json.dumps({CONF_IMPORT: record}))
    plan = import_of(MockConfigEntry(domain=DOMAIN, data=stored))
    if plan is not None:
        again = json_loads(json_bytes(plan.as_data()))
        assert import_of(MockConfigEntry(domain=DOMAIN, data=again)) == plan


@anything
@given(
    domain=st.sampled_from([*KEYS]),
    data=st.dictionaries(
        st.sampled_from(["address", "host", "port", "token", "ssl"]), odd_values
    ),
)
def test_an_entry_of_another_integration(domain: str, data: dict[str, Any]) -> None:
    """It is a miner with an address, or is named as one without."""
    old = old_miner(domain, "old", "Old", data)
    assert old.data is None or address(old.data)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner without graphics cards."""
    return NO_CARDS


@pytest.fixture
async def home(rig: Rig) -> House:
    """Return a house with a miner and the manager, neither of which is set up."""
    rig.hass.config_entries.async_update_entry(rig.entry, options=METER)
    await rig.set_up()
    await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    house = House(rig.hass, [rig])
    house.entry.add_to_hass(rig.hass)
    await house.name_meter({"stat_rate": GRID})
    return house


def path_of(hass: HomeAssistant, store: str) -> Path:
    """Return the path of a file."""
    return Path(hass.config.path(".storage", f"{DOMAIN}.{STORES[store][1]}{store}"))


def kept(hass: HomeAssistant) -> dict[str, bytes]:
    """Return the files that were set aside, by the names that they had."""
    return {
        path.name.partition(".unreadable.")[0]: path.read_bytes()
        for path in path_of(hass, "").parent.glob("*.unreadable.*")
    }


def store_all(hass: HomeAssistant, data: Any) -> dict[str, bytes]:
    """Store each file as it was, or damaged; return those that were damaged."""
    files, damaged = {}, {}
    # An example may end at each draw: until the last one, no file is damaged
    for name, (document, _) in STORES.items():
        path = path_of(hass, name)
        content = {"version": 1, "minor_version": 1, "key": path.name, "data": document}
        is_damaged = data.draw(st.booleans(), label=f"damaged {name}")
        if is_damaged:
            content["data"] = data.draw(documents(document), label=name)
        files[path] = json.dumps(content).encode()
        if is_damaged:
            damaged[path.name] = files[path]
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text)
    return damaged


@set_ups
@given(data=st.data())
async def test_set_up(home: House, caplog: pytest.LogCaptureFixture, data: Any) -> None:
    """It ends; one repair of each entry names what was set aside, and nothing is lost.

    The miner gets no threads but its own, and no other change.
    """
    (rig,) = home.rigs
    hass, before = rig.hass, config_of(rig.simulator)
    damaged = store_all(hass, data)
    caplog.clear()
    try:
        await rig.set_up()
        await home.manager.set_up()
        assert rig.is_loaded
        assert home.manager.is_loaded
        for _ in range(3):
            home.sun = 130 - home.sun
            await say(rig, 150)
            await home.pass_time(20)
        aside = kept(hass)
        assert aside.items() <= damaged.items()
        for entry in (rig.entry, home.entry):
            names = [name for name in aside if entry.entry_id in name]
            id_ = issue_id(UNREADABLE, entry.entry_id)
            issue = ir.async_get(hass).async_get_issue(DOMAIN, id_)
            shown = issue.translation_placeholders if issue else None
            assert bool(shown) is bool(names)
            assert all(name in (shown or {})["files"] for name in names)
        check_config(rig.simulator.config, before)
        json_bytes([state.as_dict() for state in hass.states.async_all()])
    finally:
        for entry in (home.entry, rig.entry):
            await hass.config_entries.async_unload(entry.entry_id)
            await async_remove(hass, entry.entry_id)
        rig.simulator.edit_config(lambda config: config.update(before))
    assert not kept(hass)
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not [record.getMessage() for record in logged]


def check_config(config: dict[str, Any], before: dict[str, Any]) -> None:
    """Check that a config differs only by fewer threads."""
    assert config.keys() == before.keys()
    for key, value in config.items():
        if key != "cpu":
            assert value == before[key]
            continue
        assert value.keys() == before["cpu"].keys()
        for name, profile in profiles_of(value).items():
            before_it = before["cpu"][name]
            assert bool(profile) is bool(before_it)
            assert not profile or profile == before_it[: len(profile)]
