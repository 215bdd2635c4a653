"""The examples of docs/optimisers.md, run as they are written there.

Each test makes the calls that the program makes with them; where its code does so is
said with it.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
import json
import re
from typing import Any

from aiohttp.test_utils import TestClient
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION, STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .common import Rig
from .controls import enable
from .examples import Examples
from .watts import threads_hashing

pytestmark = pytest.mark.usefixtures("few_sensors")

DOCUMENT = Examples("docs/optimisers.md")

EVCC = "The miner is a switchable socket"
SOLAR_OPTIMIZER = "Set the refresh period in its common configuration to 30 seconds"
PV_NUMBER = "It sets a current in A"
PV_APPLIANCE = "The appliance"
EMHASS_CONFIG = "The plan says how many W"
EMHASS = "EMHASS publishes the present step"
TRIED = (EVCC, SOLAR_OPTIMIZER, PV_NUMBER, PV_APPLIANCE, EMHASS_CONFIG, EMHASS)

INVALID = 400 if (MAJOR_VERSION, MINOR_VERSION) >= (2026, 10) else 500
"""Status with which the REST API answers an action that is refused as it is requested.

Home Assistant 2026.9 knows no such error there, and logs it as one of its own.
"""

LIMIT = "number.power_limit"
MINING = "switch.mining"
MINING_POWER = "number.mining_power"
POWER = "sensor.power"

IDLE_POWER = 60
FULL_POWER = 220
THREADS = 16
THREAD = (FULL_POWER - IDLE_POWER) / THREADS

REFRESH = timedelta(seconds=30)


@pytest.fixture
def options() -> dict[str, Any]:
    """Return a miner of sixteen threads without cards."""
    return {"threads": THREADS, "gpus": 0}


@pytest.fixture
async def miner(hass: HomeAssistant, rig: Rig) -> Rig:
    """Return the miner of the document, with the number that it says to enable."""
    hass.config_entries.async_update_entry(
        rig.entry, options={"idle_power": IDLE_POWER, "full_power": FULL_POWER}
    )
    await rig.set_up()
    await enable(rig, MINING_POWER)
    return rig


@pytest.fixture
async def api(
    hass: HomeAssistant, miner: Rig, hass_client: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Return a client of the REST API."""
    assert await async_setup_component(hass, "api", {})
    return await hass_client()


def threads(miner: Rig) -> int:
    """Return how many threads really hash."""
    return threads_hashing(miner.simulator)


def mined(miner: Rig) -> float:
    """Return the actual power of mining in W."""
    return threads(miner) * THREAD


async def settle(miner: Rig) -> None:
    """Wait until calls that were not awaited are done."""
    await miner.hass.async_block_till_done(wait_background_tasks=True)


def test_each_example_has_a_test() -> None:
    """Every example is run."""
    assert len(DOCUMENT) == len(DOCUMENT.languages) == len(TRIED)
    for text in TRIED:
        assert DOCUMENT.code(text)


async def test_each_entity_is_one_of_the_miner(miner: Rig) -> None:
    """By the IDs that a miner of that name gets."""
    named = set(re.findall(r"(?:number|sensor|switch)\.rig_one_\w+", DOCUMENT.text))
    own = {entity.entity_id for entity in miner.entities.values()}
    assert named - own == {"number.rig_one_current"}


