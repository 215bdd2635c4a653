"""Actions, without Home Assistant and miners."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, time, timedelta, timezone
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch
from zoneinfo import ZoneInfo

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import SupportsResponse
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest
import voluptuous as vol

from custom_components.xmrig_miner import group_actions, miner_group, services
from custom_components.xmrig_miner.api.document import Change
from custom_components.xmrig_miner.api.limits import MAX_DEPTH
from custom_components.xmrig_miner.config_patch import RedactedValueError
from custom_components.xmrig_miner.const import DOMAIN
from custom_components.xmrig_miner.redaction import Audience

from .stand_ins import Entry, Hass

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
ID = {"config_entry_id": "rig-1"}
CHANGE = Change(path=("cpu", "enabled"), old=True, new=False)
MADE = {"changes": ["shown cpu.enabled"]}
COMMANDS = (
    "pause",
    "resume",
    "stop",
    "start",
    "pause_until",
    "select_pool",
    "preview",
    "edit",
    "restore",
)


class Bench:
    """Two miners, a proxy and the manager, which are all loaded."""

    def __init__(self) -> None:
        """Start with miners that can be controlled."""
        self.miners = [Entry("rig-1"), Entry("rig-2")]
        self.proxy = Entry("proxy", "proxy")
        self.manager = Entry("manager", "manager")
        self.hass = Hass(*self.miners, self.proxy, self.manager)
        self.calls = self.hass.calls
        self.actions: dict[str, Any] = {}
        """The schema, the response and the function of each registered action."""
        self.admin: set[str] = set()
        """Actions that need an administrator."""
        self.errors: dict[str, Exception] = {}
        """The errors of commands, by the miner's ID."""
        self.slow: set[str] = set()
        """The IDs of miners whose commands end after those of others."""
        for entry in (*self.miners, self.proxy):
            self._load(entry)
        hass = cast(Any, self.hass)
        hass.services.async_register = self._register
        hass.async_add_executor_job = self._in_thread
        hass.auth = SimpleNamespace(async_get_user=self._user)
        self.users: dict[str, Any] = {}
        self.switches: dict[str, str] = {}
        """Entity IDs of the switches, by their unique ID."""
        self.managed: dict[str, bool] = {}
        """Whether a miner is managed, by its ID."""
        self.chosen: set[str] = set()
        """Config entry IDs of the target."""

    def _load(self, entry: Entry) -> None:
        """Give a config entry its runtime data."""
        name = entry.entry_id

        def note(*what: Any, returns: Any = None) -> Any:
            async def call(*arguments: Any) -> Any:
                self.calls.append((name, *what, *arguments))
                if name in self.slow:
                    await asyncio.sleep(0)
                if name in self.errors:
                    raise self.errors[name]
                return returns

            return call

        @asynccontextmanager
        async def run() -> AsyncIterator[Any]:
            made = dict.fromkeys(("preview", "edit", "restore"), (CHANGE,))
            yield SimpleNamespace(
                **{each: note(each, returns=made.get(each)) for each in COMMANDS}
            )
            self.calls.append((name, "polled"))

        document = SimpleNamespace(document="document")
        entry.runtime_data = SimpleNamespace(
            commands=SimpleNamespace(run=run),
            coordinator=SimpleNamespace(
                config_entry=entry,
                name=f"Name of {name}",
                last_update_success=True,
                last_exception=None,
                async_refresh_once=note("refresh"),
                async_read_workers=note("workers", returns="snapshot"),
                data=SimpleNamespace(
                    restricted=False,
                    pool_labels=("one", "two"),
                    summary=document,
                    backends=document,
                    config=document,
                ),
            ),
            power=SimpleNamespace(
                is_configured=True,
                async_calibrate=note("calibrate", returns="results"),
                calibration=SimpleNamespace(
                    cancel=lambda: self.calls.append((name, "cancel"))
                ),
                limit=SimpleNamespace(
                    async_set_threads=note("threads"),
                    async_restore_config=note("restore config", returns=(CHANGE,)),
                ),
            ),
        )

    def _register(
        self, domain: str, name: str, action: Any, schema: Any, response: Any
    ) -> None:
        assert domain == DOMAIN
        self.actions[name] = (schema, response, action)

    def register_for_admins(self, hass: Any, *details: Any) -> None:
        """Register an action that needs an administrator."""
        assert hass is self.hass
        self._register(*details)
        self.admin.add(details[1])

    async def _in_thread(self, function: Any) -> Any:
        return function()

    async def _user(self, user_id: str) -> Any:
        return self.users.get(user_id)

    def entry(self, hass: Any, domain: str, entry_id: str) -> Any:
        """Return a config entry."""
        assert (hass, domain) == (self.hass, DOMAIN)
        return self.hass.config_entries.async_get_entry(entry_id)

    def settings(self, hass: Any, entry_id: str) -> Any:
        """Return the manager's settings for a miner."""
        assert hass is self.hass
        if entry_id not in self.managed:
            return None
        return SimpleNamespace(is_managed=self.managed[entry_id])

    def registry(self, hass: Any) -> Any:
        """Return the entity registry."""
        assert hass is self.hass

        def find(platform: str, domain: str, unique_id: str) -> str | None:
            assert (platform, domain) == ("switch", DOMAIN)
            return self.switches.get(unique_id)

        return SimpleNamespace(async_get_entity_id=find)

    async def target(self, call: Any) -> set[str]:
        """Return the config entries of the target."""
        assert call.data
        return self.chosen

    async def act(
        self,
        action: str,
        data: Mapping[str, Any],
        *,
        user_id: str | None = None,
        responds: bool = True,
    ) -> Any:
        """Call an action, and return its response."""
        self.calls.clear()
        schema, _, run = self.actions[action]
        call = SimpleNamespace(
            hass=self.hass,
            data=schema(dict(data)),
            context=SimpleNamespace(user_id=user_id),
            return_response=responds,
        )
        return await run(call)


