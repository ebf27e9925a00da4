"""The API's documentation to read and try out, with our own copy of Swagger UI.

On a server with a key, the page needs a session like any other page. The requests that it sends need the key, as
everywhere.
"""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from imposter.web.pages.render import PageRoute, page

router = APIRouter(prefix="/docs", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def show_docs(request: Request) -> Response:
    return page(request, "docs.html")


@router.get("/openapi.json")
async def send_description(request: Request) -> Response:
    """Return the same as `/openapi.json`, which is for programs and needs the key."""
    return JSONResponse(request.app.openapi())
