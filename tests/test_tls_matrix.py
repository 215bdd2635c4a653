"""Each kind of certificate, for each way to verify it: the outcome, and what was sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from homeassistant.const import CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.xmrig_miner.certificates import Verification, pinned
from custom_components.xmrig_miner.const import CONF_FINGERPRINT, CONF_VERIFICATION
from simulator import Simulator
from simulator.http import Request

from .certificates import Authority, ServerCertificate, self_signed
from .common import ALWAYS_AVAILABLE, Rig, connection
from .fixing import issues
from .forms import add, choose, submit

AUTHORITY = Authority()
CERTIFICATES = {
    "valid": AUTHORITY.issue(),
    "self_signed": self_signed(),
    "expired": AUTHORITY.issue(until=2021),
    "wrong_host": AUTHORITY.issue(host="192.0.2.1"),
}
CHANGED, PLAIN = "changed", "plain"
KINDS = (*CERTIFICATES, CHANGED, PLAIN)
"""The certificate of the miner: one of those, a different one than before, or none."""

NEW = self_signed()

REFUSED = {
    **{
        (kind, Verification.AUTHORITY): "invalid_certificate"
        for kind in ("self_signed", "expired", "wrong_host", CHANGED)
    },
    (CHANGED, Verification.CERTIFICATE): "certificate_changed",
    **{(PLAIN, choice): "plain_http" for choice in Verification},
}
"""The error of a poll or command; there is none for the other combinations."""

ISSUES = ("certificate_changed", "plain_http")

combinations = pytest.mark.parametrize(
    ("kind", "choice"), [(kind, choice) for kind in KINDS for choice in Verification]
)


@dataclass
class Wire:
    """What a miner received."""

    calls: set[str] = field(default_factory=set)
    has_token: bool = False

    def clear(self) -> None:
        """Forget what was received."""
        self.calls.clear()
        self.has_token = False

    def note(self, request: Request) -> None:
        """Note a request."""
        self.calls.add(f"{request.method} {request.path}")
        self.has_token |= "authorization" in request.headers


@pytest.fixture
def wire(simulator: Simulator) -> Wire:
    """Return what the miner received."""
    wire = Wire()
    simulator.on_request = wire.note
    return wire


@pytest.fixture(autouse=True)
def trusted() -> Iterator[None]:
    """Make Home Assistant trust the authority."""
    context = AUTHORITY.trust()
    with patch("homeassistant.util.ssl.client_context", return_value=context):
        yield


def show(simulator: Simulator, kind: str) -> None:
    """Make a miner present a certificate, or none."""
    if kind == PLAIN:
        simulator.lose_tls()
    else:
        certificate = CERTIFICATES.get(kind, NEW)
        simulator.use_certificate(certificate.context, certificate.der)


def pin_of(kind: str) -> ServerCertificate:
    """Return the certificate that was pinned, which is no longer shown if it changed."""
    return CERTIFICATES.get(kind, CERTIFICATES["valid"])


def data(kind: str, choice: Verification) -> dict[str, Any]:
    """Return the stored connection of a miner."""
    tls = {CONF_SSL: True, CONF_VERIFICATION: choice.value}
    if choice is Verification.CERTIFICATE:
        tls |= pinned(pin_of(kind).fingerprint)
    return tls


async def set_up(rig: Rig, kind: str, choice: Verification) -> None:
    """Set up a miner with a certificate that is accepted, then show that of the kind."""
    is_pinned = choice is Verification.CERTIFICATE and kind in CERTIFICATES
    show(rig.simulator, kind if is_pinned else "valid")
    rig.hass.config_entries.async_update_entry(
        rig.entry, data={**rig.entry.data, **data(kind, choice)}
    )
    await rig.set_up()
    assert rig.is_loaded
    show(rig.simulator, kind)


def assert_refused(rig: Rig, wire: Wire, error: str) -> None:
    """Check that nothing was sent, and that the user is informed."""
    assert wire.calls == ({"OPTIONS /"} if error == "plain_http" else set())
    assert not wire.has_token
    assert rig.unavailable == rig.states.keys() - ALWAYS_AVAILABLE
    raised = {issue.translation_key for issue in issues(rig.hass).values()}
    assert raised & {*ISSUES} == {error} & {*ISSUES}


@combinations
async def test_poll(rig: Rig, wire: Wire, kind: str, choice: Verification) -> None:
    """A poll sends nothing to a miner whose certificate is not accepted."""
    await set_up(rig, kind, choice)
    wire.clear()
    await rig.poll()
    coordinator = rig.entry.runtime_data.coordinator
    if error := REFUSED.get((kind, choice)):
        assert coordinator.last_exception.translation_key == error
        assert_refused(rig, wire, error)
    else:
        assert coordinator.last_update_success
        assert wire.has_token


@combinations
async def test_command(rig: Rig, wire: Wire, kind: str, choice: Verification) -> None:
    """So does a command, even before the next poll."""
    await set_up(rig, kind, choice)
    wire.clear()
    if error := REFUSED.get((kind, choice)):
        with pytest.raises(HomeAssistantError) as caught:
            await rig.turn("switch.mining", on=False)
        assert caught.value.translation_key == error
        assert_refused(rig, wire, error)
        assert not rig.simulator.miner.is_paused
    else:
        await rig.turn("switch.mining", on=False)
        assert rig.simulator.miner.is_paused
        assert wire.has_token


@combinations
async def test_form(
    hass: HomeAssistant, rig: Rig, wire: Wire, kind: str, choice: Verification
) -> None:
    """The form offers to pin the certificate it saw, and sends nothing before."""
    entered = connection(rig.simulator, ssl=True, verification=choice.value)
    if kind == CHANGED:
        await set_up(rig, kind, choice)
        wire.clear()
        form = await rig.entry.start_reconfigure_flow(hass)
        result = await submit(hass, form, entered)
    else:
        await hass.config_entries.async_remove(rig.entry.entry_id)
        show(rig.simulator, kind)
        result = await add(hass, entered)
    error = REFUSED.get((kind, choice))
    if error == "plain_http":
        assert result["errors"] == {"tls": error}
        assert wire == Wire({"OPTIONS /"})
        return
    if error or choice is Verification.CERTIFICATE:
        step = (
            "certificate_changed" if error == "certificate_changed" else "certificate"
        )
        assert (result["type"], result["step_id"]) == (FlowResultType.MENU, step)
        assert wire == Wire()
        result = await choose(hass, result, "agree")
        choice = Verification.CERTIFICATE
    assert wire.has_token
    if kind == CHANGED:
        assert result["reason"] == "reconfigure_successful"
        stored: Mapping[str, Any] = rig.entry.data
    else:
        assert result["type"] is FlowResultType.CREATE_ENTRY
        stored = result["data"]
    shown = CERTIFICATES.get(kind, NEW).fingerprint
    assert stored[CONF_SSL] is True
    assert stored[CONF_VERIFICATION] == choice
    pin = shown if choice is Verification.CERTIFICATE else None
    assert stored.get(CONF_FINGERPRINT) == pin