def document(apply: str) -> Any:
    """Return a function that applies a document to a config."""

    def change(config: Any, given: Any) -> Any:
        if given == {"pass": "**REDACTED**"}:
            raise RedactedValueError(("pass",))
        return apply, config, given

    return change


def text(error: HomeAssistantError) -> str:
    """Return what an error says, for which Home Assistant looks up a translation."""
    if error.translation_key is None:
        return str(error.args[0])
    assert error.translation_placeholders
    return f"{error.translation_key}: {error.translation_placeholders['name']}"


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Return config entries and the registered actions."""
    bench = Bench()

    def shown(kind: str) -> Any:
        def show(given: Any, audience: Audience) -> Any:
            assert audience is Audience.USER
            return f"{kind} {given}"

        return show

    stand_ins: list[tuple[Any, str, Any]] = [
        (services, "async_register_admin_service", bench.register_for_admins),
        (group_actions, "async_register_admin_service", bench.register_for_admins),
        (group_actions, "member_settings", bench.settings),
        (miner_group, "async_extract_config_entry_ids", bench.target),
        (services, "async_get_config_entry", bench.entry),
        (services, "shown_summary", shown("summary")),
        (services, "shown_backends", shown("backends")),
        (services, "shown_config", shown("config")),
        (services, "shown_change", lambda each: f"shown {'.'.join(each.path)}"),
        (services, "patched", document("patched")),
        (services, "replaced", document("replaced")),
        (services, "as_response", lambda results: f"response {results}"),
        (
            services,
            "workers_response",
            lambda snapshot, *, only_online: (snapshot, only_online),
        ),
        (er, "async_get", bench.registry),
        (dt_util, "now", lambda: NOW),
        (HomeAssistantError, "__str__", text),
    ]
    with ExitStack() as stack:
        for module, name, stand_in in stand_ins:
            stack.enter_context(patch.object(module, name, stand_in))
        services.async_setup_services(cast(Any, bench.hass))
        yield bench


async def refused(action: Any) -> tuple[str | None, Any]:
    """Return why an action is refused, as key and placeholders."""
    with pytest.raises(ServiceValidationError) as error:
        await action
    assert error.value.translation_domain == DOMAIN
    return error.value.translation_key, error.value.translation_placeholders


def test_the_actions(bench: Bench) -> None:
    """All but one need an administrator; those that return data only say so."""
    responses = {name: details[1] for name, details in bench.actions.items()}
    optional = SupportsResponse.OPTIONAL
    assert responses == {
        "pause_for": optional,
        "run_all": optional,
        "get_data": SupportsResponse.ONLY,
        "get_workers": SupportsResponse.ONLY,
        "set_config": optional,
        "restore_config": optional,
        "calibrate": optional,
        "cancel_calibration": SupportsResponse.NONE,
    }
    assert bench.admin == responses.keys() - {"pause_for"}


# --- Of one miner or proxy ----------------------------------------------------


async def test_getting_data(bench: Bench) -> None:
    """It is read first; a proxy has no backends."""
    shown = {"summary": "summary document", "config": "config document"}
    backends = {"backends": "backends document"}
    assert await bench.act("get_data", ID) == shown | backends
    assert bench.calls == [("rig-1", "refresh")]
    assert await bench.act("get_data", {"config_entry_id": "proxy"}) == shown
    data = bench.miners[0].runtime_data.coordinator.data
    data.backends = data.config = None
    data.restricted = True
    empty = {"backends": None, "config": None}
    assert await bench.act("get_data", ID) == shown | empty


async def test_getting_data_of_a_miner_that_is_away(bench: Bench) -> None:
    """The error is that of the poll."""
    coordinator = bench.miners[0].runtime_data.coordinator
    coordinator.last_exception = HomeAssistantError("no route")
    assert await bench.act("get_data", ID)
    coordinator.last_update_success = False
    with pytest.raises(HomeAssistantError, match="no route"):
        await bench.act("get_data", ID)


async def test_getting_workers(bench: Bench) -> None:
    """Of a proxy only."""
    proxy = {"config_entry_id": "proxy"}
    assert await bench.act("get_workers", proxy) == ("snapshot", False)
    online = proxy | {"only_online": True}
    assert await bench.act("get_workers", online) == ("snapshot", True)
    name = {"name": "Title of rig-1"}
    assert await refused(bench.act("get_workers", ID)) == ("not_a_proxy", name)


@pytest.mark.parametrize("entry_id", ["rig-1", "proxy"])
@pytest.mark.parametrize("dry_run", [None, False, True])
@pytest.mark.parametrize("replace", [None, False, True])
async def test_setting_a_config(
    bench: Bench, entry_id: str, *, replace: bool | None, dry_run: bool | None
) -> None:
    """It is a patch, or a whole config; a dry run only shows the changes."""
    options = {"replace": replace, "dry_run": dry_run}
    given = {key: value for key, value in options.items() if value is not None}
    data = {"config_entry_id": entry_id, "config": {"retries": 5}, **given}
    assert await bench.act("set_config", data) == MADE
    [(name, command, change), polled] = bench.calls
    assert (name, command) == (entry_id, "preview" if dry_run else "edit")
    assert polled == (entry_id, "polled")
    apply = "replaced" if replace else "patched"
    assert change("config") == (apply, "config", {"retries": 5})


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("text", ("config_not_object", {})),
        ([], ("config_not_object", {})),
        (
            {"cpu": {"rx": {1, 2}}},
            ("config_not_json", {"path": "cpu.rx", "max_depth": "16"}),
        ),
    ],
)
async def test_a_config_that_is_none(bench: Bench, config: Any, reason: Any) -> None:
    """The error says where."""
    action = bench.act("set_config", ID | {"config": config})
    key, placeholders = await refused(action)
    if "max_depth" in reason[1]:
        reason[1]["max_depth"] = str(MAX_DEPTH)
    assert (key, placeholders) == reason
    assert bench.calls == []


async def test_a_redacted_value(bench: Bench) -> None:
    """It is named."""
    command = bench.miners[0].runtime_data.commands

    @asynccontextmanager
    async def run() -> AsyncIterator[Any]:
        async def edit(change: Any) -> Any:
            return change("config")

        yield SimpleNamespace(edit=edit)

    command.run = run
    given = {"config": {"pass": "**REDACTED**"}}
    action = bench.act("set_config", ID | given)
    assert await refused(action) == ("redacted_value", {"path": "pass"})
    error = services._invalid("key", path=())  # noqa: SLF001
    assert error.translation_placeholders == {"path": "config"}


async def test_restoring_a_config(bench: Bench) -> None:
    """That of a miner lifts the power limit, too."""
    assert await bench.act("restore_config", ID) == MADE
    assert bench.calls == [("rig-1", "restore config")]
    assert await bench.act("restore_config", {"config_entry_id": "proxy"}) == MADE
    assert bench.calls == [("proxy", "restore"), ("proxy", "polled")]


async def test_calibrating(bench: Bench) -> None:
    """Its end may be ordered, too."""
    assert await bench.act("calibrate", ID) == "response results"
    assert bench.calls == [("rig-1", "calibrate")]
    assert await bench.act("cancel_calibration", ID) is None
    assert bench.calls == [("rig-1", "cancel")]
    bench.miners[0].runtime_data.power.is_configured = False
    for action in ("calibrate", "cancel_calibration"):
        name = {"name": "Name of rig-1"}
        assert await refused(bench.act(action, ID)) == ("no_power_sensor", name)
        proxy = {"config_entry_id": "proxy"}
        name = {"name": "Title of proxy"}
        assert await refused(bench.act(action, proxy)) == ("not_a_miner", name)


@pytest.mark.parametrize(
    ("action", "needs_control"),
    [
        ("get_data", False),
        ("get_workers", False),
        ("set_config", True),
        ("restore_config", True),
        ("calibrate", True),
        ("cancel_calibration", True),
    ],
)
async def test_who_has_which_action(
    bench: Bench, action: str, *, needs_control: bool
) -> None:
    """The manager has none of them, and a read-only miner is not changed."""
    extra: dict[str, Any] = {"config": {}} if action == "set_config" else {}
    data = {"config_entry_id": "manager", **extra}
    name = {"name": "Title of manager"}
    assert await refused(bench.act(action, data)) == ("not_a_miner", name)
    entry = bench.proxy if action == "get_workers" else bench.miners[0]
    entry.runtime_data.coordinator.data.restricted = True
    data["config_entry_id"] = entry.entry_id
    if needs_control:
        name = {"name": "Title of rig-1"}
        assert await refused(bench.act(action, data)) == ("read_only", name)
    else:
        assert await bench.act(action, data)


# --- Of several miners: targets -----------------------------------------------


OK = {"ok": ["Title of rig-1", "Title of rig-2"], "failed": [], "skipped": []}
FIRST = {"ok": ["Title of rig-1"], "failed": [], "skipped": []}
PAUSED = [("rig-1", "pause"), ("rig-1", "polled")]
HOUR = {"duration": {"hours": 1}}


async def test_all_miners(bench: Bench) -> None:
    """Without a target, except disabled ones."""
    assert await bench.act("run_all", {"command": "pause"}) == OK
    bench.miners[1].disabled_by = "user"
    assert await bench.act("run_all", {"command": "pause"}) == FIRST
    assert bench.calls == PAUSED


@pytest.mark.parametrize("target", ["entity_id", "device_id", "area_id", "label_id"])
async def test_a_target(bench: Bench, target: str) -> None:
    """The manager counts as all miners."""
    data = {"command": "pause", target: ["switch.rig"]}
    bench.chosen = {"rig-1", "other"}
    assert await bench.act("run_all", data) == FIRST
    bench.chosen = {"manager"}
    assert await bench.act("run_all", data) == OK
    bench.chosen = {"proxy"}
    assert await refused(bench.act("run_all", data)) == ("no_miner_targeted", {})
    assert await refused(bench.act("pause_for", HOUR | {target: ["switch.rig"]})) == (
        "no_miner_targeted",
        {},
    )


@pytest.mark.parametrize("target", [{}, {"entity_id": ["switch.rig"]}])
@pytest.mark.parametrize("how", ["none", "disabled"])
async def test_no_miner_at_all(bench: Bench, target: dict[str, Any], how: str) -> None:
    """Then no other selection would help."""
    if how == "none":
        bench.hass.entries.clear()
    for miner in bench.miners:
        miner.disabled_by = "user"
    bench.chosen = {"rig-1"}
    for action, data in (("run_all", {"command": "pause"}), ("pause_for", HOUR)):
        assert await refused(bench.act(action, data | target)) == ("no_miners", {})


async def test_a_disabled_target(bench: Bench) -> None:
    """It is left out if others are selected as well, and named otherwise."""
    bench.miners[0].disabled_by = "user"
    data = {"command": "pause", "entity_id": ["switch.rig"]}
    bench.chosen = {"rig-1"}
    assert await refused(bench.act("run_all", data)) == (
        "not_loaded",
        {"name": "Title of rig-1"},
    )
    bench.chosen = {"rig-1", "rig-2"}
    assert await bench.act("run_all", data) == {**OK, "ok": ["Title of rig-2"]}


# --- Of several miners: results -----------------------------------------------


async def test_miners_that_fail(bench: Bench) -> None:
    """The others do not; each has its reason."""
    bench.errors["rig-1"] = HomeAssistantError("no route")
    failed = [{"name": "Title of rig-1", "reason": "no route"}]
    other = {"ok": ["Title of rig-2"], "failed": failed, "skipped": []}
    assert await bench.act("run_all", {"command": "pause"}) == other
    bench.errors["rig-2"] = HomeAssistantError("cut off")
    for ok, reasons in ((1, "no route"), (0, "no route. cut off")):
        if ok:
            del bench.errors["rig-2"]
        else:
            bench.errors["rig-2"] = HomeAssistantError("cut off")
        with pytest.raises(HomeAssistantError) as error:
            await bench.act("run_all", {"command": "pause"}, responds=False)
        assert error.value.translation_domain == DOMAIN
        assert error.value.translation_key == "some_miners_failed"
        assert error.value.translation_placeholders == {
            "count": str(ok),
            "total": "2",
            "reasons": reasons,
        }


async def test_miners_that_are_skipped(bench: Bench) -> None:
    """That is no failure, unless nothing else is left."""
    bench.miners[0].runtime_data.coordinator.data.restricted = True
    response = await bench.act("run_all", {"command": "pause"})
    assert response["ok"] == ["Title of rig-2"]
    assert response["failed"] == []
    [skipped] = response["skipped"]
    assert skipped["name"] == "Title of rig-1"
    run_all = bench.act("run_all", {"command": "pause"}, responds=False)
    assert await run_all is None
    bench.miners[1].state = ConfigEntryState.SETUP_RETRY
    response = await bench.act("run_all", {"command": "pause"})
    assert [each["name"] for each in response["failed"]] == ["Title of rig-2"]
    bench.miners[1].disabled_by = "user"
    with pytest.raises(HomeAssistantError) as error:
        await bench.act("run_all", {"command": "pause"}, responds=False)
    assert error.value.translation_placeholders
    assert error.value.translation_placeholders["count"] == "0"
    assert error.value.translation_placeholders["reasons"] == skipped["reason"]


@pytest.mark.parametrize("how", ["read-only", "not loaded", "protected"])
async def test_why_a_miner_is_left_out(bench: Bench, how: str) -> None:
    """The reason names it."""
    match how:
        case "read-only":
            bench.miners[0].runtime_data.coordinator.data.restricted = True
            expected = "read_only: Title of rig-1"
        case "not loaded":
            bench.miners[0].state = ConfigEntryState.SETUP_RETRY
            expected = "not_loaded: Title of rig-1"
        case _:
            bench.managed = {"rig-1": False, "rig-2": True}
            expected = "protected: Name of rig-1"
    response = await bench.act("run_all", {"command": "pause"})
    left_out = response["failed" if how == "not loaded" else "skipped"]
    assert left_out == [{"name": "Title of rig-1", "reason": expected}]
    assert response["ok"] == ["Title of rig-2"]
    assert len(response["failed"]) == (how == "not loaded")
    error = miner_group.SkippedError("read_only", "rig-1")
    assert error.translation_domain == DOMAIN


async def test_a_bug_in_one_of_them(bench: Bench) -> None:
    """It is raised once all others have ended."""
    bench.errors["rig-1"] = ValueError("bug")
    bench.slow = {"rig-2"}
    with pytest.raises(ValueError, match="bug"):
        await bench.act("run_all", {"command": "pause"})
    assert bench.calls[-1] == ("rig-2", "polled")


# --- Of several miners: commands ----------------------------------------------


@pytest.mark.parametrize(
    ("data", "done"),
    [
        ({"command": "pause"}, ("pause",)),
        ({"command": "resume"}, ("resume",)),
        ({"command": "stop"}, ("stop",)),
        ({"command": "start"}, ("start",)),
        ({"command": "threads", "threads": 2}, ("threads", 2)),
        ({"command": "pool", "pool": "two"}, ("select_pool", "two")),
        ({"command": "restore"}, ("restore config",)),
    ],
)
async def test_each_command(bench: Bench, data: Any, done: Any) -> None:
    """A dry run does nothing."""
    bench.miners[1].disabled_by = "user"
    assert await bench.act("run_all", data | {"dry_run": True}) == FIRST
    assert bench.calls == []
    assert await bench.act("run_all", data) == FIRST
    assert bench.calls[0] == ("rig-1", *done)


async def test_a_command_with_its_data(bench: Bench) -> None:
    """It is polled after it."""
    command = group_actions._miner_command(  # noqa: SLF001
        lambda miner, data: miner.select_pool(data["pool"])
    )
    await command(bench.miners[0].runtime_data, {"pool": "one"})
    assert bench.calls == [("rig-1", "select_pool", "one"), ("rig-1", "polled")]


async def test_a_pool_that_a_miner_lacks(bench: Bench) -> None:
    """The error names those that it has; a dry run finds it, too."""
    bench.miners[1].runtime_data.coordinator.data.pool_labels = ("three",)
    error = pytest.raises(ServiceValidationError)
    with error as raised:
        group_actions._check_pool(bench.miners[0].runtime_data, "three")  # noqa: SLF001
    assert raised.value.translation_key == "unknown_pool"
    assert raised.value.translation_placeholders == {
        "name": "Name of rig-1",
        "pool": "three",
        "pools": "one, two",
    }
    data = {"command": "pool", "pool": "three"}
    for dry_run in (True, False):
        response = await bench.act("run_all", data | {"dry_run": dry_run})
        assert response["ok"] == ["Title of rig-2"]
        assert [each["name"] for each in response["failed"]] == ["Title of rig-1"]
    assert bench.calls[0] == ("rig-2", "select_pool", "three")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"command": "restart"},
        {"command": "threads"},
        {"command": "threads", "threads": 0},
        {"command": "threads", "threads": "many"},
        {"command": "threads", "pool": "one"},
        {"command": "pool"},
        {"command": "pool", "pool": ["one"]},
        {"command": "pool", "threads": 2},
        {"command": "pause", "dry_run": "perhaps"},
        {"command": "pause", "other": 1},
    ],
)
def test_data_that_is_refused(bench: Bench, data: Any) -> None:
    """Before anything is done."""
    with pytest.raises(vol.Invalid) as error:
        bench.actions["run_all"][0](data)
    command = data.get("command")
    if command in ("threads", "pool") and command not in data:
        assert error.value.path == [command]


# --- Pausing for a time -------------------------------------------------------


async def test_pausing_for_a_time(bench: Bench) -> None:
    """All of them until the same moment."""
    assert await bench.act("pause_for", HOUR) == OK
    end = (NOW + timedelta(hours=1)).timestamp()
    paused = {("rig-1", "pause_until", end), ("rig-2", "pause_until", end)}
    assert paused < {*bench.calls}
    assert ("rig-1", "polled") in bench.calls
    for data in ({"until": "2026-11-30T12:00:00+00:00"}, {"duration": 0}):
        assert await refused(bench.act("pause_for", data)) == ("invalid_pause_end", {})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"duration": {"hours": 1}, "until": "13:00"},
        {"duration": "long"},
        {"duration": {"days": 10**12}},
        {"duration": {"hours": -1}},
        {"until": "later"},
        {"duration": {"hours": 1}, "other": 1},
    ],
)
def test_ends_that_are_none(bench: Bench, data: Any) -> None:
    """One that can be read is needed."""
    with pytest.raises(vol.Invalid):
        bench.actions["pause_for"][0](data)


BERLIN = ZoneInfo("Europe/Berlin")
BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""30 minutes before clocks in Berlin go back, when it is 2:30 for the first time."""


