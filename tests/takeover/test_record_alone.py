"""What is stored about an import, without Home Assistant."""

from dataclasses import replace
from typing import Any, cast

import pytest

from custom_components.xmrig_miner.takeover.record import (
    Import,
    Phase,
    TakenEntity,
    async_set_phase,
    import_of,
    imported_ids,
)
from tests.stand_ins import Entry, Hass

PLAN = Import(
    old_entry_id="old-1",
    domain="xmrig",
    was_enabled=True,
    phase=Phase.IMPORTING,
    entities=(TakenEntity(registry_id="r1", unique_id="old-1hash", key="hashrate"),),
    left=("r2",),
    device_id="device-1",
    identifiers=(("xmrig", "old-1"),),
)
STORED: dict[str, Any] = {
    "old_entry_id": "old-1",
    "domain": "xmrig",
    "was_enabled": True,
    "phase": "importing",
    "entities": [{"registry_id": "r1", "unique_id": "old-1hash", "key": "hashrate"}],
    "left": ["r2"],
    "device_id": "device-1",
    "identifiers": [["xmrig", "old-1"]],
}


def entry(stored: Any) -> Any:
    """Return a miner with a stored import."""
    miner = Entry("rig-1")
    miner.data["import"] = stored
    return miner


def test_what_is_stored() -> None:
    """It is read as it was, also from a file, which has no tuples."""
    assert import_of(entry(STORED)) == PLAN
    assert import_of(entry(PLAN.as_data()["import"])) == PLAN
    without_device = replace(PLAN, device_id=None, was_enabled=False)
    assert import_of(entry(without_device.as_data()["import"])) == without_device
    assert import_of(cast(Any, Entry("rig-1"))) is None


@pytest.mark.parametrize("key", [*STORED])
def test_what_cannot_be_read(key: str) -> None:
    """The miner is set up without it."""
    less = {name: value for name, value in STORED.items() if name != key}
    assert import_of(entry(less)) is None
    if key != "was_enabled":
        assert import_of(entry(STORED | {key: 1})) is None
        assert import_of(entry(STORED | {key: [[1, "a"]]})) is None
    assert import_of(entry([])) is None


def test_the_phase_is_stored() -> None:
    """The rest of the entry stays."""
    miner = entry(STORED)
    before = miner.data
    hass: Any = Hass(Entry("rig-2"), miner, Entry("manager", "manager"))

    def update(changed: Any, *, data: Any) -> None:
        changed.data = data

    hass.config_entries.async_update_entry = update
    async_set_phase(hass, miner, PLAN, Phase.UNDOING)
    assert miner.data is not before
    assert miner.data.keys() == before.keys()
    assert import_of(miner) == replace(PLAN, phase=Phase.UNDOING)
    assert imported_ids(hass) == {"old-1"}