class TestEvcc:
    """The template "homeassistant-switch" (charger/switchsocket.go).

    It uses Home Assistant's REST API (util/homeassistant/connection.go).
    """

    @pytest.fixture
    def charger(self) -> dict[str, Any]:
        """Return the charger of the document."""
        [charger] = DOCUMENT.yaml(EVCC)["chargers"]
        return dict(charger)

    async def enable(
        self, api: TestClient[Any, Any], entity_id: str, enable: bool
    ) -> int:
        """Turn it on or off, return the status."""
        domain, _, _ = entity_id.partition(".")
        action = "turn_on" if enable else "turn_off"
        response = await api.post(
            f"/api/services/{domain}/{action}", json={"entity_id": entity_id}
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
        self, miner: Rig, api: TestClient[Any, Any], charger: dict[str, Any]
    ) -> None:
        """When the call ends, the switch shows its result."""
        switch = charger["switch"]
        for on in (True, False, False, True, True):
            assert await self.enable(api, switch, on) == 200
            assert await self.state(api, switch) == (STATE_ON if on else STATE_OFF)
            assert miner.simulator.is_hashing is on

    async def test_enabled_while_a_limit_leaves_no_thread(
        self, miner: Rig, api: TestClient[Any, Any], charger: dict[str, Any]
    ) -> None:
        """The call fails with an error, and takes effect once the limit allows it."""
        switch = charger["switch"]
        await miner.call("number", "set_value", LIMIT, value=0)
        assert await self.enable(api, switch, True) == INVALID
        assert await self.state(api, switch) == STATE_OFF
        await miner.poll(2)
        await miner.call("number", "set_value", LIMIT, value=FULL_POWER)
        assert await self.state(api, switch) == STATE_ON

    async def test_charging_is_distinguished_from_standby(
        self, miner: Rig, api: TestClient[Any, Any], charger: dict[str, Any]
    ) -> None:
        """The power is a number in W, on each side of the standby power."""
        await miner.call("number", "set_value", LIMIT, value=IDLE_POWER + THREAD)
        power = float(await self.state(api, charger["power"]))
        assert power == IDLE_POWER + THREAD > charger["standbypower"]
        await self.enable(api, charger["switch"], False)
        power = float(await self.state(api, charger["power"]))
        assert power == IDLE_POWER < charger["standbypower"]

    @pytest.mark.parametrize(
        ("surplus", "is_enough"),
        [(FULL_POWER - IDLE_POWER, True), (FULL_POWER - IDLE_POWER - 1, False)],
    )
    async def test_thresholds(
        self,
        miner: Rig,
        api: TestClient[Any, Any],
        charger: dict[str, Any],
        surplus: float,
        is_enough: bool,
    ) -> None:
        """What starts it lasts: the power that it adds does not stop it again.

        core/loadpoint.go, pvMaxCurrent: a socket takes less than the least current of a
        car, so it is stopped by the threshold alone.
        """
        [loadpoint] = DOCUMENT.yaml(EVCC)["loadpoints"]
        assert loadpoint["charger"] == charger["name"]
        start, stop = loadpoint["enable"], loadpoint["disable"]
        assert (start["delay"], stop["delay"]) == ("1m", "3m")
        await self.enable(api, charger["switch"], False)
        site = mined(miner) - surplus
        assert (site <= start["threshold"]) is is_enough
        await self.enable(api, charger["switch"], True)
        assert mined(miner) - surplus < stop["threshold"]
        assert mined(miner) - (surplus - 30) >= stop["threshold"]

    async def test_a_miner_that_is_away(
        self, miner: Rig, api: TestClient[Any, Any], charger: dict[str, Any]
    ) -> None:
        """The call fails, and the states are unavailable."""
        await miner.simulator.go_offline()
        switch = charger["switch"]
        assert await self.enable(api, switch, False) >= 400
        assert await self.state(api, switch) == "unavailable"
        assert await self.state(api, charger["power"]) == "unavailable"


@dataclass
class SolarOptimizer:
    """Solar Optimizer's calls for a device with variable power, in their order.

    custom_components/solar_optimizer/coordinator.py and managed_device.py of 3.8.1.
    """

    miner: Rig
    device: dict[str, Any]

    @property
    def is_active(self) -> bool:
        """Return whether it considers the device active."""
        return self.miner.hass.states.is_state(self.device["entity_id"], STATE_ON)

    @property
    def current_power(self) -> int:
        """Return what it considers the current power."""
        power = self.miner.hass.states.get(self.device["power_entity_id"])
        assert power
        factor = self.device["convert_power_divide_factor"]
        return round(float(power.state) * factor) if self.is_active else 0

    async def refresh(self, watts: int) -> None:
        """Apply a best solution of some W, and wait for the next one."""
        was_active = self.is_active
        if was_active and not watts:
            await self._call("deactivation_service", "entity_id")
        elif watts and not was_active:
            await self._call("activation_service", "entity_id")
        if watts and (self.current_power != watts or not was_active):
            value = round(watts / self.device["convert_power_divide_factor"])
            await self._call("change_power_service", "power_entity_id", value=value)
        await settle(self.miner)
        await self.miner.pass_time(REFRESH / 2)
        await self.miner.pass_time(REFRESH / 2)

    async def _call(self, service: str, target: str, **data: Any) -> None:
        """Call a service without waiting."""
        domain, action = self.device[service].split("/")
        entities = {"entity_id": self.device[target]}
        await self.miner.hass.services.async_call(
            domain, action, service_data=data, target=entities
        )