@pytest.mark.parametrize(
    ("data", "now", "end"),
    [
        ({"duration": timedelta(seconds=1)}, NOW, NOW + timedelta(seconds=1)),
        ({"duration": timedelta()}, NOW, None),
        ({"duration": timedelta(days=366)}, NOW, NOW + timedelta(days=366)),
        ({"duration": timedelta(days=366, seconds=1)}, NOW, None),
        ({"duration": timedelta.max}, NOW, None),
        ({"duration": timedelta(hours=1)}, BACK, BACK + timedelta(hours=1)),
        # A time of day
        ({"until": time(13)}, NOW, NOW + timedelta(hours=1)),
        ({"until": time(12)}, NOW, NOW + timedelta(days=1)),
        ({"until": time(11)}, NOW, NOW + timedelta(hours=23)),
        ({"until": time(2, 45)}, BACK, BACK + timedelta(minutes=15)),
        ({"until": time(2, 15)}, BACK, BACK + timedelta(minutes=45)),
        # Without and with a time zone
        ({"until": datetime(2026, 11, 30, 13)}, NOW, NOW + timedelta(hours=1)),
        ({"until": datetime(2026, 11, 30, 12)}, NOW, None),
        ({"until": datetime(2026, 10, 25, 2, 15)}, BACK, BACK + timedelta(minutes=45)),
        (
            {"until": datetime(2026, 11, 30, 14, tzinfo=timezone(timedelta(hours=1)))},
            NOW,
            NOW + timedelta(hours=1),
        ),
        ({"until": NOW + timedelta(days=366)}, NOW, NOW + timedelta(days=366)),
        ({"until": NOW + timedelta(days=367)}, NOW, None),
    ],
)
def test_the_end_of_a_pause(
    data: dict[str, Any], now: datetime, end: datetime | None
) -> None:
    """Within a year, also across a change of clocks."""
    zone = BERLIN if now is BACK else UTC
    found = group_actions.pause_end(data, now.astimezone(zone))
    assert (found and found.astimezone(UTC)) == end


