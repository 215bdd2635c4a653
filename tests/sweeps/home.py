"""A Home Assistant in virtual time, and the miners that are tried in it one by one."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import ExitStack, asynccontextmanager, contextmanager
import json
import logging
from pathlib import Path
import tempfile
from typing import Any
from unittest.mock import patch

from aiohttp import ThreadedResolver
from freezegun.api import FrozenDateTimeFactory
from homeassistant import loader
from homeassistant.components.sensor import SensorEntity
from homeassistant.const import (
    ATTR_FRIENDLY_NAME,
    CONF_SSL,
    EVENT_STATE_CHANGED,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import (
    CoreState,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers import restore_state
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import EntityPlatform
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.xmrig_miner.certificates import Certificate, pinned
from custom_components.xmrig_miner.const import CONF_POWER_SENSOR
from simulator import ProxySimulator, Simulator, StratumMiner
from simulator.base import BaseSimulator
from tests.common import entry_for
from tests.virtual_time import run
from tests.watts import drawn, report

from .caught import Reads
from .errors import LogErrors
from .trial import Trial, VirtualRig, plain

MEMORY = Path("/dev/shm")  # noqa: S108
"""Where files are kept in memory, on Linux."""

NOW = "2026-11-01 12:00:00+00:00"

ENTRY_ID = "entry_of_miner"
UNKNOWN_STATES = (STATE_UNAVAILABLE, STATE_UNKNOWN)
ACTIVITY = "event.activity"
NO_FACTS = (ATTR_FRIENDLY_NAME, "event_types", "icon", "device_class")

METER_INTERVAL = 5
"""Seconds between two reports of the power sensor."""

SPREAD = 300_000
"""Microseconds after a full second at which Home Assistant polls."""

SHARES = 6
DIFFICULTY = 10**9
"""So high that no share is found in the time of a test: counts are the same in each."""


class Home:
    """A Home Assistant."""

    def __init__(
        self,
        hass: HomeAssistant,
        clock: FrozenDateTimeFactory,
        log: LogErrors,
        *,
        all_entities: bool,
    ) -> None:
        """Start without any miner."""
        self.hass = hass
        self.clock = clock
        self.log = log
        self.all_entities = all_entities

    @property
    def storage(self) -> Path:
        """Return the directory in which Home Assistant keeps its files."""
        return Path(self.hass.config.path(".storage"))

    def stored(self, entry_id: str) -> dict[str, Any]:
        """Return the files of an entry, by their name without the entry's id."""
        return {
            path.name.replace(entry_id, "*"): json.loads(path.read_text())
            for path in sorted(self.storage.glob(f"*{entry_id}*"))
        }

    def rig_for(
        self,
        simulator: BaseSimulator[Any],
        options: dict[str, Any],
        data: Mapping[str, Any] | None = None,
    ) -> VirtualRig:
        """Return a miner with an entry that is not set up yet."""
        entry = entry_for(simulator, entry_id=ENTRY_ID, **(data or _tls(simulator)))
        entry.add_to_hass(self.hass)
        self.hass.config_entries.async_update_entry(entry, options=options)
        return VirtualRig(self.hass, simulator, entry, self.clock)

    @asynccontextmanager
    async def trial(
        self,
        *,
        options: dict[str, Any] | None = None,
        before_set_up: Callable[[BaseSimulator[Any]], None] = lambda _: None,
        is_proxy: bool = False,
        stays_registered: bool = False,
        reads: Reads | None = None,
        **miner: Any,
    ) -> AsyncIterator[Trial]:
        """Set up a miner or a proxy, and remove it at the end.

        `before_set_up` is called when the miner runs, and its entry is not set up yet.
        Where it `stays_registered`, the next one begins with the devices and entities
        of this one.
        """
        restore_state.async_get(self.hass).last_states.clear()
        # Home Assistant polls at some part of a second
        await asyncio.sleep(-asyncio.get_running_loop().time() % 1)
        async with _proxy() if is_proxy else _miner(**miner) as simulator:
            if isinstance(simulator, Simulator):
                for _ in range(SHARES):
                    simulator.accept_share(actual=DIFFICULTY)
            before_set_up(simulator)
            rig = self.rig_for(simulator, options or {})
            trial = Trial(rig, simulator, self, reads or Reads())
            simulator.on_request = trial.note
            with ExitStack() as stack:
                stack.callback(self._follow_events(trial))
                if options and CONF_POWER_SENSOR in options:
                    stack.callback(self._follow_power(trial))
                try:
                    await rig.set_up()
                    yield trial
                finally:
                    await (
                        rig.remove_but_register if stays_registered else rig.remove
                    )()

    def _follow_events(self, trial: Trial) -> Callable[[], None]:
        """Note each activity event; returns how to end that."""

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            new = event.data["new_state"]
            if (
                new is None
                or new.domain != Platform.EVENT
                or new.state in UNKNOWN_STATES
                # The manager has one too
                or new.entity_id != trial.rig.entity_id(ACTIVITY)
            ):
                return
            # An entity that is available again shows its last event once more
            if new.state != trial.last_event:
                trial.last_event = new.state
                facts = {k: v for k, v in new.attributes.items() if k not in NO_FACTS}
                trial.events.append(plain(facts))

        return self.hass.bus.async_listen(EVENT_STATE_CHANGED, note)

    def _follow_power(self, trial: Trial) -> Callable[[], object]:
        """Let the power sensor report what the miner draws; returns how to end that."""

        async def follow() -> None:
            while True:
                report(trial.rig, drawn(trial.rig.simulator))
                await asyncio.sleep(METER_INTERVAL)

        report(trial.rig, drawn(trial.rig.simulator))
        return asyncio.create_task(follow()).cancel


