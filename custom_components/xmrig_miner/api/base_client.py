"""The endpoints that miners and proxies have in common: summary and config."""

from abc import ABC, abstractmethod
import json
from typing import Any

import aiohttp
import orjson

from . import partial_json
from .exceptions import (
    XmrigAuthenticationError,
    XmrigReadOnlyError,
    XmrigRefusedError,
    XmrigResponseError,
    XmrigTokenNotExpectedError,
)
from .identity import Kind
from .models import BaseSummary, Config, ProxySummary, Summary
from .transport import Transport


class BaseClient[SummaryT: BaseSummary](ABC):
    """Talks to one XMRig process over a session that the caller manages.

    Each call raises XmrigConnectionError if the process cannot be reached or does not
    reply in time, XmrigAuthenticationError if it rejects the access token or requires
    one, and XmrigResponseError for a reply that is damaged or not from XMRig. Calls
    that need full access also raise XmrigReadOnlyError.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        *,
        path: str = "",
        token: str | None = None,
        ssl: bool = False,
        fingerprint: bytes | None = None,
    ) -> None:
        """Initialize the client.

        `path` is where a reverse proxy serves the API, such as `/miner1`. `fingerprint`
        is the SHA-256 of the only certificate to accept, and implies TLS. Without one,
        whether a certificate is verified is a setting of the session. Raises ValueError
        for a host or port that cannot be part of a URL, and for a fingerprint of the
        wrong length.
        """
        self._transport = Transport(
            session,
            host,
            port,
            path=path,
            token=token,
            ssl=ssl,
            fingerprint=fingerprint,
        )
        self.address = self._transport.address
        """Host and port."""
        self._last_config: tuple[bytes, Config] | None = None
        """The last config, as text and parsed."""

    async def certificate(self) -> bytes:
        """Return the TLS certificate of the miner in DER form, without a request.

        It is not verified: compare its SHA-256 with that of the miner's file.
        """
        return await self._transport.certificate()

    @abstractmethod
    async def summary(self) -> SummaryT:
        """Return the reply of `GET /2/summary`."""

    async def any_summary(self) -> Summary | ProxySummary:
        """Return the reply of `GET /2/summary`, whatever answers.

        It does not need full access, so a 401 or 403 is always about the token. Raises
        XmrigTokenNotExpectedError if a request without the token succeeds.
        """
        status, body = await self._transport.request("GET", "2/summary")
        if status == 401 and self._transport.token:
            # A miner without a token rejects any token, rather than ignoring it (XMRig
            # src/base/api/Httpd.cpp:177-198)
            status_without, _ = await self._transport.request(
                "GET", "2/summary", authorize=False
            )
            if status_without == 200:
                raise XmrigTokenNotExpectedError(
                    f"{self.address} has no access token and rejects the one sent"
                )
        self._raise_for_access(status)
        document, complete = self._document(status, body)
        if (
            not isinstance(document, dict)
            or (kind := _kind(document, complete=complete)) is None
        ):
            raise XmrigResponseError(f"{self.address} sent no summary of XMRig")
        if kind is Kind.PROXY:
            return ProxySummary.from_json(document, complete=complete)
        return Summary.from_json(document, complete=complete)

    async def config(self) -> Config:
        """Return the reply of `GET /2/config`, with all its secrets.

        It needs full access. Unlike the other replies it is never repaired: what is
        written back to the miner has to be exactly what it reported.
        """
        status, body = await self._transport.request("GET", "2/config")
        self._raise_for_full_access(status)
        if status == 200 and self._last_config and self._last_config[0] == body:
            # It is read often, rarely changes, and takes the longest to validate
            return self._last_config[1]
        try:
            config = Config.from_json(loads(body) if status == 200 else None)
        except ValueError as err:
            raise XmrigResponseError(
                f"{self.address} sent no readable config (HTTP {status})"
            ) from err
        self._last_config = body, config
        return config

    async def post_config(self, config: Config) -> None:
        """Replace the whole config; the miner also writes it to its config file.

        It needs full access. The miner replies first, and applies the config about half
        a second later (XMRig src/base/kernel/Base.cpp:270): read it again to see the
        change. It is sent as a PUT, which XMRig handles like a POST.

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

    def _raise_for_access(self, status: int) -> None:
        """Raise XmrigAuthenticationError if a call that only reads was rejected."""
        if status in (401, 403):
            raise XmrigAuthenticationError(
                f"{self.address} rejected the access token, or requires one"
            )

    def _raise_for_full_access(self, status: int) -> None:
        """Raise an error if a call that needs full access was rejected.

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
            try:
                return orjson.loads(body), True
            except orjson.JSONDecodeError:
                # Truncated, or with what only Python's parser reads, like NaN
                return partial_json.loads(body.decode(errors="replace"))
        except ValueError as err:
            raise XmrigResponseError(
                f"{self.address} sent something other than JSON"
            ) from err


def loads(body: bytes) -> Any:
    """Return the value of a JSON text; None if it is invalid."""
    try:
        return json.loads(body)
    except ValueError, RecursionError:
        return None


def _kind(document: dict[str, Any], *, complete: bool) -> Kind | None:
    """Return whether a summary is from a miner or a proxy; None if that is unknown.

    A truncated reply of a miner may lack the kind, but not what comes first. Replies of
    a proxy are never truncated.
    """
    if "kind" in document:
        kind = document["kind"]
        return Kind(kind) if kind in tuple(Kind) else None
    return None if complete or "id" not in document else Kind.MINER
