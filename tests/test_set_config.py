"""Tests of the action set_config."""

from collections.abc import Callable
from datetime import date
from itertools import product
import json
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.xmrig_miner.const import DOMAIN
from simulator import DEFAULT_POOLS

from .common import Rig
from .controls import (
    MINING,
    SECRET_OPTIONS,
    SECRET_POOL,
    act,
    config_of,
    cpu_threads,
    is_same_config,
    restore,
    set_threads,
    writes,
)
from .fixing import issues

pytestmark = pytest.mark.usefixtures("few_sensors")

secretive = pytest.mark.parametrize("options", [SECRET_OPTIONS])


def paths(response: dict[str, Any]) -> list[str]:
    """Return the changed paths of a response."""
    return [change["path"] for change in response["changes"]]


async def test_a_patch_is_merged(running: Rig) -> None:
    """Objects are merged, other values are replaced, and the rest stays."""
    simulator = running.simulator
    first = config_of(simulator)
    rx = [[1, 0], [2, 3]]
    patch = {"cpu": {"rx": rx, "yield": False}, "retries": 7}
    response = await act(running, "set_config", config=patch)
    assert response == {
        "changes": [
            {"path": "cpu.yield", "old": True, "new": False},
            {"path": "cpu.rx", "old": [0, 1, 2, 3], "new": rx},
            {"path": "retries", "old": 5, "new": 7},
        ]
    }
    cpu = first["cpu"] | {"rx": rx, "yield": False}
    assert is_same_config(simulator, first | {"cpu": cpu, "retries": 7})
    assert cpu_threads(simulator) == 2
    assert running.state("sensor.threads") == "3"
    await restore(running)
    assert is_same_config(simulator, first)


@pytest.mark.parametrize(
    "options", [{"config": {"cpu": {"rx": [[1, 0], [2, 3]]}, "retries": 8}}]
)
async def test_null_removes(running: Rig) -> None:
    """The miner fills in its default, and the value can be restored."""
    simulator = running.simulator
    first = config_of(simulator)
    patch = {"cpu": {"rx": None}, "retries": None}
    response = await act(running, "set_config", config=patch)
    assert response["changes"] == [
        {"path": "cpu.rx", "old": [[1, 0], [2, 3]]},
        {"path": "retries", "old": 8},
    ]
    cpu = first["cpu"] | {"rx": [0, 1, 2, 3]}
    assert is_same_config(simulator, first | {"cpu": cpu, "retries": 5})
    await restore(running)
    assert is_same_config(simulator, first)


async def test_removing_a_default_is_no_failure(running: Rig) -> None:
    """The miner fills it in again at once, so nothing changes."""
    first = config_of(running.simulator)
    response = await act(running, "set_config", config={"retries": None})
    assert paths(response) == ["retries"]
    assert is_same_config(running.simulator, first)


@secretive
async def test_a_whole_list_of_pools(running: Rig) -> None:
    """The miner fills in omitted values."""
    simulator = running.simulator
    first = config_of(simulator)
    pools = [{"url": "other.example.org:3333", "user": "hidden-other", "pass": "x"}]
    response = await act(running, "set_config", config={"pools": pools})
    assert paths(response) == ["pools"]
    assert "hidden" not in json.dumps(response)
    assert response["changes"][0]["old"][0]["url"] == SECRET_POOL["url"]
    assert response["changes"][0]["new"][0]["url"] == "other.example.org:3333"
    assert simulator.config["pools"][0]["user"] == "hidden-other"
    assert running.state("select.pool") == "other.example.org:3333"
    await restore(running)
    assert is_same_config(simulator, first)


@secretive
@pytest.mark.parametrize(
    "patch",
    [
        {"tls": {"cert_key": "/hidden/other.pem"}},
        {"tls": None},
        {"tls": {"cert_key": None}},
    ],
)
async def test_changes_keep_secrets(running: Rig, patch: dict[str, Any]) -> None:
    """Old and new secrets are redacted."""
    response = await act(running, "set_config", config=patch, dry_run=True)
    assert response["changes"]
    assert "hidden" not in json.dumps(response)


