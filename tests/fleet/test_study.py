"""The manager measures numbers of threads that were never measured."""

import pytest

from .house import THREADS, House


@pytest.fixture(autouse=True)
def all_is_measured() -> None:
    """Leave everything to be measured."""


async def test_what_the_surplus_feeds_is_measured(house: House) -> None:
    """One miner at a time is held back, for no longer than it takes."""
    house.sun = 10_000
    await house.set_up()
    ran = []
    for _ in range(60):
        await house.pass_time(10)
        ran.append(house.threads)
    assert ran[-1] == [THREADS] * 3
    assert {min(each) for each in ran[6:]} == {2, 3, THREADS}
    assert all(sorted(each)[1:] == [THREADS] * 2 for each in ran[6:])
    for rig in house.rigs:
        seen = rig.entry.runtime_data.power.meter.model.hashrates_seen
        assert seen.keys() >= {2, 3, THREADS}
