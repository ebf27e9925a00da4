"""The page that links a bot to its owner's account, with live status."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from imposter import phone_numbers
from imposter.contracts.errors import BotNotFound, ImposterError, InvalidConfig, StorageError
from imposter.contracts.status import BotStatus
from imposter.web.dependencies import Bots
from imposter.web.pages.live import Parts, seen_in, stream
from imposter.web.pages.render import PageRoute, form_of, fragment, page

router = APIRouter(prefix="/bots/{instance_id}/link", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def show_link(instance_id: str, request: Request, bots: Bots) -> Response:
    return await _page(instance_id, request, bots)


@router.get("/live")
async def follow_link(instance_id: str, request: Request, bots: Bots) -> Response:
    async def look() -> Parts:
        return _live(request, await bots.status(instance_id), bots.clock.now())

    return stream(request, look, bots.clock)


@router.post("/code")
async def ask_for_code(instance_id: str, request: Request, bots: Bots) -> Response:
    """Get a pairing code, for owners whose phone is their only screen."""
    await bots.exists(instance_id)
    phone = str((await form_of(request)).get("phone", ""))
    try:
        code = await bots.pairing_code(instance_id, phone_numbers.read(phone))
    except ValueError as error:
        return await _page(instance_id, request, bots, phone=phone, refused=f"This {error}.")
    except (BotNotFound, StorageError, InvalidConfig):
        raise
    except ImposterError as error:
        return await _page(instance_id, request, bots, phone=phone, refused=str(error))
    return await _page(instance_id, request, bots, phone=phone, code=code)


async def _page(
    instance_id: str, request: Request, bots: Bots, *, phone: str = "", code: str = "", refused: str = ""
) -> Response:
    status = await bots.status(instance_id)
    live = _live(request, status, bots.clock.now())
    return page(
        request,
        "link.html",
        status=status,
        live=live,
        seen=seen_in(live),
        phone=phone,
        code=code,
        refused=refused,
        tab="link",
    )


def _live(request: Request, status: BotStatus, now: datetime) -> Parts:
    state = fragment("link_state.html", request=request, status=status, picture=_picture(status.qr))
    return {"state": state, "left": _left(status, now)}


def _picture(qr: str | None) -> str | None:
    """Return the QR code as a data URI. None if there is no code or it does not fit into a picture."""
    if qr is None:
        return None
    import segno  # only needed to link an account

    try:
        return segno.make(qr, micro=False).svg_data_uri(scale=8, border=4, light="#fff", dark="#000")
    except segno.DataOverflowError:
        return None


def _left(status: BotStatus, now: datetime) -> str:
    """Return a text for how long the code is valid."""
    if status.qr is None or status.qr_expires_at is None:
        return ""
    seconds = round((status.qr_expires_at - now).total_seconds())
    return f"This code holds for {seconds} more seconds." if seconds > 0 else "The next code is on its way."
