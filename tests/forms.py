"""Filling in the form by which a miner is added."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.xmrig.const import DOMAIN
from simulator import Simulator


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the form."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and wait for what comes of it."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], user_input)
    await hass.async_block_till_done()
    return result


async def add(hass: HomeAssistant, user_input: dict[str, Any]) -> ConfigFlowResult:
    """Open the form and submit it."""
    return await submit(hass, await start(hass), user_input)


async def assert_told_then_mended(
    hass: HomeAssistant,
    wrong: dict[str, Any],
    error: str,
    right: dict[str, Any],
    simulator: Simulator | None = None,
) -> None:
    """Check that a form tells what is wrong, and takes it once it is right."""
    form = await add(hass, wrong)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    assert form["errors"] == {"base": error}
    assert not hass.config_entries.async_entries(DOMAIN)
    if simulator:
        simulator.fault = None
        await simulator.go_online()
    result = await submit(hass, form, right)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == "8614647678496211"
