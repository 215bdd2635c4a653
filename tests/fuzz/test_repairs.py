"""Anything in the forms of repairs, whatever happens while they are open."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
import itertools
from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.components.repairs.const import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import CONF_SSL
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.xmrig_miner.addresses import with_address_of
from custom_components.xmrig_miner.certificates import pinned
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_VERIFICATION,
    DOMAIN,
)
from custom_components.xmrig_miner.issues import async_raise_issue
from custom_components.xmrig_miner.repairs import _FLOWS
from simulator import Simulator
from tests.certificates import self_signed
from tests.common import Rig, entry_for
from tests.fixing import issues
from tests.fleet.house import GRID, set_dashboard
from tests.forms import check_texts
from tests.test_translations import TEXTS
from tests.watts import NO_CARDS

from .home import (
    STEPS,
    Home,
    check_stored,
    entered,
    forms,
    is_open,
    leave,
    leave_forms,
    stored,
    submit,
)

repairs = settings(forms, max_examples=max(1, settings().max_examples // 20))
"""There are more of them, and each sets something up."""

CERTIFICATE = self_signed()
SURPLUS = "automation.surplus"
NUMBERS = itertools.count()


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner without graphics cards."""
    return NO_CARDS


@pytest.fixture
async def secure(home: Home) -> AsyncGenerator[Rig]:
    """Return a second miner, whose certificate is pinned, and add an automation."""
    async with Simulator(
        gpus=0, worker_id="cellar", tls=True, uptime=1000, watch_delay=0
    ) as simulator:
        simulator.use_certificate(CERTIFICATE.context, CERTIFICATE.der)
        data: dict[str, Any] = {CONF_SSL: True, **pinned(CERTIFICATE.fingerprint)}
        entry = entry_for(simulator, **data)
        secure = Rig(home.hass, simulator, entry, home.proxy.freezer)
        await secure.set_up()
        home.more.append(secure)
        limit = home.rigs[0].entity_id("number.power_limit")
        automation = {
            "id": "surplus",
            "alias": "Surplus",
            "triggers": [],
            "actions": [],
            "variables": {"grid_power": GRID, "power_limit": limit},
        }
        for domain, config in ((AUTOMATION, automation), (REPAIRS, {})):
            assert await async_setup_component(home.hass, domain, {domain: config})
        await turn(home, on=False)
        yield secure
        await turn(home, on=False)


async def turn(home: Home, *, on: bool) -> None:
    """Turn the automation on or off."""
    action = "turn_on" if on else "turn_off"
    target = {"entity_id": SURPLUS}
    await home.hass.services.async_call(AUTOMATION, action, target, blocking=True)


async def change(rig: Rig[Any], data: dict[str, Any]) -> None:
    """Change how a miner is reached, unless it was removed."""
    if not rig.hass.config_entries.async_get_entry(rig.entry.entry_id):
        return
    rig.hass.config_entries.async_update_entry(rig.entry, data=data)
    await rig.reload_or_fail()


async def change_pools(home: Home, secure: Rig) -> None:
    """Replace the pools at the miner by one that was never accepted."""
    pool = {"url": f"pool-{next(NUMBERS)}.example.org:3333"}
    home.rigs[0].simulator.edit_config(lambda config: config.update(pools=[pool]))
    if home.rigs[0].is_loaded:
        await home.rigs[0].refresh()


async def move_to_other_kind(home: Home, secure: Rig) -> None:
    """Reach the proxy in place of the miner."""
    miner, proxy = home.rigs[0], home.proxy
    await change(miner, with_address_of(miner.entry.data, proxy.entry.data))


async def swap(home: Home, secure: Rig) -> None:
    """Reach the two miners at each other's address; only one of them uses TLS."""
    first, second = home.rigs[0], secure
    data = first.entry.data, second.entry.data
    await change(second, with_address_of(data[1], data[0]))
    await change(first, with_address_of(data[0], data[1]))


async def renew_certificate(home: Home, secure: Rig) -> None:
    """Let the second miner show another certificate."""
    secure.simulator.renew_certificate()
    if secure.is_loaded:
        await secure.refresh()


async def unpin(home: Home, secure: Rig) -> None:
    """Do not verify the certificate of the second miner."""
    data = {
        key: value
        for key, value in secure.entry.data.items()
        if key != CONF_FINGERPRINT
    }
    await change(secure, data | {CONF_VERIFICATION: "none"})


async def remove_meter(home: Home, secure: Rig) -> None:
    """Let the grid meter be gone for long enough."""
    home.hass.states.async_remove(GRID)
    await home.house.manager.pass_time(timedelta(seconds=130))


