"""Detection of requests to the owner in a message: money, things, time, presence, documents, data, decisions.

A request is recognised by its frame ("can you", "me prestas"), by phrases of people who expect somebody to come, lend
or agree, and by its subject. Questions about the past, small talk and offers are not requests.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import pairwise

from imposter.behaviour.guard.commitments import CLAUSE, SENTENCE, CommitmentKind, Named
from imposter.behaviour.guard.past_tense import tells_past
from imposter.behaviour.guard.request_words import (
    ASKED_TAGS,
    CLITICS,
    CONJUNCTIONS,
    DAYS,
    FILLERS,
    FRAMES,
    HARMLESS,
    HAVES,
    INFORM,
    LEADS,
    MEETS,
    MIND,
    MODALS,
    NEEDS,
    NO_VERBS,
    OFFERED_ANYWHERE,
    OFFERS,
    OKS,
    PERSONAL,
    PLEASE,
    POSSESSIVES,
    SECOND,
    SHALL,
    SMALL_TALK,
    STANDING,
    STATES,
    TAGS,
    WANTS,
    WISHES,
    WONDERS,
)
from imposter.behaviour.guard.topics import ACTING, TOPICS
from imposter.behaviour.phrase_matching import listed
from imposter.behaviour.text_normalization import Spelling, plain

LONGEST = 2000
"""Characters of a message that are checked. In a longer one, a request may be anywhere."""
MOST_WORDS, OVERLAP = 60, 12
MOST_STARTS = 4
"""Maximum number of starting points of a request that are tried within one sentence."""
KINDS = {kind.value: kind for kind in CommitmentKind} | {"send": CommitmentKind.THINGS}


ENDINGS = ("st", "ste", "as", "es", "is", "i")
"""Endings of verbs in the second person."""
WE = ("amos", "emos", "imos", "iamo")
ATTACHED = ("ame", "eme", "ime", "ami", "imi", "emi", "melo", "mela", "melos", "anos", "enos", "aci", "ici")
"""Endings of imperatives with an attached pronoun."""
DETERMINERS = listed("el la los las un una mi mis me il lo i gli le uno mio mia")
ARTICLES = listed("lo la los las li le")
OBJECTS = listed("me us mich mir uns moi nous mij ons")
TOLD = listed("me us mir uns mich moi nous m nos mi ci ons")
IFS = listed("if wenn falls si se als")
FOR_IT = listed("for fur fuers furs pour por per pelo pela voor")
FOR = listed("for fur pour por per voor auf en a bei at")
OPENING = 5
"""Number of words at the start of a sentence in which a plain statement is recognised."""
SHORT_VERBS = frozenset({"da", "das", "dai", "ves", "vas"})


class Weight(IntEnum):
    FAINT = 0
    """A question of unknown content. A word of consent agrees to it, a plain yes does not."""
    OPEN = 1
    """A possible request. A yes agrees to it."""
    CLEAR = 2
    """A clear request. Everything except a refusal, a delay or a question agrees to it."""


@dataclass(frozen=True, slots=True)
class Ask:
    weight: Weight
    kind: CommitmentKind
    words: tuple[str, ...]
    text: str
    """The text of the message, possibly in simpler characters."""
    minds: bool = False
    """The request asks whether somebody minds, so that a no agrees to it."""


UNREAD = Ask(Weight.OPEN, CommitmentKind.REQUEST, (), "")
"""Stands for the unchecked part of a message, which may contain a request."""


def asks(text: str, spell: Spelling = plain) -> Iterator[Ask]:
    """Iterate over the requests in `text`. Takes linear time."""
    if len(text) > LONGEST:
        yield UNREAD
        text = text[-LONGEST:]
    before = ""
    for sentence in SENTENCE.findall(text):
        words = spell(sentence).split()
        if words and len(words) <= 3 and TAGS.among(words) and before:
            sentence = f"{before.rstrip('.!; ')} {sentence}"
        before = sentence
        for piece in _pieces(sentence):
            found = _ask(piece, spell)
            if found is not None:
                yield found


def _pieces(sentence: str) -> Iterator[str]:
    """Split a long sentence into overlapping pieces of limited length, because some people use no punctuation."""
    words = sentence.split()
    if len(words) <= MOST_WORDS:
        yield sentence
        return
    for start in range(0, len(words), MOST_WORDS - OVERLAP):
        yield " ".join(words[start : start + MOST_WORDS])


def _ask(sentence: str, spell: Spelling) -> Ask | None:
    words = spell(sentence).split()
    question = "?" in sentence
    if WISHES.among(words) and not FRAMES.among(words):
        return None
    clauses = (spell(clause).split() for clause in CLAUSE.split(sentence))
    for part in {tuple(part): None for part in (words, *_rests(words), *clauses) if part}:
        found = _Sentence(_core(part), question, sentence).weighed()
        if found is not None:
            return Ask(found[0], KINDS[found[1]], tuple(words), sentence.strip(), MIND.among(words))
    return None


_ABRUPT = [phrases for kind, phrases in STANDING.items() if kind != "decision"]


def _rests(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Return the parts of a sentence that begin like a request after other words. Few people use punctuation."""
    starts = {start for phrases in (FRAMES, SHALL, *_ABRUPT) for start, _ in phrases.spans(words)}
    pairs = enumerate(pairwise(words), 1)
    starts |= {start for start, (before, word) in pairs if word in MODALS and (before in FILLERS or words[0] in IFS)}
    idle = {at for phrases in (OFFERS, HARMLESS) for start, end in phrases.spans(words) for at in range(start, end)}
    return (words[start:] for start in sorted(starts - idle)[:MOST_STARTS] if start)


