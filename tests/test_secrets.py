"""Tests that secrets in a miner's replies are never shown."""

import copy
from dataclasses import replace
import json
import logging
import traceback
from typing import Any

from homeassistant.components.trace.util import async_get_trace, async_list_traces
from homeassistant.const import EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.const import DOMAIN
from simulator import FAULTS, Fault
from simulator.http import Reply, Request
from simulator.miner import SimulatedMiner

from .common import Rig
from .controls import act, restore, set_threads
from .test_diagnostics import diagnostics_of

HIDDEN = "hIdDeN"
"""Part of all values that are never shown."""

PERSONAL = "pErSoNaL"
"""Part of values that actions show, but diagnostics do not."""

WALLET = (
    f"4{HIDDEN}V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ"
)
POOL = {
    "user": WALLET,
    "pass": f"password-{HIDDEN}",
    "rig-id": f"rig-{PERSONAL}",
    "tls-fingerprint": f"fingerprint-{HIDDEN}",
    "socks5": f"user:{HIDDEN}@192.0.2.1:9050",
    "self-select": f"http://user:{HIDDEN}@192.0.2.1:18081",
}
URLS = (
    f"{PERSONAL}.example.org:3333#{WALLET}",
    f"stratum+tcp://{WALLET}.rig:x@{PERSONAL}.example.org:3333",
    f"stratum+ssl://{PERSONAL}.example.org:443/{WALLET}/rig",
    f"{PERSONAL}.example.org/{WALLET}",
    f"{WALLET}:3333",
    f"{HIDDEN}/x@{PERSONAL}.example.org:3333",
)
PATH = f"/home/{HIDDEN}"
CONFIG: dict[str, Any] = {
    "api": {"id": f"id-{PERSONAL}", "worker-id": f"worker-{PERSONAL}"},
    "http": {"access-token": f"token-{HIDDEN}"},
    "title": f"title-{PERSONAL}",
    "user-agent": f"agent-{PERSONAL}",
    "log-file": f"{PATH}/xmrig.log",
    "cpu": {WALLET: [0, 1], "rx/0": WALLET, "argon2-impl": HIDDEN},
    "opencl": {"loader": f"{PATH}/a.so", "platform": HIDDEN},
    "cuda": {"loader": f"{PATH}/b.so", "nvml": f"{PATH}/c.so"},
    "pools": [{"url": url, **POOL} for url in URLS]
    + [{"url": URLS[0], "user": WALLET, "daemon": True, "spend-secret-key": HIDDEN}],
    "tls": {
        **dict.fromkeys(("cert", "cert_key", "dhparam"), f"{PATH}/x.pem"),
        "ciphers": WALLET,
        "ciphersuites": f"{PATH}/list",
    },
}
FORKS: dict[str, Any] = {
    "cc-client": {"url": HIDDEN, "access-token": HIDDEN, "servers": [{"url": HIDDEN}]},
    "benchmark": {"size": "1M", "token": HIDDEN, "seed": HIDDEN, "user": HIDDEN},
    "http-proxy": f"http://user:{HIDDEN}@192.0.2.1:3128",
    "socks-proxy": f"user:{HIDDEN}@192.0.2.1:1080",
    "algo-perf": {"rx/0": HIDDEN},
    "randomx": HIDDEN,
}
SHOWN = ("192.0.2.1", "203.0.113.7", "127.0.0.1", "0.0.0.0", "/home")
"""Addresses and paths, which are always hidden."""


def plant(document: Any) -> None:
    """Add unknown members to every object of a document, of which the keys tell too."""
    if isinstance(document, list):
        for item in document:
            plant(item)
    elif isinstance(document, dict):
        for item in document.values():
            plant(item)
        document["later"] = HIDDEN
        document["later-object"] = {"enabled": HIDDEN, "url": [HIDDEN]}
        document[WALLET] = True
        document[f"key-{HIDDEN}"] = HIDDEN