async def test_a_dry_run_changes_nothing(running: Rig) -> None:
    """It returns the changes."""
    first = config_of(running.simulator)
    patch = {"cpu": {"rx": [0]}, "donate-level": 3, "pause-on-battery": None}
    response = await act(running, "set_config", config=patch, dry_run=True)
    assert writes(running.simulator) == 0
    assert is_same_config(running.simulator, first)
    again = await act(running, "set_config", config=patch)
    assert again == response
    assert writes(running.simulator) == 1


async def test_a_patch_of_what_is_there_writes_nothing(running: Rig) -> None:
    """Neither does an empty one."""
    for patch in ({}, {"retries": 5}, {"cpu": {"rx": [0, 1, 2, 3]}}, {"nothing": None}):
        assert await act(running, "set_config", config=patch) == {"changes": []}
    assert writes(running.simulator) == 0


@pytest.mark.parametrize(
    "patch",
    [
        {"http": None},
        {"http": True},
        {"http": {"restricted": True}},
        {"http": {"port": 1, "access-token": None}},
        {"http": {"new": 1}},
        {"pools": []},
        {"pools": None},
        {"pools": "pool.example.org"},
        {"pools": [{**DEFAULT_POOLS[0], "enabled": False}]},
    ],
)
async def test_a_patch_that_would_cut_off_access_is_refused(
    running: Rig, patch: dict[str, Any]
) -> None:
    """To the API, or to all pools."""
    for dry_run in (True, False):
        with pytest.raises(ServiceValidationError, match="cut off access") as raised:
            await act(running, "set_config", config=patch, dry_run=dry_run)
        assert raised.value.translation_key == "unsafe_config"
    assert writes(running.simulator) == 0


