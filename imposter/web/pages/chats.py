"""Pages for conversations: the messages, why they were answered or not, and the owner's actions."""

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from imposter.contracts.behaviour import Autonomy
from imposter.contracts.errors import ContactNotFound, InvalidState
from imposter.contracts.model import LONGEST_SUMMARY
from imposter.domain.drafts import DraftState
from imposter.domain.pauses import Pause
from imposter.domain.summaries import Summary
from imposter.runtime.account import pause_text
from imposter.runtime.owner.notifications import BECAUSE
from imposter.service.bots import BotService
from imposter.web.api.schemas import MAX_INTEGER, Conversation, DecisionDetail
from imposter.web.dependencies import Bots
from imposter.web.pages.labels import AUTONOMY
from imposter.web.pages.live import Parts, seen_in, stream
from imposter.web.pages.message_view import bubbles_of, names_in, words_of
from imposter.web.pages.render import PageRoute, form_of, fragment, go_to, is_part, page

router = APIRouter(prefix="/bots/{instance_id}", route_class=PageRoute, include_in_schema=False)

SHOWN = 50
"""Number of conversations or messages per page."""
OWN_CHAT = "Your own chat"
LONGEST = 20_000
TOO_LONG = f"This is longer than {LONGEST:,} characters; send it in parts."
LOOK_EVERY = 2.0
"""Seconds between updates of the list of all conversations."""

Chat = Annotated[Conversation, Query()]
Before = Annotated[int | None, Query(ge=1, le=MAX_INTEGER)]
Number = Annotated[int, Path(ge=1, le=MAX_INTEGER)]


@router.get("/chats")
async def show_chats(instance_id: str, request: Request, bots: Bots, before: Before = None) -> Response:
    status = await bots.status(instance_id)
    live = await _list(request, bots, instance_id, before)
    return page(request, "chats.html", status=status, tab="chats", before=before, live=live, seen=seen_in(live))


@router.get("/chats/live")
async def follow_chats(instance_id: str, request: Request, bots: Bots) -> Response:
    async def look() -> Parts:
        return await _list(request, bots, instance_id, None)

    return stream(request, look, bots.clock, every=LOOK_EVERY)


@router.get("/chat")
async def show_chat(instance_id: str, chat: Chat, request: Request, bots: Bots, before: Before = None) -> Response:
    return await _chat_page(instance_id, chat, request, bots, before)


@router.get("/chat/live")
async def follow_chat(instance_id: str, chat: Chat, request: Request, bots: Bots) -> Response:
    async def look() -> Parts:
        return await _live(request, bots, instance_id, chat, None)

    return stream(request, look, bots.clock)


@router.post("/chat/say")
async def say(instance_id: str, chat: Chat, request: Request, bots: Bots) -> Response:
    """Send a message as the owner. If it cannot be sent, it stays in its text field."""
    form = await form_of(request)
    text, key = _words(form.get("text")), str(form.get("key", ""))[:128]
    refused = "" if text.strip() else "Write something first."
    if len(text) > LONGEST:
        refused = TOO_LONG
    if not refused:
        try:
            await bots.conversation_service.say(instance_id, chat, text, key)
        except InvalidState as error:
            refused = str(error)
    if refused:
        return await _chat_page(instance_id, chat, request, bots, None, refused=refused, text=text)
    return _back(instance_id, chat)


@router.post("/chat/pause")
async def pause_chat(instance_id: str, chat: Chat, bots: Bots) -> Response:
    await bots.pause(instance_id, chat)
    return _back(instance_id, chat, "chat_paused")


@router.post("/chat/resume")
async def resume_chat(instance_id: str, chat: Chat, bots: Bots) -> Response:
    await bots.resume(instance_id, chat)
    return _back(instance_id, chat, "chat_resumed")


@router.post("/chat/autonomy")
async def treat(instance_id: str, chat: Chat, request: Request, bots: Bots) -> Response:
    wanted = (await form_of(request)).get("autonomy", "")
    if wanted and wanted not in list(Autonomy):
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "There is no such approval setting.")
    await bots.conversation_service.treat(instance_id, chat, Autonomy(str(wanted)) if wanted else None)
    return _back(instance_id, chat, "treated")


