"""The wire: a single HTTP request, with each kind of failure mapped to an error."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import json
from typing import Any, override

import aiohttp
from yarl import URL

from .exceptions import (
    XmrigAuthenticationError,
    XmrigCertificateChangedError,
    XmrigCertificateError,
    XmrigConnectionError,
    XmrigConnectionRefusedError,
    XmrigInterruptedError,
    XmrigNoTlsError,
    XmrigPlainHttpError,
    XmrigResponseError,
    XmrigTimeoutError,
    XmrigUnknownHostError,
)

CONNECT_TIMEOUT = 5
"""Seconds until a host counts as unreachable."""

REQUEST_TIMEOUT = 10
"""Maximum seconds of a call. While threads stop, the miner does not reply."""

_TIMEOUT = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT, sock_connect=CONNECT_TIMEOUT)

MAX_REPLY = 1024 * 1024
"""Maximum size in bytes of a reply. Replies of a rig with a dozen GPUs have less than a
tenth of that."""


class UnreadableReplyError(XmrigResponseError):
    """The reply violates HTTP, like the second copy of a reply to a remote call."""


class _CertificateReader(aiohttp.Fingerprint):
    """Keeps the certificate that a server presents, and accepts none."""

    def __init__(self) -> None:
        """Initialize the reader with a fingerprint that no certificate has."""
        super().__init__(bytes(32))
        self.certificate: bytes | None = None

    @override
    def check(self, transport: asyncio.Transport) -> None:
        ssl_object = transport.get_extra_info("ssl_object")
        self.certificate = ssl_object.getpeercert(binary_form=True)
        super().check(transport)


class Transport:
    """Sends requests to one address over a session that the caller manages."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        *,
        path: str,
        token: str | None,
        ssl: bool,
        fingerprint: bytes | None,
    ) -> None:
        """Initialize the transport; see `BaseClient`."""
        self._session = session
        # aiohttp ignores a fingerprint over plain HTTP
        scheme = "https" if ssl or fingerprint else "http"
        self._url = URL.build(scheme=scheme, host=host, port=port, path=f"{path}/")
        self._ssl = aiohttp.Fingerprint(fingerprint) if fingerprint else True
        self.token = token
        self._urls: dict[str, URL] = {}
        """The addresses of endpoints, by their paths."""
        # This also validates the port
        self.address = str(self._url.host_port_subcomponent)

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        authorize: bool = True,
        max_reply: int = MAX_REPLY,
    ) -> tuple[int, bytes]:
        """Send a request and return the status and body of the reply.

        `max_reply` is the maximum size of the body in bytes.

        Raises XmrigResponseError for a reply that violates HTTP, is too long, or denies
        access in another way than XMRig, XmrigAuthenticationError for a token that HTTP
        cannot carry, and XmrigConnectionError.
        """
        headers = {}
        data = None
        if self.token and authorize:
            if not self.token.isprintable():
                raise XmrigAuthenticationError(
                    f"The access token for {self.address} has control characters"
                )
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            # The miner compares this as plain text: with a charset, it replies 415
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        status, content = await self._exchange(
            method,
            self._url_of(path),
            headers=headers,
            data=data,
            ssl=self._ssl,
            max_reply=max_reply,
        )
        if status in (401, 403) and not _is_refusal(status, content):
            raise XmrigResponseError(
                f"HTTP {status} at {self.address} is not from XMRig"
            )
        return status, content

    async def certificate(self) -> bytes:
        """Return the certificate that is presented at the address, in DER form.

        Nothing but the TLS handshake is sent. Raises XmrigConnectionError.
        """
        reader = _CertificateReader()
        with suppress(XmrigCertificateChangedError):
            await self._exchange("GET", self._url.with_scheme("https"), ssl=reader)
        assert reader.certificate is not None
        return reader.certificate

    async def _exchange(
        self,
        method: str,
        url: URL,
        *,
        ssl: bool | aiohttp.Fingerprint,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        max_reply: int = MAX_REPLY,
    ) -> tuple[int, bytes]:
        """Send a single request, and return the status and body of the reply.

        aiohttp verifies the certificate before it sends anything.
        """
        try:
            async with self._session.request(
                method,
                url,
                headers=headers,
                data=data,
                ssl=ssl,
                # A redirect could carry the token to another server
                allow_redirects=False,
                timeout=_TIMEOUT,
            ) as response:
                return response.status, await self._read(response, max_reply)
        except aiohttp.ClientResponseError:
            # Not as the cause: it contains the request's headers, and so the token
            raise UnreadableReplyError(
                f"{self.address} sent something other than HTTP"
            ) from None
        except (aiohttp.ClientError, OSError, UnicodeError) as err:
            error = self._connection_error(err)
            if isinstance(error, XmrigNoTlsError) and await self._answers_plainly():
                error = XmrigPlainHttpError(f"{self.address} answers without TLS")
            raise error from err

    async def _answers_plainly(self) -> bool:
        """Return whether a miner answers without TLS.

        XMRig answers this request before it checks the token, and does not log it
        (src/base/api/Httpd.cpp:136). It closes the connection at a TLS handshake, as at
        anything else that is not HTTP.
        """
        try:
            async with self._session.request(
                "OPTIONS",
                self._url.with_scheme("http"),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=CONNECT_TIMEOUT),
            ) as response:
                return response.status == 200
        except aiohttp.ClientError, OSError:
            return False

    def _url_of(self, path: str) -> URL:
        """Return the address of an endpoint."""
        if (url := self._urls.get(path)) is None:
            url = self._urls[path] = self._url.joinpath(path)
        return url

    async def _read(self, response: aiohttp.ClientResponse, max_reply: int) -> bytes:
        """Return the body of a reply."""
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > max_reply:
                raise XmrigResponseError(
                    f"{self.address} sent a reply of more than {max_reply} bytes"
                )
        return bytes(content)

    def _connection_error(self, err: Exception) -> XmrigConnectionError:
        """Return the error for a failed connection."""
        match err:
            case aiohttp.ServerFingerprintMismatch():
                return XmrigCertificateChangedError(
                    f"{self.address} shows another certificate than the pinned one"
                )
            case aiohttp.ClientConnectorCertificateError():
                return XmrigCertificateError(
                    f"The certificate of {self.address} could not be verified"
                )
            case aiohttp.ConnectionTimeoutError():
                return XmrigConnectionError(
                    f"{self.address} could not be reached within {CONNECT_TIMEOUT}"
                    " seconds"
                )
            case TimeoutError():
                return XmrigTimeoutError(
                    f"{self.address} did not answer within {REQUEST_TIMEOUT} seconds"
                )
            case (
                aiohttp.ClientConnectorDNSError()
                # No name of a host: 192.168.1.999, or rig..local
                | aiohttp.InvalidURL()
                | UnicodeError()
            ):
                return XmrigUnknownHostError(
                    f"The host of {self.address} could not be found"
                )
            case (
                aiohttp.ClientConnectorSSLError()
                | aiohttp.ClientConnectorError(
                    # Closed during the handshake
                    os_error=ConnectionResetError()
                )
            ):
                return XmrigNoTlsError(
                    f"No TLS connection to {self.address} could be established"
                )
            case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
                return XmrigConnectionRefusedError(
                    f"{self.address} refused the connection"
                )
            case aiohttp.ClientConnectorError():
                return XmrigConnectionError(f"{self.address} could not be reached")
        return XmrigInterruptedError(
            f"The connection to {self.address} was interrupted"
        )


def _is_refusal(status: int, body: bytes) -> bool:
    """Return whether a 401 or 403 comes from XMRig.

    XMRig writes the status into the body (src/base/api/requests/HttpApiRequest.cpp),
    while a router or a proxy that answers instead sends a page.
    """
    try:
        document = json.loads(body)
    except ValueError, RecursionError:
        return False
    return isinstance(document, dict) and document.get("status") == status
