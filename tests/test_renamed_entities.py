"""Entities that the user's options name may be renamed."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.const import (
    CONF_MAX_TEMPERATURE,
    CONF_POWER_SENSOR,
    CONF_SLEEP_PLUG,
    CONF_TEMPERATURE_SENSOR,
)

from .common import Rig
from .watts import METER, PLUG, is_estimated, measure, set_up

NEW = "sensor.office"


@pytest.fixture
def rename(hass: HomeAssistant) -> Callable[[], None]:
    """Return a function that renames the meter."""
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", "test", "1", suggested_object_id="plug")

    def rename() -> None:
        state = hass.states.get(PLUG)
        hass.states.async_remove(PLUG)
        registry.async_update_entity(PLUG, new_entity_id=NEW)
        if state:
            hass.states.async_set(NEW, state.state, state.attributes)

    return rename


@pytest.mark.parametrize("is_loaded", [True, False])
async def test_a_meter_that_is_renamed(
    rig: Rig, rename: Callable[[], None], is_loaded: bool
) -> None:
    """It measures on, and what was learned from it is kept."""
    await set_up(rig, METER)
    await measure(rig)
    learned = rig.entry.runtime_data.power.meter.model.watts_seen
    assert learned
    if not is_loaded:
        await rig.hass.config_entries.async_unload(rig.entry.entry_id)
    rename()
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    assert rig.is_loaded
    assert rig.entry.options == {CONF_POWER_SENSOR: NEW}
    assert not is_estimated(rig)
    meter = rig.entry.runtime_data.power.meter
    assert meter.model.watts_seen.keys() == learned.keys()


@pytest.mark.parametrize("is_disabled", [True, False])
async def test_the_options_of_a_miner_that_is_not_set_up(
    running: Rig, rename: Callable[[], None], is_disabled: bool
) -> None:
    """Its computer sleeps, or the user disabled it."""
    options = {CONF_MAX_TEMPERATURE: 80, CONF_SLEEP_PLUG: "switch.plug"}
    entries = running.hass.config_entries
    entries.async_update_entry(
        running.entry, options={**options, CONF_TEMPERATURE_SENSOR: PLUG}
    )
    await running.simulator.go_offline()
    await running.reload_or_fail()
    if is_disabled:
        await entries.async_set_disabled_by(
            running.entry.entry_id, ConfigEntryDisabler.USER
        )
    rename()
    await running.hass.async_block_till_done(wait_background_tasks=True)
    assert running.entry.options == {**options, CONF_TEMPERATURE_SENSOR: NEW}
    assert not running.is_loaded


async def test_another_entity_that_is_renamed(
    running: Rig, rename: Callable[[], None]
) -> None:
    """It is of no concern: nothing is reloaded."""
    runtime = running.entry.runtime_data
    rename()
    await running.hass.async_block_till_done(wait_background_tasks=True)
    assert running.entry.runtime_data is runtime
