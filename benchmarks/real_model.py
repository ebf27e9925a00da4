"""What a small real model makes of chats: how fast answers come, what is in them that is for no person, what gets out.

SmolLM2 135M on one core, under its own chat template and, as a worse model than any that one would choose, under those
of others. The floor is the model alone. Chats have the default `context_config`: when that is full, the window moves.
"""

from collections.abc import Sequence
from itertools import pairwise

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
    drafts = await chats.house.bot_service.conversation_service.drafts(chats.bot.instance_id, limit=200)
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
    """Of each prompt behind the first one, apart by whether it begins as the one before it."""
    still: list[Call] = []
    moved: list[Call] = []
    for before, call in pairwise(calls):
        (still if _beginning(call) == _beginning(before) else moved).append(call)
    named = (("of all prompts", [*still, *moved]), ("where the window stands still", still), ("where it moves", moved))
    return [
        Figure(
            f"{each}: prompt tokens cached, {what}",
            "%",
            [100 * call.cached_tokens / call.prompt_tokens for call in some],
        )
        for what, some in named
        if some
    ]


def _beginning(call: Call) -> list[str]:
    """The notes on what was before, and the first words of the chat that the model is shown."""
    lines = call.asked["messages"][1]["content"].split("\n")
    return [line for line in lines if line.startswith('{"earlier": ')] + [line for line in lines if '"text": ' in line][
        :1
    ]


def _has_debris(raw: str) -> bool:
    """Whether the model said more than its words."""
    answer = answer_text(raw)
    return answer.machinery or answer.words != raw.strip()


def _percent(part: int, whole: Sequence[object]) -> float:
    return 100 * part / len(whole) if whole else 0.0
