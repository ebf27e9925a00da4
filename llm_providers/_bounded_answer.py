"""Limits on the size of a model server's response, packed and unpacked.

The HTTP client would unpack a whole piece of the response at once, and a kilobyte may contain a megabyte. Here, no more
is unpacked than is used. httpcore2 itself rejects a head of more than 100 KiB.
"""

import zlib
from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 2 * 1024 * 1024
"""Maximum size of a response, packed and unpacked. The 128,000 tokens of a model are about half a megabyte."""
MOST_OF_ERROR = 64 * 1024
"""Maximum size of an error's body. The rest is dropped, because the status says most."""
ENCODINGS = "gzip, deflate"
"""Encodings that requests ask for and that can be unpacked."""


class UnusableAnswer(Exception):
    """The model's server sent a response that cannot be used."""


def bounded(response: httpx2.Response) -> httpx2.Response:
    """Return the same response with a body that raises UnusableAnswer if it is too large or has an unknown encoding."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    headers = httpx2.Headers(
        [pair for pair in response.headers.multi_items() if pair[0] not in ("content-encoding", "content-length")]
    )
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - the transport creates no other
    body = _Body(response.stream, packed, is_error=response.status_code >= 400)
    return httpx2.Response(response.status_code, headers=headers, stream=body, extensions=response.extensions)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, packed: str, *, is_error: bool) -> None:
        self._stream = stream
        self._packed = packed
        self._is_error = is_error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        most = MOST_OF_ERROR if self._is_error else MOST_BYTES
        came = given = 0
        unpack = None
        async for piece in self._stream:
            if unpack is None:
                unpack = _Unpacked(self._packed, piece)
            came += len(piece)
            plain = unpack(piece, most - given + 1)
            given += len(plain)
            if came > most or given > most:
                if not self._is_error:
                    raise UnusableAnswer(f"The model's answer is larger than {MOST_BYTES // 1024**2} MiB.")
                yield plain[: len(plain) - max(0, given - most)]
                return
            yield plain

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Unpacked:
    """Unpacks up to `most` bytes of each piece."""

    def __init__(self, packed: str, first: bytes) -> None:
        self._inflate = None
        if packed in ("gzip", "x-gzip"):
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif packed == "deflate":
            # some servers omit the zlib header that RFC 9110 requires
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if first[:1] and first[0] & 15 == 8 else -zlib.MAX_WBITS)
        elif packed not in ("", "identity"):
            raise UnusableAnswer("The model's server packs its answer in a way that was not asked for.")

    def __call__(self, piece: bytes, most: int) -> bytes:
        if self._inflate is None:
            return piece
        try:
            return self._inflate.decompress(piece, most)
        except zlib.error:
            raise UnusableAnswer("The model's answer cannot be unpacked.") from None
