"""The event entity of the manager reports each event of a miner once."""

from homeassistant.core import State, callback
from homeassistant.helpers.event import async_track_state_change_event

from .house import THREAD, House

EVENT = "event.miners"


def listen(house: House) -> list[tuple[str, str]]:
    """Return a list that collects events, each as its type and the miner."""
    told: list[tuple[str, str]] = []

    @callback
    def add(event: object) -> None:
        state: State = event.data["new_state"]  # type: ignore[attr-defined]
        assert state.state != "unavailable"
        told.append((state.attributes["event_type"], state.attributes["name"]))

    house.manager.entry.async_on_unload(
        async_track_state_change_event(house.hass, house.manager.entity_id(EVENT), add)
    )
    return told


async def test_offline_and_back(house: House) -> None:
    """Each once, with the name of the miner, also of several at once."""
    await house.set_up()
    assert house.manager.state(EVENT) == "unknown"
    told = listen(house)
    await house.pass_time(60)
    assert told == []
    one, two, _ = house.rigs
    await one.simulator.go_offline()
    await two.simulator.go_offline()
    await house.pass_time(60)
    assert sorted(told) == [("offline", "rig-one"), ("offline", "rig-two")]
    told.clear()
    await one.simulator.go_online()
    await house.pass_time(60)
    assert told == [("back", "rig-one")]


async def test_a_start_causes_no_event(house: House) -> None:
    """Home Assistant starts with the manager, and miners are set up later."""
    one, two, three = house.rigs
    for rig in house.rigs:
        await house.hass.config_entries.async_unload(rig.entry.entry_id)
    await two.simulator.go_offline()
    await house.set_up()
    told = listen(house)
    await house.pass_time(30)
    for rig in house.rigs:
        await house.hass.config_entries.async_setup(rig.entry.entry_id)
    await house.pass_time(60)
    assert not two.is_loaded
    await two.simulator.go_online()
    await house.pass_time(120)
    assert two.is_loaded
    await three.reload()
    await house.pass_time(30)
    assert told == []
    await one.simulator.go_offline()
    await one.reload_or_fail()
    await house.pass_time(30)
    assert told == [("offline", "rig-one")]


async def test_commands_that_fail(house: House) -> None:
    """Two in a row, after which the miner is left alone for five minutes."""
    house.sun = 1000
    await house.set_up()
    await house.pass_time(120)
    told = listen(house)
    for rig in house.rigs:
        rig.simulator.fault = "refuse_put"
    house.sun = 10.5 * THREAD
    await house.pass_time(120)
    assert told
    assert {kind for kind, _ in told} == {"failed"}
    assert len(set(told)) == len(told)
    assert house.manager.state("sensor.miners_in_trouble") == str(len(told))
    for rig in house.rigs:
        rig.simulator.fault = None
    told.clear()
    await house.pass_time(360)
    assert house.manager.state("sensor.miners_in_trouble") == "0"
    assert sum(house.threads) == 10
    assert told == []
