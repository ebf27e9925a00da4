"""Exams: the bot is asked what contacts once asked its owner, and its answers are held against the owner's.

Nothing is sent to anybody. An exam lives where its bot does; how far it is and what came of it stands in the Store.
"""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from imposter.behaviour.guard.leaks import Leak
from imposter.clock import Clock
from imposter.contracts.behaviour import Autonomy, Behaviour
from imposter.contracts.config import Limits
from imposter.contracts.errors import InvalidState, StorageError
from imposter.contracts.messages import Source
from imposter.contracts.model import Answer, Prompt
from imposter.domain.usage import Usage
from imposter.logs import trace_of
from imposter.runtime.costs.budget import BudgetTracker
from imposter.runtime.learning.style_guide import ChatStyle, StyleGuide, learned, past
from imposter.runtime.policy.contact_policy import contact_of
from imposter.runtime.policy.eligibility import EligibilityPolicy
from imposter.runtime.providers.message_format import MessageFormat
from imposter.runtime.providers.model_selection import ModelChain, ModelSelection
from imposter.runtime.retry import Chance, backoff, model_retry
from imposter.storage import Store
from imposter.storage.learning.evaluations import ContactHistory, EvaluationState, ImportedExchange
from imposter.storage.reports.usage import NOBODY
from imposter.voice.holdout import untold
from imposter.voice.questions import ChatMessage, Question, questions, spread
from imposter.voice.style_similarity import compare

log = structlog.get_logger()

AT_ONCE = 2
"""Questions that an exam has the model think about at the same time: contacts come first."""
LONGEST_ANSWER = 4_000
"""Characters of an answer of the bot's that are kept."""
WRITING = 2.0
"""Seconds that the end of an exam is waited for where the store does not answer."""

NOTHING_TO_ASK = (
    "There is nothing to ask: no answer that the owner wrote themselves to somebody who may be answered is on record. "
    "Import a chat, or let the owner write for a while."
)
STOPPED = "It was cut short: the bot was stopped, or started anew."
ANOTHER_MODEL = "It was cut short: the bot was given another model."
FORGOTTEN = "It was cut short: somebody was forgotten."
SPENT = "It was cut short: the budget is spent."
UNLINKED = "It was cut short: the account was unlinked."
CANCELLED = "It was cancelled."
NO_ANSWERS = "The model gave no answer to any question."
BROKE_OFF = "It was cut short by an error, of which the server's log knows more."


@dataclass(slots=True)
class _AnsweredQuestion:
    question: Question
    answer: Answer | None = None
    """None: there was none."""

    @property
    def text(self) -> str:
        return self.answer.text.strip() if self.answer is not None else ""


@dataclass(slots=True)
class _Evaluation:
    number: int
    pairs: list[_AnsweredQuestion]
    models: ModelSelection
    style_guide: StyleGuide
    message_format: MessageFormat
    budget_tracker: BudgetTracker
    rules: EligibilityPolicy
    done: int = 0
    used: tuple[Usage, ...] = ()
    """What could not be written down yet."""
    task: asyncio.Task[None] | None = None