async def clear_dashboard(home: Home, secure: Rig) -> None:
    """Let the Energy dashboard name no meter for long enough."""
    await set_dashboard(home.hass)
    await home.house.manager.pass_time(timedelta(seconds=130))


async def compete(home: Home, secure: Rig) -> None:
    """Turn on an automation for a miner that the manager controls."""
    await turn(home, on=True)


async def tell_of_files(home: Home, secure: Rig) -> None:
    """Raise the repair for files that were set aside."""
    facts = {"name": "rig-one", "files": "`.storage/x`"}
    async_raise_issue(home.hass, "stored_data_unreadable", home.rigs[0].entry, facts)


async def nothing(home: Home, secure: Rig) -> None:
    """Change nothing."""


type Happens = Callable[[Home, Rig], Awaitable[None]]

CAUSES: list[tuple[str, Happens]] = [
    ("payout_changed", change_pools),
    ("another_miner", move_to_other_kind),
    ("another_miner", swap),
    ("certificate_changed", renew_certificate),
    ("unverified", unpin),
    ("sensors_missing", remove_meter),
    ("no_grid_power", clear_dashboard),
    ("automations_compete", compete),
    ("stored_data_unreadable", tell_of_files),
]


def test_all_repairs_with_a_form_are_here() -> None:
    """One that is new needs its cause."""
    assert {key for key, _ in CAUSES} == _FLOWS.keys()


async def stop_all(home: Home, secure: Rig) -> None:
    """Stop all miners, and poll them."""
    for rig in (home.rigs[0], home.proxy, secure):
        await rig.simulator.go_offline()
    await home.proxy.poll()


async def disable_all(home: Home, secure: Rig) -> None:
    """Disable all entries."""
    entries = home.hass.config_entries
    for entry in entries.async_entries(DOMAIN):
        await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)


async def remove_all(home: Home, secure: Rig) -> None:
    """Remove all entries."""
    for entry in home.hass.config_entries.async_entries(DOMAIN):
        await home.hass.config_entries.async_remove(entry.entry_id)


MEANWHILE: list[Happens] = [
    *[nothing] * 6,
    change_pools,
    swap,
    renew_certificate,
    unpin,
    compete,
    stop_all,
    disable_all,
    remove_all,
]


async def put_back(home: Home, secure: Rig, before: dict[str, Any]) -> None:
    """Set everything up again as it was."""
    entries = home.hass.config_entries
    await turn(home, on=False)
    secure.simulator.use_certificate(CERTIFICATE.context, CERTIFICATE.der)
    for rig in (home.rigs[0], home.proxy, secure):
        await rig.simulator.go_online()
    await home.house.name_meter({"stat_rate": GRID})
    home.house.report()
    for entry in entries.async_entries(DOMAIN):
        if entry.entry_id not in before:
            await entries.async_remove(entry.entry_id)
    for rig in home.rigs:
        data, options, _ = before[rig.entry.entry_id]
        if not entries.async_get_entry(rig.entry.entry_id):
            rig.entry.add_to_hass(home.hass)
        is_changed = entries.async_update_entry(rig.entry, data=data, options=options)
        if rig.entry.disabled_by:
            await entries.async_set_disabled_by(rig.entry.entry_id, None)
        if is_changed or not rig.is_loaded:
            await rig.reload()
    assert stored(home.hass) == before
    for issue_id in issues(home.hass):
        ir.async_delete_issue(home.hass, DOMAIN, issue_id)


@pytest.mark.parametrize(
    ("key", "cause"), CAUSES, ids=[cause.__name__ for _, cause in CAUSES]
)
@repairs
@given(data=st.data())
async def test_repair(
    home: Home, secure: Rig, key: str, cause: Happens, data: Any
) -> None:
    """It ends with a text, and with entries that can be stored."""
    hass = home.hass
    # Hypothesis repeats random numbers: IDs of flows differ by their time only
    await home.proxy.pass_time(timedelta(seconds=1))
    before = stored(hass)
    await cause(home, secure)
    issue_id = next(name for name in issues(hass) if name.startswith(key))
    manager: Any = hass.data[REPAIRS]["flow_manager"]
    texts = TEXTS["issues"][key]["fix_flow"]
    # Home Assistant 2026.9 takes the ID from the data
    issue = {"issue_id": issue_id}
    step = await manager.async_init(DOMAIN, context=issue, data=issue)
    try:
        for _ in range(STEPS):
            check_texts(step, texts)
            if not is_open(step):
                break
            await data.draw(st.sampled_from(MEANWHILE))(home, secure)
            user_input = data.draw(entered(step, home.plausible) | st.none())
            step = await submit(hass, manager, step, user_input)
        check_stored(hass)
    finally:
        # Hypothesis ends examples that draw too much
        leave(manager, step)
        leave_forms(hass)
        await put_back(home, secure, before)
