"""Tests of the action run_all."""

from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components import xmrig_miner
from custom_components.xmrig_miner.api.limits import MAX_THREADS
from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from custom_components.xmrig_miner.kinds import EntryKind
from tests.common import Rig
from tests.controls import MINING, POOL, THREADS, set_threads, writes

INTEGRATION = Path(xmrig_miner.__file__).parent

NAMES = ["rig-one", "rig-two", "rig-three"]


async def run_all(
    rigs: list[Rig], command: str, *, respond: bool = True, **data: Any
) -> Any:
    """Call the action."""
    return await rigs[0].hass.services.async_call(
        DOMAIN,
        "run_all",
        {"command": command, **data},
        blocking=True,
        return_response=respond,
    )


def hashing(rigs: list[Rig]) -> list[bool]:
    """Return which miners hash."""
    return [rig.simulator.is_hashing for rig in rigs]


async def poll(rigs: list[Rig]) -> None:
    """Let the miners be polled."""
    await rigs[0].poll(2)


@pytest.mark.parametrize(
    ("there", "back"), [("pause", "resume"), ("stop", "start"), ("pause", "start")]
)
async def test_there_and_back(trio: list[Rig], there: str, back: str) -> None:
    """The response names all miners."""
    assert await run_all(trio, there) == {"ok": NAMES, "failed": [], "skipped": []}
    assert hashing(trio) == [False] * 3
    await run_all(trio, back)
    await poll(trio)
    assert hashing(trio) == [True] * 3


async def test_threads_and_restoring_them(trio: list[Rig]) -> None:
    """Like the number and the button of each miner."""
    await run_all(trio, "threads", threads=2)
    assert [rig.state(THREADS) for rig in trio] == ["2"] * 3
    await run_all(trio, "restore")
    assert [rig.state(THREADS) for rig in trio] == ["4"] * 3


async def test_a_pool(trio: list[Rig]) -> None:
    """A miner without it stays the same, and the reason lists its pools."""
    first, second, third = trio
    for rig in (first, third):

        def add(config: Any) -> None:
            config["pools"].append(
                {"url": "other.example.org:4444", "user": "hidden-wallet"}
            )

        rig.simulator.edit_config(add)
    await poll(trio)
    response = await run_all(trio, "pool", pool="other.example.org:4444")
    assert response["ok"] == ["rig-one", "rig-three"]
    assert first.state(POOL) == third.state(POOL) == "other.example.org:4444"
    (failure,) = response["failed"]
    assert failure["name"] == "rig-two"
    assert failure["reason"].startswith("rig-two has no pool other.example.org:4444.")
    assert second.state(POOL) in failure["reason"]
    assert not writes(second.simulator)
    assert "hidden" not in str(response)


async def test_one_that_is_unreachable_stops_no_other(trio: list[Rig]) -> None:
    """It is listed with the reason."""
    await trio[0].simulator.go_offline()
    response = await run_all(trio, "pause")
    assert response["ok"] == ["rig-two", "rig-three"]
    assert response["failed"] == [
        {
            "name": "rig-one",
            "reason": "Could not connect to rig-one, or it did not respond in time. "
            "Make sure XMRig is running and its HTTP API is enabled",
        }
    ]
    with pytest.raises(HomeAssistantError, match="2 of 3 .* connect to rig-one"):
        await run_all(trio, "pause", respond=False)


async def test_one_that_is_not_set_up(trio: list[Rig]) -> None:
    """The others still follow."""
    await trio[0].hass.config_entries.async_unload(trio[1].entry.entry_id)
    response = await run_all(trio, "pause")
    assert response["ok"] == ["rig-one", "rig-three"]
    assert response["failed"][0]["name"] == "rig-two"
    assert hashing(trio) == [False, True, False]


