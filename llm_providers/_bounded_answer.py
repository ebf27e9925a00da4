"""Bounds what a model's server may answer with, before and after unpacking.

The client would unpack a whole piece of the answer at once, and a kilobyte may hold a megabyte: here no more is
unpacked than is taken. A head of more than 100 KiB is refused by httpcore2.
"""

import zlib
from collections.abc import AsyncIterator

import httpx2

MOST_BYTES = 2 * 1024 * 1024
"""Of an answer, as it comes and unpacked. A model's 128,000 tokens are about half a megabyte."""
MOST_OF_ERROR = 64 * 1024
"""Of an error's body. The rest is cut, for the status says most."""
ENCODINGS = "gzip, deflate"
"""What is asked for, and what is unpacked."""


class UnusableAnswer(Exception):
    """The model's server answered with what is not taken on."""


def bounded(response: httpx2.Response) -> httpx2.Response:
    """The same response, whose body raises UnusableAnswer where it is too large or packed in an unknown way."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    headers = httpx2.Headers(
        [pair for pair in response.headers.multi_items() if pair[0] not in ("content-encoding", "content-length")]
    )
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101 - the transport makes no other
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
    """Gives up to `most` bytes of what a piece holds."""

    def __init__(self, packed: str, first: bytes) -> None:
        self._inflate = None
        if packed in ("gzip", "x-gzip"):
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif packed == "deflate":
            # Some servers send it without the head that RFC 9110 asks for.
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
