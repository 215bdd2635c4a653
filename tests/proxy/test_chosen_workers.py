"""Workers that the user chose: devices of their own, through config subentries."""

import asyncio
import json
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntryState,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.xmrig_miner.config_flow import XmrigConfigFlow
from simulator import ProxySimulator, Simulator, StratumMiner
from simulator.http import Request
from tests.common import connection, entry_for
from tests.fixing import issues
from tests.forms import check_texts, submit
from tests.test_translations import TEXTS

from .conftest import ProxyRig

WALLET = "4" + "A1b2C3d4E5" * 9 + "wxyz"
WORKER = ("connected", "hashrate_10m", "shares_accepted", "last_share")

type Names = list[str]


@pytest.fixture
def chosen() -> Names:
    """Return the workers that were chosen before, for tests to override."""
    return ["attic"]


@pytest.fixture
async def with_workers(
    hass: HomeAssistant, proxy_rig: ProxyRig, chosen: Names
) -> ProxyRig:
    """Return the proxy, set up with chosen workers."""
    for name in chosen:
        hass.config_entries.async_add_subentry(
            proxy_rig.entry,
            ConfigSubentry(
                data=MappingProxyType({"worker": name, "named_by": "rig_id"}),
                subentry_id=f"chosen_{name}",
                subentry_type="worker",
                title=name,
                unique_id=name,
            ),
        )
    await proxy_rig.set_up()
    return proxy_rig


def worker_states(rig: ProxyRig, name: str = "attic") -> dict[str, str]:
    """Return the states of the entities of a worker by their keys."""
    return {
        key.rpartition(f"chosen_{name}_")[2]: state
        for key, state in rig.states.items()
        if f"chosen_{name}_" in key
    }


async def start(rig: ProxyRig) -> SubentryFlowResult:
    """Open the form that adds workers."""
    result = await rig.hass.config_entries.subentries.async_init(
        (rig.entry.entry_id, "worker"), context={"source": SOURCE_USER}
    )
    check_texts(result, TEXTS["config_subentries"]["worker"])
    return result


async def choose(
    rig: ProxyRig, form: SubentryFlowResult, *names: str
) -> SubentryFlowResult:
    """Submit the form."""
    result = await rig.hass.config_entries.subentries.async_configure(
        form["flow_id"], {"workers": list(names)}
    )
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    check_texts(result, TEXTS["config_subentries"]["worker"])
    return result


def offered(form: SubentryFlowResult) -> Names:
    """Return the workers that the form offers."""
    assert form["type"] is FlowResultType.FORM
    schema = form["data_schema"]
    assert schema is not None
    options: Names = schema.schema["workers"].config["options"]
    return options


def titles(rig: ProxyRig) -> set[str]:
    """Return the titles of the workers that were chosen."""
    return {subentry.title for subentry in rig.entry.subentries.values()}


async def test_the_devices(
    hass: HomeAssistant, with_workers: ProxyRig, snapshot: SnapshotAssertion
) -> None:
    """Each belongs to its subentry, and is reached via the proxy."""
    entry = with_workers.entry
    entities = [
        entity
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if entity.config_subentry_id == "chosen_attic"
    ]
    assert {entity.unique_id for entity in entities} == {
        f"chosen_attic_{key}" for key in WORKER
    }
    assert snapshot == {
        entity.entity_id: (
            entity.translation_key,
            entity.entity_category,
            state.state,
            {str(key): value for key, value in state.attributes.items()},
        )
        for entity in sorted(entities, key=lambda entity: entity.entity_id)
        if (state := hass.states.get(entity.entity_id))
    }
    device, proxy = with_workers.devices["chosen_attic"], with_workers.devices["miner"]
    assert device.name == "attic"
    assert device.via_device_id == proxy.id
    assert device.config_subentry_id == "chosen_attic"


async def test_only_a_proxy_has_workers(
    hass: HomeAssistant, proxy: ProxySimulator, simulator: Simulator
) -> None:
    """And by default none of them is a device."""
    kinds = {
        name: XmrigConfigFlow.async_get_supported_subentry_types(entry_for(device))
        for name, device in (("proxy", proxy), ("miner", simulator))
    }
    assert kinds["proxy"].keys() == {"worker"}
    assert not kinds["miner"]


