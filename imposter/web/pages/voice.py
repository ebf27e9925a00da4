"""How the owner writes, and how close the bot comes: exported chats, the profile, the exam."""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from types import MappingProxyType

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from imposter.contracts.errors import ContactNotFound, EvaluationNotFound, FieldProblem, InvalidConfig, InvalidState
from imposter.runtime.learning.chat_import import Learned
from imposter.web.api.body import checked
from imposter.web.api.exams import ExamDetail, ExamRequest
from imposter.web.dependencies import Bots
from imposter.web.pages.live import Parts, seen_in, stream
from imposter.web.pages.render import PageRoute, form_of, fragment, go_to, is_part, page

router = APIRouter(prefix="/bots/{instance_id}", route_class=PageRoute, include_in_schema=False)

WHOLE_PAGE = {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML show:window:top"}
"""Has a script put an answer in place of all that is shown, not of the part that it asked for."""
NOTHING_NAMED: Mapping[str, str] = MappingProxyType({"contact": "", "owner": "", "chat": ""})
NO_FILE = FieldProblem("file", "is missing: choose the export, as it comes from the phone")


@router.get("/voice")
async def show_voice(instance_id: str, request: Request, bots: Bots) -> Response:
    return await _voice_page(instance_id, request, bots)


@router.post("/voice/import")
async def import_chat(instance_id: str, request: Request, bots: Bots) -> Response:
    """A script that shows how far the upload is gets a refusal alone, so that the files stay chosen."""
    info = await bots.info(instance_id)
    form = await form_of(request)
    named = {name: str(form.get(name) or "").strip() for name in NOTHING_NAMED}
    try:
        sent = [file for file in form.getlist("file") if isinstance(file, UploadFile)]
        files = [(file.filename or "", data) for file in sent if (data := await file.read())]
        if not files:
            raise InvalidConfig(NO_FILE)
        contact, owner, chat = named.values()
        learned = await bots.learning.learn(instance_id, info.config, contact, owner or None, files, chat or None)
    except InvalidConfig as error:
        if is_part(request):
            return page(request, "voice_refused.html", problems=error.problems)
        return await _voice_page(instance_id, request, bots, error.problems, named)
    return await _voice_page(instance_id, request, bots, learned=learned)


@router.post("/voice/delete")
async def delete_voice(instance_id: str, bots: Bots) -> Response:
    await bots.exists(instance_id)
    await bots.learning.unlearn(instance_id)
    return go_to(f"/bots/{instance_id}/voice", done="unlearned")


@router.get("/exam")
async def show_exam(instance_id: str, request: Request, bots: Bots) -> Response:
    return await _exam_page(instance_id, request, bots)


@router.get("/exam/live")
async def follow_exam(instance_id: str, request: Request, bots: Bots) -> Response:
    async def look() -> Parts:
        return await _live(request, bots, instance_id)

    return stream(request, look, bots.clock)


@router.post("/exam")
async def begin_exam(instance_id: str, request: Request, bots: Bots) -> Response:
    form = await form_of(request)
    pairs, contact = str(form.get("pairs", "")).strip(), str(form.get("contact", "")).strip()
    wanted: dict[str, object] = {"contact": contact} if contact else {}
    wanted |= {"pairs": int(pairs) if pairs.isdecimal() and len(pairs) < 9 else pairs}
    try:
        asked = checked(wanted, ExamRequest)  # type: ignore[arg-type]
        await bots.begin_exam(instance_id, asked.pairs, asked.contact)
    except InvalidConfig as error:
        told = "; ".join(f"{problem.field} {problem.message}" for problem in error.problems)
        return await _exam_page(instance_id, request, bots, told, pairs, contact)
    except (InvalidState, ContactNotFound) as error:
        return await _exam_page(instance_id, request, bots, str(error), pairs, contact)
    return go_to(f"/bots/{instance_id}/exam")


@router.post("/exam/cancel")
async def cancel_exam(instance_id: str, bots: Bots) -> Response:
    with suppress(EvaluationNotFound):
        await bots.cancel_exam(instance_id)
    return go_to(f"/bots/{instance_id}/exam")


async def _voice_page(
    instance_id: str,
    request: Request,
    bots: Bots,
    problems: tuple[FieldProblem, ...] = (),
    named: Mapping[str, str] = NOTHING_NAMED,
    learned: Learned | None = None,
) -> Response:
    return page(
        request,
        "voice.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        WHOLE_PAGE if learned and is_part(request) else None,
        status=await bots.status(instance_id),
        tab="voice",
        profile=await bots.learning.profile(instance_id),
        problems=problems,
        named=named,
        learned=learned,
    )


async def _exam_page(
    instance_id: str, request: Request, bots: Bots, refused: str = "", pairs: str = "20", contact: str = ""
) -> Response:
    live = await _live(request, bots, instance_id)
    return page(
        request,
        "exam.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        status=await bots.status(instance_id),
        tab="exam",
        refused=refused,
        pairs=pairs,
        contact=contact,
        live=live,
        seen=seen_in(live),
    )


async def _live(request: Request, bots: Bots, instance_id: str) -> Parts:
    exam = None
    with suppress(EvaluationNotFound):
        exam = ExamDetail.of(await bots.exam(instance_id))
    return {"exam": fragment("exam_part.html", request=request, exam=exam, instance_id=instance_id)}