@pytest.mark.parametrize(
    ("options", "api"),
    [
        ({}, {"id": "new"}),
        ({"miner_id": ""}, {"id": "new"}),
        ({"miner_id": ""}, {"worker-id": "new"}),
    ],
)
async def test_what_identifies_the_miner_is_not_changed(
    running: Rig, api: dict[str, str]
) -> None:
    """The miner would take it at once, and seem to be another one from then on."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(running, "set_config", config={"api": api})
    assert raised.value.translation_key == "unsafe_config"
    assert not writes(running.simulator)
    await running.poll()
    assert running.state(MINING) == "on"
    assert not issues(running.hass)


async def test_a_miner_with_an_id_is_renamed(running: Rig) -> None:
    """Its name does not identify it."""
    await act(running, "set_config", config={"api": {"worker-id": "new"}})
    await running.poll()
    assert running.simulator.config["api"]["worker-id"] == "new"
    assert running.state(MINING) == "on"
    assert not issues(running.hass)


async def test_a_patch_that_the_miner_refuses(running: Rig) -> None:
    """It replies 400, and nothing changes."""
    first = config_of(running.simulator)
    pools = [{"url": "//", "user": "WALLET"}]
    with pytest.raises(ServiceValidationError, match="rejected the command") as raised:
        await act(running, "set_config", config={"pools": pools})
    assert raised.value.translation_key == "refused"
    assert is_same_config(running.simulator, first)


@pytest.mark.parametrize(
    "patch",
    [
        {"print-time": 99999},
        {"cpu": 5},
        {"unheard-of": 1},
        {"unheard-of": 1, "cpu": {"rx": [0], "priority": 9}},
    ],
)
async def test_a_patch_that_the_miner_changes_is_undone(
    running: Rig, patch: dict[str, Any]
) -> None:
    """If it replaces invalid values, the patch is undone."""
    await set_threads(running, 3)
    first = config_of(running.simulator)
    with pytest.raises(
        HomeAssistantError, match="drops keys and values that it does not know"
    ):
        await act(running, "set_config", config=patch)
    assert is_same_config(running.simulator, first)
    await set_threads(running, 4)
    assert running.simulator.config["cpu"]["rx"] == [0, 1, 2, 3]


# --- Sending back what was read -----------------------------------------------


@secretive
@pytest.mark.parametrize("replace", [False, True])
async def test_what_was_read_can_be_sent_back(running: Rig, replace: bool) -> None:
    """Nothing changes, so nothing is written."""
    simulator = running.simulator
    first = config_of(simulator)
    data = await act(running, "get_data")
    assert json.dumps(data["config"]).count("**REDACTED**") > 4
    response = await act(running, "set_config", config=data["config"], replace=replace)
    assert response == {"changes": []}
    assert writes(simulator) == 0
    assert is_same_config(simulator, first)


@secretive
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("whole", [False, True])
async def test_one_key_of_a_pool_is_changed(
    running: Rig, replace: bool, whole: bool
) -> None:
    """Wallet, password and proxy of the pool stay the same."""
    simulator = running.simulator
    first = config_of(simulator)
    document = (await act(running, "get_data"))["config"]
    document["pools"][0]["keepalive"] = 30
    if not whole and not replace:
        document = {"pools": document["pools"]}
    response = await act(running, "set_config", config=document, replace=replace)
    assert paths(response) == ["pools"]
    pools = [{**first["pools"][0], "keepalive": 30}]
    assert is_same_config(simulator, first | {"pools": pools})
    assert simulator.config["pools"][0]["user"] == SECRET_POOL["user"]
    await restore(running)
    assert is_same_config(simulator, first)


@pytest.mark.parametrize(
    "options",
    [
        {
            "pools": [
                {"url": "pool.example.org:3333#hidden", "user": "hidden", "pass": "x"}
            ]
        }
    ],
)
async def test_an_address_with_a_wallet_is_kept(running: Rig) -> None:
    """It is shown without the wallet, but kept."""
    document = (await act(running, "get_data"))["config"]
    pool = document["pools"][0]
    assert pool["url"] == "pool.example.org:3333#**REDACTED**"
    pools = [{"url": "other.example.org:1", "user": "W"}, pool | {"sni": True}]
    await act(running, "set_config", config={"pools": pools})
    written = running.simulator.config["pools"]
    assert written[1]["url"] == "pool.example.org:3333#hidden"
    assert (written[1]["user"], written[1]["sni"]) == ("hidden", True)


@secretive
@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"pools": [{"url": "other:1", "user": "**REDACTED**"}]}, "pools.0.user"),
        ({"log-file": "**REDACTED**"}, "log-file"),
        ({"tls": {"cert": "x**REDACTED**"}}, "tls.cert"),
        ({"**REDACTED** 1": "**REDACTED**"}, "**REDACTED**"),
    ],
)
async def test_a_redacted_value_without_a_match_is_refused(
    running: Rig, patch: dict[str, Any], path: str
) -> None:
    """The error has the path."""
    for replace, dry_run in product((False, True), repeat=2):
        data: Any = {"config": patch, "replace": replace, "dry_run": dry_run}
        with pytest.raises(ServiceValidationError, match="cannot be matched") as raised:
            await act(running, "set_config", **data)
        assert raised.value.translation_key == "redacted_value"
        assert raised.value.translation_placeholders == {"path": path}
    assert writes(running.simulator) == 0


@secretive
@pytest.mark.parametrize("is_followed", [False, True])
async def test_a_redacted_value_loses_its_match_once_it_is_written(
    running: Rig, is_followed: bool
) -> None:
    """A program overwrites it with other pools: no later command has to do with it."""
    simulator = running.simulator
    first = config_of(simulator)
    [pool] = (await act(running, "get_data"))["config"]["pools"]
    patch = {"pools": [pool | {"keepalive": True}], "retries": 7}
    await act(running, "set_config", config=patch)
    others = [{"url": "other.example.org:1", "user": "W", "pass": "x"}]
    simulator.edit_config(lambda _: first | {"pools": others})
    if is_followed:
        await set_threads(running, 2)
        assert cpu_threads(simulator) == 2
    await running.poll()
    assert simulator.config["retries"] == 5
    is_raised = f"change_lost_{running.entry.entry_id}" in issues(running.hass)
    assert is_raised is not is_followed, "of the last change only"


# --- The whole config ---------------------------------------------------------


@secretive
async def test_a_whole_config(running: Rig) -> None:
    """Omitted values are reset to their defaults."""
    simulator = running.simulator
    first = config_of(simulator)
    await act(running, "set_config", config={"retries": 9, "cpu": {"rx": [0]}})
    minimal = {
        "http": first["http"],
        "pools": first["pools"],
        "cuda": {"enabled": True},
        "cpu": {"yield": False},
    }
    preview = await act(
        running, "set_config", config=minimal, replace=True, dry_run=True
    )
    assert simulator.config["retries"] == 9
    response = await act(running, "set_config", config=minimal, replace=True)
    assert response == preview
    assert {"path": "retries", "old": 9} in response["changes"]
    assert {"path": "cpu.yield", "old": True, "new": False} in response["changes"]
    cpu = first["cpu"] | {"yield": False}
    after = simulator.config
    assert (after["cpu"], after["retries"]) == (cpu, 5)
    assert after["pools"] == first["pools"]
    assert after["http"] == first["http"]
    await restore(running)
    assert is_same_config(simulator, first)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.pop("http"),
        lambda config: config["http"].pop("access-token"),
        lambda config: config["http"].update(restricted=True),
        lambda config: config["http"].update(host="192.0.2.1"),
        lambda config: config.update(http=None),
        lambda config: config.pop("pools"),
    ],
)
async def test_a_whole_config_that_would_cut_off_access_is_refused(
    running: Rig, change: Callable[[dict[str, Any]], Any]
) -> None:
    """Like a patch."""
    document = (await act(running, "get_data"))["config"]
    change(document)
    for dry_run in (True, False):
        data = {"config": document, "replace": True, "dry_run": dry_run}
        with pytest.raises(ServiceValidationError) as raised:
            await act(running, "set_config", **data)
        assert raised.value.translation_key == "unsafe_config"
    assert writes(running.simulator) == 0


async def test_nulls_that_xmrig_fills_in_are_no_changes(running: Rig) -> None:
    """It shows null for unset values."""

    def without_nulls(value: Any) -> Any:
        if isinstance(value, dict):
            members = value.items()
            return {
                key: without_nulls(item) for key, item in members if item is not None
            }
        return [*map(without_nulls, value)] if isinstance(value, list) else value

    first = config_of(running.simulator)
    document = without_nulls(first)
    assert document != first
    patch = {"log-file": None, "cpu": {"priority": None}, "api": {"id": None}}
    for config, replace in ((document, True), (document, False), (patch, False)):
        assert await act(running, "set_config", config=config, replace=replace) == {
            "changes": []
        }
    assert writes(running.simulator) == 0


# --- Checks -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "key", "path"),
    [
        ("retries", "config_not_object", None),
        ([{"retries": 7}], "config_not_object", None),
        (None, "config_not_object", None),
        ({"retries": float("nan")}, "config_not_json", "retries"),
        ({"cpu": {"rx": [0, {1, 2}]}}, "config_not_json", "cpu.rx.1"),
        ({"title": date(2026, 11, 1)}, "config_not_json", "title"),
        ({"title": "\ud800"}, "config_not_json", "title"),
        ({"cpu": {1: 2}}, "config_not_json", "cpu"),
        ({True: 1}, "config_not_json", "config"),
        ({"retries": 2**64}, "config_not_json", "retries"),
    ],
)
async def test_what_is_no_config_is_refused(
    running: Rig, patch: Any, key: str, path: str | None
) -> None:
    """Before any request, with the path of the error."""
    running.simulator.requests.clear()
    for replace in (True, False):
        with pytest.raises(ServiceValidationError) as raised:
            await act(running, "set_config", config=patch, replace=replace)
        assert raised.value.translation_domain == DOMAIN
        assert raised.value.translation_key == key
        placeholders = raised.value.translation_placeholders or {}
        assert placeholders.get("path") == path
    assert not running.simulator.requests


async def test_restoring_returns_the_changes(running: Rig) -> None:
    """The second time, there is nothing to restore."""
    await set_threads(running, 3)
    await act(running, "set_config", config={"retries": 7})
    response = await act(running, "restore_config")
    assert {"path": "cpu.rx", "old": [0, 1, 2], "new": [0, 1, 2, 3]} in response[
        "changes"
    ]
    assert {"path": "retries", "old": 7, "new": 5} in response["changes"]
    assert await act(running, "restore_config") == {"changes": []}