def _tls(simulator: BaseSimulator[Any]) -> dict[str, Any]:
    """Return what an entry stores about the certificate of its miner, if it has one."""
    if simulator.certificate is None:
        return {}
    shown = Certificate.from_der(simulator.certificate)
    return {CONF_SSL: True, **pinned(shown.fingerprint)}


def _miner(**changes: Any) -> Simulator:
    """Return a miner that does the same in each trial."""
    defaults = {
        "miner_id": "8614647678496211",
        "uptime": 1000,
        # No more jobs than the first: each takes time to play
        "job_interval": 100_000,
        "difficulty": DIFFICULTY,
        "dataset_time": 0,
        # So that a miner which connects anew hashes before the next poll
        "config": {"retry-pause": 1},
    }
    return Simulator(**{**defaults, **changes})


def _proxy() -> ProxySimulator:
    """Return a proxy whose miners find no share: counts are the same in each trial."""
    miners = [StratumMiner(name, is_hashing=False) for name in ("attic", "cellar")]
    return ProxySimulator(miners=miners, proxy_id="e36901a1fad0bdd4", uptime=1000)


def _is_compared(entity: Entity) -> bool:
    """Return whether an entity is added where not all of them are.

    Left out are sensors that are disabled by default: readings of the same snapshot as
    those that are enabled, so that a failure shows in all of them or in none.
    """
    description = entity.entity_description
    return (
        not isinstance(entity, SensorEntity)
        or description.entity_registry_enabled_default
        or description.key.endswith("_total")
    )


@contextmanager
def _only_compared() -> Iterator[None]:
    """Add only entities that are compared, until the end of the block.

    To register the others, even as disabled, takes a sixth of a set-up.
    """
    add = EntityPlatform.async_add_entities

    async def add_compared(
        platform: EntityPlatform, entities: Iterable[Entity], *args: Any, **kwargs: Any
    ) -> None:
        await add(platform, filter(_is_compared, entities), *args, **kwargs)

    with patch.object(EntityPlatform, "async_add_entities", add_compared):
        yield


@asynccontextmanager
async def booted(
    clock: FrozenDateTimeFactory,
    config_dir: str | None = None,
    *,
    all_entities: bool = False,
) -> AsyncIterator[Home]:
    """Start a Home Assistant, and stop it.

    Entities that are disabled by default are enabled if they are compared, or left out.
    """
    log = LogErrors()
    root = logging.getLogger()
    with ExitStack() as stack:
        config_dir = config_dir or stack.enter_context(temporary_directory())
        stack.enter_context(
            patch.object(Entity, "entity_registry_enabled_default", new=True)
        )
        if not all_entities:
            stack.enter_context(_only_compared())
        # It spreads the polls by chance, and which request is the nth must not depend on it
        spread = "homeassistant.helpers.update_coordinator.randint"
        # Not a mock, which would keep each of its calls
        stack.enter_context(patch(spread, lambda *_: SPREAD))
        spread = "custom_components.xmrig_miner.coordinator.random"
        stack.enter_context(patch(spread, lambda: 1))
        root.addHandler(log)
        stack.callback(root.removeHandler, log)
        async with async_test_home_assistant(config_dir=config_dir) as hass:
            # Home Assistant's own looks names up by mDNS too
            hass.data["aiohttp_resolver"] = ThreadedResolver()
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            try:
                yield Home(hass, clock, log, all_entities=all_entities)
            finally:
                if hass.state is not CoreState.stopped:
                    await hass.async_stop(force=True)


@contextmanager
def temporary_directory() -> Iterator[str]:
    """Lend a directory, in memory where there is one: files are synced to disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as path:
        yield path


def play[ResultT](
    main: Callable[[Home], Coroutine[Any, Any, ResultT]], *, all_entities: bool = False
) -> ResultT:
    """Run something in a Home Assistant in virtual time, and return what it returns."""

    async def within(clock: FrozenDateTimeFactory) -> ResultT:
        async with booted(clock, all_entities=all_entities) as home:
            return await main(home)

    return run(within, NOW, threads=False)
