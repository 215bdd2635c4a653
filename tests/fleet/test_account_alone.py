"""Counting and saving energy, without Home Assistant."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.xmrig_miner.fleet import account as module
from custom_components.xmrig_miner.fleet.account import EnergyAccount
from tests.stand_ins import Entry, Hass


class Account:
    """An account that notes what it counts."""

    def __init__(self, kwh: float = 0, day: str = "") -> None:
        """Start with some energy."""
        self.kwh = kwh
        self.day = day

    def on_day(self, day: str) -> Account:
        """Return the account on a day."""
        return Account(self.kwh, day)

    def counted(self, now: float, draw: float, meters: Any, **details: Any) -> Account:
        """Return the account with the energy that is drawn."""
        SEEN.append((now, meters, details))
        return Account(self.kwh + draw, details["day"])

    def as_json(self) -> Any:
        """Return what is stored."""
        return {"kwh": self.kwh}


LOADED: Any = type("Loaded", (Account,), {"from_json": staticmethod(lambda _: None)})
SEEN: list[Any] = []
"""What accounts were counted with."""


class Bench:
    """An account, its file, and its timer."""

    def __init__(self) -> None:
        """Start with a file of 5 kWh."""
        self.hass = Hass()
        self.entry = Entry("manager", "manager")
        self.saved: list[float] = []
        self.error: Exception | None = None
        self.disk = asyncio.Event()
        """Set while the disk is not busy."""
        self.disk.set()
        self.timers: list[Any] = []
        self.store = SimpleNamespace(async_save=self._save)
        self.now = datetime(2026, 11, 30, 12, tzinfo=UTC)
        SEEN.clear()

    async def _save(self, data: Any) -> None:
        await self.disk.wait()
        if self.error:
            raise self.error
        self.saved.append(data["kwh"])

    def store_of(self, hass: Any, entry_id: str) -> Any:
        """Return the store."""
        assert (hass, entry_id) == (self.hass, "manager")
        return self.store

    async def load(self, hass: Any, entry: Any, store: Any, parse: Any) -> Account:
        """Return what is stored."""
        assert (hass, entry, store) == (self.hass, self.entry, self.store)
        assert parse == LOADED.from_json
        return Account(5)

    def later(self, hass: Any, delay: float, job: Any) -> Any:
        """Start a timer."""
        assert (hass, delay) == (self.hass, 60)
        self.timers.append(job.target)
        return self.timers.clear

    async def pass_timer(self) -> None:
        """Let the timer end."""
        [save] = self.timers
        self.timers.clear()
        await save(self.now)

    async def make(self) -> EnergyAccount:
        """Return the account once it is loaded."""
        account = EnergyAccount(cast(Any, self.hass), cast(Any, self.entry))
        await account.async_load()
        return account


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return an account."""
    bench = Bench()
    with (
        patch.object(module, "energy_store", bench.store_of),
        patch.object(module, "async_load", bench.load),
        patch.object(module, "async_call_later", bench.later),
        patch.object(module, "Account", LOADED),
        patch.object(dt_util, "now", lambda: bench.now),
    ):
        yield bench


def count(
    account: EnergyAccount,
    draw: float,
    *,
    reported_at: float | None = 1.0,
    is_silent: bool = False,
) -> None:
    """Count energy up to the 7th second."""
    inputs = SimpleNamespace(
        meters=SimpleNamespace(reported_at=reported_at),
        prices=SimpleNamespace(importing=0.3),
    )
    plan = SimpleNamespace(draw=draw, state=SimpleNamespace(is_silent=is_silent))
    account.async_count(cast(Any, inputs), cast(Any, plan), 7.0)


async def test_a_new_account(bench: Bench) -> None:
    """It has what was saved, on the day of Home Assistant's time zone."""
    fresh = EnergyAccount(cast(Any, bench.hass), cast(Any, bench.entry))
    assert fresh.shown.as_json() == {"kwh": 0}
    shown = cast(Any, (await bench.make()).shown)
    assert (shown.kwh, shown.day) == (5, "2026-11-30")


async def test_energy_is_shown_once_it_is_saved(bench: Bench) -> None:
    """A total would otherwise be lower after Home Assistant was killed."""
    account = await bench.make()
    for _ in range(2):
        count(account, 1)
    shown = cast(Any, account.shown)
    assert shown.kwh == 5
    assert len(bench.timers) == 1
    await bench.pass_timer()
    shown = cast(Any, account.shown)
    assert shown.kwh == 7
    assert bench.saved == [7]
    count(account, 1)
    await bench.pass_timer()
    assert bench.saved == [7, 8]


async def test_nothing_is_saved_without_energy(bench: Bench) -> None:
    """The day that begins is shown at once."""
    account = await bench.make()
    bench.now = datetime(2026, 12, 1, tzinfo=UTC)
    count(account, 0)
    assert bench.timers == []
    shown = cast(Any, account.shown)
    assert (shown.kwh, shown.day) == (5, "2026-12-01")
    await account.async_close()
    assert bench.saved == []


@pytest.mark.parametrize("reported_at", [1.0, None])
@pytest.mark.parametrize("is_silent", [True, False])
async def test_what_counts(
    bench: Bench, *, reported_at: float | None, is_silent: bool
) -> None:
    """A meter that never reported is not silent."""
    count(await bench.make(), 1, reported_at=reported_at, is_silent=is_silent)
    [(now, meters, details)] = SEEN
    assert now == 7
    assert meters.reported_at == reported_at
    assert details == {
        "is_silent": is_silent and reported_at is not None,
        "price": 0.3,
        "day": "2026-11-30",
    }


async def test_a_disk_that_is_full(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, and the energy is shown."""
    account = await bench.make()
    for error, kwh, logged in (
        (HomeAssistantError("full"), 6, 1),
        (HomeAssistantError("full"), 7, 1),
        (None, 8, 1),
        (HomeAssistantError("full"), 9, 2),
    ):
        bench.error = error
        count(account, 1)
        await bench.pass_timer()
        assert cast(Any, account.shown).kwh == kwh
        text = "The energy of Title of manager was not saved: full"
        assert caplog.text.count(text) == logged
    assert bench.saved == [8]


async def test_the_end(bench: Bench) -> None:
    """What is not saved yet is saved."""
    account = await bench.make()
    count(account, 1)
    await account.async_close()
    assert bench.saved == [6]
    assert bench.timers == []
    await account.async_close()
    assert bench.saved == [6]


async def test_the_end_while_it_is_saved(bench: Bench) -> None:
    """It waits: the file of an entry that is removed would be written after that."""
    account = await bench.make()
    count(account, 1)
    bench.disk.clear()
    saving = asyncio.create_task(bench.pass_timer())
    await asyncio.sleep(0)
    closing = asyncio.create_task(account.async_close())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not closing.done()
    bench.disk.set()
    await closing
    assert bench.saved == [6]
    await saving