def distort(_miner: SimulatedMiner, request: Request, reply: Reply) -> Reply:
    """Add values of forks and later versions."""
    document = copy.deepcopy(reply.document)
    if request.path == "/2/config":
        document |= FORKS
    elif request.path == "/2/summary":
        document["connection"] |= {"ip": "203.0.113.7", "tls-fingerprint": HIDDEN}
    else:
        document[0]["profile"] = WALLET
    plant(document)
    return replace(reply, document=document)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return a miner with secrets in all values."""
    fault = Fault("a fork of XMRig", distort=distort, methods=("GET",))
    monkeypatch.setitem(FAULTS, "fork", fault)
    return {"gpus": 2, "token": f"token-{HIDDEN}", "config": CONFIG, "fault": "fork"}


def as_text(value: Any) -> str:
    """Return everything in a value as text."""
    return json.dumps(value, default=str)


async def test_the_secrets_are_there(simulator: Any) -> None:
    """The simulated miner reports the secrets."""
    assert as_text(simulator.config).count(HIDDEN) > 30


async def test_diagnostics(running: Rig, hass_client: ClientSessionGenerator) -> None:
    """Neither secrets, nor what identifies a person or a network."""
    told = as_text(await diagnostics_of(running, hass_client))
    assert '"later": "**REDACTED**"' in told
    for hidden in (HIDDEN, PERSONAL, *SHOWN):
        assert hidden not in told


async def test_data(running: Rig) -> None:
    """Administrators see names and pools, but no secrets."""
    data = await act(running, "get_data")
    told = as_text(data)
    for hidden in (HIDDEN, *SHOWN):
        assert hidden not in told
    config = data["config"]
    assert config["api"] == {
        "id": f"id-{PERSONAL}",
        "worker-id": f"worker-{PERSONAL}",
    } | {
        **dict.fromkeys(("later", "later-object"), "**REDACTED**"),
        **dict.fromkeys(("**REDACTED** 1", "**REDACTED** 2"), "**REDACTED**"),
    }
    assert config["pools"][0]["rig-id"] == f"rig-{PERSONAL}"
    assert [pool["url"] for pool in config["pools"][:4]] == [
        f"{PERSONAL}.example.org:3333#**REDACTED**",
        f"stratum+tcp://**REDACTED**@{PERSONAL}.example.org:3333",
        f"stratum+ssl://{PERSONAL}.example.org:443/**REDACTED**",
        f"{PERSONAL}.example.org/**REDACTED**",
    ]
    assert config["algo-perf"] == config["cc-client"] == "**REDACTED**"


PROTECTED = ("api", "http", "cc-client", "pools")

PATCHES: tuple[dict[str, Any], ...] = (
    {key: None for key in (*CONFIG, *FORKS) if key not in PROTECTED},
    {key: {"new": HIDDEN} for key in FORKS if key not in PROTECTED},
    {WALLET: {WALLET: HIDDEN}, "new": HIDDEN, "cpu": {WALLET: [HIDDEN]}},
    {"cpu": {"rx": HIDDEN, "cn": [HIDDEN, {"threads": HIDDEN}, [HIDDEN]]}},
    {"api": {"worker-id": None, "later": HIDDEN, "later-object": None}},
    {"retries": HIDDEN, "randomx": {"mode": HIDDEN, "numa": [HIDDEN]}},
    {"pools": [{"url": URLS[5], "algo": HIDDEN, "coin": HIDDEN, WALLET: HIDDEN}]},
)


async def test_changes(running: Rig) -> None:
    """Old and new values of all changes, also in a dry run."""
    config = (await act(running, "get_data"))["config"]
    whole = {
        "api": config["api"],
        "http": config["http"],
        "cc-client": config["cc-client"],
        "pools": [{"url": URLS[0], **POOL}],
    }
    told = [
        await act(running, "set_config", config=patch, dry_run=True)
        for patch in PATCHES
    ]
    told.append(
        await act(running, "set_config", config=whole, replace=True, dry_run=True)
    )
    assert all(response["changes"] for response in told)
    assert len(told[-1]["changes"]) > 20
    written = await act(running, "set_config", config={"pools": whole["pools"]})
    restored = await act(running, "restore_config")
    assert written["changes"]
    assert restored["changes"]
    for hidden in (HIDDEN, *SHOWN):
        assert hidden not in as_text([told, written, restored])


async def test_states_events_issues_and_logs(
    hass: HomeAssistant,
    all_enabled: None,
    rig: Rig,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """For all events and commands."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    hass.bus.async_listen(MATCH_ALL, events.append)
    await rig.set_up()

    def edit(config: dict[str, Any]) -> None:
        config["pools"].insert(0, {"url": f"other.example.org:1#{WALLET}", **POOL})
        config["cpu"][f"{WALLET}x"] = [0]

    rig.simulator.edit_config(edit)
    await rig.poll(7)
    await set_threads(rig, 2)
    await rig.press("button.stop")
    await rig.press("button.start")
    await restore(rig)
    rig.simulator.restart()
    await rig.poll(2)
    await rig.simulator.go_offline()
    await rig.poll()
    issues = [
        issue.to_json()
        | {"data": issue.data, "placeholders": issue.translation_placeholders}
        for issue in ir.async_get(hass).issues.values()
    ]
    assert "other.example.org:1" in as_text(issues)
    states = [event.data["new_state"] for event in events if "new_state" in event.data]
    facts = [state.attributes.get("paths") for state in states if state]
    assert ["cpu.**REDACTED**", "pools"] in facts
    logged = [
        (record.getMessage(), record.exc_text)
        for record in caplog.records
        if record.name != "homeassistant.core"
    ]
    assert logged
    told = [
        [state.as_dict() for state in hass.states.async_all()],
        [event.as_dict() for event in events if event.event_type != EVENT_CALL_SERVICE],
        issues,
        logged,
    ]
    for part in told:
        assert part
        assert HIDDEN not in as_text(part)


