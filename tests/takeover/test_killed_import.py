"""Nothing is lost if Home Assistant is killed during an import or its undoing.

What is on disk after each single write is what it starts from.
"""

from collections.abc import Iterator

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState

from .conftest import Miners
from .stored import KELLER, RIG_ONE, Home, Recording, Stored, custom, started
from .test_import import Prepare, installed_or_not, registered

RECOVERED = 300
"""Seconds after which everything is on disk, also what Home Assistant saves late because
it starts."""

TAKEN = {
    "sensor.keller_xmrig_keller_algo": "algorithm",
    "sensor.keller_xmrig_keller_difficulty": "difficulty",
    "sensor.keller_xmrig_keller_hashrate_15m": "hashrate_15m",
    "sensor.keller_xmrig_keller_hashrate_1m": "hashrate_1m",
    "sensor.keller_xmrig_keller_pool": "pool",
    "sensor.keller_xmrig_keller_shares_good": "shares_accepted",
    "sensor.mining_power": "hashrate",
}


def kills(recording: Recording) -> Iterator[Stored]:
    """Yield the storage after each write that differs from the one before."""
    last: Stored = {}
    for state in recording.states:
        known = {key: item for key, item in state.items() if key.startswith("core.")}
        if known != last:
            yield state
        last = known


def is_imported(home: Home) -> bool:
    """Return whether Keller is imported; fails if it is neither imported nor not."""
    entry = home.imported(KELLER)
    if entry is None:
        assert home.old(KELLER).disabled_by is None
        return False
    assert entry.state is ConfigEntryState.LOADED
    assert home.old(KELLER).disabled_by is ConfigEntryDisabler.USER
    rows = home.rows(entry)
    prefix = f"{entry.entry_id}_"
    assert {
        entity_id: row.unique_id.removeprefix(prefix)
        for entity_id, row in rows.items()
        if entity_id in TAKEN
    } == TAKEN
    [device] = home.devices(entry)
    assert all(row.device_id == device.id for row in rows.values())
    return True


@installed_or_not
async def test_during_an_import(miners: Miners, prepare: Prepare) -> None:
    """It goes on at the next start, or nothing was done; either way it can be undone."""
    async with started(miners.stored, prepare) as home:
        await home.wait(RECOVERED)
        before = registered(home, KELLER)
        users = custom(home.rows(home.old(KELLER)).values())
        home.stored.forget_states()
        await home.import_miners(RIG_ONE, KELLER)
        recording = home.stored
    seen = set()
    for stored in kills(recording):
        async with started(stored, prepare) as home:
            await home.wait(RECOVERED)
            seen.add(is_imported(home))
            if home.imported(KELLER):
                now = custom(home.rows(home.miners["Keller"]).values())
                assert all(users[key] == now[key] for key in users.keys() & now.keys())
                await home.undo("Keller")
            assert registered(home, KELLER) == before
    assert seen == {False, True}


@installed_or_not
async def test_while_it_is_undone(miners: Miners, prepare: Prepare) -> None:
    """It goes on at the next start."""
    async with started(miners.stored, prepare) as home:
        await home.wait(RECOVERED)
        before = registered(home, KELLER)
        await home.import_miners(KELLER)
        home.stored.forget_states()
        await home.undo("Keller")
        recording = home.stored
    _, *after_writes = kills(recording)
    for stored in after_writes:
        async with started(stored, prepare) as home:
            await home.wait(RECOVERED)
            assert not home.miners
            assert home.old(KELLER).disabled_by is None
            assert registered(home, KELLER) == before
