"""The description of the API, for reading and for trying it out, by Swagger UI out of our own files.

With a key set, a session opens it as it opens any page. What is tried out there wants the key, as it does elsewhere.
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
    """The same as `/openapi.json`, which is for programs and wants the key."""
    return JSONResponse(request.app.openapi())