@router.post("/chat/summary")
async def note(instance_id: str, chat: Chat, request: Request, bots: Bots) -> Response:
    text = _words((await form_of(request)).get("text"))
    if len(text) > LONGEST_SUMMARY:
        told = f"These notes are longer than {LONGEST_SUMMARY:,} characters; shorten them."
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, told)
    await bots.conversation_service.write_summary(instance_id, chat, text)
    return _back(instance_id, chat, "noted")


@router.get("/messages/{seq}/why")
async def explain(instance_id: str, seq: Number, request: Request, bots: Bots) -> Response:
    """Show the decision about a message, step by step."""
    decision = DecisionDetail.of(await bots.decision(instance_id, seq))
    shown: dict[str, Any] = {"decision": decision, "instance_id": instance_id}
    if is_part(request):
        return page(request, "why_part.html", **shown)
    return page(request, "why.html", status=await bots.status(instance_id), tab="chats", **shown)


@router.get("/drafts")
async def show_drafts(instance_id: str, request: Request, bots: Bots, before: Before = None) -> Response:
    drafts = await bots.conversation_service.drafts(instance_id, before=before, limit=SHOWN)
    older = drafts[-1].number if len(drafts) == SHOWN else None
    asked = await bots.conversation_service.by_number(instance_id, {draft.answers for draft in drafts})
    names = await names_in(bots.conversation_service, instance_id, list(asked.values()))
    shown: dict[str, Any] = {
        "drafts": drafts,
        "questions": {seq: words_of(message, names) for seq, message in asked.items()},
        "older": older,
        "because": BECAUSE,
    }
    return page(request, "drafts.html", status=await bots.status(instance_id), tab="drafts", **shown)


@router.post("/drafts/{number}")
async def decide(instance_id: str, number: Number, request: Request, bots: Bots) -> Response:
    """Send or drop a draft. The text in the form is sent."""
    form = await form_of(request)
    text, chat = _words(form.get("text")), form.get("chat")
    if form.get("do") == "send":
        if len(text) > LONGEST:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, TOO_LONG)
        await bots.conversation_service.send_draft(instance_id, number, text)
    else:
        await bots.conversation_service.drop_draft(instance_id, number)
    done = "draft_sent" if form.get("do") == "send" else "draft_dropped"
    return _back(instance_id, chat, done) if isinstance(chat, str) else go_to(f"/bots/{instance_id}/drafts", done=done)


@router.get("/letters")
async def show_letters(instance_id: str, request: Request, bots: Bots, before: Before = None) -> Response:
    letters = await bots.conversation_service.dead_letters(instance_id, before=before, limit=SHOWN)
    older = letters[-1].seq if len(letters) == SHOWN else None
    status = await bots.status(instance_id)
    return page(request, "letters.html", status=status, tab="letters", letters=letters, older=older)


@router.post("/letters/retry")
async def retry_all(instance_id: str, bots: Bots) -> Response:
    retried = await bots.conversation_service.retry(instance_id)
    return go_to(f"/bots/{instance_id}/letters", done="retried_some" if retried.refused else "retried")


@router.post("/letters/{seq}/retry")
async def retry(instance_id: str, seq: Number, bots: Bots) -> Response:
    await bots.conversation_service.retry(instance_id, seq)
    return go_to(f"/bots/{instance_id}/letters", done="retried")


@router.post("/letters/{seq}/remove")
async def remove(instance_id: str, seq: Number, bots: Bots) -> Response:
    await bots.conversation_service.remove_letter(instance_id, seq)
    return go_to(f"/bots/{instance_id}/letters", done="letter_removed")


