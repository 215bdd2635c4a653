"""The prices of a day with an hourly tariff."""

DAY_OF_PRICES = (
    *(0.27, 0.26, 0.25, 0.25, 0.26, 0.29),
    *(0.34, 0.37, 0.35, 0.30, 0.25, 0.21),
    *(0.18, 0.16, 0.16, 0.18, 0.23, 0.30),
    *(0.37, 0.41, 0.39, 0.34, 0.31, 0.28),
)
"""Price of a kWh in each hour. Not recorded, but shaped like a summer day: low at noon,
and highest in the evening."""
