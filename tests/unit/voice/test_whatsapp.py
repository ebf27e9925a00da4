# ruff: noqa: RUF001 - chats in many languages
"""WhatsApp's exports that are not as they should be: pasted lines, notices with colons, dates and bytes gone wrong."""

from datetime import UTC, datetime, timedelta

import pytest

from imposter.voice.export import Export, Unread, UnreadableExport
from imposter.voice.exports import read
from imposter.voice.files import ExportFile

TALK = """\
[01/05/2024, 09:00:00] Mia: did you book the table?
[01/05/2024, 09:02:00] Tom: yes, for eight
[01/05/2024, 09:10:00] Mia: look what he wrote to me
{}
[01/05/2024, 09:12:00] Tom: haha typical
[15/05/2024, 09:12:00] Mia: are you there?
"""


def parse(text: str) -> Export:
    return read([ExportFile("chat.txt", text.encode())])


def members(export: Export) -> list[str]:
    return [speaker.name for speaker in export.speakers if speaker.member]


def texts(export: Export) -> list[str]:
    return [line.text for line in export.lines if line.text and not line.quoted]


@pytest.mark.parametrize(
    "pasted",
    [
        "[30/04/2024, 18:00:00] Karl: bring the ladder",
        "[01/05/2024, 09:05:00] Karl: bring the ladder",
        "[03/05/2024, 09:05:00] Karl: bring the ladder",
        "[03/06/2024, 09:05:00] Karl: bring the ladder",
        "[30/04/2024, 18:00:00] Karl: bring\nthe ladder",
        "[30/04/2024, 18:00:00] Karl: bring\n[30/04/2024, 18:01:00] Lena: the ladder\n[30/04/2024, 18:02:00] Karl: ok?",
        "30.04.24, 18:00 - Karl: bring the ladder",
        "4/30/24, 6:00 PM - Karl: bring the ladder",
        "[4/30/24, 6:00:00 PM] Karl: bring the ladder",
        "[30/04/2024, 18:00:00] Tom: bring the ladder",
    ],
)
def test_a_pasted_line_makes_no_group_and_is_nobodys_words(pasted: str) -> None:
    export = parse(TALK.format(pasted))
    assert members(export) == ["Mia", "Tom"]
    assert export.others("Tom") == ["Mia"]
    assert texts(export) == [
        "did you book the table?", "yes, for eight", "look what he wrote to me", "haha typical", "are you there?",
    ]  # fmt: skip
    assert not any("ladder" in said.text for said in export.said("Tom"))


def chat(count: int, names: tuple[str, ...] = ("Mia", "Tom")) -> str:
    begin = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)
    return "".join(
        f"[{begin + timedelta(minutes=7 * number):%d/%m/%Y, %H:%M:%S}] {names[number % len(names)]}: line {number}\n"
        for number in range(count)
    )


def test_who_has_under_two_percent_of_the_lines_is_quoted() -> None:
    later = "[09/05/2024, 10:00:00] Karl: bring the ladder\n[09/05/2024, 10:00:00] Mia: he said\n"
    export = parse(chat(120) + later)
    assert members(export) == ["Mia", "Tom"]
    assert export.counts == {"text": 121, "quoted": 1}
    assert "Karl" in members(parse(chat(20) + later))


def test_members_of_a_large_group_are_no_quotations() -> None:
    names = tuple(f"Person {number}" for number in range(80))
    export = parse(chat(400, names))
    assert len(members(export)) == 80
    assert len(export.said("Person 3")) == 400


def test_one_who_is_only_quoted_may_still_be_the_owner() -> None:
    said = parse(chat(200) + "[09/05/2024, 10:00:00] Karl: hi\n").said("karl")
    assert [line.text for line in said if line.mine] == ["hi"]


def test_clocks_that_were_put_back_quote_nobody() -> None:
    text = "[27/10/2024, 02:50:00] Mia: a\n[27/10/2024, 02:10:00] Tom: b\n[27/10/2024, 02:20:00] Mia: c\n" + chat(0)
    assert texts(parse(text + "[27/10/2024, 09:20:00] Tom: d\n")) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "name", ['Rosa "Tante" Berg', "Rosa „Tante“ Berg", "Rosa «Tante» Berg", "小「美」雅", "O'Neil"]
)
def test_a_name_with_quotation_marks_is_a_name(name: str) -> None:
    export = parse(f"12/03/2024, 15:05 - {name}: kommst du heute?\n12/03/2024, 15:06 - Tom: ja um acht")
    assert members(export) == [name, "Tom"]


@pytest.mark.parametrize(
    "notice",
    [
        "Mia changed the group description: new rules",
        'Mia changed the subject from "a" to "b: c"',
        "Mia changed the subject from “a” to “b: c”",
        "You changed the group description: rules",
        "Mia hat die Gruppenbeschreibung geändert: neu",
        "Mia hat den Betreff von „a“ zu „b: c“ geändert",
        "小明将群组名称改为「a: b」",
        "小明變更了群組說明: 新規則",
        "Mia cambió la descripción del grupo: reglas",
        "Mia a modifié la description du groupe: règles",
        "Мия изменил(-а) тему на «а: б»",
        "Miaがグループの説明を変更しました: 新しい",
        "Your security code with Rosa: work changed. Tap to learn more.",
    ],
)
def test_a_notice_with_a_colon_is_no_speaker(notice: str) -> None:
    text = f"12/03/2024, 15:05 - {notice}\n12/03/2024, 15:07 - Tom: hi\n12/03/2024, 15:08 - Mia: hi\n"
    export = parse(text)
    assert sorted(members(export)) == ["Mia", "Tom"]
    assert export.counts == {"text": 2, "notice": 1}


