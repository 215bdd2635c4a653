"""No wallet, token or password of a worker is shown, logged or stored."""

from collections.abc import Callable
import json
import logging
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from simulator import Simulator, StratumMiner
from tests.common import Rig, entry_for
from tests.fleet.house import House

from .conftest import ProxyRig
from .test_commands import act

HIDDEN = "hIdDeN"
WALLET = (
    f"4{HIDDEN}V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ"
)
NOT_OURS = ("homeassistant.core", "pytest_homeassistant_custom_component.common")
"""Loggers that log calls of actions, and what the store of the tests writes."""
MODES = (True, "user", "password", "agent", "ip", False)


def stranger(rig_id: str | None) -> StratumMiner:
    """Return a miner whose wallet and password are secret, whatever its name is."""
    return StratumMiner(rig_id, user=WALLET, password=f"worker-{HIDDEN}", hashrate=500)


@pytest.fixture
def miners() -> list[StratumMiner]:
    """Return miners with and without a rig ID."""
    return [
        stranger("attic"),
        stranger(None),
        stranger(f"{WALLET}.rig"),
        StratumMiner("shed", user=f"{WALLET}.shed", password=f"other-{HIDDEN}"),
    ]


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a proxy with secrets in its config."""
    pool = {"user": WALLET, "pass": f"pool-{HIDDEN}"}
    return {
        "token": f"token-{HIDDEN}",
        "config": {
            "access-password": f"access-{HIDDEN}",
            "access-log-file": f"/home/{HIDDEN}/access.log",
            "pools": [
                {"url": f"pool.example.org:3333#{WALLET}", **pool},
                {"url": "backup.example.org:3333", **pool},
            ],
            "tls": {"cert_key": f"/home/{HIDDEN}/key.pem"},
        },
    }


def as_text(value: Any) -> str:
    """Return a text with all that is in a value."""
    return json.dumps(value, default=str)


def named_by(mode: bool | str) -> Callable[[dict[str, Any]], None]:
    """Return the edit of a config that names workers in a way."""
    return lambda config: config.update(workers=mode)


async def use(rig: ProxyRig) -> list[Any]:
    """Do everything with a proxy, and return the responses, errors and forms."""
    hass, proxy = rig.hass, rig.simulator
    told: list[Any] = []

    async def choose() -> None:
        form = await hass.config_entries.subentries.async_init(
            (rig.entry.entry_id, "worker"), context={"source": SOURCE_USER}
        )
        schema = form.get("data_schema")
        told.append((form, schema and schema.schema["workers"].config))
        if schema:
            options = schema.schema["workers"].config["options"]
            await hass.config_entries.subentries.async_configure(
                form["flow_id"], {"workers": options}
            )
            await hass.async_block_till_done(wait_background_tasks=True)

    for mode in MODES:
        proxy.edit_config(named_by(mode))
        told.append(await act(rig, "get_workers"))
        await choose()
        miner = StratumMiner(None, user=f"{WALLET}.new", password=f"new-{HIDDEN}")
        proxy.connect(miner)
        told.append(await act(rig, "get_workers"))
        proxy.disconnect(miner)
        # It is gone once it is offline in two readings
        told += [await act(rig, "get_workers") for _ in range(2)]
    told.append(await act(rig, "get_data"))
    backup = "backup.example.org:3333"
    await rig.call("select", "select_option", "select.pool", option=backup)
    told.append(await act(rig, "set_config", config={"access-password": "new"}))
    told.append(await act(rig, "restore_config"))

    def remove_pool(config: dict[str, Any]) -> None:
        del config["pools"][-1]

    proxy.edit_config(remove_pool)
    for url in [pool["url"] for pool in proxy.config["pools"]]:
        proxy.set_pool_reachable(url, False)
    await rig.poll(8)
    told.append([issue.to_json() for issue in ir.async_get(hass).issues.values()])
    await refused(rig, told)
    return told


async def refused(rig: ProxyRig, told: list[Any]) -> None:
    """Let the proxy reject the token, and then answer no longer."""
    rig.simulator.edit_config(
        lambda config: config["http"].update({"access-token": "n"})
    )
    await rig.poll(2)
    told.append(rig.hass.config_entries.flow.async_progress())
    await rig.simulator.go_offline()
    with pytest.raises(HomeAssistantError) as raised:
        await act(rig, "get_workers")
    told.append((str(raised.value), raised.value.translation_placeholders))


@pytest.mark.usefixtures("all_enabled")
async def test_no_secret_is_shown(
    hass: HomeAssistant,
    proxy_rig: ProxyRig,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
) -> None:
    """Neither in states, events, logs, responses, forms and issues, nor as a name."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    hass.bus.async_listen(MATCH_ALL, events.append)
    await proxy_rig.set_up()
    assert as_text(proxy_rig.simulator.process.document("/1/workers")).count(HIDDEN) > 1
    told = {"use": await use(proxy_rig)}
    entry = proxy_rig.entry
    told["chosen"] = [subentry.as_dict() for subentry in entry.subentries.values()]
    assert "attic" in as_text(told["chosen"])
    told["diagnostics"] = [
        dict(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    ]
    told["names"] = [
        *(row.as_partial_dict for row in er.async_get(hass).entities.values()),
        *(
            device.dict_repr
            for device in dr.async_entries_for_config_entry(
                dr.async_get(hass), entry.entry_id
            )
        ),
    ]
    told["states"] = [state.as_dict() for state in hass.states.async_all()]
    told["events"] = [
        event.as_dict() for event in events if event.event_type != EVENT_CALL_SERVICE
    ]
    told["logs"] = [
        (record.getMessage(), record.exc_text)
        for record in caplog.records
        if record.name not in NOT_OURS
    ]
    for name, part in told.items():
        assert part, name
        assert HIDDEN not in as_text(part), name
    kinds = {
        event.data["new_state"].attributes.get("event_type")
        for event in events
        if event.data.get("new_state")
    }
    assert {"worker_appeared", "worker_gone", "pool_lost", "config_changed"} <= kinds


async def test_no_diagnostics_of_any_entry_have_secrets(
    hass: HomeAssistant, proxy_rig: ProxyRig, hass_client: ClientSessionGenerator
) -> None:
    """Whichever way the proxy names its workers; miners may mine through it."""
    await proxy_rig.set_up()
    pool = {"url": "127.0.0.1:3333", "user": WALLET, "pass": f"pool-{HIDDEN}"}
    async with Simulator(
        token=f"miner-{HIDDEN}", config={"pools": [pool]}, uptime=1000, watch_delay=0
    ) as simulator:
        miner = Rig(hass, simulator, entry_for(simulator), proxy_rig.freezer)
        await miner.set_up()
        house = House(hass, [miner])
        await house.set_up()
        for mode in MODES:
            proxy_rig.simulator.edit_config(named_by(mode))
            await proxy_rig.poll(7)
            for rig in (miner, house.manager, proxy_rig):
                told = as_text(
                    await get_diagnostics_for_config_entry(hass, hass_client, rig.entry)
                )
                assert "entry" in told
                assert HIDDEN not in told, (mode, rig.entry.title)