class TestSolarOptimizer:
    """A device with variable power: simulated_annealing_algo.py."""

    @pytest.fixture
    def optimizer(self, miner: Rig) -> SolarOptimizer:
        """Return the program with the device of the document."""
        return SolarOptimizer(miner, DOCUMENT.yaml(SOLAR_OPTIMIZER))

    async def test_it_knows_what_is_drawn(
        self, miner: Rig, optimizer: SolarOptimizer
    ) -> None:
        """What was asked for is drawn at the next refresh, and read back; off is 0 W."""
        device = optimizer.device
        least, most = device["power_min"], device["power_max"]
        for watts in (most, least, 0, 80, 0, least, 90, most, most - 10, 0):
            await optimizer.refresh(watts)
            assert optimizer.current_power == watts
            assert mined(miner) == watts
            assert float(miner.state(POWER)) == IDLE_POWER + watts

    async def test_its_steps_are_threads(
        self, miner: Rig, optimizer: SolarOptimizer
    ) -> None:
        """From the least power to the most, each adds one."""
        device = optimizer.device
        steps = range(
            device["power_min"], device["power_max"] + 1, device["power_step"]
        )
        assert len(steps) == THREADS
        for running, watts in enumerate(steps[::5], 1):
            await optimizer.refresh(watts)
            assert threads(miner) == 5 * running - 4

    async def test_its_times_fit_its_refresh(self, optimizer: SolarOptimizer) -> None:
        """The power may change at each refresh, and on and off each minute."""
        device = optimizer.device
        power = timedelta(minutes=device["duration_power_min"])
        assert timedelta(0) < power < REFRESH
        assert device["duration_min"] == device["duration_stop_min"] == 1

    async def test_activation_while_the_power_is_still_zero(
        self, miner: Rig, optimizer: SolarOptimizer
    ) -> None:
        """The power that is set next starts it, although the activation failed."""
        await miner.call("number", "set_value", MINING_POWER, value=0)
        await miner.poll(2)
        assert not optimizer.is_active
        await optimizer.refresh(80)
        assert optimizer.is_active
        assert mined(miner) == 80


class TestPvExcessControl:
    """An appliance with a current that may be varied.

    custom_components/pv_excess_control/coordinator.py applies what optimizer.py decides
    (_apply_decisions): before it turns the appliance on, it sets the current. It calls
    nothing that changes nothing, and waits 10 s for a call.
    """

    VOLTS = 230

    applied: float | None = None
    """The last current that it set since it turned the appliance off."""

    @pytest.fixture
    async def appliance(self, miner: Rig) -> dict[str, Any]:
        """Return the appliance of the document, whose number is set up."""
        number = DOCUMENT.yaml(PV_NUMBER)
        assert await async_setup_component(miner.hass, "template", number)
        await miner.hass.async_block_till_done()
        return DOCUMENT.yaml(PV_APPLIANCE)

    def amperes(self, appliance: dict[str, Any], watts: float) -> float:
        """Return the current for a budget, a multiple of the step."""
        steps = watts / self.VOLTS // appliance["Current Step Size (A)"]
        amperes = round(steps * appliance["Current Step Size (A)"], 1)
        return float(min(amperes, appliance["Maximum Current (A)"]))

    async def apply(
        self, miner: Rig, appliance: dict[str, Any], watts: float
    ) -> float | None:
        """Apply the decision for a budget; return the current, None for off."""
        switch = appliance["Appliance Entity"]
        number = appliance["Current Control Entity"]
        is_on = miner.hass.states.is_state(switch, STATE_ON)
        buffer = 0 if is_on else appliance["Activation Buffer (W)"]
        least = appliance["Minimum Current (A)"]
        if watts < least * self.VOLTS + buffer:
            if is_on:
                await self.call(miner, "switch", "turn_off", switch)
            self.applied = None
            return None
        amperes: float = max(least, self.amperes(appliance, watts))
        if is_on and amperes == self.applied:
            return amperes
        await self.call(miner, "number", "set_value", number, value=amperes)
        self.applied = amperes
        if not is_on:
            await self.call(miner, "switch", "turn_on", switch)
        return amperes

    async def call(
        self, miner: Rig, domain: str, action: str, entity_id: str, **data: Any
    ) -> None:
        """Call an action like the program, and let time pass until the next cycle."""
        async with asyncio.timeout(10):
            await miner.hass.services.async_call(
                domain, action, {"entity_id": entity_id, **data}, blocking=True
            )
        await settle(miner)

    async def test_it_knows_what_is_drawn(
        self, miner: Rig, appliance: dict[str, Any]
    ) -> None:
        """What it takes for the power is at most one thread more than what is drawn."""
        number = appliance["Current Control Entity"]
        for watts in (500, 100, 23, 20, 40, 43, 160, 0, 90):
            amperes = await self.apply(miner, appliance, watts)
            await miner.poll(3)
            assert (miner.state(MINING) == STATE_ON) is (amperes is not None)
            if amperes is None:
                assert mined(miner) == 0
                continue
            assert miner.hass.states.is_state(number, str(amperes))
            assert 0 <= amperes * self.VOLTS - mined(miner) < THREAD
            assert mined(miner) <= watts

    async def test_all_of_it_is_the_full_load(
        self, miner: Rig, appliance: dict[str, Any]
    ) -> None:
        """And starts with 43 W."""
        most = appliance["Maximum Current (A)"] * self.VOLTS
        assert 0 <= most - appliance["Nominal Power (W)"] < 0.1 * self.VOLTS
        assert appliance["Nominal Power (W)"] == FULL_POWER - IDLE_POWER
        await self.apply(miner, appliance, 0)
        for watts, is_on in ((42, False), (43, True)):
            amperes = await self.apply(miner, appliance, watts)
            assert (amperes is not None) is is_on
        await miner.poll(2)
        await self.apply(miner, appliance, 5000)
        assert threads(miner) == THREADS

    async def test_a_miner_that_was_paused_by_hand(
        self, miner: Rig, appliance: dict[str, Any]
    ) -> None:
        """It is turned on again, with the current that was set before."""
        await self.apply(miner, appliance, 100)
        running = threads(miner)
        await miner.poll(2)
        await miner.turn(MINING, on=False)
        await self.apply(miner, appliance, 100)
        await miner.poll(2)
        assert threads(miner) == running > 0

    async def test_a_miner_that_is_away(
        self, miner: Rig, appliance: dict[str, Any]
    ) -> None:
        """The number is unavailable with it."""
        await miner.simulator.go_offline()
        await miner.poll()
        number = appliance["Current Control Entity"]
        assert miner.hass.states.is_state(number, "unavailable")


