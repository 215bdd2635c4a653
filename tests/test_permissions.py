"""Tests of permissions: actions and *Restore config* need an administrator.

Automations, which run without a user, may use all of it. Entities follow the
permissions of Home Assistant.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_ENTITY_ID
from homeassistant.core import Context
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.xmrig_miner.const import DOMAIN
from simulator.http import Request

from .common import Rig
from .controls import enable, set_threads, writes

pytestmark = pytest.mark.usefixtures("few_sensors")

RESTORE = "button.restore_config"

type Use = Callable[[Rig, Context], Coroutine[Any, Any, None]]


def action(name: str, **data: Any) -> Use:
    """Return the use of an action."""

    async def use(rig: Rig, context: Context) -> None:
        await rig.hass.services.async_call(
            DOMAIN,
            name,
            {ATTR_CONFIG_ENTRY_ID: rig.entry.entry_id, **data},
            blocking=True,
            context=context,
            return_response=name != "cancel_calibration",
        )

    return use


def entity(domain: str, service: str, name: str, **data: Any) -> Use:
    """Return the use of an entity."""

    async def use(rig: Rig, context: Context) -> None:
        await rig.hass.services.async_call(
            domain,
            service,
            {ATTR_ENTITY_ID: rig.entity_id(name), **data},
            blocking=True,
            context=context,
        )

    return use


RESTRICTED: dict[str, Use] = {
    "get_data": action("get_data"),
    "set_config": action("set_config", config={"retries": 7}),
    "dry_run": action("set_config", config={"retries": 7}, dry_run=True),
    "restore_config": action("restore_config"),
    "calibrate": action("calibrate"),
    "cancel_calibration": action("cancel_calibration"),
    RESTORE: entity("button", "press", RESTORE),
}
ENTITIES: dict[str, Use] = {
    "switch": entity("switch", "turn_off", "switch.mining"),
    "number": entity("number", "set_value", "number.cpu_threads", value=3),
    "stop": entity("button", "press", "button.stop"),
    "start": entity("button", "press", "button.start"),
}
restricted = pytest.mark.parametrize("use", RESTRICTED.values(), ids=RESTRICTED)


@pytest.fixture
async def changed(running: Rig) -> Rig:
    """Return a miner with a changed value that can be restored."""
    await enable(running, RESTORE)
    await set_threads(running, 3)
    running.simulator.requests.clear()
    return running


async def user_of(rig: Rig, group_id: str) -> MockUser:
    """Return a new user of a group."""
    group = await rig.hass.auth.async_get_group(group_id)
    assert group
    return MockUser(groups=[group]).add_to_hass(rig.hass)


async def outcome(rig: Rig, use: Use, user_id: str | None) -> bool:
    """Return whether a user has permission."""
    try:
        # There is no power sensor to calibrate with.
        with suppress(ServiceValidationError):
            await use(rig, Context(user_id=user_id))
    except Unauthorized:
        assert not rig.simulator.requests
        return False
    return True


@restricted
async def test_other_users_may_not(changed: Rig, use: Use) -> None:
    """They can neither read nor change the config; nor can one who was deleted."""
    for group in ("system-users", "system-read-only"):
        user = await user_of(changed, group)
        assert await outcome(changed, use, user.id) is False
    with pytest.raises(UnknownUser):
        await use(changed, Context(user_id="deleted"))
    assert not changed.simulator.requests


@restricted
async def test_administrators_may(
    changed: Rig, use: Use, hass_admin_user: MockUser
) -> None:
    """All of it."""
    assert await outcome(changed, use, hass_admin_user.id) is True


@restricted
async def test_automations_may(changed: Rig, use: Use) -> None:
    """They run without a user."""
    assert await outcome(changed, use, None) is True


@pytest.mark.parametrize("use", ENTITIES.values(), ids=ENTITIES)
async def test_entities_are_for_every_user_who_may_control_them(
    changed: Rig, use: Use, hass_read_only_user: MockUser
) -> None:
    """Home Assistant's permissions apply."""
    user = await user_of(changed, "system-users")
    await use(changed, Context(user_id=user.id))
    with pytest.raises(Unauthorized):
        await use(changed, Context(user_id=hass_read_only_user.id))


async def test_each_press_counts_for_the_user_who_made_it(
    changed: Rig, hass_admin_user: MockUser
) -> None:
    """A waiting press keeps its own user."""
    user = await user_of(changed, "system-users")
    go_on = asyncio.Event()

    async def wait(_request: Request) -> None:
        await go_on.wait()

    changed.simulator.on_request = wait
    press = RESTRICTED[RESTORE]
    presses = [
        asyncio.create_task(press(changed, Context(user_id=user_id)))
        for user_id in (None, user.id, hass_admin_user.id, user.id, None)
    ]
    for _ in range(10):
        await asyncio.sleep(0)
    # A state that is written in the meantime drops an old context.
    changed.freezer.tick(60)
    changed.entry.runtime_data.coordinator.async_update_listeners()
    go_on.set()
    results = await asyncio.gather(*presses, return_exceptions=True)
    refused = [isinstance(result, Unauthorized) for result in results]
    assert refused == [False, True, False, True, False]
    assert not any(
        isinstance(result, HomeAssistantError) and not isinstance(result, Unauthorized)
        for result in results
    )
    assert writes(changed.simulator) == 1
