"""Filling in the form that adds a miner."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
import voluptuous as vol

from custom_components.xmrig_miner.const import CONF_MINER_ID, DOMAIN
from simulator import Simulator

from .test_translations import TEXTS, placeholders


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the form of a miner; skip the menu of what to add if it is shown."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    if result["type"] is FlowResultType.MENU:
        return await choose(hass, result, "miner")
    return result


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and leave the power form empty if it follows."""
    result = await submit_one(hass, form, user_input)
    if result.get("step_id") == "power":
        return await submit_one(hass, result, {})
    return result


async def submit_one(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and wait for the result."""
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], in_sections(form, user_input)
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    check_texts(result, TEXTS["config"])
    return result


async def choose(
    hass: HomeAssistant, menu: ConfigFlowResult, option: str
) -> ConfigFlowResult:
    """Choose an option of a menu, and wait for the result."""
    return await submit(hass, menu, {"next_step_id": option})


def sections(form: ConfigFlowResult) -> dict[str, section]:
    """Return the sections of a form; empty for a menu."""
    schema = form.get("data_schema")
    return {
        str(key): value
        for key, value in (schema.schema if schema else {}).items()
        if isinstance(value, section)
    }


def in_sections(form: ConfigFlowResult, user_input: dict[str, Any]) -> dict[str, Any]:
    """Return the user input with an object for each section."""
    user_input = dict(user_input)
    for name, part in sections(form).items():
        user_input[name] = {
            key: user_input.pop(key)
            for key in map(str, part.schema.schema)
            if key in user_input
        }
    return user_input


def entered(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the values of all fields of a form."""
    schema = form["data_schema"]
    assert schema is not None
    return {
        str(key): key.description["suggested_value"]
        for part in (schema, *(part.schema for part in sections(form).values()))
        for key in part.schema
        if key.description and "suggested_value" in key.description
    }


def check_texts(result: Mapping[str, Any], texts: dict[str, Any]) -> None:
    """Check that all texts of a step exist and have all placeholders."""
    shown: list[object] = []
    step = texts["step"].get(result.get("step_id"), {})
    if result["type"] == FlowResultType.FORM:
        shown += [texts["error"][key] for key in (result["errors"] or {}).values()]
        schema = result["data_schema"]
        if isinstance(schema, vol.Schema):
            check_fields(schema, step)
    if result["type"] == FlowResultType.MENU:
        assert list(result["menu_options"]) == list(step["menu_options"])
        if texts is TEXTS["config"]:
            # Home Assistant's frontend does not replace placeholders there
            assert not placeholders(step["title"])
    if result["type"] == FlowResultType.ABORT:
        shown.append(texts["abort"][result["reason"]])
    filled = result.get("description_placeholders") or {}
    for text in (*shown, step):
        assert placeholders(text) <= filled.keys(), text


def check_fields(schema: vol.Schema, texts: dict[str, Any]) -> None:
    """Check that each field and each section of a form has its texts."""
    for key, value in schema.schema.items():
        if isinstance(value, section):
            assert texts["sections"][str(key)]["name"]
            check_fields(value.schema, texts["sections"][str(key)])
        else:
            assert texts["data"][str(key)]
            assert texts["data_description"][str(key)]


async def add(hass: HomeAssistant, user_input: dict[str, Any]) -> ConfigFlowResult:
    """Open the form and submit it."""
    return await submit(hass, await start(hass), user_input)


async def assert_told_then_mended(
    hass: HomeAssistant,
    wrong: dict[str, Any],
    errors: dict[str, str],
    right: dict[str, Any],
    simulator: Simulator | None = None,
) -> None:
    """Check that a form shows an error, and succeeds with corrected input."""
    form = await add(hass, wrong)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    assert form["errors"] == errors
    assert not hass.config_entries.async_entries(DOMAIN)
    if simulator:
        simulator.fault = None
        await simulator.go_online()
    result = await submit(hass, form, right)
    if result.get("step_id") == "read_only":
        result = await choose(hass, result, "agree")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_MINER_ID] == "8614647678496211"
