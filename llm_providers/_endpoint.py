"""A model's server as one bot uses it: its address, the headers of each request, and the meaning of failures.

Loaded when the first bot calls a model: the HTTP client takes 4 MB of memory, and not every server needs it.
"""

import json
import ssl
from collections.abc import Mapping
from typing import Any

import anyio
import httpx2

from imposter.contracts.errors import ModelError, ModelRefused, ModelUnavailable, ResourceExhausted
from imposter.contracts.resource_exhaustion import shortage
from imposter.contracts.url_guard import PrivateAddress
from llm_providers._bounded_answer import UnusableAnswer
from llm_providers._guarded_http import GuardedClient
from llm_providers._vendor_errors import too_late


class Endpoint:
    """One bot's access to a model's server.

    All bots share one connection pool; each has its own address, key and timeout.
    """

    def __init__(
        self,
        http: GuardedClient,
        address: str,
        key: str,
        *,
        timeout: float,
        api_version: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`api_version` is for Azure, which then expects the key in its own header. `more` are further headers."""
        self.address = address
        self.key = key
        self._http = http
        self._query = f"?api-version={api_version}" if api_version else ""
        own = {"api-key": key} if api_version else {"Authorization": f"Bearer {key}"}
        # created once, because the client would merge them for each request
        self._head = httpx2.Headers(http.headers)
        for each in ({"Accept": "application/json", "Content-Type": "application/json"}, own, more or {}):
            self._head.update(each)
        self._extensions = {"timeout": httpx2.Timeout(timeout).as_dict()}
        self._urls: dict[str, httpx2.URL] = {}

    async def ask(self, path: str, body: Mapping[str, Any] | None = None) -> httpx2.Response:
        """Return the complete response with any status. Raises: ModelError (without any content of the request)."""
        try:
            return await self._http.send(self._request(path, body))
        except (
            *(httpx2.RequestError, ssl.SSLError, anyio.EndOfStream),  # anyio's TLS does not wrap the last two
            *(PrivateAddress, UnusableAnswer, ValueError),
        ) as error:
            failure = _failure(error)
        # raised here, so that not even its `__context__` refers to the request
        raise failure

    def _request(self, path: str, body: Mapping[str, Any] | None) -> httpx2.Request:
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx2.URL(f"{self.address.rstrip('/')}{path}{self._query}")
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return httpx2.Request(
            "GET" if body is None else "POST",
            url,
            headers=self._head,
            content=content,
            extensions=dict(self._extensions),
        )


def _failure(error: Exception) -> ModelError:
    if (none_left := shortage(error)) is not None:
        return ResourceExhausted(none_left)
    match error:
        case PrivateAddress():
            return ModelRefused(f"base_url: {error}")
        case httpx2.TimeoutException():
            return too_late()
        case httpx2.RequestError() | ssl.SSLError() | anyio.EndOfStream():
            return ModelUnavailable("The model's server cannot be reached.")
        case UnusableAnswer():
            return ModelRefused(str(error))
        case _:
            return ModelRefused("The model's server and this one do not understand each other: check base_url.")