async def test_none_that_could_follow(trio: list[Rig]) -> None:
    """The reason is that of what is selected."""
    entries = trio[0].hass.config_entries
    switch = trio[0].entity_id(MINING)
    await entries.async_set_disabled_by(
        trio[0].entry.entry_id, ConfigEntryDisabler.USER
    )
    with pytest.raises(ServiceValidationError, match="rig-one is not set up"):
        await run_all(trio, "pause", entity_id=switch)
    for rig in trio[1:]:
        await entries.async_unload(rig.entry.entry_id)
    with pytest.raises(HomeAssistantError, match="0 of 2 .* rig-two is not set up"):
        await run_all(trio, "pause", respond=False)
    for rig in trio:
        await entries.async_remove(rig.entry.entry_id)
    with pytest.raises(ServiceValidationError, match="There is no miner"):
        await run_all(trio, "pause", entity_id=switch)
    with pytest.raises(ServiceValidationError, match="There is no miner"):
        await run_all(trio, "pause")


async def test_some(trio: list[Rig]) -> None:
    """Only those that are targeted."""
    response = await run_all(trio, "pause", entity_id=trio[1].entity_id(MINING))
    assert response == {"ok": ["rig-two"], "failed": [], "skipped": []}
    assert hashing(trio) == [True, False, True]


async def test_a_dry_run_commands_none(trio: list[Rig]) -> None:
    """It returns which miners would follow."""
    for rig in trio:
        rig.simulator.requests.clear()
    response = await run_all(trio, "stop", dry_run=True)
    assert response["ok"] == NAMES
    assert not any(
        request.method != "GET" for rig in trio for request in rig.simulator.requests
    )


async def test_read_only_miners_are_skipped(trio: list[Rig]) -> None:
    """They reject commands."""

    def restrict(config: Any) -> None:
        config["http"]["restricted"] = True

    trio[2].simulator.edit_config(restrict)
    trio[2].simulator.restart()
    await poll(trio)
    response = await run_all(trio, "pause")
    assert response["ok"] == ["rig-one", "rig-two"]
    assert response["skipped"][0]["name"] == "rig-three"
    assert "read-only" in response["skipped"][0]["reason"]
    # Skipped on purpose, which is not a failure
    await run_all(trio, "resume", respond=False)
    target = {"entity_id": trio[2].entity_id("sensor.status")}
    with pytest.raises(HomeAssistantError, match="0 of 1 .* read-only"):
        await run_all(trio, "pause", respond=False, **target)


async def test_protected_miners_are_skipped(trio: list[Rig]) -> None:
    """Miners that are not managed; as a target, the manager counts as all others."""
    manager = MockConfigEntry(
        domain=DOMAIN, title="Manager", data={CONF_KIND: EntryKind.MANAGER}
    )
    rig = Rig(trio[0].hass, trio[0].simulator, manager, trio[0].freezer)
    await rig.set_up()
    await rig.call("select", "select_option", "select.mode", option="manual")
    await rig.poll(2)
    await trio[1].turn("switch.managed", on=False)
    device: dict[str, Any] = {"device_id": next(iter(rig.devices.values())).id}
    response = await run_all(trio, "pause", **device)
    assert response["ok"] == ["rig-one", "rig-three"]
    assert response["skipped"] == [
        {
            "name": "rig-two",
            "reason": "rig-two is protected: Managed is off",
        }
    ]
    assert hashing(trio) == [False, True, False]


@pytest.mark.parametrize(
    "data",
    [
        {"command": "threads"},
        {"command": "pool"},
        {"command": "dance"},
        {"command": "threads", "threads": 0},
    ],
)
async def test_commands_that_are_none(running: Rig, data: dict[str, Any]) -> None:
    """They are rejected before any command."""
    with pytest.raises(vol.Invalid):
        await run_all([running], **data)


def test_the_form_takes_as_many_threads_as_a_miner_may_have() -> None:
    """As the number of its threads does."""
    fields = load_yaml_dict(INTEGRATION / "services.yaml")["run_all"]["fields"]
    assert fields["threads"]["selector"]["number"]["max"] == MAX_THREADS


async def test_more_threads_than_there_are(running: Rig) -> None:
    """It counts as all threads."""
    await set_threads(running, 2)
    await run_all([running], "threads", threads=100)
    assert running.state(THREADS) == "4"
