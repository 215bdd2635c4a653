"""Requests to one miner, with verification of its identity."""

from collections.abc import Callable

from .client import Action, XmrigClient
from .exceptions import XmrigError
from .link import Link
from .models import Backends, Summary


class MinerLink(Link[Summary]):
    """Requests to one miner."""

    def __init__(
        self, client: XmrigClient, is_expected: Callable[[Summary], bool]
    ) -> None:
        """Initialize the link."""
        super().__init__(client, is_expected)
        self.client = client

    async def backends(self) -> Backends:
        """Return the backends. They do not say which miner sent them."""
        return await self.report_unreachable(self.client.backends())

    async def perform_action(self, action: Action) -> XmrigError | None:
        """Tell the miner to pause or resume; see `post_config` for the result."""
        return await self.write(lambda: self.client.perform_action(action))
