"""The minimum cost of reading a miner: aiohttp's requests, and orjson."""

import asyncio

import aiohttp
import orjson

from .recording import PATHS, TOKEN


class Floor:
    """Reads the endpoints of a miner, and does nothing with the replies."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        """Initialize the floor for a miner on a local port."""
        self._session = session
        self._urls = [f"http://127.0.0.1:{port}{path}" for path in PATHS]
        self._headers = {"Authorization": f"Bearer {TOKEN}"}

    async def two(self) -> None:
        """Read the summary and the backends in parallel."""
        await asyncio.gather(*map(self._get, self._urls[:2]))

    async def three(self) -> None:
        """Read all endpoints in parallel."""
        await asyncio.gather(*map(self._get, self._urls))

    async def _get(self, url: str) -> object:
        async with self._session.get(url, headers=self._headers) as response:
            return orjson.loads(await response.read())