async def _list(request: Request, bots: BotService, instance_id: str, before: int | None) -> Parts:
    account = (await bots.status(instance_id)).account
    chats = await bots.conversation_service.chats(instance_id, before=before, limit=SHOWN)
    held = {pause.conversation: pause for pause in await bots.conversation_service.pauses(instance_id)}
    older = chats[-1].newest.seq if len(chats) == SHOWN else None
    names = await names_in(bots.conversation_service, instance_id, [each.newest for each in chats])
    shown = {
        "chats": chats,
        "words": {each.conversation: words_of(each.newest, names) for each in chats},
        "held": held,
        "unreadable": await bots.conversation_service.unreadable(instance_id),
        "older": older,
        "account": account,
        "own_chat": OWN_CHAT,
    }
    return {"chats": fragment("chats_list.html", request=request, instance_id=instance_id, **shown)}


async def _chat_page(
    instance_id: str, chat: str, request: Request, bots: Bots, before: int | None, refused: str = "", text: str = ""
) -> Response:
    status = await bots.status(instance_id)
    live = await _live(request, bots, instance_id, chat, before)
    autonomy: Autonomy | None = None
    own: Autonomy | None = None
    summary: Summary | None = None
    with suppress(ContactNotFound):  # the owner's own chat may not have any messages yet
        autonomy, own = await bots.conversation_service.autonomy(instance_id, chat)
        summary = await bots.conversation_service.summary(instance_id, chat)
    return page(
        request,
        "chat.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK,
        status=status,
        tab="chats",
        instance_id=instance_id,
        chat=chat,
        name=OWN_CHAT if chat == status.account else await bots.conversation_service.chat_name(instance_id, chat),
        autonomy=autonomy,
        own=own,
        autonomies=AUTONOMY,
        summary=summary.text if summary is not None else "",
        longest_summary=LONGEST_SUMMARY,
        before=before,
        key=uuid4().hex,
        refused=refused,
        text=text,
        live=live,
        seen=seen_in(live),
    )


async def _live(request: Request, bots: BotService, instance_id: str, chat: str, before: int | None) -> Parts:
    """Return the parts of a chat's page that change: messages, pause and drafts."""
    messages = await bots.messages(instance_id, conversation=chat, before=before, limit=SHOWN)
    if not messages and before is None:
        raise ContactNotFound
    about: dict[str, Any] = {"request": request, "instance_id": instance_id, "chat": chat}
    turns: dict[str, Any] = {
        "lines": await bubbles_of(
            bots.conversation_service, instance_id, chat, await bots.conversation_service.named(instance_id, messages)
        ),
        "older": messages[-1].seq if len(messages) == SHOWN else None,
        "in_group": any(message.group_id for message in messages),
    }
    return {
        "turns": fragment("turns.html", **about, **turns),
        "pause": fragment("chat_pause.html", **about, pause=await _pause(bots, instance_id, chat)),
        "drafts": fragment("chat_drafts.html", **about, drafts=await _drafts(bots, instance_id, chat)),
    }


async def _pause(bots: BotService, instance_id: str, chat: str) -> str:
    """Return why and until when the bot is silent in a chat. Empty if it is not."""
    held = [
        pause
        for pause in await bots.conversation_service.pauses(instance_id)
        if pause.chat in (chat, pause_text.ACCOUNT)
    ]
    return _told(min(reversed(held), key=lambda pause: bool(pause.member))) if held else ""


def _told(pause: Pause) -> str:
    if pause.member:
        return f"Paused for one member of the group ({pause.member}), {pause_text.until(pause.until)}."
    where = "everywhere" if pause.conversation == pause_text.ACCOUNT else "here"
    return f"Paused {where}, {pause_text.until(pause.until)}."


async def _drafts(bots: BotService, instance_id: str, chat: str) -> list[Any]:
    found = await bots.conversation_service.drafts(instance_id)
    return [draft for draft in found if draft.conversation == chat and draft.state is DraftState.OPEN]


def _words(sent: object) -> str:
    """Return the typed text. Browsers send line breaks as two characters."""
    return sent.replace("\r\n", "\n") if isinstance(sent, str) else ""


def _back(instance_id: str, chat: str, done: str | None = None) -> Response:
    asked = {"chat": chat} | ({"done": done} if done else {})
    return go_to(f"/bots/{instance_id}/chat?{urlencode(asked)}")