@dataclass(frozen=True)
class _Sentence:
    """A sentence, or the rest of it from some word on."""

    words: Sequence[str]
    question: bool
    text: str

    @cached_property
    def topic(self) -> str | None:
        return next((kind for kind, phrases in TOPICS.items() if phrases.among(self.words)), None)

    @cached_property
    def standing(self) -> str | None:
        return next((kind for kind, phrases in STANDING.items() if phrases.among(self.words)), None)

    @cached_property
    def please(self) -> bool:
        return PLEASE.among(self.words) or _orders(self.words)

    @cached_property
    def tagged(self) -> bool:
        asked = self.question and ASKED_TAGS.among(self.words) and not STATES.among(self.words[:OPENING])
        return len(self.words) > 2 and (asked or TAGS.among(self.words))

    @cached_property
    def frame(self) -> bool:
        return FRAMES.among(self.words) or _may(self.words, self.topic)

    @cached_property
    def priced(self) -> bool:
        figure = any(word.isdecimal() and len(word) > 1 for word in self.words)
        return _names_price(self.words) or (self.question and figure and OKS.among(self.words))

    @cached_property
    def needs(self) -> bool:
        return NEEDS.among(self.words)

    @property
    def personal(self) -> bool:
        return not POSSESSIVES.isdisjoint(self.words)

    @property
    def is_idle(self) -> bool:
        """Whether the sentence asks for nothing, or only for information."""
        words, topic = self.words, self.topic
        asked = self.frame or self.please or self.tagged or self.standing is not None or self.needs
        if self.standing != "money" and (topic != "data" or not self.personal) and not self.please and self._offers:
            return True
        if self.standing not in ("money", "decision") and topic != "data" and self._is_small_talk:
            return True
        if not asked and (tells_past(words) or (STATES.among(words[:OPENING]) and not self.priced)):
            return True
        if words[0] in WONDERS and not self.frame and self.standing is None and topic not in ("data", "money"):
            return True
        return self.standing is None and topic not in ("data", "documents") and _to_be_told(words)

    @property
    def _is_small_talk(self) -> bool:
        if self.topic == "money" and HAVES.among(self.words):
            return False
        talk = SMALL_TALK.among(self.words) and not self.frame and not self.needs
        return (talk or HARMLESS.among(self.words)) and not self.priced

    @property
    def _offers(self) -> bool:
        if not self.frame and OFFERED_ANYWHERE.among(self.words):
            return True
        return any(start < OPENING for start, _ in OFFERS.spans(self.words))

    def weighed(self) -> tuple[Weight, str] | None:
        """Return the weight and kind of the request, or None if nothing is requested."""
        if self.is_idle:
            return None
        words, topic = self.words, self.topic
        if self.standing is not None:
            clear = self.standing != "decision" or self.question or self.tagged or topic
            return Weight.CLEAR if clear else Weight.OPEN, self.standing
        if WANTS.among(words):
            if topic in ("money", "time", "meeting", "decision"):
                return Weight.CLEAR, topic
            return (Weight.OPEN, "request") if _to_do(words) else None
        if SHALL.among(words):
            return (Weight.OPEN, topic) if topic else None
        if self.frame:
            return Weight.CLEAR, topic or "request"
        if self.needs:
            return Weight.CLEAR if topic or self.personal else Weight.OPEN, topic or "request"
        if HAVES.among(words):
            return (Weight.CLEAR, topic) if topic else (Weight.FAINT, "request")
        return self._by_verb()

    def _by_verb(self) -> tuple[Weight, str] | None:
        words, topic = self.words, self.topic
        if MEETS.among(words) and _has_moment(self.text):
            return Weight.CLEAR, "meeting"
        if self.priced:
            return (Weight.CLEAR if self.question else Weight.OPEN), "money"
        verb = _second_person(words, question=self.question)
        told = any(start == 0 for start, _ in ACTING.spans(words[:3]))
        to_you = not SECOND.isdisjoint(words)
        if topic and (
            self.please or self.tagged or told or verb or to_you or (_ends(words[0], ENDINGS) and words[0] not in DAYS)
        ):
            return Weight.CLEAR, topic
        together = _together(words, question=self.question or topic is not None)
        addressed = words[0] in SECOND and len(words) > 2
        if self.please or self.tagged or verb or told or together or addressed or _begins_with_verb(words, topic):
            return Weight.OPEN, topic or "request"
        if topic == "data" and self.personal:
            return Weight.CLEAR if self.question or words[0] in WONDERS else Weight.OPEN, topic
        if not self.question:
            return None
        known = topic or self.personal or (to_you and words[0] != "do")
        return Weight.OPEN if known else Weight.FAINT, topic or "request"


