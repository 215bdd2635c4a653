"""The HTTP API of a miner: one method per endpoint, without any logic on top."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import override

from .base_client import BaseClient, loads
from .exceptions import (
    XmrigAnotherKindError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
)
from .models import Backends, Config, Summary
from .transport import UnreadableReplyError


class Action(StrEnum):
    """Actions that a miner performs in one call."""

    PAUSE = "pause"
    """Stop hashing, until it is resumed or the process ends."""
    RESUME = "resume"
    """Resume, unless the miner's own rules pause it; it accepts the call even then
    (XMRig src/core/Miner.cpp:523)."""
    STOP = "stop"
    """End all threads, until the next job of the pool (src/core/Miner.cpp:622)."""
    START = "start"
    """Start threads that were ended. A paused miner remains paused."""


@dataclass(frozen=True, kw_only=True)
class Replies:
    """The replies of all endpoints at one moment."""

    summary: Summary
    backends: Backends
    config: Config | None = field(repr=False)
    """None if the API is read-only."""


class XmrigClient(BaseClient[Summary]):
    """Talks to one miner; see `BaseClient`."""

    @override
    async def summary(self) -> Summary:
        """Return the reply of `GET /2/summary`; see `any_summary`.

        Raises XmrigAnotherKindError if a proxy answers.
        """
        found = await self.any_summary()
        if not isinstance(found, Summary):
            raise XmrigAnotherKindError(
                f"{self.address} is not a miner, but a {found.kind}", found.identity
            )
        return found

    async def backends(self) -> Backends:
        """Return the reply of `GET /2/backends`, which needs no full access."""
        status, body = await self._transport.request("GET", "2/backends")
        self._raise_for_access(status)
        document, complete = self._document(status, body)
        if not isinstance(document, list):
            raise XmrigResponseError(f"{self.address} sent no list of backends")
        return Backends.from_json(document, complete=complete)

    async def get_all(self) -> Replies:
        """Read all endpoints in parallel, and return their replies.

        Raises the error of the first one that fails, and cancels the others.
        """
        try:
            async with asyncio.TaskGroup() as group:
                summary = group.create_task(self.summary())
                backends = group.create_task(self.backends())
                config = group.create_task(self._config_if_permitted())
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return Replies(
            summary=summary.result(),
            backends=backends.result(),
            config=config.result(),
        )

    async def perform_action(self, action: Action) -> None:
        """Tell the miner to pause, resume, stop or start; this needs full access.

        The result shows in the summary or the backends afterwards. Raises
        XmrigRefusedError if the miner does not know the action.
        """
        if action is Action.START:
            # XMRig has no such call: any config makes it start its threads
            # (src/core/Miner.cpp:632)
            await self.post_config(await self.config())
        else:
            await self._call(action)

    async def _config_if_permitted(self) -> Config | None:
        try:
            return await self.config()
        except XmrigReadOnlyError:
            return None

    async def _call(self, method: str) -> None:
        """Send a remote procedure call; its reply need not be readable.

        XMRig writes each of these replies twice (src/base/api/requests/
        HttpApiRequest.cpp:147-207), and aiohttp raises on the second copy unless it
        comes late, although the command took effect.
        """
        try:
            status, body = await self._transport.request(
                "POST", "json_rpc", body={"method": method, "id": 1}
            )
        except UnreadableReplyError:
            return
        self._raise_for_full_access(status)
        if status != 200:
            raise XmrigResponseError(
                f"{self.address} answered HTTP {status} to {method}"
            )
        reply = loads(body)
        if isinstance(reply, dict) and "error" in reply:
            raise XmrigRefusedError(f"{self.address} does not know {method}")
