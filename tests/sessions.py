"""HTTP sessions for tests, and their name resolution."""

from ssl import SSLContext
from typing import Any

import aiohttp


class Resolver(aiohttp.ThreadedResolver):
    """Resolves names in a thread, for Home Assistant as well.

    The resolver that aiohttp uses by default takes an inotify instance, and releases it
    a second later, one at a time. A user may have 128 of them, and XMRig needs one to
    notice a config that was posted.
    """

    async def real_close(self) -> None:
        """Close the resolver when Home Assistant closes."""
        await self.close()


def open_session(
    *, ssl: bool | SSLContext = True, **kwargs: Any
) -> aiohttp.ClientSession:
    """Return a session for a test without Home Assistant."""
    connector = aiohttp.TCPConnector(resolver=Resolver(), ssl=ssl)
    return aiohttp.ClientSession(connector=connector, **kwargs)
