"""Static files of the pages: one stylesheet, and third-party scripts (listed in `static/README.md`).

A URL contains a part of the file's hash, so a browser may cache it forever.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter(prefix="/static", include_in_schema=False)

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    address: str


@cache
def _files() -> dict[str, _File]:
    return {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _MEDIA_TYPES}


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, _MEDIA_TYPES[path.suffix], f"/static/{path.name}?{hashlib.sha256(content).hexdigest()[:12]}")


def address_of(name: str) -> str:
    """Return the URL of a file. Raises: KeyError."""
    return _files()[name].address


@router.get("/{name}")
def send_file(name: str) -> Response:
    file = _files().get(name)
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(file.content, media_type=file.media_type, headers=headers)
