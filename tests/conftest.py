"""Fixtures: simulated miners, and Home Assistant with one of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack
from functools import lru_cache
import gc
from itertools import count
import logging
import sys
import time
from types import ModuleType
from typing import Any
from unittest.mock import AsyncMock, PropertyMock, patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant import components
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import Integration
from homeassistant.util.ulid import ulid_at_time
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component import common
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
import pytest_socket
from syrupy.assertion import SnapshotAssertion

from custom_components.xmrig_miner import sensor
from custom_components.xmrig_miner.const import LOGGER
from simulator import Simulator
from simulator.certificate import make_context
from tests.common import Rig, entry_for
from tests.frozen_time import frozen_time
from tests.leaks import LEAKS
from tests.schedule import Schedule
from tests.sessions import Resolver
from tests.virtual_time import VirtualLoop

# Nearly all that is imported and collected stays, so that a search of it for garbage finds
# none, and takes a fifth of the time until the first test
gc.disable()

# cryptography keeps the first datetime class that it sees, which must not be that of a
# frozen clock: it would reject real datetimes from then on.
make_context()

# pytest shows what is logged; Home Assistant's test helpers write it to stderr as well
logging.getLogger().handlers.clear()

# Home Assistant's test helpers look for this module, which is not there, before each test
sys.modules["MySQLdb"] = None  # type: ignore[assignment]

# No test reads them from a log
logging.logThreads = logging.logProcesses = False
logging.logMultiprocessing = False

# It logs each new entity, which takes a tenth of the time of setting up a miner
logging.getLogger(er.__name__).setLevel(logging.WARNING)

# Selected by --hypothesis-profile
settings.register_profile(
    "short", deadline=None, database=None, max_examples=60, derandomize=True
)
settings.register_profile("long", deadline=None, database=None, max_examples=2000)
settings.load_profile("short")

COMBINATIONS = "combinations"
"""The property of a test with the name of its sweep, how many combinations it ran, and
for how many these stand."""

REAL_FILES = "real_files"
"""The marker of tests that read and write real files."""

NOW = "2026-11-01 12:00:00+00:00"

FEW_SENSORS = ("algorithm", "hashrate", "paused_until", "status", "threads")
"""The sensors of `few_sensors`, besides those of power, energy and lifetime."""

OBJECTS = 50_000
"""How many more there are, at least, before garbage is collected within a test.

It took an eighth of the time of a test by default. Home Assistant's test helpers collect
all garbage at the start of each file anyway.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the long forms; see `scripts/prove`."""
    parser.addoption(
        "--crashes", type=int, default=3, help="how often Home Assistant is killed"
    )
    parser.addoption(
        "--soak-hours",
        type=float,
        default=0,
        help="how much time is moved in tests/soak",
    )
    parser.addoption(
        "--cuts", type=int, default=31, help="bytes between two cuts of a document"
    )
    parser.addoption(
        "--times", action="store_true", help="measure commands on the real miner"
    )
    parser.addoption(
        "--soak-minutes", type=int, default=0, help="how long a sun is played"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Schedule | None:
    """Overlap tests that wait with tests that compute."""
    return Schedule(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], VirtualLoop]]:
    """Use virtual time, so that no constant has to be changed."""
    return {"virtual": VirtualLoop}


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but not what is there by now."""
    gc.freeze()
    gc.set_threshold(OBJECTS)
    gc.enable()


def pytest_unconfigure() -> None:
    """Collect garbage once, where pytest does five times afterwards."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many combinations each sweep has, and how many of them ran."""
    ran: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, value in report.user_properties:
                    if name == COMBINATIONS:
                        sweep, of_test, with_equal_ones = value
                        ran[sweep] += of_test
                        every[sweep] += with_equal_ones
    for sweep, number in sorted(ran.items()):
        terminalreporter.write_line(
            f"{sweep}: {every[sweep]} combinations, of which {number} ran and none was"
            " skipped: each other one is equal to one of them (tests/sweeps/__init__.py)"
        )