async def test_workers_are_added(hass: HomeAssistant, running_proxy: ProxyRig) -> None:
    """Several at once; the entry is reloaded once for all of them."""
    assert list(running_proxy.devices) == ["miner"]
    running_proxy.simulator.connect(StratumMiner("shed", hashrate=100))
    form = await start(running_proxy)
    assert offered(form) == ["attic", "cellar", "shed"]
    before = running_proxy.entry.runtime_data
    result = await choose(running_proxy, form, "attic", "cellar")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "attic"
    assert titles(running_proxy) == {"attic", "cellar"}
    assert running_proxy.is_loaded
    assert running_proxy.entry.runtime_data is not before
    names = {device.name for device in running_proxy.devices.values()}
    assert names == {"proxy-one", "attic", "cellar"}
    assert {
        state for name, state in running_proxy.states.items() if "connected" in name
    } == {"on"}
    # And the rest later
    form = await start(running_proxy)
    assert offered(form) == ["shed"]
    await choose(running_proxy, form, "shed")
    assert titles(running_proxy) == {"attic", "cellar", "shed"}


async def test_a_worker_is_removed(hass: HomeAssistant, with_workers: ProxyRig) -> None:
    """With its device and its entities, and can be chosen again."""
    hass.config_entries.async_remove_subentry(with_workers.entry, "chosen_attic")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert with_workers.is_loaded
    assert list(with_workers.devices) == ["miner"]
    assert not worker_states(with_workers)
    assert offered(await start(with_workers)) == ["attic", "cellar"]


async def test_the_connection_can_still_be_changed(
    hass: HomeAssistant, with_workers: ProxyRig
) -> None:
    """An update listener would forbid that."""
    form = await with_workers.entry.start_reconfigure_flow(hass)
    result = await submit(hass, form, connection(with_workers.simulator))
    assert result["reason"] == "reconfigure_successful"
    assert with_workers.is_loaded
    assert worker_states(with_workers)["connected"] == "on"


async def test_what_happens_to_a_worker(with_workers: ProxyRig) -> None:
    """It is offline, and online again; its row stays."""
    rig, proxy = with_workers, with_workers.simulator
    states = worker_states(rig)
    assert states["connected"] == "on"
    assert states["hashrate_10m"] == "0.5"
    assert states["shares_accepted"] == "350"
    miner = proxy.miners[0]
    proxy.disconnect(miner)
    await rig.poll(6)
    gone = worker_states(rig)
    assert gone["connected"] == "off"
    assert int(gone["shares_accepted"]) >= 350
    await rig.poll(66)
    assert worker_states(rig)["hashrate_10m"] == "0.0"
    proxy.connect(miner)
    await rig.poll(6)
    assert worker_states(rig)["connected"] == "on"


async def test_a_restart_of_the_proxy(with_workers: ProxyRig) -> None:
    """Its hashrate is unknown until ten minutes are full again; no row is no fault."""
    rig, proxy = with_workers, with_workers.simulator
    miner = proxy.miners[0]
    proxy.disconnect(miner)
    proxy.restart()
    await rig.poll(2)
    assert worker_states(rig) == {
        "connected": "off",
        "hashrate_10m": "unknown",
        "shares_accepted": "unknown",
        "last_share": "unknown",
    }
    proxy.connect(miner)
    await rig.poll(7)
    states = worker_states(rig)
    assert states["connected"] == "on"
    assert states["hashrate_10m"] == "unknown"
    assert int(states["shares_accepted"]) > 0
    await rig.poll(70)
    assert 0.45 <= float(worker_states(rig)["hashrate_10m"]) <= 0.5
    assert not issues(rig.hass)


