"""A client without a wire: its replies are given, and what it sends is listed."""

from collections.abc import Sequence
from typing import Any, cast

from custom_components.xmrig_miner.api.client import Action, XmrigClient
from custom_components.xmrig_miner.api.miner_link import MinerLink
from custom_components.xmrig_miner.api.models import Backends, Config, Summary

ADDRESS = "127.0.0.1:1"

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
