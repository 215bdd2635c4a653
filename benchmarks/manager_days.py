"""The houses for measuring the manager, and the table of results."""

from collections.abc import Iterator
from dataclasses import replace

from custom_components.xmrig_miner.manager import Caution
from custom_components.xmrig_miner.manager.response import CANDIDATES, Learned

from .house_days import HEAD, RIG_230, House, Result, fleet, ideal, managed, play
from .meters import Meter
from .sleeping import HEAD as SLEEP_HEAD, KWH, Beds, Nights
from .strategies import Managed

QUIET = House("quiet", is_lively=False)
LIVELY = House("lively")
SUNNIER = House("lively, 1.3 kW", peak=1_300)

_, RIG_4, RIG_64 = fleet(3)

SCARCE = (
    House("two miners, scarce sun", fleet(2), 600, is_lively=False, is_recorded=False),
    House(
        "three miners, scarce sun", fleet(3), 800, is_lively=False, is_recorded=False
    ),
)

OTHERS = (
    replace(LIVELY, name="lively, 5 s", meter=Meter(5)),
    replace(LIVELY, name="lively, 60 s", meter=Meter(60)),
    replace(LIVELY, name="lively, 30 s late", meter=Meter(lag=30)),
    replace(LIVELY, name="lively, mean of 30 s", meter=Meter(averaging=30)),
    replace(LIVELY, name="lively, two sensors", meter=Meter(is_split=True)),
    replace(
        LIVELY,
        name="lively, each change of 10 W",
        meter=Meter(1, noise=0, resolution=10, on_change=True),
    ),
    replace(LIVELY, name="lively, in steps of 50 W", meter=Meter(resolution=50)),
    replace(LIVELY, name="lively, battery", has_battery=True),
    replace(LIVELY, name="lively, a plug", plug=Meter(10)),
    replace(
        LIVELY,
        name="lively, a plug that reports changes",
        plug=Meter(1, lag=5, noise=0, resolution=5, on_change=True),
    ),
    replace(
        LIVELY,
        name="lively, a plug, mean of 30 s, 20 s late",
        plug=Meter(10, lag=20, averaging=30),
    ),
    replace(LIVELY, name="lively, 4 threads", rigs=(RIG_4,)),
    replace(LIVELY, name="lively, 64 threads", rigs=(RIG_64,)),
    replace(LIVELY, name="lively, watts learned", knows_watts=False),
    replace(LIVELY, name="lively, with nights", has_nights=True),
    *SCARCE,
    replace(SCARCE[0], name="two miners, scarce sun, 5 s", meter=Meter(5)),
    replace(SCARCE[1], name="three miners, scarce sun, 5 s", meter=Meter(5)),
    replace(SCARCE[0], name="two miners, recorded sky", is_recorded=True),
    replace(SCARCE[1], name="three miners, recorded sky", is_recorded=True),
)

LARGE = House("twenty miners", fleet(20), 6_000)

LASTS = (2, 3, 5)
"""Numbers of reports of which a cautious follower uses the lowest."""


def told(house: House) -> Managed:
    """Return a manager that knows the delay of a house's meter."""
    manager = managed(house)
    used = CANDIDATES.index((house.meter.lag, 0))
    manager.state = replace(manager.state, response=Learned(used=used))
    return manager


def results(days: int) -> Iterator[Result]:
    """Simulate all houses, and yield the result of each strategy."""
    for house in (QUIET, LIVELY, SUNNIER):
        yield play(house, "ideal", ideal(house), days)
        for last in LASTS:
            yield play(house, f"least of the last {last}", ideal(house, last), days)
        for caution in Caution:
            yield play(house, f"manager, {caution}", managed(house, caution), days)
    late = replace(LIVELY, name="lively, 30 s late", meter=Meter(lag=30))
    yield play(late, "manager, told of it", told(late), days)
    for house in OTHERS:
        yield play(house, "ideal", ideal(house), days)
        yield play(house, "manager, eager", managed(house), days)
    yield play(LARGE, "ideal", ideal(LARGE), 1)
    yield play(LARGE, "manager, eager", managed(LARGE), 1)


def rows(days: int) -> Iterator[str]:
    """Simulate all houses, and yield each row of the table as soon as it is ready."""
    yield HEAD
    for result in results(days):
        yield result.row()


SLEEPER = replace(RIG_230, rig=replace(RIG_230.rig, idle=70, full=240))

NIGHTS = (
    replace(QUIET, name="quiet", rigs=(SLEEPER,), has_nights=True),
    replace(LIVELY, name="lively", rigs=(SLEEPER,), has_nights=True),
    replace(
        QUIET, name="quiet, half the panels", rigs=(SLEEPER,), peak=500, has_nights=True
    ),
)


def sleep_rows(days: int) -> Iterator[str]:
    """Simulate weeks of a rig that may sleep, and yield a row for each house."""
    yield SLEEP_HEAD
    for house in NIGHTS:
        yield nights(house, days).row()


def nights(house: House, days: int) -> Nights:
    """Simulate days of a rig that may sleep, and of the same rig that never does."""
    may, never = Beds(house.rigs), Beds(house.rigs, rules=None)
    sleeping = play(house, "sleeps", managed(house, beds=may), days)
    awake = play(house, "awake", managed(house, beds=never), days)
    return Nights(
        name=house.name,
        days=days,
        hashes=100 * sleeping.hashes / awake.hashes,
        idle=may.resting / KWH / days,
        idle_of_other=never.resting / KWH / days,
        total=may.idle / KWH / days,
        total_of_other=never.idle / KWH / days,
        wakes=may.wakes / days,
    )
