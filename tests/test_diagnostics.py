"""Diagnostics show everything except what identifies the user."""

import json
from typing import Any

from homeassistant.components.diagnostics import REDACTED
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.xmrig_miner.const import CONF_KIND, DOMAIN
from simulator import FAULTS, Fault
from simulator.http import Reply, Request
from simulator.miner import SimulatedMiner
from tests.common import Rig

SECRETS = {
    "api": {"id": "secret-miner", "worker-id": "secret-worker"},
    "http": {"access-token": "secret-token"},
    "log-file": "/srv/secret-user/xmrig.log",
    "opencl": {"loader": "/srv/secret-user/libOpenCL.so"},
    "cuda": {"loader": "/srv/secret-user/libxmrig-cuda.so"},
    "pools": [
        {
            "url": "secret-pool.example.org:3333",
            "user": "secret-wallet",
            "pass": "secret-password",
            "rig-id": "secret-rig",
            "tls": True,
            "tls-fingerprint": "5ec4e7" * 10,
            "socks5": "secret-proxy:9050",
            "self-select": "secret-daemon:18081",
        }
    ],
    "tls": {"cert": "/srv/secret-user/cert.pem", "cert_key": "/srv/secret-user/key"},
    "user-agent": "secret-agent",
}
HIDDEN = ("secret", "5ec4e7", "127.0.0.1", "203.0.113.7", "example.org")

secretive = pytest.mark.parametrize(
    "options", [{"gpus": 2, "token": "secret-token", "config": SECRETS}]
)


async def diagnostics_of(
    rig: Rig, hass_client: ClientSessionGenerator
) -> dict[str, Any]:
    """Download the diagnostics of a miner."""
    return dict(
        await get_diagnostics_for_config_entry(rig.hass, hass_client, rig.entry)
    )


@secretive
async def test_all_answers_are_in_it_and_no_secret(
    running: Rig, hass_client: ClientSessionGenerator
) -> None:
    """They show the replies of the miner, without secrets and personal data."""
    simulator = running.simulator
    diagnostics = await diagnostics_of(running, hass_client)
    assert diagnostics["last_update_success"] is True
    assert diagnostics["status"] == "mining"
    assert diagnostics["summary"]["version"] == "6.26.0"
    assert diagnostics["summary"]["hashrate"]["total"] == [3630.0] * 3
    assert diagnostics["backends"][1]["threads"][0]["health"]["temperature"] == 57
    assert diagnostics["config"]["cpu"] == simulator.config["cpu"]
    assert diagnostics["config"]["pools"][0]["tls"] is True
    assert diagnostics["entry"]["verification"] == "authority"
    assert diagnostics["entry"]["kind"] == "miner"
    said = json.dumps([simulator.config, dict(running.entry.data)])
    for secret in ("token", "wallet", "password", "pool", "worker", "user", "proxy"):
        assert f"secret-{secret}" in said
    told = json.dumps(diagnostics)
    for hidden in (*HIDDEN, str(running.simulator.port)):
        assert hidden not in told.replace(f'"port": {simulator.port}', "")


@secretive
async def test_what_xmrig_will_add_stays_in(
    running: Rig,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its meaning is unknown."""

    def distort(_miner: SimulatedMiner, _request: Request, reply: Reply) -> Reply:
        add(reply.document)
        return reply

    def add(document: Any) -> None:
        if isinstance(document, list):
            add(document[0])
        elif isinstance(document, dict):
            for key in ("connection", "http", "pools", "api", "tls"):
                add(document.get(key))
            document["new"] = {"key": "secret-value"}

    monkeypatch.setitem(FAULTS, "newer", Fault("a newer XMRig", distort=distort))
    running.simulator.fault = "newer"
    await running.reload()
    diagnostics = await diagnostics_of(running, hass_client)
    assert diagnostics["summary"]["new"] == REDACTED
    assert diagnostics["summary"]["connection"]["new"] == REDACTED
    assert diagnostics["backends"][0]["new"] == REDACTED
    assert diagnostics["config"]["new"] == REDACTED
    assert diagnostics["config"]["http"]["new"] == REDACTED
    assert diagnostics["config"]["pools"][0]["new"] == REDACTED
    assert "secret" not in json.dumps(diagnostics)


async def test_an_unreachable_miner_has_its_last_replies(
    running: Rig, hass_client: ClientSessionGenerator
) -> None:
    """With its last replies."""
    await running.simulator.go_offline()
    await running.poll()
    diagnostics = await diagnostics_of(running, hass_client)
    assert diagnostics["last_update_success"] is False
    assert diagnostics["summary"]["version"] == "6.26.0"


@pytest.mark.parametrize("options", [{"restricted": True, "fault": "backends_500"}])
async def test_what_could_not_be_read_is_null(
    running: Rig, hass_client: ClientSessionGenerator
) -> None:
    """The config of a read-only API, and failed backends."""
    diagnostics = await diagnostics_of(running, hass_client)
    assert diagnostics["restricted"] is True
    assert diagnostics["config"] is None
    assert diagnostics["backends"] is None


async def test_an_entry_that_is_not_loaded_has_diagnostics_too(
    rig: Rig, hass_client: ClientSessionGenerator
) -> None:
    """They are needed most then."""
    await rig.simulator.go_offline()
    await rig.set_up()
    diagnostics = await diagnostics_of(rig, hass_client)
    assert diagnostics["entry"]["ssl"] is False
    assert "s3cret" not in json.dumps(diagnostics)


async def test_an_entry_of_another_kind_has_diagnostics_too(
    running: Rig, hass_client: ClientSessionGenerator
) -> None:
    """For example of a later version; others are not affected."""
    other = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: "gpu_farm"})
    other.add_to_hass(running.hass)
    assert await get_diagnostics_for_config_entry(running.hass, hass_client, other) == {
        "entry": {"kind": "gpu_farm"}
    }
    await running.poll()
    assert running.state("sensor.status") == "mining"


async def test_an_entry_of_another_kind_is_listed(
    running: Rig, hass_ws_client: WebSocketGenerator
) -> None:
    """With all others, of this and of other integrations, so that it can be removed."""
    hass = running.hass
    assert await async_setup_component(hass, "config", {})
    other = MockConfigEntry(domain=DOMAIN, data={CONF_KIND: "gpu_farm"})
    other.add_to_hass(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "config_entries/get"})
    reply = await client.receive_json()
    found = {entry["entry_id"]: entry for entry in reply["result"]}
    assert found[running.entry.entry_id]["supports_options"] is True
    assert found[other.entry_id]["supports_options"] is False
    assert found[other.entry_id]["supported_subentry_types"] == {}


async def test_an_entry_without_a_kind_is_a_miners(
    rig: Rig, hass_client: ClientSessionGenerator
) -> None:
    """Only miners' entries may lack a kind."""
    data = {key: value for key, value in rig.entry.data.items() if key != CONF_KIND}
    rig.hass.config_entries.async_update_entry(rig.entry, data=data)
    await rig.set_up()
    assert (await diagnostics_of(rig, hass_client))["status"] == "mining"
