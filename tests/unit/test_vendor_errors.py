"""The table of vendors' errors, row by row, and what of a vendor's words an owner may read."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from imposter.contracts.errors import ModelUnavailable, ResourceExhausted
from llm_providers._breaker import FAILURES, LONGEST_PAUSE, Breakers
from llm_providers._complaint import LONGEST_RETRY_AFTER, Complaint, complaint
from llm_providers._owner_words import MOST, fit_for_owner
from llm_providers._vendor_errors import TABLE, ErrorPattern, Remedy, found


def ways(row: ErrorPattern) -> Iterator[Complaint]:
    """Each way in which a vendor may say it."""
    for status in row.statuses or (400, 500):
        for code in row.codes:
            yield Complaint(status, codes=frozenset({code}))
        for words in row.words:
            yield Complaint(status, text=f"error: {words.replace('…', ' x ')}.")
        if not row.codes and not row.words:
            yield Complaint(status)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.sentence[:40])
def test_each_row_is_found_by_each_of_its_codes_and_words(row: ErrorPattern) -> None:
    for each in ways(row):
        finding = found(each)
        assert finding is not None
        first = next(other for other in TABLE if other.fits(each))
        assert (str(finding.error), finding.remedy) == (first.sentence, first.remedy)
        assert first is row or set(first.statuses) == {each.status}, "a row before takes only what its status says"
    assert row.sentence.endswith(".")
    assert all(word == word.lower() for word in (*row.words, *row.codes))


@pytest.mark.parametrize("status", [408, 409, 425, 429, 498, 500, 502, 503, 504, 529])
def test_trouble_without_a_word_may_pass(status: int) -> None:
    finding = found(Complaint(status))
    assert finding is not None
    assert isinstance(finding.error, ModelUnavailable)


def test_what_is_not_in_the_table_is_not_guessed() -> None:
    assert found(Complaint(400, text="the frobnicator is wrong")) is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b"[[]]", b'"no"', b"7", b"{}", b"\xff\xfe"),
        b'{"error": []}',
        b'{"error": {"message": {"detail": 7}}}',
        b'{"detail": [{"loc": [], "msg": 7, "type": [1]}]}',
        b'{"error": {"code": true, "param": [1]}}',
    ],
)
def test_a_body_of_any_shape_is_read(body: bytes) -> None:
    assert found(complaint(503, {}, body)) is not None
    assert found(complaint(400, {}, body), ["seed"]) is None


def test_a_setting_is_told_from_one_whose_name_is_longer() -> None:
    text = "unsupported: 'max_tokens_to_sample'"
    assert found(Complaint(400, text=text), ["max_tokens"]) is None
    finding = found(Complaint(400, text="unsupported: 'max_tokens'; see max_completion_tokens"), ["max_tokens"])
    assert finding is not None
    assert (finding.remedy, finding.parameter) == (Remedy.PARAMETER, "max_tokens")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset-requests": "1h2m3s"}, 3723 - 123),
        ({"x-ratelimit-reset-requests": "12ms", "x-ratelimit-reset-tokens": "1.5"}, 1.5),
        ({"retry-after": "3", "x-ratelimit-reset-requests": "20s"}, 3),
        ({"x-ratelimit-reset-requests": "s"}, None),
        ({"retry-after-ms": "inf"}, None),
    ],
)
def test_waits_are_read_and_bounded(headers: dict[str, str], seconds: float | None) -> None:
    asked = complaint(429, headers, b"{}").retry_after
    assert asked == (seconds if seconds is None else min(seconds, LONGEST_RETRY_AFTER))


def test_a_vendors_words_are_short_and_on_one_line() -> None:
    assert fit_for_owner("bad\nfield\tx  y2", talk=[], secrets=[]) == "bad field x y2"
    assert len(fit_for_owner("word " * 300, talk=[], secrets=[])) == MOST


@pytest.mark.parametrize("said", ["é", "\\u0061", "hello there you", "a" * 25, ""])
def test_words_of_which_nothing_is_sure_are_not_shown(said: str) -> None:
    assert fit_for_owner(said, talk=["hello there you"], secrets=[]) == ""


class Server:
    """Through a breaker, by a clock in the test's hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.away = True
        self.told = ""
        self.breakers = Breakers(lambda: self.now)

    def ask(self, key: str = "key") -> float | None:
        """Seconds to wait where it was not let through."""
        before = self.asked
        try:
            with self.breakers.passing(("url", key, "model")):
                self._answer()
        except ModelUnavailable as error:
            self.told = str(error)
            return None if self.asked > before else error.retry_after
        else:
            return None

    def _answer(self) -> None:
        self.asked += 1
        if self.away:
            raise ModelUnavailable("Away.")


def test_a_server_that_could_not_be_asked_is_no_server_in_trouble() -> None:
    server = Server()
    for _ in range(FAILURES + 1):
        with pytest.raises(ResourceExhausted), server.breakers.passing(("url", "key", "model")):
            raise ResourceExhausted
    assert server.ask() is None
    assert server.asked == 1


def test_a_server_that_failed_in_a_row_is_left_alone_ever_longer_and_asked_by_one() -> None:
    server = Server()
    for _ in range(FAILURES + 50):
        server.ask()
    assert server.asked == FAILURES
    for _ in range(8):
        wait = server.ask()
        assert wait is not None
        server.now += wait
        asked = server.asked
        for _ in range(20):
            server.ask()
        assert server.asked == asked + 1
    assert server.ask() == LONGEST_PAUSE
    assert server.told == "Away.", "who is not let through hears why"
    server.ask("another key")
    server.now += LONGEST_PAUSE
    server.away = False
    server.ask()
    assert [server.ask() for _ in range(20)] == [None] * 20


def test_while_one_asks_whether_it_is_back_the_others_are_told_to_wait_also_if_it_never_hears() -> None:
    server = Server()
    for _ in range(FAILURES):
        server.ask()
    server.now += LONGEST_PAUSE
    with suppress(KeyboardInterrupt), server.breakers.passing(("url", "key", "model")):
        assert server.ask() is not None
        raise KeyboardInterrupt
    server.away = False
    assert server.ask() is None
    assert server.asked == FAILURES + 1
