"""What a message asks of the account's owner: money, things, time, presence, papers, data, a decision.

A request is told by its frame ("can you", "me prestas"), by what people say who expect one to come, lend or agree,
and by its matter. What is asked about the past, small talk, and what somebody offers ask nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from imposter.behaviour.asking_words import (
    CLITICS,
    FILLERS,
    FRAMES,
    HARMLESS,
    INFORM,
    MEETS,
    MIND,
    NEEDS,
    NO_VERBS,
    OFFERS,
    PLEASE,
    SECOND,
    SHALL,
    STANDING,
    TAGS,
    WONDERS,
)
from imposter.behaviour.commitments import CLAUSE, SENTENCE, Kind, Named
from imposter.behaviour.past import tells_past
from imposter.behaviour.plain import Spelling, plain
from imposter.behaviour.topics import ACTING, TOPICS

LONGEST = 4000
"""Characters of what was asked that are looked at. In what is longer a request may stand anywhere."""
MOST_STARTS = 4
"""Of a request within one sentence that are tried."""
KINDS = {kind.value: kind for kind in Kind} | {"send": Kind.THINGS}


class Weight(IntEnum):
    OPEN = 1
    """It may be a request: a yes to it is one."""
    CLEAR = 2
    """It is one: whatever is no refusal, no delay and no question is a yes to it."""


@dataclass(frozen=True, slots=True)
class Ask:
    weight: Weight
    kind: Kind
    words: tuple[str, ...]
    text: str
    """As it stands in the message, if perhaps in plainer letters."""
    minds: bool = False
    """It asks whether they mind, and a no says yes to it."""


def asks(text: str, spell: Spelling = plain) -> Iterator[Ask]:
    """What `text` asks for. Takes time in proportion to its length."""
    if len(text) > LONGEST:
        yield Ask(Weight.OPEN, Kind.REQUEST, (), "")
        text = text[-LONGEST:]
    before = ""
    for sentence in SENTENCE.findall(text):
        words = spell(sentence).split()
        if words and len(words) <= 3 and TAGS.among(words) and before:
            sentence = f"{before.rstrip('.!; ')} {sentence}"
        before = sentence
        found = _ask(sentence, spell)
        if found is not None:
            yield found


def _ask(sentence: str, spell: Spelling) -> Ask | None:
    words = spell(sentence).split()
    question = "?" in sentence
    for part in (words, *_rests(words), *(spell(clause).split() for clause in CLAUSE.split(sentence))):
        found = _sorted(_core(part), question, sentence) if part else None
        if found is not None:
            return Ask(found[0], KINDS[found[1]], tuple(words), sentence.strip(), MIND.among(words))
    return None


def _rests(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """What begins like a request behind something else: few put a point between them."""
    starts = (start for phrases in (FRAMES, SHALL, *STANDING.values()) for start, _ in phrases.spans(words))
    return (words[start:] for start in sorted(set(starts))[:MOST_STARTS] if start)


def _sorted(words: Sequence[str], question: bool, sentence: str) -> tuple[Weight, str] | None:
    topic = next((kind for kind, phrases in TOPICS.items() if phrases.among(words)), None)
    standing = next((kind for kind, phrases in STANDING.items() if phrases.among(words)), None)
    please, frame = PLEASE.among(words), FRAMES.among(words)
    tagged = len(words) > 2 and TAGS.among(words)
    if standing != "money" and topic != "data":
        if OFFERS.among(words) and not please:
            return None
        if standing != "decision" and HARMLESS.among(words):
            return None
    if not (frame or please or tagged or standing) and tells_past(words):
        return None
    if words[0] in WONDERS and not frame and standing is None and topic not in ("data", "money"):
        return None
    if standing is not None:
        return Weight.CLEAR if standing != "decision" or question or tagged or topic else Weight.OPEN, standing
    if frame:
        if INFORM.among(words) and topic not in ("data", "documents"):
            return None
        return (Weight.CLEAR, topic) if topic else (Weight.OPEN, "request")
    if SHALL.among(words):
        return (Weight.CLEAR, "decision") if topic else None
    if MEETS.among(words) and _has_moment(sentence):
        return Weight.CLEAR, "meeting"
    if NEEDS.among(words):
        return Weight.OPEN, topic or "request"
    if topic and (please or tagged or ACTING.among(words[:1]) or _second_person(words)):
        return Weight.CLEAR, topic
    if topic and question:
        return Weight.OPEN, topic
    if please or tagged or (question and _second_person(words)):
        return Weight.OPEN, "request"
    return None


def _core(words: Sequence[str]) -> Sequence[str]:
    """Without what people begin with."""
    start = 0
    while start < len(words) and words[start] in FILLERS:
        start += 1
    return words[start:] or words


def _second_person(words: Sequence[str]) -> bool:
    """Whether a verb speaks to somebody, by its ending or by what stands beside it."""
    first = words[0]
    if len(first) > 3 and first.endswith(("st", "ste", "as", "es", "is")) and first not in NO_VERBS:
        return True
    if len(first) > 3 and first.endswith("i") and len(words) > 1:
        return True
    pairs = zip(words, words[1:], strict=False)
    return any(one in SECOND or other in SECOND or (one in CLITICS and len(other) > 2) for one, other in pairs)


def _has_moment(sentence: str) -> bool:
    named = Named([sentence])
    return bool(named.moments or named.figures)
