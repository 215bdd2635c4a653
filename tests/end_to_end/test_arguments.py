"""XMRig started by arguments, without a config file, as Gupax and other programs do."""

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.xmrig_miner.api.restart import TOLERANCE
from tests.fixing import issues
from tests.targets import TOKEN, VERSIONS, RealTarget

from .home import Home

MINING = "switch.mining"
THREADS = "number.cpu_threads"
STATUS = "sensor.status"

pytestmark = [
    pytest.mark.real_miner,
    pytest.mark.usefixtures("loopback", "enable_custom_integrations"),
]

type Start = Callable[..., Awaitable[RealTarget]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a miner by more arguments."""
    target = RealTarget(VERSIONS[0], tmp_path)

    async def open_target(*arguments: str) -> RealTarget:
        await target.open_by_arguments(*arguments)
        return target

    yield open_target
    target.close()


async def poll_until(home: Home, target: RealTarget, status: str) -> None:
    """Poll until the status is shown."""

    async def is_shown() -> bool:
        await home.poll()
        return home.state(STATUS) == status

    await target.eventually(is_shown, timeout=15, step=1)


async def test_without_a_token_it_is_monitored(
    hass: HomeAssistant, start: Start
) -> None:
    """As Gupax starts it: read-only, so there are no controls."""
    target = await start()
    home = await Home.with_miner(hass, target)
    assert home.number("sensor.threads") == 2
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), home.entry.entry_id
    )
    assert {entity.domain for entity in entities} == {
        *("binary_sensor", "event", "sensor")
    }
    assert not issues(hass)


async def test_changes_do_not_survive_a_restart(
    hass: HomeAssistant, start: Start
) -> None:
    """They apply, and a repair says that they were lost; the pause is restored."""
    target = await start("--http-access-token", TOKEN, "--http-no-restricted")
    home = await Home.with_miner(hass, target)
    await home.set_number(THREADS, 1)
    assert home.number("sensor.threads") == 1
    await home.call("button.stop", "press")
    assert home.state(STATUS) == "stopped"
    assert not issues(hass)

    # A process that is younger than that may be taken for the one before
    await target.elapse(TOLERANCE + 2)
    await home.poll()
    await target.restart()
    await poll_until(home, target, "paused")
    assert home.state(MINING) == "off"
    [issue] = issues(hass).values()
    assert issue.translation_key == "config_not_kept"

    await home.call(MINING, "turn_on")
    assert home.number(THREADS) == home.number("sensor.threads") == 1
