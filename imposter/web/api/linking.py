"""Routes that link a bot to its owner's account, by a code to scan or to type."""

import io
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import ValidationError

from imposter.contracts.errors import InvalidConfig
from imposter.runtime.providers.config_validation import field_problems
from imposter.web.api import examples
from imposter.web.api.answers import BODY, Responses, problems, takes_json
from imposter.web.api.body import JsonBody
from imposter.web.api.schemas import PairingCodeResult, PairingRequest
from imposter.web.dependencies import Bots
from imposter.web.problems import problem

router = APIRouter(prefix="/chatbot/{instance_id}", tags=["linking"])

_MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def _picture(media_type: str) -> Responses:
    picture: Responses = {200: {"description": "The code.", "content": {media_type: {"schema": {"type": "string"}}}}}
    return picture | problems(
        NOT_FOUND="No bot has this instance_id, or it shows no code now.",
        CONFLICT="The platform's code does not fit into a picture. The status holds it as text.",
    )


@router.get("/qr.png", summary="Get the code to scan as PNG", response_class=Response, responses=_picture("image/png"))
async def qr_png(instance_id: str, bots: Bots) -> Response:
    """Return the newest code while the bot is `linking`. Codes change every few seconds, so fetch it repeatedly."""
    return await _qr(instance_id, bots, "png")


@router.get(
    "/qr.svg", summary="Get the code to scan as SVG", response_class=Response, responses=_picture("image/svg+xml")
)
async def qr_svg(instance_id: str, bots: Bots) -> Response:
    """Return the newest code while the bot is `linking`. Codes change every few seconds, so fetch it repeatedly."""
    return await _qr(instance_id, bots, "svg")


@router.post(
    "/pairing-code",
    summary="Get a code to type on the phone",
    openapi_extra=takes_json({"$ref": "#/components/schemas/PairingRequest"}, phone=examples.PAIRING),
    responses=examples.shown("The code to type.", examples.PAIRING_CODE)
    | problems(*BODY, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.BAD_GATEWAY),
)
async def pairing_code(instance_id: str, body: JsonBody, bots: Bots) -> PairingCodeResult:
    """Return a code for a phone that cannot scan. The owner types it where the platform offers to link by number."""
    await bots.exists(instance_id)
    try:
        asked = PairingRequest.model_validate(body)
    except ValidationError as error:
        raise InvalidConfig(*field_problems(error, PairingRequest)) from None
    return PairingCodeResult(instance_id=instance_id, code=await bots.pairing_code(instance_id, asked.phone))


async def _qr(instance_id: str, bots: Bots, kind: Literal["png", "svg"]) -> Response:
    import segno  # only needed to link an account

    status = await bots.status(instance_id)
    if status.qr is None:
        detail = f"The bot is {status.status}, not linking: there is no code to scan. {status.detail or ''}".strip()
        return problem(HTTPStatus.NOT_FOUND, detail)
    try:
        code = segno.make(status.qr, micro=False)
    except segno.DataOverflowError:
        detail = "The platform's code does not fit into a picture; it is `qr` of the bot's status."
        return problem(HTTPStatus.CONFLICT, detail)
    picture = io.BytesIO()
    code.save(picture, kind=kind, scale=8, border=4)
    return Response(picture.getvalue(), media_type=_MEDIA_TYPES[kind])