class TestEmhass:
    """A deferrable load.

    EMHASS publishes it over Home Assistant's REST API, with the rest of the plan in an
    attribute (src/emhass/retrieve_hass.py, post_data).
    """

    SENSOR = "sensor.p_deferrable0"
    api: TestClient[Any, Any]

    @pytest.fixture
    async def planned(
        self, miner: Rig, api: TestClient[Any, Any]
    ) -> AsyncGenerator[Rig]:
        """Return the miner, with the automation of the document."""
        self.api = api
        automation = DOCUMENT.yaml(EMHASS)
        assert await async_setup_component(
            miner.hass, "automation", {"automation": [automation]}
        )
        await miner.hass.async_block_till_done()
        target = {"entity_id": "automation.mine_by_the_plan"}
        assert miner.hass.states.is_state(target["entity_id"], STATE_ON)
        yield miner
        # Otherwise, its timer would outlast the test
        await miner.hass.services.async_call(
            "automation", "turn_off", target, blocking=True
        )

    async def publish(self, miner: Rig, watts: float) -> None:
        """Publish the power of the load in the current step of the plan."""
        state = f"{watts:.2f}"
        attributes = {
            "device_class": "power",
            "unit_of_measurement": "W",
            "friendly_name": "Deferrable Load 0",
            "deferrables_schedule": [
                {"date": "2026-06-21T12:00:00+02:00", "p_deferrable0": state}
            ],
        }
        response = await self.api.post(
            f"/api/states/{self.SENSOR}",
            json={"state": state, "attributes": attributes},
        )
        assert response.status in (200, 201)
        await settle(miner)
        await miner.poll(2)

    async def pass_five_minutes(self, miner: Rig) -> None:
        """Let time pass until the automation has run once by itself."""
        await miner.pass_time(timedelta(minutes=5))

    async def test_plan(self, planned: Rig) -> None:
        """The miner follows each power of it."""
        for watts, running in ((85.5, 8), (0, 0), (160, 16), (10, 1), (0, 0)):
            await self.publish(planned, watts)
            assert threads(planned) == running
            assert planned.state(MINING) == (STATE_ON if running else STATE_OFF)

    async def test_without_a_plan_it_rests(self, planned: Rig) -> None:
        """As after a restart, until it is published again."""
        await self.publish(planned, 160)
        planned.hass.states.async_remove(self.SENSOR)
        await settle(planned)
        await self.pass_five_minutes(planned)
        assert threads(planned) == 0
        await self.publish(planned, 160)
        assert threads(planned) == THREADS

    async def test_a_miner_that_was_away(self, planned: Rig) -> None:
        """It follows the plan that began meanwhile."""
        await self.publish(planned, 160)
        await planned.simulator.go_offline()
        await planned.poll()
        await self.publish(planned, 50)
        await planned.simulator.go_online()
        await planned.poll(2)
        await self.pass_five_minutes(planned)
        assert threads(planned) == 5

    async def test_a_miner_that_was_paused_by_hand(self, planned: Rig) -> None:
        """It stays paused."""
        await planned.turn(MINING, on=False)
        await self.publish(planned, 160)
        assert threads(planned) == 0

    def test_config(self) -> None:
        """One load of the miner's powers, with a value in each list."""
        config = json.loads(f"{{{DOCUMENT.code(EMHASS_CONFIG)}}}")
        assert config.pop("number_of_deferrable_loads") == 1
        assert {len(values) for values in config.values()} == {1}
        assert config["nominal_power_of_deferrable_loads"] == [FULL_POWER - IDLE_POWER]
        assert config["minimum_power_of_deferrable_loads"] == [THREAD]
        assert config["treat_deferrable_load_as_semi_cont"] == [False]
