"""What the manager shows of all miners together."""

from datetime import timedelta
from typing import Any

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    EVENT_STATE_CHANGED,
    EntityCategory,
)
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.xmrig_miner.const import CONF_EARNINGS_SENSOR, DOMAIN
from custom_components.xmrig_miner.fleet.house import Price
from custom_components.xmrig_miner.fleet.samples import async_price
from tests.common import Rig

from .house import GRID, MODE, THREAD, THREADS, House, set_dashboard

PRICE = "sensor.price"
EARNINGS = "number.earnings"
FULL = 3 * THREADS * THREAD
"""W of all miners."""


def number(house: House, name: str) -> float:
    """Return a number that the manager shows."""
    return float(house.manager.state(f"sensor.{name}"))


async def mine(house: House, minutes: int = 10) -> float:
    """Mine at full power for a while, and return the kWh."""
    await house.manager.call("select", "select_option", MODE, option="full")
    await house.pass_time(60)
    before = number(house, "energy")
    begin = house.hass.loop.time()
    await house.pass_time(minutes * 60)
    assert house.threads == [THREADS] * 3
    kwh = FULL * (house.hass.loop.time() - begin) / 3_600_000
    # As of the last minute
    assert number(house, "energy") - before == pytest.approx(kwh, abs=FULL / 60_000)
    return kwh


def say_price(house: House, price: Any, unit: str = "EUR/kWh") -> None:
    """Report a price by a sensor."""
    house.hass.states.async_set(PRICE, str(price), {ATTR_UNIT_OF_MEASUREMENT: unit})


async def test_energy_by_source(house: House) -> None:
    """Half of it is bought: what the sun leaves of the full power."""
    house.sun = FULL / 2
    await house.set_up()
    assert "sensor.energy_battery" not in house.manager.entities
    assert "sensor.cost" not in house.manager.entities
    await mine(house)
    half = number(house, "energy") / 2
    assert number(house, "energy_solar") == pytest.approx(half, rel=0.05)
    assert number(house, "energy_grid") == pytest.approx(half, rel=0.05)
    assert number(house, "solar_share") == pytest.approx(50, abs=2)


async def test_energy_without_a_meter_has_no_known_source(
    house: House, all_enabled: None
) -> None:
    """It is counted all the same."""
    await house.set_up(stat_rate="sensor.nowhere")
    await mine(house, 5)
    unknown = number(house, "energy_unknown")
    assert unknown == pytest.approx(number(house, "energy"), abs=FULL / 20_000)
    assert number(house, "energy_solar") == number(house, "energy_grid") == 0
    assert house.manager.state("sensor.solar_share") == "unknown"


async def test_a_battery_is_counted_apart(house: House) -> None:
    """It holds the grid at zero while the house mines at night."""
    await house.set_up()
    house.hass.states.async_set(
        "sensor.battery", "5000", {ATTR_UNIT_OF_MEASUREMENT: "W"}
    )
    house.sun = FULL
    await set_dashboard(
        house.hass,
        {"type": "grid", "stat_rate": GRID},
        {"type": "battery", "stat_rate": "sensor.battery"},
    )
    await mine(house, 15)
    battery = number(house, "energy_battery")
    assert battery == pytest.approx(number(house, "energy"), rel=0.05)
    assert number(house, "energy_solar") == 0


async def test_the_cost_of_what_is_bought(house: House) -> None:
    """Known while the price is known, for any unit of energy."""
    say_price(house, 0.4)
    await house.set_up(stat_rate=GRID, entity_energy_price=PRICE)
    await mine(house)
    state = house.manager.full_state("sensor.cost")
    assert state.attributes["unit_of_measurement"] == "EUR"
    assert state.attributes["device_class"] == "monetary"
    assert state.attributes["state_class"] == "total"
    cost = number(house, "cost")
    assert cost == pytest.approx(0.4 * number(house, "energy_grid"), rel=0.05)
    for absurd in ("unavailable", "nan", "inf", "1e9", "-1e9", "cheap"):
        say_price(house, absurd)
        await house.pass_time(10)
        assert house.manager.state("sensor.cost") == "unknown", absurd
    say_price(house, 400, "EUR/MWh")
    await house.pass_time(60)
    before = number(house, "cost")
    kwh = await mine(house)
    cost = number(house, "cost")
    assert cost - before == pytest.approx(0.4 * kwh, rel=0.1)
    await house.manager.reload()
    # What was counted since the last minute; both are rounded to 0.001
    assert cost <= number(house, "cost") <= cost + 0.4 * FULL / 60_000 + 0.001


