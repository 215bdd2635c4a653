"""After any sequence of events, the user's config is intact and the switch is right."""

from collections.abc import Callable, Coroutine
import copy
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
import pytest

from custom_components.xmrig_miner.const import CONF_KEEP_STATE
from simulator import Simulator
from simulator.http import Request
from simulator.jsonvalue import Json
from tests.virtual_time import VirtualLoop

from .common import Rig, entry_for
from .controls import MINING, POOL, THREADS, restore, select_pool, set_threads
from .user_config import (
    CPU,
    POOLS,
    check_pools,
    check_profiles,
    check_rest,
    check_restored,
)

SWITCHES = ["switch.cpu_backend", "switch.cuda_backend"]


class Machine(RuleBasedStateMachine):
    """A miner, its user, external changes, and Home Assistant."""

    home: HomeAssistant
    clock: FrozenDateTimeFactory

    def __init__(self) -> None:
        """Set up a miner."""
        super().__init__()
        self.simulator = Simulator(
            pools=POOLS, config={"cpu": CPU}, gpus=1, uptime=1000, watch_delay=0
        )
        self.run(self.simulator.__aenter__())
        self.rig = Rig(self.home, self.simulator, entry_for(self.simulator), self.clock)
        self.run(self.rig.set_up())
        self.user_config = copy.deepcopy(self.simulator.config)
        self.wanted: bool | None = None
        self.keeps_state = True
        self.is_online = True
        self.is_seen = True
        self.is_failing = False
        self.edits = 0

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine."""
        return self.home.loop.run_until_complete(work)

    def do(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in the running loop."""

        async def work() -> None:
            function(*arguments)

        self.run(work())

    def teardown(self) -> None:
        """Restore the config, check it, and unload everything."""
        self.simulator.on_request = None
        if not self.is_online:
            self.come_back()
        self.run(restore(self.rig))
        check_restored(self.simulator.config, self.user_config)
        self.run(self.home.config_entries.async_remove(self.rig.entry.entry_id))
        self.run(self.simulator.__aexit__(None, None, None))

    # Commands

    def command(self, work: Coroutine[Any, Any, None]) -> bool:
        """Send a command, and return whether it succeeded."""
        try:
            self.run(work)
        except HomeAssistantError:
            assert self.is_failing
            self.is_failing = False
            self.wanted = None
            return False
        finally:
            self.is_seen = True
        return True

    @precondition(lambda self: self.is_online)
    @rule(on=st.booleans())
    def turn(self, on: bool) -> None:
        """Turn mining on or off."""
        if self.command(self.rig.turn(MINING, on=on)):
            self.wanted = on

    @precondition(lambda self: self.is_online)
    @rule(on=st.booleans())
    def press(self, on: bool) -> None:
        """Start or stop."""
        if self.command(self.rig.press("button.start" if on else "button.stop")):
            self.wanted = on

    @precondition(lambda self: self.is_online)
    @rule(number=st.integers(1, 3))
    def threads(self, number: int) -> None:
        """Set the number of threads."""
        number = min(number, int(self.rig.full_state(THREADS).attributes["max"]))
        self.command(set_threads(self.rig, number))

    @precondition(lambda self: self.is_online)
    @rule(index=st.integers(0, 2))
    def pool(self, index: int) -> None:
        """Select a pool."""
        label = self.rig.full_state(POOL).attributes["options"][index]
        if self.command(select_pool(self.rig, label)):
            assert self.rig.state(POOL) == label

    @precondition(lambda self: self.is_online)
    @rule(name=st.sampled_from(SWITCHES), on=st.booleans())
    def backend(self, name: str, on: bool) -> None:
        """Switch a backend."""
        if self.command(self.rig.turn(name, on=on)):
            assert self.rig.state(name) == ("on" if on else "off")
            self.wanted = None

    @precondition(lambda self: self.is_online)
    @rule()
    def restore(self) -> None:
        """Restore the config."""
        if self.command(restore(self.rig)):
            check_restored(self.simulator.config, self.user_config)
            self.wanted = None

    @precondition(lambda self: self.is_online)
    @rule(keeps_state=st.booleans())
    def reload(self, keeps_state: bool) -> None:
        """Reload the entry, as after a restart of Home Assistant."""
        self.home.config_entries.async_update_entry(
            self.rig.entry, options={CONF_KEEP_STATE: keeps_state}
        )
        self.keeps_state = keeps_state
        self.run(self.rig.reload())
        self.is_seen = True

    # What happens to the miner

    @rule(fault=st.sampled_from(["lost", "refuse_put"]))
    def fail(self, fault: str) -> None:
        """Make the next write of the config fail."""

        def fail(request: Request) -> None:
            if request.method == "PUT":
                self.is_failing = True
                self.simulator.fail(fault)
                self.simulator.on_request = None

        self.simulator.on_request = fail

    @rule()
    def restart(self) -> None:
        """Restart its process, which the next poll detects."""
        self.do(self.simulator.restart)
        self.is_seen = False
        if not self.keeps_state:
            self.wanted = None
        if self.is_online:
            self.poll(1)

    @precondition(lambda self: self.is_online)
    @rule(on=st.booleans())
    def turn_and_restart(self, on: bool) -> None:
        """Restart it right after a command."""
        self.turn(on)
        self.restart()

    @rule(method=st.sampled_from(["pause", "resume", "stop"]))
    def console(self, method: str) -> None:
        """Send a command from the miner's console."""
        self.do(self.simulator.rpc_direct, method)
        self.is_seen, self.wanted = False, None

    def edit(self, edit: Callable[[Json], None]) -> None:
        """Edit the config file."""

        self.do(self.simulator.edit_config, edit)
        edit(self.user_config)

    @rule()
    def edit_number(self) -> None:
        """Edit a value that no control changes, as the user."""
        self.edits += 1

        def edit(config: Json) -> None:
            config["print-time"] = self.edits

        self.edit(edit)

    @rule(length=st.integers(1, 4))
    def edit_list(self, length: int) -> None:
        """Tune the threads as the user."""
        self.edits += 1
        threads = [[1, 10 * self.edits + index] for index in range(length)]

        def edit(config: Json) -> None:
            config["cpu"]["rx"] = threads

        self.edit(edit)

    @rule(index=st.integers(0, 2))
    def edit_pool(self, index: int) -> None:
        """Edit a pool as the user."""
        self.edits += 1
        url = POOLS[index]["url"]

        def edit(config: Json) -> None:
            for pool in config["pools"]:
                if pool["url"] == url:
                    pool["pass"] = str(self.edits)

        self.edit(edit)

    @precondition(lambda self: self.is_online)
    @rule()
    def go_away(self) -> None:
        """Make it unreachable."""
        self.run(self.simulator.go_offline())
        self.is_online = self.is_seen = False

    @precondition(lambda self: not self.is_online)
    @rule()
    def come_back(self) -> None:
        """Make it reachable again."""
        self.run(self.simulator.go_online())
        self.is_online = True
        self.poll(1)

    @rule(times=st.sampled_from([1, 1, 7]))
    def poll(self, times: int) -> None:
        """Let time pass."""
        self.run(self.rig.poll(times))
        self.is_seen = True

    # What never changes

    @invariant()
    def the_users_config_stays(self) -> None:
        """Controls change only what they may change."""
        check_rest(self.simulator.config, self.user_config)
        check_pools(self.simulator.config, self.user_config)
        check_profiles(self.simulator.config, self.user_config)

    @invariant()
    def the_switch_shows_what_the_miner_does(self) -> None:
        """At the latest one poll after a change."""
        if not self.is_seen:
            return
        miner = self.simulator.miner
        does = not miner.is_paused and any(item.is_enabled for item in miner.backends)
        shown = self.rig.state(MINING)
        if self.is_online:
            assert shown == ("on" if does else "off")
            assert self.wanted in (None, does)
        else:
            assert shown == "unavailable"


@pytest.fixture(scope="session")
def _asyncio_loop_factory() -> type[VirtualLoop]:
    """Use virtual time: pytest-asyncio asks for it only where a test is asynchronous."""
    return VirtualLoop


def test_invariants(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    loopback: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    """They hold for any sequence of events."""

    class Here(Machine):
        home = hass
        clock = freezer

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
        ),
    )