async def test_the_list_is_read_for_a_chosen_worker_alone(
    with_workers: ProxyRig,
) -> None:
    """Once a minute, although nothing else of the proxy needs it."""
    with_workers.disable("sensor.workers_online", "event.activity")
    await with_workers.reload()
    before = with_workers.asked("/1/workers")
    await with_workers.poll(18)
    assert with_workers.asked("/1/workers") == before + 3
    assert worker_states(with_workers)["connected"] == "on"
    with_workers.disable(
        *(
            f"{'binary_' if key == 'connected' else ''}sensor.chosen_attic_{key}"
            for key in WORKER
        )
    )
    await with_workers.reload()
    before = with_workers.asked("/1/workers")
    await with_workers.poll(12)
    assert with_workers.asked("/1/workers") == before


@pytest.mark.parametrize("chosen", [["attic", "cellar"]])
async def test_the_proxy_names_workers_by_something_else(
    hass: HomeAssistant, with_workers: ProxyRig
) -> None:
    """A row of the same name may be another worker then: nothing is mixed up."""
    rig, proxy = with_workers, with_workers.simulator
    # Of a miner that has the name of the worker as its user
    proxy.connect(StratumMiner("shed", user="attic", hashrate=50))
    proxy.edit_config(lambda config: config.update({"workers": "user"}))
    await rig.poll(7)
    assert set(worker_states(rig).values()) == {"unavailable"}
    [issue] = issues(hass).values()
    assert issue.translation_key == "workers_renamed"
    assert not issue.is_fixable
    assert issue.translation_placeholders == {
        "name": "proxy-one",
        "workers": "attic, cellar",
        "before": "rig_id",
        "now": "user",
    }
    # A restart changes nothing, nor does a poll without the list
    proxy.restart()
    await rig.poll()
    assert len(issues(hass)) == 1
    proxy.edit_config(lambda config: config.update({"workers": True}))
    await rig.poll(7)
    assert not issues(hass)
    assert worker_states(rig)["connected"] == "on"


async def test_the_proxy_no_longer_lists_workers(
    hass: HomeAssistant, with_workers: ProxyRig
) -> None:
    """The repair goes once they are removed."""
    with_workers.simulator.edit_config(lambda config: config.update({"workers": False}))
    await with_workers.poll(7)
    [issue] = issues(hass).values()
    assert issue.translation_placeholders
    assert issue.translation_placeholders["now"] == "none"
    assert set(worker_states(with_workers).values()) == {"unavailable"}
    hass.config_entries.async_remove_subentry(with_workers.entry, "chosen_attic")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not issues(hass)


@pytest.mark.parametrize(
    ("workers", "reason"),
    [
        ("user", "secret_names"),
        ("password", "secret_names"),
        (False, "workers_off"),
    ],
)
async def test_names_that_are_secret_cannot_be_chosen(
    running_proxy: ProxyRig, workers: str | bool, reason: str
) -> None:
    """The form says what to do."""
    running_proxy.simulator.edit_config(
        lambda config: config.update({"workers": workers})
    )
    result = await start(running_proxy)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == reason


@pytest.mark.parametrize(
    "miners", [[StratumMiner("attic"), StratumMiner(None, user=WALLET)]]
)
async def test_a_worker_that_is_named_by_its_wallet(running_proxy: ProxyRig) -> None:
    """It has no rig ID, and is left out."""
    assert offered(await start(running_proxy)) == ["attic"]
    proxy = running_proxy.simulator
    proxy.disconnect(proxy.miners[0])
    result = await start(running_proxy)
    assert result["reason"] == "secret_names"
    assert WALLET not in json.dumps(result, default=str)


async def test_no_worker_to_choose(running_proxy: ProxyRig) -> None:
    """None is online; once one is, it can be chosen."""
    proxy = running_proxy.simulator
    for miner in list(proxy.miners):
        proxy.disconnect(miner)
    assert (await start(running_proxy))["reason"] == "no_workers"
    proxy.connect(StratumMiner("attic"))
    assert offered(await start(running_proxy)) == ["attic"]