@pytest.mark.parametrize(
    ("shown", "unit", "price"),
    [
        (40, "ct/kWh", 0.4),
        (40, "¢ / kWh", 0.4),
        (0.4, "EUR/kWh", 0.4),
        (0.4, None, 0.4),
        (400, "EUR/MWh", 0.4),
        (400, "EUR / MWh", 0.4),
        (0.0004, "EUR/Wh", 0.4),
        (1444.7, "IDR/kWh", 1444.7),
    ],
)
async def test_prices_of_any_unit(
    hass: HomeAssistant, shown: float, unit: str | None, price: float
) -> None:
    """Per kWh, in the currency: of cents there are a hundred."""
    hass.states.async_set(PRICE, str(shown), {ATTR_UNIT_OF_MEASUREMENT: unit})
    assert async_price(hass, Price(sensor=PRICE)) == pytest.approx(price)


async def test_the_day_begins_at_local_midnight(house: House) -> None:
    """Though nothing is reported: no miner, and no meter."""
    await house.hass.config.async_set_time_zone("Asia/Kolkata")
    house.sun = FULL
    await house.set_up()
    await house.manager.call("select", "select_option", MODE, option="full")
    await house.pass_time(600)
    assert number(house, "solar_share") == 100
    for rig in house.rigs:
        await house.hass.config_entries.async_unload(rig.entry.entry_id)
    # It is 12:10 in UTC, and 17:40 there
    await house.manager.pass_time(timedelta(hours=6, minutes=15))
    assert number(house, "solar_share") == 100
    await house.manager.pass_time(timedelta(minutes=10))
    assert house.manager.state("sensor.solar_share") == "unknown"
    assert number(house, "energy") > 0


async def test_hashrate_and_efficiency(house: House) -> None:
    """Sums over the miners that mine, and a ratio of them."""
    house.sun = FULL + 100
    await house.set_up()
    await house.pass_time(300)
    shown = [float(rig.state("sensor.hashrate")) for rig in house.rigs]
    assert number(house, "hashrate") == pytest.approx(sum(shown) / 1000, rel=0.05)
    watts = sum(float(rig.state("sensor.power")) for rig in house.rigs)
    assert number(house, "efficiency") == pytest.approx(sum(shown) / watts, rel=0.05)
    await house.manager.call("select", "select_option", MODE, option="off")
    await house.pass_time(30)
    assert number(house, "hashrate") == 0
    assert house.manager.state("sensor.efficiency") == "unknown"


async def test_miners_in_trouble(house: House) -> None:
    """Offline, not set up, or with an open repair that the user did not ignore."""
    await house.set_up()
    await house.pass_time(30)
    assert number(house, "miners_in_trouble") == 0
    one, two, three = house.rigs
    await one.simulator.go_offline()
    await house.pass_time(30)
    assert number(house, "miners_in_trouble") == 1
    assert number(house, "miners_online") == 2
    await one.reload_or_fail()
    await house.pass_time(10)
    assert number(house, "miners_in_trouble") == 1
    assert number(house, "miners") == 3
    ir.async_create_issue(
        house.hass,
        DOMAIN,
        f"zero_hashrate_{two.entry.entry_id}x",
        data={"entry_id": two.entry.entry_id},
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="zero_hashrate",
    )
    await house.pass_time(10)
    assert number(house, "miners_in_trouble") == 2
    ir.async_ignore_issue(
        house.hass, DOMAIN, f"zero_hashrate_{two.entry.entry_id}x", ignore=True
    )
    await house.pass_time(10)
    assert number(house, "miners_in_trouble") == 1
    await house.hass.config_entries.async_remove(one.entry.entry_id)
    await house.pass_time(10)
    assert number(house, "miners_in_trouble") == 0
    assert three.is_loaded