class Evaluations:
    """Those of one bot, of which one is held at a time. `score` is that of the last one that was finished."""

    def __init__(self, instance_id: str, *, store: Store, clock: Clock, chance: Chance) -> None:
        self.score: float | None = None
        self._instance_id = instance_id
        self._store = store
        self._clock = clock
        self._chance = chance
        self._exam: _Evaluation | None = None
        self._ends: set[asyncio.Task[None]] = set()

    async def load(self) -> None:
        """Raises: StorageError."""
        self.score = await self._store.evaluations.last_score(self._instance_id)

    def passed(self, behaviour: Behaviour) -> bool:
        """Whether the bot may go as far by itself as it is set to."""
        wanted = behaviour.auto_from_score
        return wanted is None or (self.score is not None and self.score >= wanted)

    async def begin(
        self,
        most: int,
        contact: str | None,
        rules: EligibilityPolicy,
        context: Limits,
        models: ModelSelection,
        style_guide: StyleGuide,
        message_format: MessageFormat,
        budget_tracker: BudgetTracker,
    ) -> None:
        """Have the models answer up to `most` questions, of this person or of all (None).

        Raises: ContactNotFound, InvalidState (one runs, nothing to ask, or the budget is spent), StorageError.
        """
        if await budget_tracker.over(NOBODY) is not None:
            raise InvalidState("The budget is spent: raise it, or wait until it is renewed.")
        people: list[str] | None = None
        if contact is not None:
            person = await self._store.erasure.known(self._instance_id, contact, rules.canonical)
            people = [*sorted(person.conversations), *sorted(person.ids)]
        asked = await self._questions(most, people, rules, context)
        if not asked:
            raise InvalidState(NOTHING_TO_ASK)
        number = await self._store.evaluations.begin(self._instance_id, len(asked))
        if number is None:
            raise InvalidState("An exam is under way: wait for its end, or cancel it first.")
        pairs = [_AnsweredQuestion(question) for question in asked]
        exam = self._exam = _Evaluation(number, pairs, models, style_guide, message_format, budget_tracker, rules)
        exam.task = asyncio.create_task(self._hold(exam), name=f"exam:{self._instance_id}")

    async def end(self, state: EvaluationState, told: str) -> None:
        """Cut the one short that is held, if one is. Raises nothing: a store that does not answer is told later."""
        exam, self._exam = self._exam, None
        if exam is None or exam.task is None:
            return
        exam.task.cancel()
        await asyncio.gather(exam.task, return_exceptions=True)
        ending = asyncio.create_task(self._end(exam, state, {"told": told}), name=f"exam-end:{self._instance_id}")
        self._ends.add(ending)
        ending.add_done_callback(self._ends.discard)
        await asyncio.wait([ending], timeout=WRITING)

    async def account_gone(self) -> None:
        """And with it, in the Store, all exams: the next account may be somebody else's."""
        await self.end(EvaluationState.INTERRUPTED, UNLINKED)
        self.score = None

    async def stop_immediately(self) -> None:
        """The bot may be another server's now: say nothing more of it."""
        exam, self._exam = self._exam, None
        tasks = [*self._ends, *([exam.task] if exam is not None and exam.task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _questions(
        self, most: int, people: Collection[str] | None, rules: EligibilityPolicy, context: Limits
    ) -> list[Question]:
        if people is None:
            conversations, imported = await self._store.evaluations.chats(self._instance_id)
            people = [*conversations, *imported]
        seen: set[str] = set()
        found: list[list[Question]] = []
        for contact in people:
            if contact in seen:
                continue
            talk = await self._store.evaluations.talk(self._instance_id, contact, rules.canonical)
            seen |= talk.ids
            if _may_be_shown(talk.ids, rules) and (asked := _asked(contact, talk, context)):
                found.append(asked)
            if len(found) == most:
                break
        return spread(found, most)

    async def _hold(self, exam: _Evaluation) -> None:
        try:
            left = iter(exam.pairs)
            workers = [
                asyncio.create_task(self._work(exam, left), name=f"exam-ask:{self._instance_id}")
                for _ in range(AT_ONCE)
            ]
            try:
                still_in_trouble = all(await asyncio.gather(*workers))
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
            if still_in_trouble:
                await self._conclude(exam)
        except Exception as error:  # noqa: BLE001 - an exam's trouble ends here, and is told as its end
            log.error("exam broke off", bot=self._instance_id, **trace_of(error))
            await self._end(exam, EvaluationState.FAILED, {"told": BROKE_OFF})
        if self._exam is exam:
            self._exam = None

    async def _work(self, exam: _Evaluation, left: Iterator[_AnsweredQuestion]) -> bool:
        """One question after the other; False where the exam has ended meanwhile."""
        budget_tracker = exam.budget_tracker
        for pair in left:
            if await budget_tracker.over(NOBODY) is not None:
                await self._end(exam, EvaluationState.INTERRUPTED, {"told": SPENT})
                return False
            pair.answer = await self._ask(exam, pair.question)
            exam.done += 1
            used = budget_tracker.unwritten(NOBODY)
            budget_tracker.written(
                NOBODY, used
            )  # before it is: the other question may end meanwhile, and writes its own
            used, exam.used = (*exam.used, *used), ()
            try:
                if not await self._store.evaluations.progress(self._instance_id, exam.number, exam.done, used):
                    return False
            except StorageError as error:  # the next one tells it, too
                log.warning("progress of an exam was not stored", bot=self._instance_id, error=str(error))
                exam.used = (*used, *exam.used)
        return True

    async def _prompt(self, exam: _Evaluation, question: Question) -> tuple[ModelChain, Prompt]:
        """Whom to ask, and what: with what is told in that chat, and how the owner writes there.

        By what was before the question and is not asked in this exam.
        """
        turns = list(question.turns)
        try:
            talk = await self._store.evaluations.talk(self._instance_id, question.contact, exam.rules.canonical)
            entry = exam.rules.contact_policy.contact(talk.ids)
            model, contact = exam.models.model_for(entry), contact_of(entry, own_name=turns[-1].author)
            if not (model.takes_guidance and exam.rules.contact_policy.behaviour_for(talk.ids).voice):
                return model, Prompt(turns, contact=contact)
            held_out = [pair.question for pair in exam.pairs if pair.question.contact == question.contact]
            known = await asyncio.to_thread(_known, talk, question, held_out)
            guidance = await exam.style_guide.by(question.asked, known, without={question.answer})
            return model, Prompt(turns, guidance, contact)
        except StorageError as error:
            log.warning("voice was not read", bot=self._instance_id, error=str(error))
            return exam.models.everybodys, Prompt(turns)

    async def _ask(self, exam: _Evaluation, question: Question) -> Answer | None:
        model, prompt = await self._prompt(exam, question)
        attempt = 1
        while True:
            try:
                answer = (await model.reply(prompt, partial(exam.budget_tracker.took, NOBODY))).answer
                text = await exam.message_format.shown(answer.text)
                return replace(answer, text="" if model.leaks.of(text) is Leak.SECRET else text)
            except Exception as error:  # noqa: BLE001 - somebody else's model may raise anything
                log.warning("model failed in an exam", bot=self._instance_id, attempt=attempt, **trace_of(error))
                delay = model_retry(attempt, error, self._chance)
            if delay is None:
                return None
            await self._clock.sleep(delay)
            attempt += 1

    async def _conclude(self, exam: _Evaluation) -> None:
        if not any(pair.answer for pair in exam.pairs):
            await self._end(exam, EvaluationState.FAILED, {"told": NO_ANSWERS})
            return
        likeness = compare([pair.question.answer for pair in exam.pairs], [pair.text for pair in exam.pairs])
        answers = [pair.answer for pair in exam.pairs if pair.answer is not None]
        body = {
            "measures": [
                {"name": measure.name, "score": measure.score, "told": measure.told} for measure in likeness.measures
            ],
            "models": sorted({answer.model for answer in answers if answer.model}),
            "prompt_tokens": sum(answer.prompt_tokens or 0 for answer in answers),
            "completion_tokens": sum(answer.completion_tokens or 0 for answer in answers),
            "pairs": [_told(pair) for pair in exam.pairs],
        }
        await self._end(exam, EvaluationState.DONE, body, likeness.score)

    async def _end(
        self, exam: _Evaluation, state: EvaluationState, body: dict[str, Any], score: float | None = None
    ) -> None:
        """Store it, and be it later: a store that does not answer is waited for."""
        failures = 0
        while True:
            try:
                await self._store.evaluations.end(self._instance_id, exam.number, state, body, score)
                self.score = await self._store.evaluations.last_score(self._instance_id)
            except StorageError as error:
                failures += 1
                log.error("end of an exam was not stored", bot=self._instance_id, error=str(error))
            else:
                log.info("exam ended", bot=self._instance_id, state=state.value)
                return
            await self._clock.sleep(backoff(failures, self._chance))


def _may_be_shown(ids: Collection[str], rules: EligibilityPolicy) -> bool:
    """Whether the model is shown what they say when they write."""
    allowed = rules.allowed is None or any(name in rules.allowed for name in ids)
    return allowed and rules.contact_policy.behaviour_for(frozenset(ids)).autonomy is not Autonomy.OFF


def _asked(contact: str, talk: ContactHistory, context: Limits) -> list[Question]:
    """Oldest first. What was imported and is stored here as well is asked once."""
    here = list(questions(contact, _said(talk), context))
    known = {(question.asked, question.answer) for question in here}
    imported = questions(contact, _imported(talk), context, imported=True)
    more = [question for question in imported if (question.asked, question.answer) not in known]
    return sorted([*here, *more], key=lambda question: question.at)


def _known(talk: ContactHistory, question: Question, held_out: Collection[Question]) -> ChatStyle:
    return learned(untold(question, past(talk.imported, talk.said), held_out))


def _said(talk: ContactHistory) -> list[ChatMessage]:
    return [
        ChatMessage(each.source, each.content, each.sent_at, each.kept_since, each.sender_name, each.wording)
        for each in talk.said
    ]


def _imported(talk: ContactHistory) -> list[ChatMessage]:
    return [message for line in talk.imported for message in _spoken(line)]


def _spoken(line: ImportedExchange) -> Iterator[ChatMessage]:
    if line.question:
        asked_at = line.said_at - timedelta(seconds=line.after or 0)
        yield ChatMessage(Source.CONTACT, line.question, asked_at, line.kept_since)
    for bubble in line.bubbles:
        yield ChatMessage(Source.OWNER, bubble, line.said_at, line.kept_since)


def _told(pair: _AnsweredQuestion) -> dict[str, Any]:
    question = pair.question
    return {
        "contact": question.contact,
        "name": question.turns[-1].author,
        "asked": question.asked,
        "owner": question.answer,
        "bot": pair.text[:LONGEST_ANSWER] if pair.answer is not None else None,
        "at": question.at.isoformat(),
        "kept_since": question.kept_since.isoformat(),
        "imported": question.imported,
        "wordings": question.wordings,
    }
