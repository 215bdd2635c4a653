"""What the manager learned outlives a restart."""

from pathlib import Path

from homeassistant.core import HomeAssistant
import pytest

from custom_components.xmrig_miner.manager.watts import SURE
from custom_components.xmrig_miner.manager.watts_fit import each
from custom_components.xmrig_miner.storage import learned_store
from tests.common import Rig

from .house import THREAD, THREADS, House

pytestmark = pytest.mark.real_files


async def let_it_learn(house: House, times: int = 1) -> None:
    """Vary the sun, so that the miners change their threads."""
    for sun in (5.5, 0.5, 8.5, 2.5) * times:
        house.sun = sun * THREAD
        await house.pass_time(120)


async def test_what_was_learned_is_kept(house: House) -> None:
    """The watts of the threads, and how the meter shows them."""
    await house.set_up()
    await let_it_learn(house, 2)
    state = house.entry.runtime_data.coordinator.data.plan.state
    assert state.response.count
    assert state.watts.draws
    for draw in state.watts.draws.values():
        assert each(draw.samples) == pytest.approx(THREAD, rel=0.1)
    await house.manager.reload()
    again = house.entry.runtime_data.coordinator.data.plan.state
    assert again.watts.draws.keys() == state.watts.draws.keys()
    assert again.response.count == state.response.count


@pytest.mark.parametrize("is_loaded", [True, False])
async def test_nothing_is_kept_of_a_miner_that_was_removed(
    house: House, hass: HomeAssistant, is_loaded: bool
) -> None:
    """It would stay on disk forever: a miner that is added again has another ID."""
    await house.set_up()
    await let_it_learn(house)
    learned = house.entry.runtime_data.coordinator.data.plan.state.watts.draws
    gone = next(iter(learned))
    if not is_loaded:
        await hass.config_entries.async_unload(house.entry.entry_id)
    await hass.config_entries.async_remove(gone)
    if not is_loaded:
        await hass.config_entries.async_setup(house.entry.entry_id)
    await house.pass_time(20)
    state = house.entry.runtime_data.coordinator.data.plan.state
    assert state.watts.draws.keys() == learned.keys() - {gone}


async def test_it_is_saved_while_more_is_learned(
    house: House, hass: HomeAssistant
) -> None:
    """Each change puts off what the store of Home Assistant writes later."""
    await house.set_up()
    await let_it_learn(house, 2)
    await house.pass_time(240)
    assert Path(learned_store(hass, house.entry.entry_id).path).exists()


async def test_what_is_damaged_is_set_aside(house: House, hass: HomeAssistant) -> None:
    """The manager starts with nothing learned."""
    await house.set_up()
    store = learned_store(hass, house.entry.entry_id)
    assert await hass.config_entries.async_unload(house.entry.entry_id)
    await store.async_save({"watts": []})
    await house.manager.set_up()
    assert house.manager.is_loaded


async def test_it_goes_with_the_manager(house: House, hass: HomeAssistant) -> None:
    """Nothing stays on disk."""
    await house.set_up()
    await let_it_learn(house)
    path = Path(learned_store(hass, house.entry.entry_id).path)
    await hass.config_entries.async_remove(house.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not path.exists()


async def test_a_miner_without_watts_takes_part(
    house: House, hass: HomeAssistant, trio: list[Rig]
) -> None:
    """They are learned from its own steps."""
    for rig in trio[1:]:
        await rig.turn("switch.mining", on=False)
    first = trio[0]
    hass.config_entries.async_update_entry(first.entry, options={})
    await first.reload()
    await house.set_up()
    for sun in (4.5, 0) * 5:
        house.sun = sun * THREAD
        await house.pass_time(120)
    for _ in range(2):
        watts = house.entry.runtime_data.coordinator.data.plan.state.watts
        found = watts.fit(first.entry.entry_id, THREADS)
        assert found
        assert found.error <= SURE
        assert found.mining[THREADS] == pytest.approx(THREADS * THREAD, rel=0.1)
        # What was learned is on disk
        await house.manager.reload()