@pytest.fixture(autouse=True, scope="session")
def searched() -> Generator[None]:
    """Search all that happens for tokens and wallets."""
    with LEAKS.everywhere():
        yield


@pytest.fixture(autouse=True)
def no_secret_shows(request: pytest.FixtureRequest) -> Generator[None]:
    """Check after each test that it showed, raised and stored no token or wallet."""
    # Each change empties the caches of all loggers
    if LOGGER.level != logging.DEBUG:
        LOGGER.setLevel(logging.DEBUG)
    LEAKS.found.clear()
    yield
    if isinstance(hass := request.node.funcargs.get("hass"), HomeAssistant):
        LEAKS.search_devices(hass)
        for key, data in request.node.funcargs["hass_storage"].items():
            LEAKS.search_stored(key, data)
    assert not LEAKS.found


@pytest.fixture(autouse=True)
def configure_event_loop() -> None:
    """Do not replace the loop's time by the monotonic clock, as Home Assistant does."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Keep the loop's debug mode off, because tests would take three times as long."""


@pytest.fixture(autouse=True, scope="session")
def skip_stop_scripts() -> Generator[None]:
    """Leave scripts running at shutdown, like the replaced fixture of each test."""
    with patch("homeassistant.helpers.script._schedule_stop_scripts_after_shutdown"):
        yield


@pytest.fixture
def hass_config_dir(request: pytest.FixtureRequest, hass_config_dir: str) -> str:
    """Return the folder of the configuration: one of its own for a test of real files.

    That of all others holds what they share, such as blueprints.
    """
    if request.node.get_closest_marker(REAL_FILES):
        return str(request.getfixturevalue("tmp_path"))
    return hass_config_dir


@pytest.fixture
def hass_storage(request: pytest.FixtureRequest) -> Generator[dict[str, Any]]:
    """Store in memory, like the replaced fixture, but with functions.

    Its mocks of them take 4 ms to make. Tests of real files store nothing in memory.
    """
    if request.node.get_closest_marker(REAL_FILES):
        yield {}
        return

    def replace(
        target: str, *, side_effect: Callable[..., Any], autospec: bool
    ) -> AbstractContextManager[Any]:
        return patch(target, side_effect)

    with ExitStack() as stack:
        with patch.object(common, "patch", replace):
            stored = stack.enter_context(common.mock_storage())
        yield stored


@pytest.fixture(autouse=True, scope="session")
def manifests_once() -> Generator[None]:
    """Find each of Home Assistant's own integrations, and read its manifest, once."""
    resolve = Integration.resolve_from_root
    found: dict[str, tuple[Any, ...]] = {}

    def resolve_once(
        hass: HomeAssistant, root: ModuleType, domain: str
    ) -> Integration | None:
        if domain in found and root is components:
            return Integration(hass, *found[domain])
        integration = resolve(hass, root, domain)
        if integration and integration.is_built_in:
            found[domain] = (
                integration.pkg_path,
                integration.file_path,
                integration.manifest,
                integration._top_level_files,  # noqa: SLF001
            )
        return integration

    with patch.object(Integration, "resolve_from_root", resolve_once):
        yield


