"""What a small real model makes of chats: how fast answers come, what is in them that is for no person, what gets out.

SmolLM2 135M on one core, under its own chat template and, as a worse model than any that one would choose, under those
of others. The floor is the model alone. Chats have the default `context_config`: in the 21st turn
the window begins to move.
"""

from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.house import Stopwatch, folder
from imposter.behaviour.answer_text import answer_text
from imposter.contracts.config import ContextLimits
from imposter.logs import configure_logs
from tests.real_model.chats import SMALL_TALK, Chats, open_chats, unfit
from tests.real_model.real_model import Call, real_model

OWN = "smollm2"
OTHERS = ("qwen-3", "gemma-3", "mistral-small-3.2")
TURNS, TURNS_OF_OTHERS = 30, 10
CONTEXT = ContextLimits().model_dump()


async def run() -> list[Figure]:
    configure_logs("warning", "json")
    figures: list[Figure] = []
    for template in (OWN, *OTHERS):
        async with (
            folder() as place,
            real_model(template) as model,
            open_chats(place, model, context_config=CONTEXT) as chats,
        ):
            figures += await _chat(chats, template, TURNS if template == OWN else TURNS_OF_OTHERS)
    return figures


async def _chat(chats: Chats, template: str, turns: int) -> list[Figure]:
    watch = Stopwatch()
    for number in range(turns):
        await chats.hear("bob", SMALL_TALK[number % len(SMALL_TALK)])
    seconds, calls = watch.seconds, [call for call in chats.model.calls if not call.is_note]
    drafts = await chats.house.fleet.talks.drafts(chats.bot.instance_id, limit=200)
    reached = chats.reached()
    raw = [call.text for call in calls if call.status == 200]
    alone = 60 * len(calls) / sum(call.seconds for call in calls)
    each = f"real model, template of {template}"
    return [
        Figure(f"{each}: answers", "a minute", [60 * len(calls) / seconds], [alone], note="the model alone"),
        Figure(
            f"{each}: raw answers with debris", "%", [_percent(len([text for text in raw if _has_debris(text)]), raw)]
        ),
        Figure(f"{each}: answers held for the owner", "%", [_percent(len(drafts), raw)]),
        Figure(f"{each}: answers that reached the contact", "%", [_percent(len(reached), raw)]),
        Figure(f"{each}: of these with debris", "%", [_percent(len(unfit(reached)), reached)], target="0"),
        *_cached(each, calls),
    ]


def _cached(each: str, calls: Sequence[Call]) -> list[Figure]:
    """Of the prompts behind the first one, apart by whether the window of the chat had moved."""
    begins = [call.asked["messages"][1]["content"].rpartition("\n")[2] for call in calls]
    still = [call for call, begin in zip(calls[1:], begins[1:], strict=True) if begin == begins[0]]
    moved = [call for call, begin in zip(calls[1:], begins[1:], strict=True) if begin != begins[0]]
    named = (("the window stands still", still), ("the window moves", moved))
    return [
        Figure(f"{each}: prompt tokens cached where {what}", "%",
               [100 * call.cached_tokens / call.prompt_tokens for call in some])
        for what, some in named if some
    ]  # fmt: skip


def _has_debris(raw: str) -> bool:
    """Whether the model said more than its words."""
    answer = answer_text(raw)
    return answer.machinery or answer.words != raw.strip()


def _percent(part: int, whole: Sequence[object]) -> float:
    return 100 * part / len(whole) if whole else 0.0