@pytest.mark.parametrize(
    ("fault", "patch", "key"),
    [
        ("fork", {"pools": []}, "unsafe_config"),
        ("fork", {"http": {"access-token": HIDDEN}}, "unsafe_config"),
        ("fork", {WALLET: {WALLET: "**REDACTED**"}}, "redacted_value"),
        ("fork", {WALLET: {WALLET: float("nan")}}, "config_not_json"),
        ("fork", HIDDEN, "config_not_object"),
        ("refuse_put", {"log-file": HIDDEN}, "refused"),
        ("ignore_put", {"log-file": HIDDEN}, "not_confirmed_set_config"),
        ("http_500", {"log-file": HIDDEN}, "not_xmrig"),
        ("fork", {"cc-client": {"new": HIDDEN}}, "unsafe_config"),
        ("fork", {"randomx": {"mode": HIDDEN}}, "not_confirmed_set_config"),
    ],
)
async def test_errors(running: Rig, fault: str, patch: Any, key: str) -> None:
    """An error has the path, but neither the old nor the new value."""
    running.simulator.fault = fault
    with pytest.raises(HomeAssistantError) as raised:
        await act(running, "set_config", config=patch)
    assert raised.value.translation_key == key
    told = "".join(traceback.format_exception(raised.value))
    placeholders = as_text(raised.value.translation_placeholders)
    # Tracebacks contain lines of this file.
    assert HIDDEN not in told.replace("HIDDEN", "")
    assert HIDDEN not in placeholders


async def test_traces_of_automations(running: Rig) -> None:
    """They contain responses and errors of actions, and the states of triggers."""
    hass = running.hass
    target = {"config_entry_id": running.entry.entry_id}
    calls: tuple[tuple[str, dict[str, Any]], ...] = (
        ("get_data", {}),
        ("set_config", {"config": {"pools": None, "retries": 7}, "dry_run": True}),
        ("restore_config", {}),
        ("set_config", {"config": {"pools": []}}),
    )
    actions = [
        {
            "action": f"{DOMAIN}.{action}",
            "data": target | data,
            "response_variable": f"response_{number}",
        }
        for number, (action, data) in enumerate(calls)
    ]
    trigger = {"trigger": "state", "entity_id": running.entity_id("switch.mining")}
    automation = {"id": "traced", "triggers": trigger, "actions": actions}
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await running.turn("switch.mining", on=False)
    await hass.async_block_till_done(wait_background_tasks=True)
    (trace,) = await async_list_traces(hass, "automation", "automation.traced")
    told = as_text(await async_get_trace(hass, "automation.traced", trace["run_id"]))
    assert "later-object" in told, "the config is in it"
    assert "at least one pool" in told, "the error is in it"
    assert HIDDEN not in told