@pytest.fixture(autouse=True, scope="session")
def fast_ids() -> Generator[None]:
    """Number contexts, with the time as always: random IDs take ten times as long."""
    numbers = count()

    @lru_cache(maxsize=1)
    def of_time(milliseconds: int) -> str:
        return ulid_at_time(milliseconds / 1000)[:10]

    def at_time(timestamp: float) -> str:
        return f"{of_time(int(timestamp * 1000))}{next(numbers):016}"

    with (
        patch("homeassistant.core.ulid_at_time", at_time),
        patch("homeassistant.core.ulid_now", lambda: at_time(time.time())),
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def mock_zeroconf_resolver() -> Generator[None]:
    """Resolve names like `Resolver`, for the same reason.

    The replaced fixture creates one of aiohttp's resolvers for each loop.
    """
    with patch(
        "homeassistant.helpers.aiohttp_client._async_make_resolver",
        side_effect=lambda _: Resolver(),
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def disable_http_server() -> Generator[None]:
    """Never start Home Assistant's server, like the replaced fixture of each test."""
    with (
        patch("homeassistant.components.http.HomeAssistantHTTP.async_bind"),
        patch("homeassistant.components.http.HomeAssistantHTTP.start"),
    ):
        yield


@pytest.fixture(autouse=True, scope="session")
def polls_in_time() -> Generator[None]:
    """Poll exactly at the interval: the polls are randomly spread otherwise."""
    with (
        patch("homeassistant.helpers.update_coordinator.randint", return_value=0),
        patch("custom_components.xmrig_miner.coordinator.random", return_value=1),
    ):
        yield


@pytest.fixture
async def freezer() -> AsyncGenerator[FrozenDateTimeFactory]:
    """Let all clocks jump with that of the event loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    with frozen_time(NOW) as clock:
        loop.follow(clock.tick)
        yield clock
        loop.follow(lambda _: None)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Store snapshots like Home Assistant."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def loopback(socket_enabled: None) -> None:
    """Allow connections to this machine over IPv4 and IPv6."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture
def options() -> dict[str, Any]:
    """Return the options of the simulated miner, for tests to override."""
    return {}


@pytest.fixture
async def simulator(
    loopback: None, freezer: FrozenDateTimeFactory, options: dict[str, Any]
) -> AsyncGenerator[Simulator]:
    """Return a miner with four CPU threads and a card that has run for a while.

    Its time is the frozen one. A config applies at once, where the real miner takes
    half a second.
    """
    defaults = {"miner_id": "8614647678496211", "gpus": 1, "uptime": 1000}
    async with Simulator(**{**defaults, "watch_delay": 0, **options}) as simulator:
        yield simulator


@pytest.fixture
def all_enabled() -> Generator[None]:
    """Enable entities that are disabled by default; request it before the miner."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        new_callable=PropertyMock(return_value=True),
    ):
        yield


@pytest.fixture(scope="module")
def few_sensors() -> Generator[None]:
    """Leave out most sensors of miners, for tests of something else.

    Such a test takes up to a tenth less time without them.
    """
    kept = [item for item in sensor.DESCRIPTIONS if item.key in FEW_SENSORS]
    with patch.multiple(
        sensor, DESCRIPTIONS=kept, BACKEND_DESCRIPTIONS=(), GPU_DESCRIPTIONS=()
    ):
        yield


@pytest.fixture
def set_up() -> Generator[AsyncMock]:
    """Add entries without setting them up, for tests of the form."""
    with patch(
        "custom_components.xmrig_miner.async_setup_entry", return_value=True
    ) as setup:
        yield setup


@pytest.fixture
def rig(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    simulator: Simulator,
    freezer: FrozenDateTimeFactory,
) -> Rig:
    """Return the simulated miner with a config entry that is not set up yet."""
    entry = entry_for(simulator)
    entry.add_to_hass(hass)
    return Rig(hass, simulator, entry, freezer)


@pytest.fixture
async def running(rig: Rig) -> Rig:
    """Return the simulated miner, set up."""
    await rig.set_up()
    return rig


@pytest.fixture
def trio_options() -> dict[str, Any]:
    """Return the options of each entry of the trio, for tests to override."""
    return {}


@pytest.fixture
async def trio(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    loopback: None,
    freezer: FrozenDateTimeFactory,
    trio_options: dict[str, Any],
) -> AsyncGenerator[list[Rig]]:
    """Return three miners, all set up."""
    async with AsyncExitStack() as stack:
        rigs = []
        for name in ("rig-one", "rig-two", "rig-three"):
            simulator = Simulator(worker_id=name, uptime=1000, watch_delay=0)
            await stack.enter_async_context(simulator)
            entry = entry_for(simulator)
            entry.add_to_hass(hass)
            hass.config_entries.async_update_entry(entry, options=trio_options)
            rigs.append(Rig(hass, simulator, entry, freezer))
            await rigs[-1].set_up()
        yield rigs


@pytest.fixture
def entry(running: Rig) -> MockConfigEntry:
    """Return the config entry of the simulated miner, set up."""
    return running.entry