def test_notices_under_a_groups_name_are_no_lines_of_a_member() -> None:
    export = parse(
        "[12/03/2024, 15:05:00] Trip to Rome: \u200eMia created this group\n"
        "[12/03/2024, 15:05:00] Trip to Rome: \u200eMia added you\n" + chat(4)
    )
    assert members(export) == ["Mia", "Tom"]
    assert export.counts == {"text": 4, "notice": 2}


@pytest.mark.parametrize(
    "line",
    [
        "[31/02/2024, 10:00:00] Tom: there is no such day",
        "[03/05/2024, 25:00:00] Tom: nor such an hour",
        "[03/05/2024, 3:00:00 xm] Tom: nor such a half of the day",
        "[3. Mai 2024, 10:00:00] Tom: a month in words",
        "[03/05/2024, 10:00:00 Tom: no bracket",
    ],
)
def test_what_is_like_a_message_and_not_understood_is_told_and_is_nobodys_words(line: str) -> None:
    export = parse(f"{chat(4)}{line}\nand more of it\n[09/05/2024, 10:00:00] Tom: hi\n")
    assert texts(export) == ["line 0", "line 1", "line 2", "line 3", "hi"]
    assert export.unread == (Unread(5, line, "chat.txt"),)
    assert export.unread_lines == 1


@pytest.mark.parametrize("line", ["03/05/2024, 10:00 -Tom: no blank", "03/05/2024, 10:00 xm - Tom: no such half"])
def test_the_same_without_brackets(line: str) -> None:
    export = parse(f"01/05/2024, 10:00 - Mia: a\n01/05/2024, 10:01 - Tom: b\n{line}\n09/05/2024, 10:00 - Tom: c\n")
    assert texts(export) == ["a", "b", "c"]
    assert [(each.number, each.text) for each in export.unread] == [(3, line)]


def test_a_few_lines_that_are_not_in_the_order_of_time_are_all_said() -> None:
    export = parse("12/3/24, 3:05 PM - Tom: a\n12/3/24, 9:05 AM - Mia: b\n")
    assert texts(export) == ["a", "b"]


def test_what_stands_before_the_first_message_is_told() -> None:
    export = parse(f"Chat with Mia\n\n{chat(2)}")
    assert [(each.number, each.text) for each in export.unread] == [(1, "Chat with Mia")]


def test_lines_of_a_message_may_begin_with_a_date() -> None:
    text = f"{chat(3)}Termine:\n12.06. 18 Uhr: Probe\n2024 um 10:30 - wer kommt: alle\n1. das: hier\n"
    assert texts(parse(text))[-1].endswith(
        "Termine:\n12.06. 18 Uhr: Probe\n2024 um 10:30 - wer kommt: alle\n1. das: hier"
    )


def test_a_file_of_which_no_date_is_known_is_refused_with_its_first_line() -> None:
    with pytest.raises(UnreadableExport, match="line 1 is '3 Mar 2024, 10:00 - Tom: hi'"):
        parse("3 Mar 2024, 10:00 - Tom: hi\n4 Mar 2024, 10:00 - Mia: hi\n")


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("03-11-2024", "03-12-2024", "03-29-2024"), (3, 11)),
        (("03.11.2024", "03.12.2024", "03.29.2024"), (3, 11)),
        (("03/11/24", "03/12/24", "03/29/24"), (3, 11)),
        (("11-03-2024", "12-03-2024", "29-03-2024"), (3, 11)),
        (("11.03.24", "12.03.24", "01.04.24"), (3, 11)),
        (("24. 3. 11.", "24. 3. 12.", "24. 11. 28."), (3, 11)),
        (("24/03/11", "24/03/12", "24/03/29"), (3, 11)),
        (("2024-03-11", "2024-03-12", "2024-03-29"), (3, 11)),
        (("05/11/2024", "06/11/2024", "09/11/2024"), (11, 5)),
        (("11/05/2024", "11/06/2024", "11/09/2024"), (11, 5)),
    ],
)
def test_the_order_of_a_date_is_decided_by_the_whole_file(dates: tuple[str, ...], first: tuple[int, int]) -> None:
    export = parse("".join(f"[{date}, 10:00:00] {name}: hi\n" for date, name in zip(dates, "MTM", strict=True)))
    assert (export.lines[0].at.month, export.lines[0].at.day) == first
    assert {line.at.year for line in export.lines} == {2024}


def test_a_pasted_date_of_another_order_does_not_decide() -> None:
    lines = "".join(f"[{day:02}/05/2024, 10:00:00] {name}: hi\n" for day, name in enumerate("MTMTMTMT", 1))
    export = parse(lines.replace("[05/", "[12/31/2023, 10:00:00] Karl: x\n[05/"))
    assert [line.at.day for line in export.lines] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [each.number for each in export.unread] == [5]


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98"])
def test_bad_bytes_are_left_out_and_told(bad: bytes) -> None:
    export = read([ExportFile("chat.txt", chat(3).encode().replace(b"line 1", b"li" + bad + b"ne 1"))])
    assert texts(export) == ["line 0", "line 1", "line 2"]
    assert export.damaged == 1


def test_a_chat_that_was_converted_is_refused() -> None:
    with pytest.raises(UnreadableExport, match="no text in UTF-8"):
        read([ExportFile("chat.txt", chat(40).replace("line", "für später").encode("latin-1"))])
