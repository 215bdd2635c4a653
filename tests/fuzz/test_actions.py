"""Anything in actions and forms: a clear error and nothing written, or what it says."""

from contextlib import suppress
from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
import voluptuous as vol

from custom_components.xmrig_miner.const import DOMAIN
from tests.api.odd import any_json
from tests.common import Rig
from tests.controls import MINING, POOL, THREADS, config_of, is_same_config, writes
from tests.forms import sections
from tests.test_translations import TEXTS

anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

config_keys = st.sampled_from(
    ["cpu", "pools", "http", "api", "cuda", "retries", "rx", "enabled", "url", "user"]
)
patches = st.recursive(
    any_json,
    lambda inner: st.dictionaries(config_keys | st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)
fields = st.sampled_from(
    ["config", "replace", "dry_run", "duration", "until", "command", "threads", "pool"]
)


async def call(rig: Rig, domain: str, action: str, data: dict[str, Any]) -> bool:
    """Call an action, and return whether it succeeded; an error has a text."""
    failure: Exception | None = None
    try:
        await rig.hass.services.async_call(domain, action, data, blocking=True)
    except (HomeAssistantError, vol.Invalid) as error:
        failure = error
    if isinstance(failure, HomeAssistantError) and failure.translation_domain == DOMAIN:
        assert failure.translation_key in TEXTS["exceptions"]
    assert failure is None or str(failure)
    return failure is None


@anything
@given(patch=patches, replace=st.booleans(), dry_run=st.booleans())
async def test_set_config_with_anything(
    running: Rig, patch: Any, replace: bool, dry_run: bool
) -> None:
    """A refused patch is not sent, and one that is only tried neither."""
    before, written = config_of(running.simulator), writes(running.simulator)
    done = await call(
        running,
        DOMAIN,
        "set_config",
        {
            ATTR_CONFIG_ENTRY_ID: running.entry.entry_id,
            "config": patch,
            "replace": replace,
            "dry_run": dry_run,
        },
    )
    if dry_run:
        assert writes(running.simulator) == written
    if dry_run or not done:
        assert is_same_config(running.simulator, before)
    assert running.simulator.config["http"] == before["http"]


@pytest.mark.parametrize(
    "action",
    [
        *("set_config", "restore_config", "pause_for", "run_all", "calibrate"),
        *("cancel_calibration", "get_data", "get_workers"),
    ],
)
@anything
@given(data=st.dictionaries(fields, any_json, max_size=3), has_target=st.booleans())
async def test_actions_with_any_fields(
    running: Rig, action: str, data: dict[str, Any], has_target: bool
) -> None:
    """Only errors with a text."""
    target: dict[str, Any] = {}
    if has_target:
        target = (
            {ATTR_ENTITY_ID: running.entity_id(MINING)}
            if action in ("pause_for", "run_all")
            else {ATTR_CONFIG_ENTRY_ID: running.entry.entry_id}
        )
    await call(running, DOMAIN, action, target | data)


@pytest.mark.parametrize(
    ("domain", "action", "field", "name"),
    [
        ("number", "set_value", "value", THREADS),
        ("select", "select_option", "option", POOL),
    ],
)
@anything
@given(value=any_json)
async def test_controls_with_any_value(
    running: Rig, domain: str, action: str, field: str, name: str, value: Any
) -> None:
    """One that is refused is not sent."""
    before, written = config_of(running.simulator), writes(running.simulator)
    data = {ATTR_ENTITY_ID: running.entity_id(name), field: value}
    if not await call(running, domain, action, data):
        assert writes(running.simulator) == written
        assert is_same_config(running.simulator, before)


@anything
@given(data=st.data())
async def test_options_with_anything(running: Rig, data: Any) -> None:
    """What the form does not accept is not stored."""
    flow = running.hass.config_entries.options
    form = await flow.async_init(running.entry.entry_id)
    assert form["data_schema"]
    names = [
        str(name)
        for found in sections(form).values()
        if (schema := found.schema)
        for name in schema.schema
    ]
    entered = data.draw(
        any_json
        | st.dictionaries(
            st.sampled_from([*map(str, form["data_schema"].schema), *names]),
            any_json
            | st.dictionaries(st.sampled_from(names or ["a"]), any_json, max_size=3),
            max_size=3,
        )
    )
    before = dict(running.entry.options)
    result = None
    with suppress(InvalidData):
        result = await flow.async_configure(form["flow_id"], entered)
    await running.hass.async_block_till_done(wait_background_tasks=True)
    if result is None or result["type"] is FlowResultType.FORM:
        assert dict(running.entry.options) == before
        flow.async_abort(form["flow_id"])
    assert running.is_loaded


@anything
@given(data=st.data())
async def test_a_new_connection_with_anything(
    running: Rig, no_names: None, data: Any
) -> None:
    """It is refused by a text of the form, and no entry is added or changed."""
    flow = running.hass.config_entries.flow
    before = dict(running.entry.data)
    form = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    if form["type"] is FlowResultType.MENU:
        chosen = {"next_step_id": "miner"}
        form = await flow.async_configure(form["flow_id"], chosen)
    entered = data.draw(
        any_json
        | st.fixed_dictionaries(
            {
                "host": st.sampled_from(["127.0.0.1", "rig.test", "[::1]", "a/b@c"])
                | st.text(st.characters(exclude_categories=["N"]))
                | any_json,
                "port": st.sampled_from([1, 0, -1, 70_000, 1.5]) | any_json,
                "tls": st.fixed_dictionaries(
                    {"ssl": st.booleans() | any_json, "verification": any_json}
                )
                | st.just({"ssl": False, "verification": "none"})
                | any_json,
            },
            optional={"access_token": st.text() | any_json},
        )
    )
    try:
        result = await flow.async_configure(form["flow_id"], entered)
    except InvalidData:
        flow.async_abort(form["flow_id"])
    else:
        assert result["type"] in (FlowResultType.FORM, FlowResultType.MENU)
        for key in (result.get("errors") or {}).values():
            assert key in TEXTS["config"]["error"]
        flow.async_abort(form["flow_id"])
    assert running.hass.config_entries.async_entries(DOMAIN) == [running.entry]
    assert dict(running.entry.data) == before
