"""Tests of the manager's limit beside the user's limit and cap."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.kinds import EntryKind
from custom_components.xmrig_miner.power.limit import PowerLimit

from .common import Rig
from .controls import MINING, THREADS, cpu_threads, set_threads, writes
from .watts import NO_CARDS, NUMBERS, REASON, set_limit, set_up, threads_hashing, wait

pytestmark = pytest.mark.usefixtures("few_sensors")


@pytest.fixture
def options() -> dict[str, Any]:
    """Return options without graphics cards, for tests to override."""
    return dict(NO_CARDS)


@pytest.fixture
async def managed(rig: Rig) -> Rig:
    """Return a miner whose threads draw 20 W each beside 60 W at rest."""
    await set_up(rig, NUMBERS)
    return rig


def limit_of(rig: Rig) -> PowerLimit:
    """Return what a manager commands."""
    limit = rig.entry.runtime_data.power.limit
    assert isinstance(limit, PowerLimit)
    return limit


async def test_threads_follow_at_once_both_ways(managed: Rig) -> None:
    """The manager knows which changes have not settled yet."""
    for threads in (1, 3, 2, 4):
        await limit_of(managed).async_set_managed(threads)
        assert threads_hashing(managed.simulator) == threads


async def test_no_thread_is_a_pause_that_the_user_cannot_end(managed: Rig) -> None:
    """Turning Mining on is noted, and the error names what holds it."""
    await limit_of(managed).async_set_managed(0)
    assert managed.simulator.miner.is_paused
    with pytest.raises(ServiceValidationError) as raised:
        await managed.turn(MINING, on=True)
    assert raised.value.translation_key == "managed_rest"
    await limit_of(managed).async_set_managed(2)
    assert threads_hashing(managed.simulator) == 2


async def test_the_reason_names_who_leaves_no_thread(managed: Rig) -> None:
    """The manager, unless the user's own limit leaves none either."""
    await limit_of(managed).async_set_managed(0)
    assert managed.state(REASON) == "manager"
    with pytest.raises(ServiceValidationError) as raised:
        await managed.turn(MINING, on=True)
    assert raised.value.translation_key == "managed_rest"
    await set_limit(managed, 70)
    await managed.poll()
    assert managed.state(REASON) == "power_limit"
    with pytest.raises(ServiceValidationError) as raised:
        await managed.turn(MINING, on=True)
    assert raised.value.translation_key == "limited"
    await limit_of(managed).async_set_managed(2)
    assert managed.state(REASON) == "power_limit"
    await set_limit(managed, 140)
    await wait(managed, 30)
    assert managed.state(REASON) == "none"
    await managed.turn(MINING, on=False)
    await limit_of(managed).async_set_managed(0)
    assert managed.state(REASON) == "asked_here"


async def test_a_miner_that_the_user_switched_off_stays_off(managed: Rig) -> None:
    """It rests until it is switched on again."""
    await managed.turn(MINING, on=False)
    await limit_of(managed).async_set_managed(0)
    await limit_of(managed).async_set_managed(3)
    assert managed.simulator.miner.is_paused


async def test_limit_and_cap_of_the_user_stay_upper_bounds(managed: Rig) -> None:
    """The lowest of all counts."""
    await limit_of(managed).async_set_managed(3)
    await set_limit(managed, 100)
    assert threads_hashing(managed.simulator) == 2
    await set_threads(managed, 1)
    assert threads_hashing(managed.simulator) == 1
    await limit_of(managed).async_set_managed(4)
    assert threads_hashing(managed.simulator) == 1


@pytest.mark.parametrize("options", [NO_CARDS, {"gpus": 1}])
async def test_without_a_manager_all_comes_back(managed: Rig) -> None:
    """As if there had been none."""
    await limit_of(managed).async_set_managed(0)
    await limit_of(managed).async_set_managed(None)
    assert threads_hashing(managed.simulator) == 4
    assert managed.state(THREADS) == "4"
    count = writes(managed.simulator)
    await wait(managed, 60)
    assert writes(managed.simulator) == count


async def test_it_is_kept_across_a_restart(managed: Rig) -> None:
    """Or a resting miner would start for the moments until the manager decides."""
    manager = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: EntryKind.MANAGER})
    manager.add_to_hass(managed.hass)
    await limit_of(managed).async_set_managed(0)
    await managed.reload()
    await wait(managed, 60)
    assert managed.simulator.miner.is_paused
    assert limit_of(managed).managed_threads == 0


async def test_without_a_manager_it_is_released_by_a_restart(managed: Rig) -> None:
    """The manager was removed while the miner was not set up."""
    await limit_of(managed).async_set_managed(0)
    await managed.reload()
    await wait(managed, 60)
    assert threads_hashing(managed.simulator) == 4
    assert limit_of(managed).managed_threads is None


async def test_a_miner_without_watts_is_on_or_off(rig: Rig) -> None:
    """A manager needs no options of it for that."""
    await rig.set_up()
    await limit_of(rig).async_set_managed(0)
    assert rig.simulator.miner.is_paused
    await wait(rig, 60)
    assert rig.simulator.miner.is_paused
    await limit_of(rig).async_set_managed(None)
    assert threads_hashing(rig.simulator) == 4


@pytest.mark.parametrize("options", [{"gpus": 1}])
async def test_cards_alone_are_on_or_off(rig: Rig) -> None:
    """Also where the config has no threads for the CPU."""
    await rig.set_up()
    await rig.turn("switch.cpu_backend", on=False)
    cpu = rig.simulator.config["cpu"]
    for name in [name for name, value in cpu.items() if isinstance(value, list)]:
        del cpu[name]
    await rig.poll()
    count = writes(rig.simulator)
    await limit_of(rig).async_set_managed(0)
    assert rig.simulator.miner.is_paused
    await limit_of(rig).async_set_managed(None)
    assert rig.simulator.is_hashing
    assert writes(rig.simulator) == count


async def test_restoring_the_config_is_refused(managed: Rig) -> None:
    """The manager would change the threads again within seconds."""
    await limit_of(managed).async_set_managed(2)
    with pytest.raises(ServiceValidationError) as raised:
        await limit_of(managed).async_restore_config()
    assert raised.value.translation_key == "managed"
    assert threads_hashing(managed.simulator) == 2


async def test_what_could_not_be_applied_is_tried_again(managed: Rig) -> None:
    """At the next poll, without the manager."""
    await managed.simulator.go_offline()
    with pytest.raises(HomeAssistantError):
        await limit_of(managed).async_set_managed(1)
    await managed.simulator.go_online()
    await wait(managed, 30)
    assert threads_hashing(managed.simulator) == 1


@pytest.mark.parametrize("is_user_first", [True, False])
async def test_the_users_first_threads_and_the_managers_in_the_same_moment(
    running: Rig, *, is_user_first: bool
) -> None:
    """Both wait for their turn: each counts as what it is, without power options too."""
    miner = running.entry.runtime_data.coordinator.miner
    commands = [
        set_threads(running, 3),
        limit_of(running).async_set_managed(2),
    ]
    async with miner.queue.command():
        tasks = []
        for command in commands if is_user_first else commands[::-1]:
            tasks.append(asyncio.create_task(command))
            for _ in range(50):
                await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert cpu_threads(running.simulator) == 2
    assert running.entry.runtime_data.max_threads == 3
    await limit_of(running).async_set_managed(None)
    assert cpu_threads(running.simulator) == 3
    await set_threads(running, 4)
    assert cpu_threads(running.simulator) == 4
