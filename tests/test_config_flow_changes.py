"""Changing how a miner is reached: by reauthentication and by reconfiguration."""

from collections.abc import AsyncGenerator
import logging
from typing import Any

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_HOST,
    CONF_PORT,
    CONF_SSL,
    CONF_VERIFY_SSL,
)
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.xmrig.const import CONF_WORKER_ID
from simulator import Simulator
from tests.common import Rig, connection, entry_for


async def submit(
    rig: Rig, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and wait until the entry is reloaded if that comes of it."""
    result = await rig.hass.config_entries.flow.async_configure(
        form["flow_id"], user_input
    )
    await rig.hass.async_block_till_done(wait_background_tasks=True)
    return result


async def reauthentication(rig: Rig) -> ConfigFlowResult:
    """Return the form that asks for another token, opened by the failed set-up."""
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.SETUP_ERROR
    [flow] = rig.hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH
    return await rig.hass.config_entries.flow.async_configure(flow["flow_id"])


async def reconfiguration(rig: Rig) -> ConfigFlowResult:
    """Return the form that changes how the miner is reached."""
    return await rig.entry.start_reconfigure_flow(rig.hass)


def give_token(rig: Rig, token: str) -> None:
    """Change the token that Home Assistant has."""
    rig.hass.config_entries.async_update_entry(
        rig.entry, data={**rig.entry.data, CONF_ACCESS_TOKEN: token}
    )


@pytest.fixture
async def other() -> AsyncGenerator[Simulator]:
    """Return another miner, on another port."""
    async with Simulator(worker_id="rig-two", watch_delay=0) as simulator:
        yield simulator


class TestReauthentication:
    """What happens once a miner refuses the token."""

    async def test_a_new_token_is_taken(self, rig: Rig) -> None:
        """Nothing but the token changes, and the miner is back."""
        before = dict(rig.entry.data)
        give_token(rig, "old")
        form = await reauthentication(rig)
        assert form["type"] is FlowResultType.FORM
        assert form["step_id"] == "reauth_confirm"
        assert form["description_placeholders"] == {"name": "rig-one"}
        form = await submit(rig, form, {CONF_ACCESS_TOKEN: "wrong"})
        assert form["errors"] == {"base": "invalid_auth"}
        result = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reauth_successful"
        assert rig.entry.data == before
        assert {type(key) for key in rig.entry.data} == {str}, "cannot be stored"
        assert rig.entry.state is ConfigEntryState.LOADED

    @pytest.mark.parametrize("options", [{"token": None, "restricted": True}])
    async def test_a_token_can_be_taken_away(self, rig: Rig) -> None:
        """For a miner that has none any more."""
        give_token(rig, "old")
        form = await reauthentication(rig)
        form = await submit(rig, form, {CONF_ACCESS_TOKEN: "old"})
        assert form["errors"] == {"base": "token_not_expected"}
        result = await submit(rig, form, {})
        assert result["reason"] == "reauth_successful"
        assert CONF_ACCESS_TOKEN not in rig.entry.data
        assert rig.entry.state is ConfigEntryState.LOADED

    async def test_another_miner_in_its_place_is_refused(self, rig: Rig) -> None:
        """Its token must not make it the miner of this entry."""
        give_token(rig, "old")
        form = await reauthentication(rig)
        rig.simulator.surroundings.identity = "0123456789abcdef"
        before = dict(rig.entry.data)
        result = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "another_miner"
        assert result["description_placeholders"] == {"name": "rig-one"}
        assert rig.entry.data == before

    async def test_no_token_is_logged(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither the old one nor the new one."""
        caplog.set_level(logging.DEBUG)
        give_token(rig, "0ld-token")
        form = await reauthentication(rig)
        await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert rig.entry.state is ConfigEntryState.LOADED
        for secret in ("0ld-token", "s3cret", "WALLET"):
            assert secret not in caplog.text


class TestReconfiguration:
    """What happens when a user says that a miner is reached otherwise."""

    async def test_the_form_shows_what_is_set(self, running: Rig) -> None:
        """Nobody has to enter again what stays."""
        form = await reconfiguration(running)
        assert form["step_id"] == "reconfigure"
        schema = form["data_schema"]
        assert schema is not None
        for key in (CONF_HOST, CONF_PORT, CONF_SSL, CONF_VERIFY_SSL):
            assert (
                get_schema_suggested_value(schema.schema, key)
                == running.entry.data[key]
            )

    async def test_a_new_address_and_token_are_taken(self, running: Rig) -> None:
        """The miner is known by its id, wherever it is and whatever its token is."""
        await running.simulator.go_offline()
        async with Simulator(
            miner_id="8614647678496211", worker_id="renamed", token="n3w", host="::1"
        ) as moved:
            form = await reconfiguration(running)
            result = await submit(running, form, connection(moved))
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.data == {
                CONF_HOST: "::1",
                CONF_PORT: moved.port,
                CONF_ACCESS_TOKEN: "n3w",
                CONF_SSL: False,
                CONF_VERIFY_SSL: True,
                CONF_WORKER_ID: "renamed",
            }
            assert running.entry.state is ConfigEntryState.LOADED

    async def test_what_is_wrong_is_told_and_can_be_mended(self, running: Rig) -> None:
        """The form keeps what was entered."""
        form = await reconfiguration(running)
        wrong = connection(running.simulator, access_token="wrong", verify_ssl=False)
        form = await submit(running, form, wrong)
        assert form["type"] is FlowResultType.FORM
        assert form["errors"] == {"base": "invalid_auth"}
        schema = form["data_schema"]
        assert schema is not None
        assert get_schema_suggested_value(schema.schema, CONF_VERIFY_SSL) is False
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"

    async def test_another_miner_is_refused(
        self, running: Rig, other: Simulator
    ) -> None:
        """It would go on under the entities and the history of this one."""
        before = dict(running.entry.data)
        form = await reconfiguration(running)
        result = await submit(running, form, connection(other))
        assert result["reason"] == "another_miner"
        assert result["description_placeholders"] == {"name": "rig-two"}
        assert running.entry.data == before

    async def test_a_moved_port_changes_the_id(self, running: Rig) -> None:
        """XMRig makes its id of the port among others."""
        await running.simulator.go_offline()
        async with Simulator(miner_id="fedcba9876543210") as moved:
            form = await reconfiguration(running)
            result = await submit(running, form, connection(moved))
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.unique_id == "fedcba9876543210"
            assert running.entry.data[CONF_PORT] == moved.port

    async def test_an_id_that_is_another_entrys_is_refused(
        self, running: Rig, other: Simulator
    ) -> None:
        """Two entries would command one miner."""
        async with Simulator(miner_id=other.miner.identity) as twin:
            entry_for(other).add_to_hass(running.hass)
            form = await reconfiguration(running)
            result = await submit(running, form, connection(twin))
            assert result["reason"] == "already_configured"

    @pytest.mark.parametrize("options", [{"miner_id": ""}])
    async def test_an_address_that_is_another_entrys_is_refused(
        self, running: Rig
    ) -> None:
        """Two entries would command one miner; here nothing but the address tells."""
        async with Simulator(miner_id="") as twin:
            entry_for(twin, entry_id="twin").add_to_hass(running.hass)
            form = await reconfiguration(running)
            result = await submit(running, form, connection(twin))
            assert result["reason"] == "already_configured"

    @pytest.mark.parametrize("options", [{"miner_id": ""}])
    async def test_an_id_is_learned_once_there_is_one(self, running: Rig) -> None:
        """A miner that started without network has none until its next start."""
        assert running.entry.unique_id is None
        running.simulator.surroundings.identity = "8614647678496211"
        form = await reconfiguration(running)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.unique_id == "8614647678496211"

    async def test_an_id_is_kept_while_there_is_none(self, running: Rig) -> None:
        """The name of the worker has to do for now."""
        running.simulator.surroundings.identity = ""
        form = await reconfiguration(running)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.unique_id == "8614647678496211"

    async def test_another_name_without_an_id_is_another_miner(
        self, running: Rig
    ) -> None:
        """Nothing else tells them apart."""
        async with Simulator(miner_id="", worker_id="rig-two") as other:
            form = await reconfiguration(running)
            result = await submit(running, form, connection(other))
            assert result["reason"] == "another_miner"
