"""Sensors of the house and of miners as the manager reads them, without Home Assistant."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from custom_components.xmrig_miner.const import (
    CONF_MAX_TEMPERATURE,
    CONF_TEMPERATURE_SENSOR,
)
from custom_components.xmrig_miner.fleet.house import Price
from custom_components.xmrig_miner.fleet.samples import (
    Samples,
    async_earnings,
    async_price,
)
from custom_components.xmrig_miner.fleet.temperature import (
    TemperatureLimit,
    hottest_card,
)
from custom_components.xmrig_miner.manager import Sample
from tests.stand_ins import Hass

SENSOR = "sensor.one"


def shown(state: str, unit: str | None = None) -> Any:
    """Return Home Assistant with a sensor."""
    hass = Hass()
    attributes = {} if unit is None else {"unit_of_measurement": unit}
    hass.show(SENSOR, state, **attributes)
    return hass


# --- The house ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "value"),
    [("5", 5), ("-0.5", -0.5), ("unknown", None), ("inf", None), ("nan", None)],
)
def test_samples(state: str, value: float | None) -> None:
    """Those of the sensors that are there."""
    read = Samples(shown(state, "W")).read([SENSOR, "sensor.gone"], 100)
    assert read.keys() == {SENSOR}
    sample = read[SENSOR]
    assert sample == Sample(value=value, at=sample.at, unit="W")
    assert 99 < sample.at <= 100
    assert Samples(shown("1")).read([SENSOR], 100)[SENSOR].unit is None


@pytest.mark.parametrize(
    ("state", "unit", "price"),
    [
        ("0.3", "EUR/kWh", 0.3),
        ("0.3", None, 0.3),
        ("0.3", "EUR", 0.3),
        ("300", "EUR/MWh", 0.3),
        ("0.0003", "EUR/Wh", 0.3),
        ("30", "ct/kWh", 0.3),
        ("30", " Cent / kWh", 0.3),
        ("30", "¢", 0.3),
        ("30", "öre/kWh", 0.3),
        ("-0.1", "EUR/kWh", -0.1),
        ("1000000", "IRR/kWh", 1_000_000),
        ("1000001", "IRR/kWh", None),
        ("-1000000", "IRR/kWh", -1_000_000),
        ("-1000001", "IRR/kWh", None),
        ("unknown", "EUR/kWh", None),
        ("unknown", "ct/MWh", None),
        ("nan", "EUR/kWh", None),
    ],
)
def test_the_price_of_a_sensor(
    state: str, unit: str | None, price: float | None
) -> None:
    """Per kWh, in whole units of the currency."""
    read = async_price(shown(state, unit), Price(sensor=SENSOR))
    assert read == (price if price is None else pytest.approx(price))


@pytest.mark.parametrize("number", [0.3, 0, -0.1, None])
def test_a_price_that_is_set(number: float | None) -> None:
    """A sensor takes its place, also while it is away."""
    hass = shown("5")
    assert async_price(hass, Price(number=number)) == number
    assert async_price(hass, Price(sensor=SENSOR, number=number)) == 5
    assert async_price(hass, Price(sensor="sensor.gone", number=number)) is None


@pytest.mark.parametrize(
    ("state", "earnings"),
    [
        ("0", 0),
        ("0.5", 0.5),
        ("-0.1", None),
        ("1000000", 1_000_000),
        ("1000001", None),
        ("unknown", None),
    ],
)
def test_earnings(state: str, earnings: float | None) -> None:
    """They are not negative."""
    assert async_earnings(shown(state), SENSOR) == earnings
    assert async_earnings(shown(state), "sensor.gone") is None


# --- Temperatures -------------------------------------------------------------


def snapshot(*temperatures: float | None, has_backends: bool = True) -> Any:
    """Return the snapshot of a miner with cards."""
    cards = [
        SimpleNamespace(health=SimpleNamespace(temperature=each))
        for each in temperatures
    ]
    backends = SimpleNamespace(gpus=cards) if has_backends else None
    return SimpleNamespace(backends=backends)


@pytest.mark.parametrize(
    ("cards", "hottest"),
    [((), None), ((None, 0), None), ((50, 70, None), 70), ((70, 50), 70)],
)
def test_the_hottest_card(cards: Any, hottest: float | None) -> None:
    """A card that reports 0 °C has no sensor."""
    assert hottest_card(snapshot(*cards)) == hottest
    assert hottest_card(snapshot(*cards, has_backends=False)) is None


@pytest.mark.parametrize(
    ("options", "sensor", "maximum"),
    [
        ({}, None, None),
        ({CONF_TEMPERATURE_SENSOR: SENSOR, CONF_MAX_TEMPERATURE: 60}, SENSOR, 60),
        ({CONF_TEMPERATURE_SENSOR: "one", CONF_MAX_TEMPERATURE: "hot"}, None, None),
        ({CONF_TEMPERATURE_SENSOR: 5, CONF_MAX_TEMPERATURE: 301}, None, None),
        ({CONF_MAX_TEMPERATURE: 300}, None, 300),
    ],
)
def test_the_options(
    options: dict[str, Any], sensor: str | None, maximum: float | None
) -> None:
    """Absurd values are none."""
    limit = TemperatureLimit.from_options(options)
    assert limit == TemperatureLimit(sensor=sensor, maximum=maximum)


def test_without_a_sensor() -> None:
    """It is that of the cards, in °C."""
    limit = TemperatureLimit(sensor=None, maximum=60)
    assert limit.celsius(cast(Any, Hass()), snapshot(50)) == (50, 60)


@pytest.mark.parametrize(
    ("state", "unit", "temperature", "maximum"),
    [
        ("50", "°C", 50, 86),
        ("50", "°F", 10, 30),
        ("273.15", "K", 0, -187.15),
        ("50", "%", None, 86),
        ("50", None, None, 86),
        ("unknown", "°F", None, 30),
        ("2999", "°C", 2999, 86),
        ("3000", "°C", None, 86),
        ("-3000", "°C", None, 86),
        ("nan", "°C", None, 86),
    ],
)
def test_a_sensor(
    state: str, unit: str | None, temperature: float | None, maximum: float
) -> None:
    """The maximum is in its unit, too."""
    limit = TemperatureLimit(sensor=SENSOR, maximum=86)
    read = limit.celsius(shown(state, unit), snapshot(99))
    assert read[0] == (
        temperature if temperature is None else pytest.approx(temperature)
    )
    assert read[1] == pytest.approx(maximum)
    without = TemperatureLimit(sensor=SENSOR, maximum=None)
    assert without.celsius(shown(state, unit), snapshot(99))[1] is None


def test_a_sensor_that_is_gone() -> None:
    """The temperature is unknown, the maximum is kept."""
    limit = TemperatureLimit(sensor="sensor.gone", maximum=86)
    assert limit.celsius(shown("50"), snapshot(99)) == (None, 86)
