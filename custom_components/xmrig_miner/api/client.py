"""The wire: one method per endpoint and remote procedure of XMRig's HTTP API."""

import json
from typing import Any

import aiohttp
from yarl import URL

from . import partial_json
from .exceptions import (
    XmrigAuthenticationError,
    XmrigCertificateError,
    XmrigConnectionError,
    XmrigInterruptedError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTimeoutError,
    XmrigTokenNotExpectedError,
)
from .models import Backends, Config, Summary

CONNECT_TIMEOUT = 5
"""Seconds until a host counts as unreachable."""

REQUEST_TIMEOUT = 10
"""Seconds a call may take. Stopping threads blocks the miner's replies for a while."""

MAX_REPLY = 1024 * 1024
"""Bytes of a reply that are read. A rig of a dozen GPUs says less than a tenth of it."""


class _UnreadableReplyError(XmrigResponseError):
    """The reply breaks HTTP, as the second copy of a reply to a remote call does."""


class XmrigClient:
    """Talks to one miner over a session that belongs to the caller."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        *,
        token: str | None = None,
        ssl: bool = False,
    ) -> None:
        """Initialize the client.

        Whether a certificate is verified is the session's own setting.

        Raises ValueError for a host or port that cannot be part of a URL.
        """
        self._session = session
        self._url = URL.build(
            scheme="https" if ssl else "http", host=host, port=port, path="/"
        )
        self._token = token
        # Also the first to look at the port.
        self.address = str(self._url.host_port_subcomponent)

    async def summary(self) -> Summary:
        """Return what `GET /2/summary` says.

        Every miner allows this call to any client that may read, so a refusal is always
        about the token.

        Raises XmrigTokenNotExpectedError if the miner answers once the token is left
        out, XmrigAuthenticationError for any other 401 or 403, XmrigResponseError for
        an answer no miner would give, XmrigConnectionError.
        """
        status, body = await self._request("GET", "2/summary")
        if status == 401 and self._token:
            # A token is refused, not ignored, by a miner that has none
            # (XMRig src/base/api/Httpd.cpp:177-198).
            status_without, _ = await self._request("GET", "2/summary", authorize=False)
            if status_without == 200:
                raise XmrigTokenNotExpectedError(
                    f"{self.address} has no access token and refuses one"
                )
        if status in (401, 403):
            raise XmrigAuthenticationError(
                f"{self.address} refused the access token, or the lack of one"
            )
        document, complete = self._document(status, body)
        if not isinstance(document, dict) or not _is_miner(document, complete):
            raise XmrigResponseError(f"{self.address} sent no summary of a miner")
        return Summary.from_json(document, complete=complete)

    async def backends(self) -> Backends:
        """Return what `GET /2/backends` says.

        Raises XmrigAuthenticationError, XmrigResponseError, XmrigConnectionError.
        """
        status, body = await self._request("GET", "2/backends")
        if status in (401, 403):
            raise XmrigAuthenticationError(
                f"{self.address} refused the access token, or the lack of one"
            )
        document, complete = self._document(status, body)
        if not isinstance(document, list):
            raise XmrigResponseError(f"{self.address} sent no list of backends")
        return Backends.from_json(document, complete=complete)

    async def config(self) -> Config:
        """Return what `GET /2/config` says, secrets and all.

        Unlike the other replies it is never repaired: what is written back to the
        miner has to be what the miner said, to the last byte.

        Raises XmrigReadOnlyError, XmrigAuthenticationError, XmrigResponseError,
        XmrigConnectionError.
        """
        status, body = await self._request("GET", "2/config")
        self._raise_for_control(status)
        try:
            return Config.from_json(_loads(body) if status == 200 else None)
        except ValueError as err:
            raise XmrigResponseError(
                f"{self.address} sent no readable config (HTTP {status})"
            ) from err

    async def put_config(self, config: Config) -> None:
        """Replace the whole config; the miner also writes it to its config file.

        The miner answers before it applies the config, about half a second later
        (XMRig src/base/kernel/Base.cpp:270): re-read to see it take effect.

        Raises XmrigRefusedError if the miner does not accept the config,
        XmrigReadOnlyError, XmrigAuthenticationError, XmrigConnectionError.
        """
        status, _ = await self._request("PUT", "2/config", body=config.document)
        self._raise_for_control(status)
        if status == 400:
            raise XmrigRefusedError(f"{self.address} did not accept the config")
        if status not in (200, 204):
            raise XmrigResponseError(
                f"{self.address} answered HTTP {status} to a config"
            )

    async def pause(self) -> None:
        """Ask the miner to pause. See `_call` for what is raised."""
        await self._call("pause")

    async def resume(self) -> None:
        """Ask the miner to resume.

        It says yes even when it will not, as on battery (XMRig
        src/core/Miner.cpp:523). See `_call` for what is raised.
        """
        await self._call("resume")

    async def stop(self) -> None:
        """Ask the miner to end its threads.

        The next job of the pool starts them again (XMRig src/core/Miner.cpp:622). See
        `_call` for what is raised.
        """
        await self._call("stop")

    async def _call(self, method: str) -> None:
        """Send a remote procedure call, and return whether or not the reply is readable.

        XMRig writes each of these replies twice (src/base/api/requests/
        HttpApiRequest.cpp:147-207), and aiohttp raises on the second copy unless it
        comes late, although the command took effect. So an unreadable reply says
        nothing, and the caller has to look at what the miner then shows.

        Raises XmrigRefusedError if the miner has no such method, XmrigReadOnlyError,
        XmrigAuthenticationError, XmrigConnectionError.
        """
        try:
            status, body = await self._request(
                "POST", "json_rpc", body={"method": method, "id": 1}
            )
        except _UnreadableReplyError:
            return
        self._raise_for_control(status)
        if status != 200:
            raise XmrigResponseError(
                f"{self.address} answered HTTP {status} to {method}"
            )
        reply = _loads(body)
        if isinstance(reply, dict) and "error" in reply:
            raise XmrigRefusedError(f"{self.address} does not know {method}")

    def _raise_for_control(self, status: int) -> None:
        """Raise for the refusals of a call that needs full access.

        Raises XmrigAuthenticationError, XmrigReadOnlyError.
        """
        if status == 401:
            raise XmrigAuthenticationError(
                f"{self.address} refused the access token, or the lack of one"
            )
        if status == 403:
            raise XmrigReadOnlyError(f"The API of {self.address} is read-only")

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

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        authorize: bool = True,
    ) -> tuple[int, bytes]:
        """Send a request and return the status and body of the reply.

        Raises XmrigResponseError for a reply that breaks HTTP or is too long,
        XmrigAuthenticationError for a token that HTTP cannot carry, and
        XmrigConnectionError.
        """
        headers = {}
        data = None
        if self._token and authorize:
            if not self._token.isprintable():
                raise XmrigAuthenticationError("No miner has a token of that kind")
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            # Compared as plain text by the miner: a charset behind it is a 415.
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        try:
            async with self._session.request(
                method,
                self._url.joinpath(path),
                headers=headers,
                data=data,
                # A redirect could carry the token to another server.
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=REQUEST_TIMEOUT, sock_connect=CONNECT_TIMEOUT
                ),
            ) as response:
                content = bytearray()
                async for chunk in response.content.iter_any():
                    content += chunk
                    if len(content) > MAX_REPLY:
                        raise XmrigResponseError(
                            f"{self.address} sent more than a miner has to say"
                        )
                status = response.status
                if status in (401, 403) and not _is_refusal(status, content):
                    raise XmrigResponseError(
                        f"HTTP {status} at {self.address} is not from XMRig"
                    )
                return status, bytes(content)
        except aiohttp.ClientConnectorCertificateError as err:
            raise XmrigCertificateError(
                f"The certificate of {self.address} could not be verified"
            ) from err
        except aiohttp.ConnectionTimeoutError as err:
            raise XmrigConnectionError(
                f"{self.address} could not be reached within {CONNECT_TIMEOUT} seconds"
            ) from err
        except TimeoutError as err:
            raise XmrigTimeoutError(
                f"{self.address} did not answer within {REQUEST_TIMEOUT} seconds"
            ) from err
        except aiohttp.ClientResponseError:
            # Not as the cause: it carries the headers of the request, with the token.
            raise _UnreadableReplyError(
                f"{self.address} sent something other than HTTP"
            ) from None
        except aiohttp.ClientConnectorError as err:
            raise XmrigConnectionError(f"{self.address} could not be reached") from err
        except (aiohttp.ClientError, OSError) as err:
            raise XmrigInterruptedError(
                f"The connection to {self.address} was interrupted"
            ) from err


def _loads(body: bytes) -> Any:
    """Return the value of a JSON text, None if it is none."""
    try:
        return json.loads(body)
    except ValueError, RecursionError:
        return None


def _is_refusal(status: int, body: bytes | bytearray) -> bool:
    """Return whether a 401 or 403 comes from XMRig.

    A router or a proxy that answers in its place sends a page (XMRig
    src/base/api/requests/HttpApiRequest.cpp writes the status into the body).
    """
    document = _loads(bytes(body))
    return isinstance(document, dict) and document.get("status") == status


def _is_miner(document: dict[str, Any], complete: bool) -> bool:
    """Return whether a summary is that of a miner.

    xmrig-proxy answers here too, as another kind and with other contents. In a reply
    that was cut off the kind may be missing, but not what comes first.
    """
    if "kind" in document:
        return bool(document["kind"] == "miner")
    return not complete and "id" in document
