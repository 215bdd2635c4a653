"""Tests of reauthentication and reconfiguration."""

from collections.abc import AsyncGenerator, Mapping
import logging
from typing import Any

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.xmrig_miner.const import (
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
)
from simulator import Simulator
from simulator.http import Request
from simulator.jsonvalue import Json
from tests import forms
from tests.common import Rig, connection, entry_for, move, without_token
from tests.forms import entered, sections


async def submit(
    rig: Rig, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and wait until the entry is reloaded, if at all."""
    return await forms.submit(rig.hass, form, user_input)


async def choose(rig: Rig, menu: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose an option of a menu, and wait for the result."""
    return await forms.choose(rig.hass, menu, option)


def facts(menu: ConfigFlowResult) -> Mapping[str, str]:
    """Return the placeholders of a menu."""
    assert menu["type"] is FlowResultType.MENU
    placeholders = menu["description_placeholders"]
    assert placeholders is not None
    return placeholders


async def reauthentication(rig: Rig) -> ConfigFlowResult:
    """Return the form that asks for another token, opened by the failed set-up."""
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.SETUP_RETRY
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
    """The token is rejected."""

    async def test_a_new_token_is_taken(self, rig: Rig) -> None:
        """Only the token changes, and the miner is available again."""
        before = dict(rig.entry.data)
        give_token(rig, "old")
        form = await reauthentication(rig)
        assert form["type"] is FlowResultType.FORM
        assert form["step_id"] == "reauth_confirm"
        assert form["description_placeholders"] == {"name": "rig-one"}
        form = await submit(rig, form, {CONF_ACCESS_TOKEN: "wrong"})
        assert form["errors"] == {"access_token": "invalid_auth"}
        result = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reauth_successful"
        assert rig.entry.data == before
        assert {type(key) for key in rig.entry.data} == {str}, "cannot be stored"
        assert rig.entry.state is ConfigEntryState.LOADED

    @pytest.mark.parametrize("options", [{"token": None, "restricted": True}])
    async def test_a_token_can_be_taken_away(self, rig: Rig) -> None:
        """For a miner that no longer has one."""
        give_token(rig, "old")
        form = await reauthentication(rig)
        form = await submit(rig, form, {CONF_ACCESS_TOKEN: "old"})
        assert form["errors"] == {"access_token": "token_not_expected"}
        menu = await submit(rig, form, {})
        assert menu["step_id"] == "read_only"
        result = await choose(rig, menu, "agree")
        assert result["reason"] == "reauth_successful"
        assert CONF_ACCESS_TOKEN not in rig.entry.data
        assert rig.entry.state is ConfigEntryState.LOADED

    async def test_another_miner_in_its_place_is_asked_about(self, rig: Rig) -> None:
        """Its token must not be stored for this entry without a question."""
        give_token(rig, "old")
        form = await reauthentication(rig)
        rig.simulator.surroundings.identity = "0123456789abcdef"
        before = dict(rig.entry.data)
        menu = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert menu["step_id"] == "another_miner"
        assert facts(menu) == {
            "name": "rig-one",
            "expected": "rig-one (8614647678496211)",
            "address": f"127.0.0.1:{rig.simulator.port}",
            "found": "rig-one (0123456789abcdef)",
        }
        assert rig.entry.data == before
        form = await choose(rig, menu, "change")
        assert form["step_id"] == "reauth_confirm"
        assert entered(form) == {}
        assert rig.entry.data == before
        menu = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        result = await choose(rig, menu, "agree")
        assert result["reason"] == "reauth_successful"
        assert rig.entry.data[CONF_MINER_ID] == "0123456789abcdef"
        assert rig.entry.data[CONF_ACCESS_TOKEN] == "s3cret"
        assert rig.entry.state is ConfigEntryState.LOADED

    async def test_an_address_changed_meanwhile_stays(
        self, rig: Rig, other: Simulator
    ) -> None:
        """Only the token changes; the address was swapped in another window."""
        give_token(rig, "old")
        form = await reauthentication(rig)
        await move(rig.simulator, other)
        moved = {**rig.entry.data, CONF_PORT: rig.simulator.port}

        async def change_address(_: Request) -> None:
            other.on_request = None
            rig.hass.config_entries.async_update_entry(rig.entry, data=moved)

        other.on_request = change_address
        result = await submit(rig, form, {CONF_ACCESS_TOKEN: "s3cret"})
        assert result["reason"] == "reauth_successful"
        assert rig.entry.data == moved | {CONF_ACCESS_TOKEN: "s3cret"}
        assert rig.entry.state is ConfigEntryState.LOADED

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
    """The connection of a miner is changed."""

    async def test_the_form_shows_what_is_set(self, running: Rig) -> None:
        """Fields that stay the same are filled in."""
        form = await reconfiguration(running)
        assert form["step_id"] == "reconfigure"
        assert entered(form) == {
            key: running.entry.data[key]
            for key in (CONF_HOST, CONF_PORT, CONF_SSL, CONF_VERIFICATION)
        }
        assert sections(form)["tls"].options["collapsed"]

    async def test_a_new_address_and_token_are_taken(self, running: Rig) -> None:
        """The miner is identified by its ID."""
        await running.simulator.go_offline()
        async with Simulator(
            miner_id="8614647678496211", worker_id="renamed", token="n3w", host="::1"
        ) as moved:
            form = await reconfiguration(running)
            result = await submit(running, form, connection(moved))
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.data == {
                CONF_KIND: "miner",
                CONF_HOST: "::1",
                CONF_PORT: moved.port,
                CONF_ACCESS_TOKEN: "n3w",
                CONF_SSL: False,
                CONF_VERIFICATION: "authority",
                CONF_MINER_ID: "8614647678496211",
                CONF_WORKER_ID: "renamed",
            }
            assert running.entry.state is ConfigEntryState.LOADED

    async def test_errors_are_reported_and_can_be_corrected(self, running: Rig) -> None:
        """The form keeps what was entered."""
        form = await reconfiguration(running)
        wrong = connection(running.simulator, access_token="wrong", verification="none")
        form = await submit(running, form, wrong)
        assert form["type"] is FlowResultType.FORM
        assert form["errors"] == {"access_token": "invalid_auth"}
        assert entered(form) == without_token(wrong) | {"remove_token": False}
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"

    async def test_another_miner_is_asked_about(
        self, running: Rig, other: Simulator
    ) -> None:
        """It would take over the entities and history of this miner."""
        before = dict(running.entry.data)
        form = await reconfiguration(running)
        menu = await submit(running, form, connection(other))
        assert menu["step_id"] == "another_miner"
        assert facts(menu) == {
            "name": "rig-one",
            "expected": "rig-one (8614647678496211)",
            "address": f"127.0.0.1:{other.port}",
            "found": f"rig-two ({other.miner.identity})",
        }
        assert running.entry.data == before
        form = await choose(running, menu, "change")
        assert form["step_id"] == "reconfigure"
        shown = without_token(connection(other))
        assert entered(form) == shown | {"remove_token": False}
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.data == before

    async def test_a_moved_port_changes_the_id(self, running: Rig) -> None:
        """XMRig derives its ID from the port, so the user is asked."""
        await running.simulator.go_offline()
        async with Simulator(miner_id="fedcba9876543210") as moved:
            form = await reconfiguration(running)
            menu = await submit(running, form, connection(moved))
            assert menu["step_id"] == "another_miner"
            result = await choose(running, menu, "agree")
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.unique_id is None
            assert running.entry.data[CONF_MINER_ID] == "fedcba9876543210"
            assert running.entry.data[CONF_PORT] == moved.port
            assert running.is_loaded

    async def test_the_miner_of_another_entry_is_named(
        self, running: Rig, other: Simulator
    ) -> None:
        """Two entries would command the same miner, unless it is a copy."""
        async with Simulator(
            miner_id=other.miner.identity, worker_id="rig-two"
        ) as twin:
            entry_for(other).add_to_hass(running.hass)
            form = await reconfiguration(running)
            menu = await submit(running, form, connection(twin))
            assert menu["step_id"] == "miner_of_entry"
            assert facts(menu)["other"] == "rig-two"
            assert facts(menu)["other_address"] == f"127.0.0.1:{other.port}"
            result = await choose(running, menu, "agree")
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.data[CONF_MINER_ID] == other.miner.identity

    async def test_what_answers_is_looked_up_again_after_a_question(
        self, running: Rig, other: Simulator
    ) -> None:
        """The answer applied to one specific miner."""
        before = dict(running.entry.data)
        form = await reconfiguration(running)
        menu = await submit(running, form, connection(other))
        other.surroundings.identity = "0123456789abcdef"
        menu = await choose(running, menu, "agree")
        assert facts(menu)["found"] == "rig-two (0123456789abcdef)"
        assert running.entry.data == before
        await other.go_offline()
        form = await choose(running, menu, "agree")
        assert form["errors"] == {"port": "connection_refused"}
        assert running.entry.data == before

    @pytest.mark.parametrize("options", [{"miner_id": ""}])
    async def test_an_id_is_learned_once_there_is_one(self, running: Rig) -> None:
        """A miner that started without a network has none until its next start."""
        assert running.entry.data[CONF_MINER_ID] is None
        running.simulator.surroundings.identity = "8614647678496211"
        form = await reconfiguration(running)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.data[CONF_MINER_ID] == "8614647678496211"

    async def test_an_id_is_kept_while_there_is_none(self, running: Rig) -> None:
        """The worker ID is used in the meantime."""
        running.simulator.surroundings.identity = ""
        form = await reconfiguration(running)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.data[CONF_MINER_ID] == "8614647678496211"

    async def test_another_name_without_an_id_is_another_miner(
        self, running: Rig
    ) -> None:
        """Only the worker ID distinguishes them."""
        async with Simulator(miner_id="", worker_id="rig-two") as other:
            form = await reconfiguration(running)
            menu = await submit(running, form, connection(other))
            assert menu["step_id"] == "another_miner"
            result = await choose(running, menu, "agree")
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.data[CONF_MINER_ID] is None
            assert running.entry.data[CONF_WORKER_ID] == "rig-two"

    async def test_an_entry_removed_meanwhile_ends_the_flow(
        self, running: Rig, other: Simulator
    ) -> None:
        """While the form is open, or while the miner is asked."""
        form = await reconfiguration(running)
        menu = await submit(running, form, connection(other))
        hass, entry_id = running.hass, running.entry.entry_id

        async def remove(_: Request) -> None:
            other.on_request = None
            await hass.config_entries.async_remove(entry_id)

        other.on_request = remove
        result = await choose(running, menu, "agree")
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "entry_removed"

    @pytest.mark.parametrize("option", ["change", "agree"])
    async def test_a_menu_of_a_removed_entry_ends(
        self, running: Rig, other: Simulator, option: str
    ) -> None:
        """Whatever is chosen in it."""
        form = await reconfiguration(running)
        menu = await submit(running, form, connection(other))
        await running.hass.config_entries.async_remove(running.entry.entry_id)
        result = await choose(running, menu, option)
        assert result["reason"] == "entry_removed"

    async def test_a_form_of_a_removed_entry_ends(self, running: Rig) -> None:
        """Whatever is entered into it."""
        form = await reconfiguration(running)
        await running.hass.config_entries.async_remove(running.entry.entry_id)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "entry_removed"


class TestToken:
    """The stored token stays where it is."""

    async def test_the_stored_token_is_not_sent_to_the_browser(
        self, running: Rig
    ) -> None:
        """Empty means unchanged."""
        form = await reconfiguration(running)
        assert CONF_ACCESS_TOKEN not in entered(form)
        unchanged = without_token(connection(running.simulator))
        wrong = unchanged | {CONF_PORT: 1}
        form = await submit(running, form, wrong)
        assert form["errors"] == {"port": "connection_refused"}
        assert entered(form) == wrong | {"remove_token": False}
        before = dict(running.entry.data)
        result = await submit(running, form, unchanged)
        assert result["reason"] == "reconfigure_successful"
        assert running.entry.data == before
        assert running.is_loaded

    async def test_a_new_token_replaces_it(self, running: Rig) -> None:
        """Even if the old one should be removed."""
        running.simulator.edit_config(
            lambda config: config["http"].update({"access-token": "n3w"})
        )
        running.simulator.restart()
        form = await reconfiguration(running)
        for extra in ({}, {"remove_token": True}):
            form = await reconfiguration(running)
            result = await submit(
                running,
                form,
                connection(running.simulator, access_token="n3w", **extra),
            )
            assert result["reason"] == "reconfigure_successful"
            assert running.entry.data[CONF_ACCESS_TOKEN] == "n3w"

    async def test_the_stored_token_is_removed(self, running: Rig) -> None:
        """A miner without a token rejects any."""

        def remove_token(config: Json) -> None:
            config["http"] |= {"access-token": None, "restricted": True}

        running.simulator.edit_config(remove_token)
        running.simulator.restart()
        address = without_token(connection(running.simulator))
        form = await reconfiguration(running)
        form = await submit(running, form, address)
        assert form["errors"] == {"access_token": "token_not_expected"}
        menu = await submit(running, form, address | {"remove_token": True})
        assert menu["step_id"] == "read_only"
        result = await choose(running, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert CONF_ACCESS_TOKEN not in running.entry.data
        form = await reconfiguration(running)
        assert form["data_schema"] is not None
        assert "remove_token" not in form["data_schema"].schema
        # The user agreed to a read-only miner before, and is not asked again
        result = await submit(running, form, address)
        assert result["reason"] == "reconfigure_successful"


@pytest.mark.parametrize("options", [{"tls": True}])
class TestTokenInClear:
    """A token that was sent over TLS is not sent without it unasked."""

    @pytest.fixture
    async def secure(self, rig: Rig) -> Rig:
        """Return a miner that is reached over TLS."""
        rig.hass.config_entries.async_update_entry(
            rig.entry,
            data={**rig.entry.data, CONF_SSL: True, CONF_VERIFICATION: "none"},
        )
        await rig.set_up()
        assert rig.is_loaded
        rig.simulator.requests.clear()
        return rig

    @pytest.mark.parametrize("scheme", ["", "http://"])
    @pytest.mark.parametrize("token", [{}, {CONF_ACCESS_TOKEN: "s3cret"}])
    async def test_it_is_asked_before_anything_is_sent(
        self, secure: Rig, scheme: str, token: dict[str, str]
    ) -> None:
        """Whether the token is entered or stored, and however TLS was left out."""
        address = without_token(
            connection(
                secure.simulator,
                host=f"{scheme}127.0.0.1:{secure.simulator.port}",
                ssl=bool(scheme),
            )
        )
        form = await reconfiguration(secure)
        assert not sections(form)["tls"].options["collapsed"]
        menu = await submit(secure, form, address | token)
        assert menu["step_id"] == "token_in_clear"
        assert facts(menu) == {
            "name": "rig-one",
            "address": f"127.0.0.1:{secure.simulator.port}",
        }
        assert not secure.simulator.requests
        form = await choose(secure, menu, "change")
        assert entered(form) == without_token(connection(secure.simulator)) | {
            "remove_token": False
        }
        menu = await submit(secure, form, address | token)
        assert menu["step_id"] == "token_in_clear"
        assert not secure.simulator.requests
        result = await choose(secure, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert secure.entry.data[CONF_SSL] is False
        assert secure.entry.data[CONF_ACCESS_TOKEN] == "s3cret"

    async def test_it_is_not_asked_without_a_token(self, secure: Rig) -> None:
        """Without a token there is nothing to protect."""
        form = await reconfiguration(secure)
        address = without_token(connection(secure.simulator))
        form = await submit(secure, form, address | {"remove_token": True})
        assert form["errors"] == {"access_token": "invalid_auth"}

    async def test_it_is_not_asked_where_it_always_was(self, running: Rig) -> None:
        """The entry had no TLS before."""
        form = await reconfiguration(running)
        result = await submit(running, form, connection(running.simulator))
        assert result["reason"] == "reconfigure_successful"


class TestAddressOfAnotherEntry:
    """An address belongs to one entry."""

    async def test_addresses_are_swapped(self, trio: list[Rig]) -> None:
        """Each entry gets the address of the other."""
        first, second, _ = trio
        first_port, second_port = first.simulator.port, second.simulator.port
        await move(first.simulator, second.simulator)
        form = await reconfiguration(first)
        menu = await submit(first, form, connection(first.simulator))
        assert menu["step_id"] == "address_of_entry"
        assert facts(menu)["name"] == "rig-one"
        assert facts(menu)["other"] == "rig-two"
        assert facts(menu)["address"] == f"127.0.0.1:{second_port}"
        form = await choose(first, menu, "change")
        assert entered(form)[CONF_PORT] == second_port
        menu = await submit(first, form, without_token(connection(first.simulator)))
        result = await choose(first, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert first.entry.data[CONF_PORT] == second_port
        assert second.entry.data[CONF_PORT] == first_port
        for rig in (first, second):
            assert rig.is_loaded
            assert rig.entry.data[CONF_ACCESS_TOKEN] == "s3cret"
            assert (
                rig.entry.runtime_data.coordinator.data.summary.worker_id
                == rig.entry.title
            )

    async def test_miners_with_tokens_of_their_own_are_swapped(
        self, running: Rig
    ) -> None:
        """Neither accepts the other's token, so the other miner is not asked."""
        hass = running.hass
        async with Simulator(
            worker_id="rig-two", token="0ther", watch_delay=0
        ) as simulator:
            other = Rig(hass, simulator, entry_for(simulator), running.freezer)
            await other.set_up()
            await move(running.simulator, simulator)
            address = without_token(connection(running.simulator))
            form = await reconfiguration(running)
            menu = await submit(running, form, address)
            assert menu["step_id"] == "address_of_entry"
            result = await choose(running, menu, "agree")
            assert result["reason"] == "reconfigure_successful"
            for rig, token in ((running, "s3cret"), (other, "0ther")):
                assert rig.is_loaded
                assert rig.entry.data[CONF_ACCESS_TOKEN] == token
                assert rig.entry.data[CONF_PORT] == rig.simulator.port

    async def test_the_entry_whose_miner_is_there_is_named(
        self, trio: list[Rig]
    ) -> None:
        """It keeps its address."""
        first, second, _ = trio
        before = dict(first.entry.data)
        form = await reconfiguration(first)
        form = await submit(first, form, connection(second.simulator))
        assert form["errors"] == {"host": "address_in_use"}
        assert form["description_placeholders"] == {
            "name": "rig-one",
            "other": "rig-two",
        }
        assert entered(form)[CONF_PORT] == second.simulator.port
        assert first.entry.data == before

    async def test_a_third_miner_there_belongs_to_neither(
        self, trio: list[Rig]
    ) -> None:
        """A swap would not help."""
        first, second, third = trio
        address = connection(second.simulator)
        await second.simulator.go_offline()
        await move(third.simulator, second.simulator)
        form = await reconfiguration(first)
        form = await submit(first, form, address)
        assert form["errors"] == {"host": "address_in_use"}

    async def test_the_other_entry_is_disabled(self, trio: list[Rig]) -> None:
        """It stays disabled, with its new address."""
        first, second, _ = trio
        first_port = first.simulator.port
        await move(first.simulator, second.simulator)
        await first.hass.config_entries.async_set_disabled_by(
            second.entry.entry_id, ConfigEntryDisabler.USER
        )
        form = await reconfiguration(first)
        menu = await submit(first, form, connection(first.simulator))
        result = await choose(first, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert first.is_loaded
        assert second.entry.data[CONF_PORT] == first_port
        assert second.entry.state is ConfigEntryState.NOT_LOADED

    async def test_the_other_entry_is_removed_meanwhile(self, trio: list[Rig]) -> None:
        """The address is then free."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        form = await reconfiguration(first)
        menu = await submit(first, form, connection(first.simulator))
        await first.hass.config_entries.async_remove(second.entry.entry_id)
        result = await choose(first, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert first.is_loaded

    async def test_the_other_entrys_token_stays_over_tls(self, trio: list[Rig]) -> None:
        """Its token would be sent without TLS."""
        first, second, _ = trio
        await move(first.simulator, second.simulator)
        first.hass.config_entries.async_update_entry(
            second.entry, data={**second.entry.data, CONF_SSL: True}
        )
        form = await reconfiguration(first)
        menu = await submit(first, form, connection(first.simulator))
        menu = await choose(first, menu, "agree")
        assert menu["step_id"] == "token_in_clear"
        assert facts(menu)["name"] == "rig-two"
        result = await choose(first, menu, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert first.is_loaded
        assert second.is_loaded
