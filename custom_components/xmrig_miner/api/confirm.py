"""Waits until a miner shows the result of a command."""

import asyncio
from collections.abc import Awaitable, Callable

from .exceptions import (
    Command,
    XmrigAnotherMinerError,
    XmrigError,
    XmrigNotConfirmedError,
)

CONFIRM_TIMEOUT = 12
"""Seconds until a command without a visible result has failed.

Longer than one reply may take (`transport.REQUEST_TIMEOUT`), so that there is time for
another reading if one is lost or late. XMRig applies a posted config about half a
second after its reply (src/base/io/Watcher.h:53).
"""

CONFIRM_INTERVAL = 0.1
"""Seconds between readings in the first second.

Later, a tenth of the time spent waiting: what is not shown by then takes long, and its
miner is asked a third as often.
"""


async def confirm[ReplyT](
    read: Callable[[], Awaitable[ReplyT]],
    condition: Callable[[ReplyT], bool],
    *,
    command: Command,
    failure: XmrigError | None = None,
) -> ReplyT:
    """Read until a reply meets a condition, and return that reply.

    Failed readings are retried until the timeout. `failure` is the error that the
    command itself ended with, if it is unknown whether it took effect.

    Raises the error of the last reading, `failure`, or XmrigNotConfirmedError;
    XmrigAnotherMinerError at once.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CONFIRM_TIMEOUT
    waited = 0.0
    while True:
        unread: XmrigError | None = None
        try:
            reply = await read()
        except XmrigAnotherMinerError:
            raise
        except XmrigError as error:
            unread = error
        else:
            if condition(reply):
                return reply
        now = loop.time()
        if now >= deadline:
            raise (
                unread
                or failure
                or XmrigNotConfirmedError(
                    f"The miner accepted {command}, but does not show it", command
                )
            )
        interval = min(max(CONFIRM_INTERVAL, waited / 10), deadline - now)
        waited += interval
        await asyncio.sleep(interval)