# --- Who may ------------------------------------------------------------------


def user(*controlled: str, is_admin: bool = False) -> Any:
    """Return a user who may control entities."""

    def check(entity_id: str, policy: str) -> bool:
        assert policy == "control"
        return entity_id in controlled

    permissions = SimpleNamespace(check_entity=check)
    return SimpleNamespace(is_admin=is_admin, permissions=permissions)


async def test_who_may_pause(bench: Bench) -> None:
    """Who may control the switch of each of them; automations have no user."""
    bench.switches = {"rig-1_mining": "switch.one", "rig-2_mining": "switch.two"}
    bench.users = {
        "admin": user(is_admin=True),
        "both": user("switch.one", "switch.two"),
        "first": user("switch.one"),
    }
    for user_id in (None, "admin", "both"):
        assert await bench.act("pause_for", HOUR, user_id=user_id) == OK
    with pytest.raises(Unauthorized) as error:
        await bench.act("pause_for", HOUR, user_id="first")
    assert error.value.entity_id == "switch.two"
    assert error.value.permission == "control"
    assert error.value.context.user_id == "first"  # type: ignore[union-attr]
    assert bench.calls == []
    # A switch that is not there is controlled by administrators only
    bench.switches.clear()
    with pytest.raises(Unauthorized) as error:
        await bench.act("pause_for", HOUR, user_id="both")
    assert error.value.entity_id is None
    assert await bench.act("pause_for", HOUR, user_id="admin") == OK
    with pytest.raises(UnknownUser) as unknown:
        await bench.act("pause_for", HOUR, user_id="gone")
    assert unknown.value.permission == "control"
    assert unknown.value.context.user_id == "gone"  # type: ignore[union-attr]
