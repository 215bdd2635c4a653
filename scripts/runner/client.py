"""A client of Home Assistant's HTTP API."""

import asyncio
import time
from typing import Any, Self

import aiohttp

from .process import RunError

NAME = "Developer"
USERNAME = PASSWORD = "dev"

START_TIMEOUT = 300
"""Seconds. It takes three, a few more the first time, and many on a busy computer."""


class Client:
    """Calls Home Assistant as the user that is created for development."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Initialize the client, which is not logged in yet."""
        self._session = session
        self._url = url
        self._headers: dict[str, str] = {}
        self.tokens: dict[str, Any] = {}
        """What Home Assistant returned for the login, as its frontend stores it."""

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str) -> Self:
        """Return a client after Home Assistant has started.

        Raises RunError if it does not start, or if the user cannot log in.
        """
        client = cls(session, url)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await client._enter()
        except TimeoutError:
            raise RunError(
                f"Home Assistant did not start within {START_TIMEOUT} seconds."
            ) from None
        return client

    async def _enter(self) -> None:
        """Log in as soon as possible, and wait until everything is set up."""
        while not await self._is_listening():
            await asyncio.sleep(0.1)
        is_new = await self._make_user()
        await self._log_in()
        if is_new:
            # Without a country, Home Assistant complains in its repairs
            await self.command("config/core/update", country="GB")
        while (await self.get("config"))["state"] != "RUNNING":
            await asyncio.sleep(0.1)

    async def _is_listening(self) -> bool:
        """Return whether it answers; it is onboarded before it listens."""
        try:
            async with self._session.get(self._url):
                return True
        except aiohttp.ClientConnectionError:
            return False

    async def _make_user(self) -> bool:
        """Create the user; return False if it exists already."""
        user = {"name": NAME, "username": USERNAME, "password": PASSWORD}
        async with self._session.post(
            f"{self._url}/api/onboarding/users",
            json={**user, "client_id": self._client_id, "language": "en"},
        ) as response:
            # The user exists: 403 until the next start of Home Assistant, 404 from then
            # on
            if response.status not in (200, 403, 404):
                response.raise_for_status()
            return response.status == 200

    async def _log_in(self) -> None:
        """Get a token."""
        redirect = {"client_id": self._client_id, "redirect_uri": self._client_id}
        flow = await self._post(
            "auth/login_flow", json={"handler": ["homeassistant", None], **redirect}
        )
        result = await self._post(
            f"auth/login_flow/{flow['flow_id']}",
            json={
                "username": USERNAME,
                "password": PASSWORD,
                "client_id": self._client_id,
            },
        )
        if result["type"] != "create_entry":
            raise RunError(
                f"The user {USERNAME} cannot log in: the password was changed."
                " Delete the config folder to begin anew."
            )
        tokens = await self._post(
            "auth/token",
            data={
                "grant_type": "authorization_code",
                "code": result["result"],
                "client_id": self._client_id,
            },
        )
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        self.tokens = {
            **tokens,
            "hassUrl": self._url,
            "clientId": self._client_id,
            "expires": 1000 * (time.time() + tokens["expires_in"]),
        }

    @property
    def _client_id(self) -> str:
        return f"{self._url}/"

    async def get(self, path: str) -> Any:
        """Return the document at a path below /api/."""
        return await self._request("GET", f"api/{path}")

    async def post(self, path: str, data: dict[str, Any]) -> Any:
        """Post JSON to a path below /api/, and return the reply."""
        return await self._request("POST", f"api/{path}", json=data)

    async def delete(self, path: str) -> Any:
        """Send a DELETE to a path below /api/."""
        return await self._request("DELETE", f"api/{path}")

    async def _post(self, path: str, **data: Any) -> Any:
        return await self._request("POST", path, **data)

    async def _request(self, method: str, path: str, **arguments: Any) -> Any:
        async with self._session.request(
            method, f"{self._url}/{path}", headers=self._headers, **arguments
        ) as response:
            if response.status >= 400:
                raise RunError(
                    f"{method} /{path} got {response.status}: {await response.text()}"
                )
            return await response.json()

    async def command(self, command: str, **data: Any) -> Any:
        """Return the result of a command of the WebSocket API."""
        async with self._session.ws_connect(f"{self._url}/api/websocket") as socket:
            token = self._headers["Authorization"].removeprefix("Bearer ")
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.send_json({"id": 1, "type": command, **data})
            while (answer := await socket.receive_json())["type"] != "result":
                pass
        if not answer["success"]:
            raise RunError(f"{command} failed: {answer['error']['message']}")
        return answer["result"]

    async def call(self, action: str, **data: Any) -> None:
        """Call an action such as `switch.turn_on`, and wait until it is done."""
        await self.post(f"services/{action.replace('.', '/')}", data)

    async def state(self, entity_id: str) -> str:
        """Return the state of an entity."""
        return str((await self.get(f"states/{entity_id}"))["state"])
