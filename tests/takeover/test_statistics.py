"""Units in the statistics of entities that were taken over.

The recorder is replaced: its thread and the virtual time of these tests wait for each
other. `tests/live/test_import.py` has a real one.
"""

from collections.abc import Generator
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_RECORDER_5MIN_STATISTICS_GENERATED
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.takeover.record import Import, Phase, TakenEntity
from simulator import Simulator
from tests.common import Rig, entry_for

PLAN = Import(
    old_entry_id="old",
    domain="xmrig",
    was_enabled=True,
    phase=Phase.IMPORTED,
    entities=tuple(
        TakenEntity(registry_id=key, unique_id=key, key=key)
        for key in ("hashrate", "difficulty", "shares_accepted", "hashes")
    ),
    left=(),
    device_id=None,
    identifiers=(),
)

EXPECTED = {
    # Another unit of the same kind, which the user chose: it is converted
    "sensor.hashrate": "kH/s",
    "sensor.difficulty": None,
    "sensor.shares_accepted": "shares",
}


@pytest.fixture
def units() -> Generator[dict[str, str | None]]:
    """Return the units in the recorder's statistics by entity ID."""
    units: dict[str, str | None] = {
        "sensor.hashrate": "kH/s",
        "sensor.difficulty": "dif",
        "sensor.shares_accepted": "cnt",
    }

    def get_metadata(_: HomeAssistant, *, statistic_ids: set[str]) -> dict[str, Any]:
        return {
            key: (number, {"unit_of_measurement": units[key]})
            for number, key in enumerate(units)
            if key in statistic_ids
        }

    @callback
    def update(
        _: HomeAssistant,
        statistic_id: str,
        *,
        new_unit_of_measurement: str | None,
        new_unit_class: None,
    ) -> None:
        assert units[statistic_id] != new_unit_of_measurement
        units[statistic_id] = new_unit_of_measurement

    module = "custom_components.xmrig_miner.takeover.statistics"
    with (
        patch(f"{module}.get_instance") as instance,
        patch(f"{module}.get_metadata", get_metadata),
        patch(f"{module}.async_update_statistics_metadata", update),
    ):
        instance().async_add_executor_job = AsyncMock(side_effect=lambda job: job())
        yield units


@pytest.fixture
def rig(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
) -> Rig:
    """Return an imported miner."""
    rig = Rig(hass, simulator, entry_for(simulator, **PLAN.as_data()), freezer)
    for taken in PLAN.entities[:3]:
        er.async_get(hass).async_get_or_create(
            "sensor",
            "xmrig_miner",
            f"{rig.entry.entry_id}_{taken.key}",
            suggested_object_id=taken.key,
        )
    return rig


async def test_units_are_renewed(
    hass: HomeAssistant, rig: Rig, units: dict[str, str | None]
) -> None:
    """At the start, and after each compilation: one may be of a time before."""
    hass.config.components.add("recorder")
    await rig.set_up()
    assert units == EXPECTED
    units["sensor.difficulty"] = "dif"
    hass.bus.async_fire(EVENT_RECORDER_5MIN_STATISTICS_GENERATED)
    await hass.async_block_till_done()
    assert units == EXPECTED


async def test_units_of_a_miner_that_is_gone_are_left(
    hass: HomeAssistant, rig: Rig, units: dict[str, str | None]
) -> None:
    """Its entities are removed, so nothing tells what the unit is."""
    hass.config.components.add("recorder")
    await rig.set_up()
    for key in ("difficulty", "shares_accepted"):
        er.async_get(hass).async_remove(f"sensor.{key}")
    await hass.async_block_till_done()
    units["sensor.difficulty"] = "dif"
    hass.bus.async_fire(EVENT_RECORDER_5MIN_STATISTICS_GENERATED)
    await hass.async_block_till_done()
    assert units["sensor.difficulty"] == "dif"


async def test_there_need_not_be_a_recorder(
    rig: Rig, units: dict[str, str | None]
) -> None:
    """Nothing is asked of it."""
    await rig.set_up()
    assert units["sensor.difficulty"] == "dif"
