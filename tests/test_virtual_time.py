"""The event loop whose time jumps."""

import asyncio


async def test_each_delay_takes_time() -> None:
    """A deadline is reached, however little is left."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    loop.call_soon(lambda: loop.call_soon(lambda: None))

    await asyncio.sleep(1e-12)

    assert loop.time() > start
