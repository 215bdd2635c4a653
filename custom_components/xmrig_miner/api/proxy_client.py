"""The HTTP API of an xmrig-proxy: one method per endpoint."""

from typing import override

from .base_client import BaseClient, loads
from .exceptions import XmrigAnotherKindError, XmrigResponseError
from .models import ProxySummary, Workers

MAX_WORKERS_REPLY = 16 * 1024 * 1024
"""Maximum size in bytes of the list of workers. A row has 94 bytes, or 175 with a
wallet as its name: the limit is enough for more than 80,000 workers, and an eighth of
the memory that their hashrates take in the proxy within a few hours."""


class ProxyClient(BaseClient[ProxySummary]):
    """Talks to one xmrig-proxy; see `BaseClient`.

    `GET /1/miners` is left out: it contains wallets and passwords in clear, and nothing
    that is needed.
    """

    @override
    async def summary(self) -> ProxySummary:
        """Return the reply of `GET /2/summary`; see `any_summary`.

        Raises XmrigAnotherKindError if a miner answers.
        """
        found = await self.any_summary()
        if not found.complete:
            raise XmrigResponseError(f"{self.address} sent an incomplete summary")
        if not isinstance(found, ProxySummary):
            raise XmrigAnotherKindError(
                f"{self.address} is not a proxy, but a {found.kind}", found.identity
            )
        return found

    async def workers(self) -> Workers:
        """Return the reply of `GET /1/workers`, which needs no full access.

        It is never repaired: workers in the missing part would seem to be gone.
        """
        status, body = await self._transport.request(
            "GET", "1/workers", max_reply=MAX_WORKERS_REPLY
        )
        self._raise_for_access(status)
        document = loads(body) if status == 200 else None
        if not isinstance(document, dict) or not isinstance(
            document.get("workers"), list
        ):
            raise XmrigResponseError(f"{self.address} sent no list of workers")
        return Workers.from_json(document)