async def test_a_proxy_whose_list_is_damaged(
    running_proxy: ProxyRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers otherwise."""
    process = running_proxy.simulator.process
    document = process.document
    monkeypatch.setattr(
        process,
        "document",
        lambda path: {} if path == "/1/workers" else document(path),
    )
    assert (await start(running_proxy))["reason"] == "no_list"


async def test_a_proxy_that_does_not_answer(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """Before the form is shown, and while it is."""
    form = await start(running_proxy)
    await running_proxy.simulator.go_offline()
    assert (await start(running_proxy))["reason"] == "unavailable"
    await running_proxy.reload_or_fail()
    assert running_proxy.entry.state is ConfigEntryState.SETUP_RETRY
    assert (await start(running_proxy))["reason"] == "unavailable"
    assert (await choose(running_proxy, form, "attic"))["reason"] == "unavailable"
    assert not running_proxy.entry.subentries


@pytest.mark.parametrize("names", [("attic",), ("attic", "cellar"), ()])
async def test_the_proxy_is_removed_while_the_form_is_open(
    hass: HomeAssistant, running_proxy: ProxyRig, names: tuple[str, ...]
) -> None:
    """The form ends, and says so."""
    form = await start(running_proxy)
    await hass.config_entries.async_remove(running_proxy.entry.entry_id)
    result = await choose(running_proxy, form, *names)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_removed")


async def test_the_proxy_is_removed_while_its_workers_are_read(
    hass: HomeAssistant, running_proxy: ProxyRig
) -> None:
    """There is no form to show."""
    proxy = running_proxy.simulator

    async def remove(_: Request) -> None:
        proxy.on_request = None
        hass.async_create_task(
            hass.config_entries.async_remove(running_proxy.entry.entry_id)
        )
        await asyncio.sleep(0)

    proxy.on_request = remove
    result = await start(running_proxy)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_removed")


async def test_nothing_is_chosen(running_proxy: ProxyRig) -> None:
    """The form asks again."""
    form = await start(running_proxy)
    result = await choose(running_proxy, form)
    assert result["errors"] == {"workers": "choose_workers"}
    result = await choose(running_proxy, result, "cellar")
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_worker_that_was_chosen_in_another_form(
    running_proxy: ProxyRig,
) -> None:
    """It is added once."""
    first, second = await start(running_proxy), await start(running_proxy)
    await choose(running_proxy, first, "attic")
    result = await choose(running_proxy, second, "attic")
    assert result["errors"] == {"workers": "choose_workers"}
    await choose(running_proxy, result, "attic", "cellar", "cellar")
    assert titles(running_proxy) == {"attic", "cellar"}
    assert len(running_proxy.entry.subentries) == 2


@pytest.mark.parametrize(
    ("miners", "chosen"),
    [
        (
            [StratumMiner(f"rig-{i:02}") for i in range(52)],
            [f"rig-{i:02}" for i in range(48)],
        )
    ],
)
async def test_fifty_at_most(with_workers: ProxyRig) -> None:
    """The form says how many are left, and that there is no room for more."""
    form = await start(with_workers)
    assert offered(form) == ["rig-48", "rig-49", "rig-50", "rig-51"]
    assert form["description_placeholders"] == {"name": "proxy-one", "room": "2"}
    result = await choose(with_workers, form, "rig-48", "rig-49", "rig-50")
    assert result["errors"] == {"workers": "too_many"}
    await choose(with_workers, result, "rig-49", "rig-50")
    assert len(with_workers.entry.subentries) == 50
    assert len([name for name in with_workers.states if "connected" in name]) == 51
    assert (await start(with_workers))["reason"] == "all_chosen"


async def test_diagnostics(
    with_workers: ProxyRig, hass_client: ClientSessionGenerator
) -> None:
    """How many there are, and never their names."""
    shown: dict[str, Any] = dict(
        await get_diagnostics_for_config_entry(
            with_workers.hass, hass_client, with_workers.entry
        )
    )
    assert shown["chosen_workers"] == 1
    assert shown["lost_workers"] == 0
    assert "attic" not in json.dumps(shown)


async def test_the_name_of_a_device_that_the_user_named(
    hass: HomeAssistant, with_workers: ProxyRig
) -> None:
    """A reload keeps it."""
    registry = dr.async_get(hass)
    device = with_workers.devices["chosen_attic"]
    registry.async_update_device(device.id, name_by_user="Under the roof")
    await with_workers.reload()
    assert with_workers.devices["chosen_attic"].name_by_user == "Under the roof"
