"""Recorder rows in an hour of steady mining, compared with those of a `rest` set."""

import asyncio
from collections import Counter

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback

from .home import Clock, add_miner, home, polled_by_hand, set_up
from .recording import POLL
from .rest_set import add_rest_set
from .results import Result
from .server import miners

HOUR = 3600
AFTER = 10
"""Polls until a miner is in steady state."""


async def measure(*, short: bool) -> list[Result]:
    """Count the rows of an hour, by advancing the clock from poll to poll."""
    polls = HOUR // POLL // (4 if short else 1)
    async with miners(2, polls=polls + AFTER + 10) as ports, home() as hass:
        with Clock().running() as clock:
            add_miner(hass, 0, ports[0])
            await set_up(hass)
            [miner] = await polled_by_hand(hass)
            states = len(hass.states.async_entity_ids())
            rest = await add_rest_set(hass, ports[1])
            rows: Counter[str] = Counter()

            @callback
            def count(event: Event[EventStateChangedData]) -> None:
                rows[event.data["entity_id"]] += 1

            for poll in range(polls + AFTER):
                if poll == AFTER:
                    hass.bus.async_listen(EVENT_STATE_CHANGED, count)
                clock.move(POLL)
                await miner.async_refresh()
                await asyncio.gather(*(found.async_refresh() for found in rest))
                await hass.async_block_till_done()
    scale = HOUR / POLL / polls
    of_rest = scale * sum(
        number for name, number in rows.items() if name.startswith("sensor.rest_")
    )
    own = scale * rows.total() - of_rest
    most, number = next(
        item for item in rows.most_common() if not item[0].startswith("sensor.rest_")
    )
    return [
        Result(
            name="rows of the recorder an hour",
            value=own,
            target=400,
            note=f"{states} states; {most}: {number * scale:.0f}",
        ),
        Result(name="the same of a rest set of 23 values", value=of_rest),
        Result(name="rows / rows of the rest set", value=own / of_rest, limit=0.3),
    ]
