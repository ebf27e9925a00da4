"""The result of a model test, and its description for the owner. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from imposter.contracts.model import NotTaken
from imposter.runtime.costs.pricing import MILLION


class Judged(StrEnum):
    """The model's judgement of an answer that commits the owner to nothing."""

    RIGHTLY = "rightly"
    WRONGLY = "wrongly"
    FAILED = "failed"
    NOT_ASKED = "not_asked"
    """The test had no time or no question left for it."""
    CANNOT = "cannot"
    """The provider has no such ability."""


_JUDGED = {
    Judged.RIGHTLY: "It can judge answers, as guard_judge has it do.",
    Judged.WRONGLY: "It cannot judge answers: it took a harmless one for a promise. With guard_judge, answers would "
    "wait for you without need.",
    Judged.FAILED: "It could not be asked to judge an answer. With guard_judge, answers would wait for you.",
    Judged.NOT_ASKED: "Whether it can judge answers was not tried.",
    Judged.CANNOT: "Its provider cannot judge answers: guard_judge cannot be used.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTest:
    """The result of a model test. None means unknown."""

    error: str | None = None
    """Reason for the owner why there is no answer."""
    answer: str = ""
    model: str | None = None
    seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: int | None = None
    """In millionths."""
    currency: str
    price_known: bool
    unsure: bool = False
    """The model marked its answer as doubtful."""
    machinery: bool = False
    leaks: bool = False
    """The answer repeats text that no contact may read."""
    reasoned: bool = False
    """The answer contained the model's reasoning, which was removed."""
    not_taken: tuple[NotTaken, ...] = ()
    told: str | None = None
    judged: Judged = Judged.NOT_ASKED

    @property
    def works(self) -> bool:
        """Whether the model gave an answer, even if a chat would hold it back for the owner."""
        return self.error is None and bool(self.answer or self.leaks)

    @property
    def sentences(self) -> list[str]:
        """All findings as sentences, except for the error and the answer."""
        return list(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.error is None:
            yield self._took()
        yield from dict.fromkeys(each.told for each in self.not_taken)
        rest = self.told or ""
        for each in self.not_taken:
            rest = rest.replace(each.told, "")
        if rest.strip():
            yield " ".join(rest.split())
        if self.error is not None:
            return
        if self.reasoned and not self.answer:
            yield "It only reasoned, and came to no answer: in a chat you would be left to answer yourself."
        elif self.reasoned:
            yield "It wrote its reasoning into the answer; that is taken off before anybody sees it."
        if self.leaks:
            yield "The answer repeats your instructions or your key: in a chat it would wait for you."
        if self.machinery:
            yield "Something in the answer is for no person: in a chat it would wait for you."
        if self.unsure and self.answer:
            yield "It marks what it cannot know, as here, where nobody told it: such answers wait for you."
        elif self.answer:
            yield (
                "It did not mark that it cannot know what it was asked for at the end: what it makes up may go out, "
                "unless you have it ask you first."
            )
        elif not (self.reasoned or self.leaks):
            yield "It said nothing: in a chat, nobody would get an answer."
        yield _JUDGED[self.judged]
        yield self._price()

    def _took(self) -> str:
        who = self.model or "A model whose name is not told"
        took = "" if self.seconds is None else f" in {self.seconds:.1f} s"
        if self.prompt_tokens is None or self.completion_tokens is None:
            return f"{who} answered{took}; how many tokens the test took is not told, so they cannot be bounded."
        return f"{who} answered{took}; the test took {self.prompt_tokens} tokens in and {self.completion_tokens} out."

    def _price(self) -> str:
        if not self.price_known:
            return "Its price is not known: to bound what it costs, name its price in budget_config.prices."
        if self.cost is None:
            return "Its price is known."
        return f"Its price is known: the test cost {self.cost / MILLION:.6f} {self.currency}."