def _core(words: Sequence[str]) -> Sequence[str]:
    """Return the words without fillers at the start."""
    start = 0
    while start < len(words) and words[start] in FILLERS:
        start += 1
    return words[start:] or words


def _second_person(words: Sequence[str], *, question: bool) -> bool:
    """Return whether a verb is in the second person, by its ending or by the word before it."""
    first, second = words[0], " ".join(words[1:2])
    if _ends(first, ENDINGS if second and (question or second in DETERMINERS) else ENDINGS[:2]):
        return True
    if any(len(word) > 5 and word.endswith(("resti", "rias")) for word in words):
        return True
    pairs = pairwise(words)
    return any(
        (one in CLITICS and (other in SHORT_VERBS or _ends(other, (*ENDINGS, "a", "e"))))
        or (one in ARTICLES and _ends(other, (*ENDINGS, "a", "e")) and not CLITICS.isdisjoint(words))
        or (one in LEADS and _ends(other, ENDINGS[2:] if one in CONJUNCTIONS else ENDINGS[2:5]))
        for one, other in pairs
    )


def _may(words: Sequence[str], topic: str | None) -> bool:
    """Return whether the sentence asks for permission or help, for the speaker or from the listener."""
    personal = not PERSONAL.isdisjoint(words)
    moment = any(word.isdecimal() for word in words) or MEETS.among(words) or not DAYS.isdisjoint(words)
    return (words[0] in MODALS and (personal or topic is not None or moment)) or (
        personal and not MODALS.isdisjoint(words[1:OPENING]) and not POSSESSIVES.isdisjoint(words)
    )


def _orders(words: Sequence[str]) -> bool:
    """Return whether the sentence begins with an imperative such as "call me"."""
    first = words[0]
    return (len(first) > 4 and first.endswith(ATTACHED)) or (
        len(words) > 1 and words[1] in OBJECTS and first not in WONDERS and not first.endswith("o")
    )


def _together(words: Sequence[str], *, question: bool) -> bool:
    """Return whether the sentence proposes something that "we" do."""
    first, second = words[0], " ".join(words[1:2])
    if first in ("on", "wir", "ma") or second in ("wir", "we", "ma"):
        return len(words) > 2
    return question and any(_ends(word, WE) for word in words)


def _to_be_told(words: Sequence[str]) -> bool:
    """Return whether the sentence only asks for information."""
    mine = not TOLD.isdisjoint(words) or any(word.endswith(("rme", "rmi")) for word in words)
    return mine and INFORM.among(words)


def _begins_with_verb(words: Sequence[str], topic: str | None) -> bool:
    """Return whether the sentence begins with an imperative. Verbs in the first person have other endings."""
    first = words[0]
    return (
        topic is not None
        and len(words) > 2
        and not first.endswith(("o", "ed", "ing", "en", "ons", "ei"))
        and any(start == 0 for phrases in TOPICS.values() for start, _ in phrases.spans(words[:2]))
    )


def _to_do(words: Sequence[str]) -> bool:
    """Return whether the wish is an action and not only a thing."""
    behind = words[max((end for _, end in WANTS.spans(words)), default=0) :]
    if not {"do", "you", "u", "wanna"}.isdisjoint(words):
        return "to" in words or "wanna" in words
    return any(_ends(word, ("er", "ir", "ar", "re", "armi", "ermi", "arme", "erme", "en")) for word in behind)


def _names_price(words: Sequence[str]) -> bool:
    """Return whether an amount is offered or asked for something: "for 80", "1500 for the car"."""
    for before, word, behind in zip(("", *words), words, (*words[1:], ""), strict=False):
        if word.isdecimal() and len(word) > 1 and ((before in FOR and not behind) or (not before and behind in FOR_IT)):
            return True
    return False


def _ends(word: str, endings: tuple[str, ...]) -> bool:
    return len(word) > 3 and word.endswith(endings) and word not in NO_VERBS


def _has_moment(sentence: str) -> bool:
    named = Named([sentence])
    return bool(named.moments or named.figures)
