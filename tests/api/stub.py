"""Clients without a wire: their replies are given, and what they send is listed."""

from collections.abc import Callable, Sequence
import copy
from typing import Any, cast

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.exceptions import (
    XmrigError,
    XmrigInterruptedError,
    XmrigRefusedError,
)
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.models import Backends, Config, Summary

ADDRESS = "127.0.0.1:1"

DOCUMENT: dict[str, Any] = {
    "http": {"port": 18088},
    "pools": [{"url": "pool.example.org:1", "user": "WALLET"}],
    "cpu": {"enabled": True, "yield": True},
    "retries": 5,
    "print-time": 60,
}

type Edit = Callable[[dict[str, Any]], None]
type Replies[ReplyT] = Sequence[ReplyT | Exception]


class StubClient:
    """A client of a miner that replies to each request with the next of its replies.

    The last one is repeated. An exception among them is raised.
    """

    address = ADDRESS

    def __init__(
        self,
        *,
        summaries: Replies[Summary] = (Summary(),),
        backends: Replies[Backends] = (Backends(),),
        configs: Replies[Config] = (Config({}),),
        writes: Replies[None] = (None,),
    ) -> None:
        """Initialize the client."""
        self._replies: dict[str, list[Any]] = {
            "summary": list(summaries),
            "backends": list(backends),
            "config": list(configs),
            "write": list(writes),
        }
        self.calls: list[Any] = []
        """All requests in order."""

    def reply(self, **replies: Any) -> None:
        """Reply with these from now on, by the names of the requests."""
        self._replies.update({name: [reply] for name, reply in replies.items()})

    def _next(self, name: str) -> Any:
        replies = self._replies[name]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def summary(self) -> Summary:
        """Return the next summary."""
        self.calls.append("summary")
        return cast(Summary, self._next("summary"))

    async def backends(self) -> Backends:
        """Return the next backends."""
        self.calls.append("backends")
        return cast(Backends, self._next("backends"))

    async def config(self) -> Config:
        """Return the next config."""
        self.calls.append("config")
        return cast(Config, self._next("config"))

    async def perform_action(self, action: Action) -> None:
        """Record an action."""
        self.calls.append(action)
        self._next("write")

    async def post_config(self, config: Config) -> None:
        """Record a config."""
        self.calls.append(config)
        self._next("write")

    def link(self, expected_id: str | None = None) -> MinerLink:
        """Return a link to the miner with an id."""
        return MinerLink(
            cast(XmrigClient, self), lambda summary: summary.id == expected_id
        )


def retries(number: int) -> Edit:
    """Return an external change of a value."""
    return lambda document: document.update(retries=number)


class EditableClient(StubClient):
    """A client of a miner that shows a posted config at one of the next reads."""

    def __init__(self, *, delay: int = 1, **kwargs: Any) -> None:
        """Initialize it; it shows a config after `delay` reads."""
        super().__init__(**kwargs)
        self.document = copy.deepcopy(DOCUMENT)
        self.delay = delay
        self.applied: Callable[[dict[str, Any]], dict[str, Any]] = lambda posted: posted
        """Returns what is shown of a config."""
        self.edits: dict[int, Edit] = {}
        """External changes by the number of the read before which they happen."""
        self.failing: dict[int, XmrigError] = {}
        """Errors by the number of the read that ends with them."""
        self.posted: list[dict[str, Any]] = []
        self.reads = 0
        self._pending: tuple[int, dict[str, Any]] | None = None

    async def config(self) -> Config:
        """Return the config as it is by now."""
        self.reads += 1
        if error := self.failing.get(self.reads):
            raise error
        if self._pending and self.reads >= self._pending[0]:
            self.document, self._pending = self._pending[1], None
        if edit := self.edits.get(self.reads):
            self.document = copy.deepcopy(self.document)
            edit(self.document)
        return Config(self.document)

    async def post_config(self, config: Config) -> None:
        """Take a config."""
        self.posted.append(config.document)
        try:
            await super().post_config(config)
        except XmrigRefusedError:
            raise
        except XmrigInterruptedError as error:
            if str(error) == "nothing arrived":
                raise
            self._take(config)
            raise
        self._take(config)

    def _take(self, config: Config) -> None:
        applied = self.applied(copy.deepcopy(config.document))
        self._pending = (self.reads + 1 + self.delay, applied)