async def test_break_even_and_profit(house: House) -> None:
    """Known as soon as earnings and curves are, and while all rest."""
    say_price(house, 0.3)
    await house.set_up(stat_rate=GRID, entity_energy_price=PRICE)
    assert "sensor.profit" not in house.manager.entities
    await house.pass_time(60)
    await house.manager.call("number", "set_value", EARNINGS, value=0.5)
    unit = house.manager.full_state(EARNINGS).attributes["unit_of_measurement"]
    assert unit == "EUR/kH/s/d"
    # Their hashrates are not known yet
    await house.manager.call("select", "select_option", MODE, option="full")
    await house.pass_time(120)
    await house.manager.call("select", "select_option", MODE, option="off")
    await house.pass_time(60)
    assert house.threads == [0] * 3
    hashrate = sum(
        rig.entry.runtime_data.power.meter.model.hashrate(THREADS) for rig in house.rigs
    )
    income = hashrate / 1000 * 0.5
    kwh = FULL * 24 / 1000
    assert number(house, "break_even_price") == pytest.approx(income / kwh, rel=0.01)
    assert number(house, "profit") == pytest.approx(income - kwh * 0.3, rel=0.01)
    say_price(house, 0.1)
    await house.pass_time(10)
    assert number(house, "profit") == pytest.approx(income - kwh * 0.1, rel=0.01)
    await house.manager.reload()
    assert house.manager.state(EARNINGS) == "0.5"


async def test_smart_buys_power_while_that_pays(house: House) -> None:
    """Below the break-even price all is mined, without any sun."""
    house.entry.add_to_hass(house.hass)
    house.hass.config_entries.async_update_entry(
        house.entry, options={CONF_EARNINGS_SENSOR: "sensor.earnings"}
    )
    say_price(house, 0.3)
    await house.set_up(stat_rate=GRID, entity_energy_price=PRICE)
    await house.manager.call("select", "select_option", MODE, option="full")
    await house.pass_time(120)
    await house.manager.call("select", "select_option", MODE, option="smart")
    await house.pass_time(60)
    assert house.threads == [0] * 3
    house.hass.states.async_set("sensor.earnings", "5")
    await house.pass_time(60)
    assert number(house, "break_even_price") > 0.3
    assert house.threads == [THREADS] * 3
    for absurd in ("-1", "nan", "unavailable", "1e30"):
        house.hass.states.async_set("sensor.earnings", absurd)
        await house.pass_time(30)
        assert house.threads == [0] * 3
        assert house.manager.state("sensor.break_even_price") == "unknown"
        assert house.manager.state("sensor.reason") == "no_surplus"
    house.hass.states.async_set("sensor.earnings", "5")
    say_price(house, 100)
    await house.pass_time(60)
    assert number(house, "profit") < 0
    assert house.threads == [0] * 3
    assert house.manager.state("sensor.reason") == "price"


async def test_the_hottest_is_there_once_a_card_reports(
    hass: HomeAssistant, rig: Rig
) -> None:
    """A fleet without cards has no such sensor."""
    await rig.set_up()
    house = House(hass, [rig])
    await house.set_up()
    assert number(house, "hottest") == rig.simulator.gpus[0].temperature


async def test_what_is_shown_by_default(house: House) -> None:
    """Energy and money are; what is only of interest in a fault is diagnostic."""
    await house.set_up()
    entities = house.manager.entities
    disabled = {name for name, entity in entities.items() if entity.disabled_by}
    assert disabled == {"sensor.energy_unknown"}
    diagnostic = {
        name
        for name, entity in entities.items()
        if entity.entity_category is EntityCategory.DIAGNOSTIC
    }
    assert diagnostic == {
        "sensor.energy_unknown",
        "sensor.miners",
        "sensor.miners_online",
        "sensor.miners_mining",
        "sensor.miners_in_trouble",
    }


async def test_rows_of_a_quarter_of_an_hour(house: House) -> None:
    """The rows of the new figures are bounded, even if the meter reports often."""
    house.sun = FULL / 2
    say_price(house, 0.3)
    await house.set_up(stat_rate=GRID, entity_energy_price=PRICE)
    await house.manager.call("number", "set_value", EARNINGS, value=0.5)
    await house.pass_time(120)
    names = {entity.entity_id: key for key, entity in house.manager.entities.items()}
    rows: dict[str, int] = {}

    @callback
    def count(event: Event[EventStateChangedData]) -> None:
        if name := names.get(event.data["entity_id"]):
            rows[name] = rows.get(name, 0) + 1

    stop = house.hass.bus.async_listen(EVENT_STATE_CHANGED, count)
    begin = house.hass.loop.time()
    for step in range(90):
        house.sun = FULL / 2 + step % 7
        await house.pass_time(10)
    stop()
    figures = {name: number for name, number in rows.items() if name != "sensor.reason"}
    minutes = (house.hass.loop.time() - begin) / 60
    # The state of a miner whose threads are starting is shown at once
    assert max(figures.values()) <= minutes + 5, rows
    assert sum(figures.values()) <= 6 * minutes, rows
