"""The power file: what is written, and when."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.const import DOMAIN, POWER_SAVE_DELAY
from custom_components.xmrig_miner.power import file as module
from custom_components.xmrig_miner.power.file import PowerFile


class Bench:
    """A file, a stand-in for its store, and timers."""

    def __init__(self) -> None:
        """Start with an empty file and a disk that works."""
        self.content = 1
        """What there is to save."""
        self.saved: list[int] = []
        self.failing = False
        self.timers: list[Any] = []
        self.waiting: asyncio.Event | None = None
        """What a write waits for."""
        self.entry = SimpleNamespace(entry_id="entry-1", title="rig-one")

    def file(self) -> PowerFile:
        """Return the file."""
        return PowerFile(
            cast(Any, "hass"), cast(Any, self.entry), lambda: {"value": self.content}
        )

    def store(self, hass: Any, entry_id: str) -> Any:
        """Return the store of a config entry."""
        assert (hass, entry_id) == ("hass", "entry-1")
        return self

    async def async_save(self, data: dict[str, Any]) -> None:
        """Write data."""
        if self.waiting:
            await self.waiting.wait()
        if self.failing:
            raise HomeAssistantError("No space left")
        self.saved.append(data["value"])

    async def load(self, *arguments: Any) -> None:
        """Note what is loaded."""
        hass, entry, store, parse = arguments
        assert (hass, entry, store) == ("hass", self.entry, self)
        parse({"value": 5})

    def call_later(self, hass: Any, delay: float, job: Any) -> Any:
        """Note a timer."""
        assert (hass, delay) == ("hass", POWER_SAVE_DELAY)
        self.timers.append(job)
        return lambda: self.timers.remove(job)

    async def let_time_pass(self) -> None:
        """Let the only timer end."""
        [job] = self.timers
        await job.target(None)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return a file on a bench."""
    bench = Bench()
    with (
        patch.object(module, "async_call_later", bench.call_later),
        patch.object(module, "power_store", bench.store),
        patch.object(module, "async_load", bench.load),
    ):
        yield bench


async def failure(awaitable: Any) -> str | None:
    """Return the key of the error of a call, which names the miner."""
    with pytest.raises(HomeAssistantError) as raised:
        await awaitable
    assert raised.value.translation_domain == DOMAIN
    assert raised.value.translation_placeholders == {"name": "rig-one"}
    return raised.value.translation_key


async def test_loading(bench: Bench) -> None:
    """It is passed on."""
    loaded: list[Any] = []
    await bench.file().async_load(loaded.append)
    assert loaded == [{"value": 5}]


async def test_saving_later(bench: Bench) -> None:
    """Further changes are included, and do not postpone it."""
    file = bench.file()
    file.schedule_save()
    file.schedule_save()
    bench.content = 2
    await bench.let_time_pass()
    assert bench.saved == [2]
    assert bench.timers == []
    file.schedule_save()
    assert len(bench.timers) == 1


async def test_saving_now(bench: Bench) -> None:
    """What was to be saved later is."""
    file = bench.file()
    await file.async_save()
    file.schedule_save()
    await file.async_save()
    assert bench.saved == [1, 1]
    assert bench.timers == []


@pytest.mark.usefixtures("hass")
async def test_a_disk_that_is_full(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """It is tried again later: the caller is told, or else the log."""
    bench.failing = True
    file = bench.file()
    assert await failure(file.async_save()) == "not_stored"
    assert "rig-one" not in caplog.text
    await bench.let_time_pass()
    assert caplog.text.count("rig-one") == 1
    bench.failing = False
    await bench.let_time_pass()
    assert bench.saved == [1]
    assert bench.timers == []


@pytest.mark.parametrize("pending", [True, False])
async def test_closing(bench: Bench, *, pending: bool) -> None:
    """Pending changes are saved, and nothing afterwards."""
    file = bench.file()
    assert not file.is_closed
    if pending:
        file.schedule_save()
    await file.async_close()
    assert file.is_closed
    assert bench.saved == ([1] if pending else [])
    file.schedule_save()
    assert bench.timers == []
    assert await failure(file.async_save()) == "closed"
    assert bench.timers == []


@pytest.mark.usefixtures("hass")
async def test_closing_with_a_disk_that_is_full(bench: Bench) -> None:
    """No timer is left behind."""
    bench.failing = True
    file = bench.file()
    file.schedule_save()
    await file.async_close()
    assert file.is_closed
    assert bench.timers == []


async def test_closing_during_a_save(bench: Bench) -> None:
    """It is waited for, and one that waits for its turn is refused."""
    bench.waiting = asyncio.Event()
    file = bench.file()
    first = asyncio.create_task(file.async_save())
    await asyncio.sleep(1)
    closing = asyncio.create_task(file.async_close())
    await asyncio.sleep(1)
    second = asyncio.create_task(file.async_save())
    await asyncio.sleep(1)
    assert not file.is_closed
    bench.waiting.set()
    await asyncio.gather(first, closing)
    assert await failure(second) == "closed"
    assert bench.saved == [1]
