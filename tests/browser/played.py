"""A simulated day of sun for screenshots, because the demo has only just started."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
import math
import random
import re
from typing import Any

from playwright.async_api import Page, WebSocketRoute

from scripts.runner.demo import RIGS

type Json = dict[str, Any]

SLOT = timedelta(minutes=5)
STATISTICS = "recorder/statistics_during_period"
SHARE = "sensor.mining_manager_solar_share_today"
DETAILS = "xmrig_miner/details"

SUNRISE, SUNSET = 6.5, 19.5
PEAK = 700
"""W of the panels at noon."""
HOUSE = 180
"""W that the house draws in addition to mining."""

CARD = 118
"""W of the graphics card of the first miner (simulator/hardware.py)."""
CARD_HASHRATE, THREAD_HASHRATE = 970, 430

SHARES_PER_THREAD = 0.9
"""In five minutes."""


@dataclass(frozen=True)
class Moment:
    """Five minutes of that day in W, with the threads of both miners."""

    start: datetime
    left_over: float
    threads: tuple[int, int]

    @property
    def mining(self) -> float:
        """Return the power of mining on top of the idle power."""
        one, two = RIGS
        card = CARD if self.threads[0] else 0
        return one.thread * self.threads[0] + card + two.thread * self.threads[1]

    def values(self) -> dict[str, float]:
        """Return the recorded values by suffixes of entity IDs."""
        (one, two), (first, second) = RIGS, self.threads
        card = 1 if first else 0
        return {
            "manager_surplus": self.left_over - self.mining,
            "manager_mining_power": self.mining,
            "rig_one_hashrate": THREAD_HASHRATE * first + CARD_HASHRATE * card,
            "rig_one_power": one.idle + one.thread * first + CARD * card,
            "rig_two_hashrate": THREAD_HASHRATE * second,
            "rig_two_power": two.idle + two.thread * second,
            "rig_one_accepted_shares": SHARES_PER_THREAD * (first + 2 * card),
            "rig_two_accepted_shares": SHARES_PER_THREAD * second,
            "01_00_0_power": CARD,
            "01_00_0_hashrate": CARD_HASHRATE,
        }


def day(end: datetime) -> list[Moment]:
    """Return the 24 hours before a time of its time zone."""
    clouds = random.Random(4)
    moments: list[Moment] = []
    cloud, left_over = 0.0, 0.0
    start = end - timedelta(days=1)
    while start < end:
        hour = start.hour + start.minute / 60
        sun = math.sin(math.pi * (hour - SUNRISE) / (SUNSET - SUNRISE))
        cloud = 0.85 * cloud + clouds.gauss(0, 0.09)
        # It follows the previous surplus, and has to buy when a cloud comes
        threads = _threads(left_over)
        left_over = max(0, PEAK * max(0, sun) * (1 - min(abs(cloud), 0.7)) - HOUSE)
        moments.append(Moment(start, left_over, threads))
        start += SLOT
    return moments


def _threads(left_over: float) -> tuple[int, int]:
    """Return the threads of both miners that fit into the surplus."""
    one, two = RIGS
    second = min(two.threads, int(left_over // two.thread))
    rest = left_over - second * two.thread - CARD
    first = (
        0 if second < two.threads else max(0, min(one.threads, int(rest // one.thread)))
    )
    return first, second


class PlayedDay:
    """The statistics of that day, as the recorder would send them."""

    def __init__(self, end: datetime) -> None:
        """Initialize a day that ends at a time of its time zone."""
        self._moments = day(end)

    def answer(self, request: Json, result: Json) -> Json:
        """Return the result of a request instead of the real one."""
        if request["type"] == DETAILS:
            return result | ({"today": self._today()} if "today" in result else {})
        return {
            entity_id: list(self._rows(entity_id, request))
            for entity_id in request["statistic_ids"]
        }

    def _today(self) -> dict[str, float]:
        """Return the energy of mining on the last day, in kWh by where it came from."""
        hours = SLOT / timedelta(hours=1)
        today = self._moments[-1].start.date()
        moments = [moment for moment in self._moments if moment.start.date() == today]
        solar = sum(min(moment.mining, moment.left_over) for moment in moments)
        grid = sum(moment.mining for moment in moments) - solar
        kwh = hours / 1000
        return {"solar": solar * kwh, "grid": grid * kwh, "battery": 0, "unknown": 0}

    def _rows(self, entity_id: str, request: Json) -> Iterator[Json]:
        """Yield the rows of an entity; those by the hour come in pieces, too."""
        if request["period"] == "5minute" and request["types"] == ["change"]:
            return
        for moment in self._moments:
            for key, value in moment.values().items():
                if entity_id.endswith(key):
                    start = moment.start.timestamp() * 1000
                    end = start + SLOT.total_seconds() * 1000
                    row = {"start": start, "end": end}
                    yield row | dict.fromkeys(request["types"], value)

    def show(self, event: Json) -> None:
        """Replace states in an event of the current ones by those of the day."""
        today = self._today()
        share = 100 * today["solar"] / sum(today.values())
        for state in (
            event.get("a", {}).get(SHARE),
            event.get("c", {}).get(SHARE, {}).get("+"),
        ):
            if state:
                state["s"] = str(round(share))

    async def play(self, page: Page) -> None:
        """Answer requests for the day on all pages that are opened from now on."""
        await page.route_web_socket(re.compile("/api/websocket"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        requests: dict[int, Json] = {}

        def ask(message: str | bytes) -> None:
            for request in _listed(message):
                if request.get("type") in (STATISTICS, DETAILS):
                    requests[request["id"]] = request
            server.send(message)

        def reply(message: str | bytes) -> None:
            answers = _listed(message)
            for answer in answers:
                if answer["type"] == "result" and answer["id"] in requests:
                    request = requests.pop(answer["id"])
                    answer["result"] = self.answer(request, answer["result"])
                if answer["type"] == "event" and isinstance(answer["event"], dict):
                    self.show(answer["event"])
            for answer in answers:
                socket.send(json.dumps(answer))

        socket.on_message(ask)
        server.on_message(reply)


def _listed(message: str | bytes) -> list[Json]:
    """Return the messages of one, which may be several."""
    content = json.loads(message)
    return content if isinstance(content, list) else [content]
