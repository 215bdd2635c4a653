"""Tests of pinned certificates: how one is accepted, and what is asked if it changes."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_HOST, CONF_PORT, CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.xmrig_miner.api.client import XmrigClient
from custom_components.xmrig_miner.certificates import Certificate, pinned
from custom_components.xmrig_miner.const import (
    CONF_FINGERPRINT,
    CONF_KIND,
    CONF_MINER_ID,
    CONF_VERIFICATION,
    CONF_WORKER_ID,
    DOMAIN,
)
from simulator import Simulator

from .certificates import FIRST_YEAR, Authority, self_signed
from .common import ALWAYS_AVAILABLE, Rig, connection, entry_for, move, without_token
from .controls import MINING
from .fixing import Fix, issues
from .forms import add, choose, entered, start, submit, submit_one

pytestmark = pytest.mark.usefixtures("enable_custom_integrations")

OLD = self_signed()

type Open = Callable[..., Awaitable[Fix]]


def fingerprint(simulator: Simulator) -> str:
    """Return the SHA-256 of the certificate that a miner shows."""
    assert simulator.certificate
    return Certificate.from_der(simulator.certificate).fingerprint


def text(fingerprint: str) -> str:
    """Return a fingerprint as it is shown, and as openssl prints it."""
    return ":".join(fingerprint[place : place + 2].upper() for place in range(0, 64, 2))


def change(rig: Rig, **data: Any) -> None:
    """Change how the miner is reached, before it is set up."""
    rig.hass.config_entries.async_update_entry(
        rig.entry, data={**rig.entry.data, CONF_SSL: True, **data}
    )


@pytest.fixture
def options() -> dict[str, Any]:
    """Let the miner use TLS."""
    return {"tls": True}


@pytest.fixture
async def secure(rig: Rig) -> Rig:
    """Return a miner whose certificate is pinned."""
    rig.simulator.use_certificate(OLD.context, OLD.der)
    change(rig, **pinned(OLD.fingerprint))
    await rig.set_up()
    assert rig.is_loaded
    rig.simulator.requests.clear()
    return rig


@pytest.fixture
def fix(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Open:
    """Open the dialog of an issue of a miner, by default of the first one."""

    async def start(key: str, rig: Rig | None = None) -> Fix:
        entry_id = rig.entry.entry_id if rig else "entry_of_rig-one"
        issue = issues(hass)[f"{key}_{entry_id}"]
        return await Fix.start(hass, hass_client, issue)

    return start


class TestForm:
    """A certificate is accepted while a miner is added or changed."""

    async def test_what_was_seen_is_shown_and_pinned(
        self, hass: HomeAssistant, simulator: Simulator
    ) -> None:
        """With its SHA-256, its dates and the address, before anything is sent."""
        menu = await add(hass, connection(simulator, ssl=True))
        assert menu["step_id"] == "certificate"
        assert menu["description_placeholders"] == {
            "address": f"127.0.0.1:{simulator.port}",
            "found": text(fingerprint(simulator)),
            "valid_from": "2026-11-01",
            "valid_until": "2036-10-29",
        }
        assert simulator.requests == []
        result = await choose(hass, menu, "agree")
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"] == {
            CONF_KIND: "miner",
            CONF_HOST: "127.0.0.1",
            CONF_PORT: simulator.port,
            CONF_ACCESS_TOKEN: "s3cret",
            CONF_SSL: True,
            CONF_VERIFICATION: "certificate",
            CONF_FINGERPRINT: fingerprint(simulator),
            CONF_MINER_ID: "8614647678496211",
            CONF_WORKER_ID: "rig-one",
        }
        assert result["result"].state is ConfigEntryState.LOADED

    async def test_it_is_asked_once(
        self, hass: HomeAssistant, simulator: Simulator
    ) -> None:
        """Not again after a wrong token, but after another choice."""
        wrong = connection(simulator, ssl=True, access_token="wrong")
        menu = await add(hass, wrong)
        form = await choose(hass, menu, "agree")
        assert form["errors"] == {CONF_ACCESS_TOKEN: "invalid_auth"}
        assert entered(form)[CONF_VERIFICATION] == "certificate"
        menu = await submit(hass, form, wrong)
        assert menu["step_id"] == "certificate", "an authority was chosen again"
        form = await choose(hass, menu, "agree")
        right = connection(simulator, ssl=True, verification="certificate")
        result = await submit(hass, form, right)
        assert result["type"] is FlowResultType.CREATE_ENTRY

    async def test_it_changes_while_it_is_asked_about(
        self, hass: HomeAssistant, simulator: Simulator
    ) -> None:
        """The answer was about that one certificate."""
        menu = await add(hass, connection(simulator, ssl=True))
        old = fingerprint(simulator)
        simulator.renew_certificate()
        menu = await choose(hass, menu, "agree")
        assert menu["step_id"] == "certificate_changed"
        facts = menu["description_placeholders"]
        assert facts is not None
        assert facts["expected"] == text(old)
        assert facts["found"] == text(fingerprint(simulator))
        assert simulator.requests == []
        result = await choose(hass, menu, "agree")
        assert result["data"][CONF_FINGERPRINT] == fingerprint(simulator)

    async def test_a_question_is_shown_again_in_a_reloaded_browser(
        self, hass: HomeAssistant, simulator: Simulator
    ) -> None:
        """The browser requests the current step."""
        menu = await add(hass, connection(simulator, ssl=True))
        again = await hass.config_entries.flow.async_configure(menu["flow_id"])
        assert again["step_id"] == "certificate"
        form = await choose(hass, again, "change")
        assert entered(form) == without_token(connection(simulator, ssl=True))

    async def test_the_miner_is_gone_meanwhile(
        self, hass: HomeAssistant, simulator: Simulator
    ) -> None:
        """There is no certificate to ask about."""
        form = await start(hass)
        await simulator.go_offline()
        pin = connection(simulator, ssl=True, verification="certificate")
        form = await submit(hass, form, pin)
        assert form["errors"] == {CONF_PORT: "connection_refused"}
        await simulator.go_online()
        menu = await submit(hass, form, pin)
        assert menu["step_id"] == "certificate"

    @pytest.mark.parametrize("scheme", ["", "http://"])
    async def test_a_pin_needs_tls(
        self, hass: HomeAssistant, simulator: Simulator, scheme: str
    ) -> None:
        """Over plain HTTP there is nothing to compare."""
        form = await add(
            hass,
            connection(
                simulator,
                host=f"{scheme}127.0.0.1:{simulator.port}",
                verification="certificate",
            ),
        )
        assert form["errors"] == {"tls": "pin_without_tls"}
        assert simulator.requests == []

    @pytest.mark.parametrize("answers", [True, False])
    async def test_a_miner_without_tls_is_named(
        self, hass: HomeAssistant, simulator: Simulator, answers: bool
    ) -> None:
        """If it answers to a request without the token."""
        simulator.lose_tls()
        if not answers:
            simulator.fault = "http_500"
        form = await add(hass, connection(simulator, ssl=True))
        assert form["errors"] == {"tls": "plain_http" if answers else "no_tls"}
        simulator.fault = None
        result = await submit(hass, form, connection(simulator))
        assert result["type"] is FlowResultType.CREATE_ENTRY

    async def test_a_pin_is_kept(self, secure: Rig) -> None:
        """Reconfiguration without a change asks nothing."""
        form = await secure.entry.start_reconfigure_flow(secure.hass)
        before = dict(secure.entry.data)
        assert entered(form)[CONF_VERIFICATION] == "certificate"
        pin = connection(secure.simulator, ssl=True, verification="certificate")
        result = await submit(secure.hass, form, pin)
        assert result["reason"] == "reconfigure_successful"
        assert secure.entry.data == before

    @pytest.mark.parametrize(
        ("changes", "step"),
        [
            ({"ssl": True, "verification": "none"}, None),
            ({"ssl": False, "verification": "authority"}, "token_in_clear"),
        ],
    )
    async def test_a_pin_is_dropped(
        self, secure: Rig, changes: dict[str, Any], step: str | None
    ) -> None:
        """Without TLS, the user is asked before the token is sent in clear text."""
        form = await secure.entry.start_reconfigure_flow(secure.hass)
        result = await submit(
            secure.hass, form, connection(secure.simulator, **changes)
        )
        if step:
            assert result["step_id"] == step
            assert secure.simulator.requests == []
            result = await choose(secure.hass, result, "agree")
        assert result["reason"] == "reconfigure_successful"
        assert CONF_FINGERPRINT not in secure.entry.data

    async def test_a_new_token_is_not_sent_to_another_certificate(
        self, secure: Rig
    ) -> None:
        """The form of a new token asks as well."""
        change(secure, access_token="0ld")
        await secure.reload_or_fail()
        [flow] = secure.hass.config_entries.flow.async_progress()
        secure.simulator.renew_certificate()
        secure.simulator.requests.clear()
        new = {CONF_ACCESS_TOKEN: "s3cret"}
        menu = await submit_one(secure.hass, flow, new)
        assert menu["step_id"] == "certificate_changed"
        assert secure.simulator.requests == []
        result = await choose(secure.hass, menu, "agree")
        assert result["reason"] == "reauth_successful"
        assert secure.entry.data[CONF_FINGERPRINT] == fingerprint(secure.simulator)
        assert secure.is_loaded


class TestChanged:
    """The miner shows another certificate than the pinned one."""

    async def test_old_and_new_are_shown_and_the_new_one_is_accepted(
        self, secure: Rig, fix: Open
    ) -> None:
        """Nothing is sent before that."""
        old = fingerprint(secure.simulator)
        secure.simulator.renew_certificate()
        await secure.poll()
        assert secure.unavailable == secure.states.keys() - ALWAYS_AVAILABLE
        dialog = await fix("certificate_changed")
        assert dialog.step["step_id"] == "changed"
        facts = dialog.step["description_placeholders"]
        assert facts["expected"] == text(old)
        assert facts["found"] == text(fingerprint(secure.simulator))
        assert secure.simulator.requests == []
        await dialog.choose("accept")
        assert dialog.step["type"] == "create_entry"
        assert secure.entry.data[CONF_FINGERPRINT] == fingerprint(secure.simulator)
        assert secure.is_loaded
        assert not secure.unavailable
        assert issues(secure.hass) == {}

    async def test_it_is_raised_with_the_command_that_meets_it(
        self, secure: Rig
    ) -> None:
        """No poll has to come first."""
        secure.simulator.renew_certificate()
        with pytest.raises(HomeAssistantError):
            await secure.turn(MINING, on=False)
        [issue] = issues(secure.hass).values()
        assert issue.translation_key == "certificate_changed"

    async def test_it_is_raised_when_set_up_is_retried(
        self, secure: Rig, fix: Open
    ) -> None:
        """Home Assistant started after the certificate changed."""
        secure.simulator.renew_certificate()
        await secure.reload_or_fail()
        assert secure.entry.state is ConfigEntryState.SETUP_RETRY
        assert secure.entry.error_reason_translation_key == "certificate_changed"
        dialog = await fix("certificate_changed")
        await dialog.choose("accept")
        assert secure.is_loaded
        assert issues(secure.hass) == {}

    async def test_the_old_one_is_shown_again(self, secure: Rig, fix: Open) -> None:
        """While the dialog is closed or opened, the issue is resolved by itself."""
        secure.simulator.renew_certificate()
        await secure.poll()
        secure.simulator.use_certificate(OLD.context, OLD.der)
        dialog = await fix("certificate_changed")
        assert dialog.step["reason"] == "resolved"
        assert issues(secure.hass) == {}
        assert secure.is_loaded

    async def test_it_stays_while_the_miner_is_off(
        self, secure: Rig, fix: Open
    ) -> None:
        """Nothing can be accepted then."""
        secure.simulator.renew_certificate()
        await secure.poll()
        await secure.simulator.go_offline()
        await secure.poll()
        before = dict(secure.entry.data)
        dialog = await fix("certificate_changed")
        assert dialog.step["reason"] == "cannot_check"
        assert secure.entry.data == before

    async def test_the_connection_can_be_changed_instead(
        self, secure: Rig, fix: Open
    ) -> None:
        """The form of the miner opens."""
        secure.simulator.renew_certificate()
        await secure.poll()
        dialog = await fix("certificate_changed")
        await dialog.choose("address")
        assert dialog.step["reason"] == "reconfigure"
        [flow] = secure.hass.config_entries.flow.async_progress()
        assert flow["step_id"] == "reconfigure"

    async def test_the_connection_is_changed_meanwhile(
        self, secure: Rig, fix: Open
    ) -> None:
        """The certificate that was shown is not that of the new address."""
        secure.simulator.renew_certificate()
        await secure.poll()
        dialog = await fix("certificate_changed")
        secure.simulator.lose_tls()
        data = {**secure.entry.data, CONF_SSL: False, CONF_VERIFICATION: "authority"}
        del data[CONF_FINGERPRINT]
        secure.hass.config_entries.async_update_entry(secure.entry, data=data)
        await secure.reload()
        await dialog.choose("accept")
        assert dialog.step["reason"] == "cannot_check"
        assert secure.entry.data == data
        assert secure.is_loaded

    async def test_the_entry_is_removed_meanwhile(self, secure: Rig, fix: Open) -> None:
        """Its issue is gone with it."""
        secure.simulator.renew_certificate()
        await secure.poll()
        dialog = await fix("certificate_changed")
        await secure.hass.config_entries.async_remove(secure.entry.entry_id)
        assert issues(secure.hass) == {}
        await dialog.choose("accept")
        assert dialog.step["reason"] == "entry_removed"

    @pytest.mark.parametrize("happens", ["removed", "moved"])
    async def test_the_entry_is_changed_while_the_certificate_is_read(
        self, secure: Rig, fix: Open, happens: str
    ) -> None:
        """The certificate that was read is not that of the new address."""
        secure.simulator.renew_certificate()
        await secure.poll()
        hass, entry = secure.hass, secure.entry
        read = XmrigClient.certificate

        async def read_late(client: XmrigClient) -> bytes:
            certificate = await read(client)
            if happens == "removed":
                await hass.config_entries.async_remove(entry.entry_id)
            elif entry.data[CONF_PORT] == secure.simulator.port:
                change(secure, port=1)
            return certificate

        with patch.object(XmrigClient, "certificate", read_late):
            dialog = await fix("certificate_changed")
        reasons = {"removed": "entry_removed", "moved": "cannot_check"}
        assert dialog.step["reason"] == reasons[happens]

    async def test_an_ignored_one_is_raised_again_later(self, secure: Rig) -> None:
        """Ignoring was about that change."""
        secure.simulator.renew_certificate()
        await secure.poll()
        [issue] = issues(secure.hass)
        ir.async_ignore_issue(secure.hass, DOMAIN, issue, True)
        new = fingerprint(secure.simulator)
        change(secure, **pinned(new))
        await secure.reload()
        secure.simulator.renew_certificate()
        await secure.poll()
        registry = ir.async_get(secure.hass)
        [again] = issues(secure.hass)
        assert registry.issues[DOMAIN, again].dismissed_version is None

    async def test_miners_that_swapped_addresses_are_swapped_back(
        self, secure: Rig, fix: Open, hass: HomeAssistant
    ) -> None:
        """The certificate that is shown is pinned for the other one."""
        first = secure
        async with Simulator(worker_id="rig-two", tls=True, watch_delay=0) as simulator:
            pin = pinned(fingerprint(simulator))
            entry = entry_for(simulator, ssl=True, **pin)
            second = Rig(hass, simulator, entry, first.freezer)
            await second.set_up()
            await move(first.simulator, second.simulator)
            for rig in (first, second):
                rig.simulator.requests.clear()
            await first.poll()
            for rig in (first, second):
                assert rig.simulator.requests == []
                assert rig.unavailable == rig.states.keys() - ALWAYS_AVAILABLE
            dialog = await fix("certificate_changed")
            assert dialog.step["step_id"] == "of_other"
            assert dialog.step["description_placeholders"]["other"] == "rig-two"
            await dialog.choose("swap")
            assert dialog.step["type"] == "create_entry"
            for rig in (first, second):
                assert rig.is_loaded
                assert rig.entry.data[CONF_PORT] == rig.simulator.port
                assert rig.entry.data[CONF_FINGERPRINT] == fingerprint(rig.simulator)
            assert issues(hass) == {}

    @pytest.mark.parametrize("second_first", [False, True])
    async def test_miners_that_got_new_certificates_are_swapped_back(
        self, secure: Rig, fix: Open, hass: HomeAssistant, second_first: bool
    ) -> None:
        """No repair undoes what another one did: each is needed once."""
        first = secure
        async with Simulator(worker_id="rig-two", tls=True, watch_delay=0) as simulator:
            entry = entry_for(simulator, ssl=True, **pinned(fingerprint(simulator)))
            second = Rig(hass, simulator, entry, first.freezer)
            await second.set_up()
            await move(first.simulator, second.simulator)
            for rig in (first, second):
                rig.simulator.renew_certificate()
            rigs = [second, first] if second_first else [first, second]
            await first.poll()
            for rig in rigs:
                dialog = await fix("certificate_changed", rig)
                assert dialog.step["step_id"] == "changed"
                await dialog.choose("accept")
            await first.poll()
            [issue] = issues(hass).values()
            assert issue.translation_key == "another_miner"
            dialog = await fix("another_miner", rigs[0])
            assert dialog.step["step_id"] == "swapped"
            await dialog.choose("swap")
            for rig in rigs:
                assert rig.is_loaded
                assert rig.entry.data[CONF_PORT] == rig.simulator.port
                assert rig.entry.data[CONF_FINGERPRINT] == fingerprint(rig.simulator)
            assert issues(hass) == {}

    async def test_miners_share_a_new_certificate(
        self, secure: Rig, fix: Open, hass: HomeAssistant
    ) -> None:
        """None of them has moved, so there is nothing to swap."""
        async with Simulator(worker_id="rig-two", tls=True, watch_delay=0) as simulator:
            entry = entry_for(simulator, ssl=True, **pinned(fingerprint(simulator)))
            second = Rig(hass, simulator, entry, secure.freezer)
            await second.set_up()
            new = self_signed()
            for rig in (secure, second):
                rig.simulator.use_certificate(new.context, new.der)
            await secure.poll()
            for rig in (secure, second):
                dialog = await fix("certificate_changed", rig)
                assert dialog.step["step_id"] == "changed"
                await dialog.choose("accept")
                assert rig.is_loaded
                assert rig.entry.data[CONF_PORT] == rig.simulator.port
            assert issues(hass) == {}

    @pytest.mark.parametrize("happens", ["removed", "moved"])
    async def test_the_other_entry_is_changed_meanwhile(
        self, secure: Rig, fix: Open, hass: HomeAssistant, happens: str
    ) -> None:
        """There is no longer an address to swap with, or it was another one."""
        async with Simulator(worker_id="rig-two", tls=True) as simulator:
            entry = entry_for(simulator, ssl=True, **pinned(fingerprint(simulator)))
            entry.add_to_hass(hass)
            await move(secure.simulator, simulator)
            await secure.poll()
            dialog = await fix("certificate_changed")
            before = dict(secure.entry.data)
            if happens == "removed":
                await hass.config_entries.async_remove(entry.entry_id)
            else:
                data = {**entry.data, CONF_PORT: 1}
                hass.config_entries.async_update_entry(entry, data=data)
            await dialog.choose("swap")
            steps = {"removed": "changed", "moved": "of_other"}
            assert dialog.step["step_id"] == steps[happens]
            assert secure.entry.data == before


class TestWithoutTls:
    """A miner that was reached over TLS goes on without."""

    async def test_it_is_named(self, secure: Rig) -> None:
        """Until it shows its certificate again."""
        secure.simulator.lose_tls()
        await secure.poll()
        [issue] = issues(secure.hass).values()
        assert issue.translation_key == "plain_http"
        assert not issue.is_fixable
        assert secure.unavailable == secure.states.keys() - ALWAYS_AVAILABLE
        assert {item.method for item in secure.simulator.requests} == {"OPTIONS"}
        secure.simulator.use_certificate(OLD.context, OLD.der)
        await secure.poll()
        assert issues(secure.hass) == {}
        assert not secure.unavailable

    async def test_it_shows_another_certificate_then(self, secure: Rig) -> None:
        """One issue replaces the other."""
        secure.simulator.lose_tls()
        await secure.poll()
        secure.simulator.renew_certificate()
        await secure.poll()
        [issue] = issues(secure.hass).values()
        assert issue.translation_key == "certificate_changed"


class TestUnverified:
    """A certificate that is not verified could be pinned."""

    async def test_it_is_suggested_and_pinned(self, rig: Rig, fix: Open) -> None:
        """With the certificate that is shown."""
        change(rig, verification="none")
        await rig.set_up()
        dialog = await fix("unverified")
        assert dialog.step["step_id"] == "unverified"
        facts = dialog.step["description_placeholders"]
        assert facts["found"] == text(fingerprint(rig.simulator))
        await dialog.choose("accept")
        assert rig.entry.data[CONF_FINGERPRINT] == fingerprint(rig.simulator)
        assert rig.is_loaded
        assert issues(rig.hass) == {}

    async def test_it_was_pinned_meanwhile(self, rig: Rig, fix: Open) -> None:
        """In another window, while the suggestion was on the screen."""
        change(rig, verification="none")
        await rig.set_up()
        change(rig, **pinned("0" * 64))
        dialog = await fix("unverified")
        assert dialog.step["reason"] == "resolved"
        assert rig.entry.data[CONF_FINGERPRINT] == "0" * 64

    async def test_it_is_suggested_once(self, rig: Rig) -> None:
        """An ignored suggestion does not come back."""
        change(rig, verification="none")
        await rig.set_up()
        [issue] = issues(rig.hass)
        ir.async_ignore_issue(rig.hass, DOMAIN, issue, True)
        await rig.reload()
        await rig.poll()
        registry = ir.async_get(rig.hass)
        assert registry.issues[DOMAIN, issue].dismissed_version is not None

    async def test_it_is_not_suggested_without_tls(self, rig: Rig) -> None:
        """There is no certificate."""
        change(rig, verification="none", ssl=False)
        await rig.set_up()
        assert issues(rig.hass) == {}


@pytest.mark.parametrize(
    ("ssl", "verify_ssl", "verification"),
    [
        (True, True, "authority"),
        (True, False, "none"),
        (False, True, "authority"),
        (False, False, "authority"),
    ],
)
async def test_an_entry_of_an_earlier_version_is_migrated(
    hass: HomeAssistant,
    simulator: Simulator,
    ssl: bool,
    verify_ssl: bool,
    verification: str,
) -> None:
    """Without TLS, the switch of the verification meant nothing."""
    address = {CONF_HOST: simulator.host, CONF_PORT: simulator.port}
    miner = {CONF_MINER_ID: "8614647678496211", CONF_WORKER_ID: "rig-one"}
    rest = {CONF_KIND: "miner", **address, CONF_ACCESS_TOKEN: "s3cret", **miner}
    entry = MockConfigEntry(
        domain=DOMAIN,
        version=1,
        minor_version=1,
        data={**rest, CONF_SSL: ssl, "verify_ssl": verify_ssl},
    )
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.data == {**rest, CONF_SSL: ssl, CONF_VERIFICATION: verification}
    assert (entry.version, entry.minor_version) == (1, 2)
    is_refused = ssl and verification == "authority"
    assert entry.state is (
        ConfigEntryState.SETUP_RETRY if is_refused else ConfigEntryState.LOADED
    )


async def test_a_manager_of_an_earlier_version_is_migrated(hass: HomeAssistant) -> None:
    """It has no certificate."""
    data = {CONF_KIND: "manager"}
    entry = MockConfigEntry(domain=DOMAIN, version=1, minor_version=1, data=data)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == data
    assert entry.minor_version == 2


async def test_an_entry_of_a_later_version_is_left_alone(rig: Rig) -> None:
    """Its data may mean something else."""
    rig.hass.config_entries.async_update_entry(rig.entry, version=2)
    before = dict(rig.entry.data)
    await rig.set_up()
    assert rig.entry.state is ConfigEntryState.MIGRATION_ERROR
    assert rig.entry.data == before


async def test_diagnostics_have_no_fingerprint(
    secure: Rig, hass_client: ClientSessionGenerator
) -> None:
    """It is no secret, but identifies the miner."""
    diagnostics = await get_diagnostics_for_config_entry(
        secure.hass, hass_client, secure.entry
    )
    assert fingerprint(secure.simulator) not in str(diagnostics)
    assert "'verification': 'certificate'" in str(diagnostics)


def test_what_is_shown_of_a_certificate() -> None:
    """Its SHA-256 as openssl prints it, and its dates."""
    der = Authority().issue(until=2030).der
    certificate = Certificate.from_der(der)
    assert certificate.fingerprint == sha256(der).hexdigest()
    assert certificate.facts == {
        "found": text(certificate.fingerprint),
        "valid_from": f"{FIRST_YEAR}-01-01",
        "valid_until": "2030-01-01",
    }


def test_a_certificate_that_cannot_be_read_has_no_dates() -> None:
    """OpenSSL may accept what is no certificate to others."""
    certificate = Certificate.from_der(b"?")
    assert certificate.facts["valid_from"] == certificate.facts["valid_until"] == "–"
    assert certificate.fingerprint == sha256(b"?").hexdigest()
