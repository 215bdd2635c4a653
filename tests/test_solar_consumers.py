"""What solar optimisers ask of entities works with those of a miner as they are.

Each test makes the calls that the program makes; where they are written is said with it.
"""

from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .common import Rig

INVALID = 400 if (MAJOR_VERSION, MINOR_VERSION) >= (2026, 10) else 500
"""Status with which the REST API answers an action that is refused as it is requested.

Home Assistant 2026.9 knows no such error there, and logs it as one of its own.
"""

LIMIT = "number.power_limit"
MINING = "switch.mining"
POWER = "sensor.power"

IDLE_POWER = 40
FULL_POWER = 120


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner of four threads without cards."""
    return {"threads": 4, "gpus": 0}


@pytest.fixture
async def miner(hass: HomeAssistant, rig: Rig) -> Rig:
    """Return a miner that draws 40 W at rest and 20 W for each thread."""
    hass.config_entries.async_update_entry(
        rig.entry, options={"idle_power": IDLE_POWER, "full_power": FULL_POWER}
    )
    await rig.set_up()
    return rig


def threads(miner: Rig) -> int:
    """Return how many threads hash in truth."""
    return round(miner.simulator.hashrate / 430)


class TestEvcc:
    """The charger "Home Assistant Switch" (charger/homeassistant-switch.go).

    It speaks to Home Assistant's REST API. The power decides whether the load counts as
    charging: above `standbypower`, which is to be a little more than the miner at rest.
    """

    STANDBY_POWER = IDLE_POWER + 10

    @pytest.fixture
    async def api(
        self, hass: HomeAssistant, miner: Rig, hass_client: ClientSessionGenerator
    ) -> TestClient[Any, Any]:
        """Return a client of the REST API."""
        assert await async_setup_component(hass, "api", {})
        return await hass_client()

    async def enable(
        self, api: TestClient[Any, Any], entity_id: str, enable: bool
    ) -> int:
        """Turn it on or off (util/homeassistant/connection.go), return the status."""
        action = "turn_on" if enable else "turn_off"
        response = await api.post(
            f"/api/services/switch/{action}", json={"entity_id": entity_id}
        )
        return response.status

    async def state(self, api: TestClient[Any, Any], entity_id: str) -> str:
        """Read a state."""
        response = await api.get(f"/api/states/{entity_id}")
        assert response.status == 200
        state = (await response.json())["state"]
        assert isinstance(state, str)
        return state

    async def test_enabled_is_read_back(
        self, miner: Rig, api: TestClient[Any, Any]
    ) -> None:
        """The answer to the call comes when the switch shows what it brought about."""
        switch = miner.entity_id(MINING)
        for enable in (True, False, False, True, True):
            assert await self.enable(api, switch, enable) == 200
            assert await self.state(api, switch) == ("on" if enable else "off")
            assert miner.simulator.is_hashing is enable

    async def test_enabled_while_a_limit_leaves_no_thread(
        self, miner: Rig, api: TestClient[Any, Any]
    ) -> None:
        """The call fails and says so, and is granted once the limit allows it."""
        switch = miner.entity_id(MINING)
        await miner.hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": miner.entity_id(LIMIT), "value": 0},
            blocking=True,
        )
        assert await self.enable(api, switch, True) == INVALID
        assert await self.state(api, switch) == "off"
        await miner.poll(2)
        await miner.hass.services.async_call(
            "number",
            "set_value",
            {"entity_id": miner.entity_id(LIMIT), "value": FULL_POWER},
            blocking=True,
        )
        assert await self.state(api, switch) == "on"

    async def test_charging_is_told_from_standby(
        self, miner: Rig, api: TestClient[Any, Any]
    ) -> None:
        """The power is a number in W, on each side of the standby power."""
        power = miner.entity_id(POWER)
        assert float(await self.state(api, power)) == FULL_POWER > self.STANDBY_POWER
        await self.enable(api, miner.entity_id(MINING), False)
        assert float(await self.state(api, power)) == IDLE_POWER <= self.STANDBY_POWER

    async def test_a_miner_that_is_away(
        self, miner: Rig, api: TestClient[Any, Any]
    ) -> None:
        """The call fails, and the states are those that stand for not available."""
        await miner.simulator.go_offline()
        switch = miner.entity_id(MINING)
        assert await self.enable(api, switch, False) >= 400
        assert await self.state(api, switch) == "unavailable"
        assert await self.state(api, miner.entity_id(POWER)) == "unavailable"


class TestSolarOptimizer:
    """A device with variable power: `power_entity_id` and a factor of 1.

    custom_components/solar_optimizer/managed_device.py: the activation service is
    `switch/turn_on`, and `number/set_value` gets round(W / factor).
    """

    async def call(
        self, miner: Rig, service: str, name: str, **service_data: Any
    ) -> None:
        """Call a service as `do_service_action` does, without waiting."""
        domain, action = service.split("/")
        await miner.hass.services.async_call(
            domain,
            action,
            service_data=service_data,
            target={"entity_id": miner.entity_id(name)},
        )
        await miner.hass.async_block_till_done(wait_background_tasks=True)

    async def set_power(self, miner: Rig, watts: float) -> None:
        """Ask for a power."""
        await self.call(miner, "number/set_value", LIMIT, value=round(watts / 1))

    def current_power(self, miner: Rig) -> int:
        """Return what it takes for the power of an active device."""
        return round(float(miner.state(LIMIT)) * 1)

    async def test_power(self, miner: Rig) -> None:
        """What was asked for is read back, and the miner stays below it."""
        await self.set_power(miner, IDLE_POWER)
        for watts, running in ((119, 3), (100, 3), (60, 1), (40, 0), (0, 0), (120, 4)):
            await miner.poll(2)
            await self.set_power(miner, watts)
            assert self.current_power(miner) == watts
            assert threads(miner) == running
            assert float(miner.state(POWER)) <= max(watts, IDLE_POWER)
            assert miner.state(MINING) == ("on" if running else "off")

    async def test_activation(self, miner: Rig) -> None:
        """It is set up while it rests, begins when activated, and ends as well."""
        await self.call(miner, "switch/turn_off", MINING)
        await self.set_power(miner, 80)
        assert miner.state(MINING) == "off"
        assert self.current_power(miner) == 80
        await self.call(miner, "switch/turn_on", MINING)
        assert miner.state(MINING) == "on"
        assert threads(miner) == 2
        await self.call(miner, "switch/turn_off", MINING)
        assert threads(miner) == 0

    async def test_activation_while_the_limit_is_still_zero(self, miner: Rig) -> None:
        """The power that follows is enough, although the activation failed."""
        await self.call(miner, "switch/turn_off", MINING)
        await self.set_power(miner, 0)
        await miner.poll(2)
        await self.call(miner, "switch/turn_on", MINING)
        assert miner.state(MINING) == "off"
        await self.set_power(miner, 80)
        assert miner.state(MINING) == "on"
        assert threads(miner) == 2


class TestPvExcessControl:
    """An appliance with a switch, its power, and a current that may be varied.

    custom_components/pv_excess_control/controller.py and coordinator.py.
    """

    async def test_switch_and_power(self, miner: Rig) -> None:
        """The switch is turned by name, and the power is read with its unit."""
        for action, state, watts in (
            ("turn_off", "off", IDLE_POWER),
            ("turn_on", "on", FULL_POWER),
        ):
            await miner.hass.services.async_call(
                "switch", action, {"entity_id": miner.entity_id(MINING)}
            )
            await miner.hass.async_block_till_done(wait_background_tasks=True)
            assert miner.state(MINING) == state
            power = miner.full_state(POWER)
            assert float(power.state) == watts
            assert power.attributes["unit_of_measurement"] == "W"

    async def test_current(self, miner: Rig) -> None:
        """A template turns the limit into a number of A, as the README shows."""
        limit = miner.entity_id(LIMIT)
        number = {
            "name": "Miner current",
            "unit_of_measurement": "A",
            "min": 0,
            "max": f"{{{{ (state_attr('{limit}', 'max') / 230) | round(1, 'ceil') }}}}",
            "step": 0.1,
            "state": f"{{{{ (states('{limit}') | float / 230) | round(1, 'ceil') }}}}",
            "availability": f"{{{{ has_value('{limit}') }}}}",
            "set_value": {
                "action": "number.set_value",
                "target": {"entity_id": limit},
                "data": {
                    "value": "{{ [value * 230, state_attr('" + limit + "', 'max')]"
                    " | min | round }}"
                },
            },
        }
        config = {"template": [{"number": [number]}]}
        assert await async_setup_component(miner.hass, "template", config)
        await miner.hass.async_block_till_done()
        for amperes, running in ((0.3, 1), (0, 0), (0.6, 4)):
            await miner.poll(2)
            await miner.hass.services.async_call(
                "number",
                "set_value",
                {"entity_id": "number.miner_current", "value": amperes},
            )
            await miner.hass.async_block_till_done(wait_background_tasks=True)
            assert threads(miner) == running
            shown = miner.hass.states.get("number.miner_current")
            assert shown
            assert float(shown.state) == amperes


class TestEmhass:
    """A deferrable load: automations on the sensor that EMHASS publishes (in W)."""

    SENSOR = "sensor.p_deferrable0"

    @pytest.fixture
    def automations(self, miner: Rig) -> list[dict[str, Any]]:
        """Return the automations that the README shows."""
        return [
            {
                "alias": "Deferrable 0 on",
                "triggers": {
                    "trigger": "numeric_state",
                    "entity_id": self.SENSOR,
                    "above": 0.1,
                },
                "actions": {
                    "action": "switch.turn_on",
                    "target": {"entity_id": miner.entity_id(MINING)},
                },
            },
            {
                "alias": "Deferrable 0 off",
                "triggers": {
                    "trigger": "numeric_state",
                    "entity_id": self.SENSOR,
                    "below": 0.1,
                },
                "actions": {
                    "action": "switch.turn_off",
                    "target": {"entity_id": miner.entity_id(MINING)},
                },
            },
            {
                "alias": "Deferrable 0 power",
                "triggers": {"trigger": "state", "entity_id": self.SENSOR},
                "actions": {
                    "action": "number.set_value",
                    "target": {"entity_id": miner.entity_id(LIMIT)},
                    "data": {
                        "value": "{{ [states(trigger.entity_id) | float(0), state_attr('"
                        + miner.entity_id(LIMIT)
                        + "', 'max')] | min | round }}"
                    },
                },
            },
        ]

    async def publish(self, miner: Rig, watts: str) -> None:
        """Publish what the load should draw in the next step of the plan."""
        miner.hass.states.async_set(self.SENSOR, watts, {"unit_of_measurement": "W"})
        await miner.hass.async_block_till_done(wait_background_tasks=True)
        await miner.poll(2)

    @pytest.mark.parametrize("is_continuous", [False, True])
    async def test_plan(
        self, miner: Rig, automations: list[dict[str, Any]], is_continuous: bool
    ) -> None:
        """The miner follows the plan, at full load or at each power of it."""
        used = automations if is_continuous else automations[:2]
        assert await async_setup_component(
            miner.hass, "automation", {"automation": used}
        )
        for watts, running in (("85.5", 2), ("0.0", 0), ("120.0", 4), ("0.0", 0)):
            await self.publish(miner, watts)
            assert threads(miner) == (running if is_continuous or not running else 4)
            assert miner.state(MINING) == ("on" if running else "off")
