"""XMRig's HTTP API: one method per endpoint, without any logic on top."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
import json
from typing import Any

import aiohttp

from . import partial_json
from .exceptions import (
    XmrigAuthenticationError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTokenNotExpectedError,
)
from .models import Backends, Config, Summary
from .transport import Transport, UnreadableReplyError


class Action(StrEnum):
    """What a miner can be told to do in one call."""

    PAUSE = "pause"
    """Stop hashing, until it is resumed or the process ends."""
    RESUME = "resume"
    """Resume, unless the miner's own rules pause it: it accepts the call even then
    (XMRig src/core/Miner.cpp:523)."""
    STOP = "stop"
    """End all threads, until the next job of the pool (src/core/Miner.cpp:622)."""
    START = "start"
    """Start threads that were ended. A paused miner remains paused."""


@dataclass(frozen=True, kw_only=True)
class Replies:
    """What all endpoints reported at one moment."""

    summary: Summary
    backends: Backends
    config: Config | None = field(repr=False)
    """None if the API is read-only."""


class XmrigClient:
    """Talks to one miner over a session that belongs to the caller.

    Each call raises XmrigConnectionError if the miner cannot be reached or does not
    reply in time, XmrigAuthenticationError if it rejects the access token or requires
    one, and XmrigResponseError for a reply that is damaged or not from XMRig. Those
    that need full access also raise XmrigReadOnlyError.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        *,
        token: str | None = None,
        ssl: bool = False,
        fingerprint: bytes | None = None,
    ) -> None:
        """Initialize the client.

        `fingerprint` is the SHA-256 of the only certificate to accept, and implies TLS.
        Without one, whether a certificate is verified is a setting of the session.
        Raises ValueError for a host or port that cannot be part of a URL, and for a
        fingerprint of another length.
        """
        self._transport = Transport(
            session, host, port, token=token, ssl=ssl, fingerprint=fingerprint
        )
        self.address = self._transport.address
        """Host and port."""
        self._last_config: tuple[bytes, Config] | None = None
        """The last config, as text and as read from it."""

    async def certificate(self) -> bytes:
        """Return the TLS certificate of the miner in DER form, without a request.

        It is not verified: compare its SHA-256 with that of the miner's file.
        """
        return await self._transport.certificate()

    async def summary(self) -> Summary:
        """Return the reply of `GET /2/summary`.

        It needs no full access, so a 401 or 403 is always about the token. Raises
        XmrigTokenNotExpectedError if the miner replies once the token is left out.
        """
        status, body = await self._transport.request("GET", "2/summary")
        if status == 401 and self._transport.token:
            # A miner without a token refuses any, rather than ignoring it
            # (XMRig src/base/api/Httpd.cpp:177-198)
            status_without, _ = await self._transport.request(
                "GET", "2/summary", authorize=False
            )
            if status_without == 200:
                raise XmrigTokenNotExpectedError(
                    f"{self.address} has no access token and rejects the one sent"
                )
        self._raise_for_access(status)
        document, complete = self._document(status, body)
        if not isinstance(document, dict) or not _is_miner(document, complete):
            raise XmrigResponseError(f"{self.address} sent no summary of a miner")
        return Summary.from_json(document, complete=complete)

    async def backends(self) -> Backends:
        """Return the reply of `GET /2/backends`, which needs no full access."""
        status, body = await self._transport.request("GET", "2/backends")
        self._raise_for_access(status)
        document, complete = self._document(status, body)
        if not isinstance(document, list):
            raise XmrigResponseError(f"{self.address} sent no list of backends")
        return Backends.from_json(document, complete=complete)

    async def config(self) -> Config:
        """Return the reply of `GET /2/config`, with all its secrets.

        It needs full access. Unlike the other replies it is never repaired: what is
        written back to the miner has to be exactly what it reported.
        """
        status, body = await self._transport.request("GET", "2/config")
        self._raise_for_full_access(status)
        if status == 200 and self._last_config and self._last_config[0] == body:
            # It is read often, rarely changes, and takes the longest to check
            return self._last_config[1]
        try:
            config = Config.from_json(_loads(body) if status == 200 else None)
        except ValueError as err:
            raise XmrigResponseError(
                f"{self.address} sent no readable config (HTTP {status})"
            ) from err
        self._last_config = body, config
        return config

    async def get_all(self) -> Replies:
        """Return the replies of all endpoints, which are read side by side.

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

    async def post_config(self, config: Config) -> None:
        """Replace the whole config; the miner also writes it to its config file.

        It needs full access. The miner replies before it applies the config, about half
        a second later (XMRig src/base/kernel/Base.cpp:270): read it again to see it
        take effect. It is sent as a PUT, which XMRig handles as it does a POST.

        Raises XmrigRefusedError if the miner does not accept the config.
        """
        status, _ = await self._transport.request(
            "PUT", "2/config", body=config.document
        )
        self._raise_for_full_access(status)
        if status == 400:
            raise XmrigRefusedError(f"{self.address} did not accept the config")
        if status not in (200, 204):
            raise XmrigResponseError(
                f"{self.address} answered HTTP {status} to a config"
            )

    async def perform_action(self, action: Action) -> None:
        """Tell the miner to pause, resume, stop or start, which needs full access.

        That it took effect shows in the summary or the backends afterwards. Raises
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
        """Send a remote procedure call, whether or not its reply is readable.

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
        reply = _loads(body)
        if isinstance(reply, dict) and "error" in reply:
            raise XmrigRefusedError(f"{self.address} does not know {method}")

    def _raise_for_access(self, status: int) -> None:
        """Raise XmrigAuthenticationError for the refusals of a call that only reads."""
        if status in (401, 403):
            raise XmrigAuthenticationError(
                f"{self.address} rejected the access token, or requires one"
            )

    def _raise_for_full_access(self, status: int) -> None:
        """Raise for the refusals of a call that needs full access.

        With a token that is accepted elsewhere, a 403 means that the API is read-only.
        """
        if status == 403:
            raise XmrigReadOnlyError(f"The API of {self.address} is read-only")
        self._raise_for_access(status)

    def _document(self, status: int, body: bytes) -> tuple[Any, bool]:
        """Return the JSON of a reply, and whether it was complete."""
        if status != 200:
            raise XmrigResponseError(f"{self.address} answered HTTP {status}")
        try:
            return partial_json.loads(body.decode(errors="replace"))
        except ValueError as err:
            raise XmrigResponseError(
                f"{self.address} sent something other than JSON"
            ) from err


def _loads(body: bytes) -> Any:
    """Return the value of a JSON text, None if it is none."""
    try:
        return json.loads(body)
    except ValueError, RecursionError:
        return None


def _is_miner(document: dict[str, Any], complete: bool) -> bool:
    """Return whether a summary is that of a miner.

    xmrig-proxy answers here too, as another kind and with other contents. In a reply
    that was cut off the kind may be missing, but not what comes first.
    """
    if "kind" in document:
        return bool(document["kind"] == "miner")
    return not complete and "id" in document
