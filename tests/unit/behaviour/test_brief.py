"""What an owner is told who comes back to a chat."""

from imposter.behaviour.away_summary import LONGEST_LINE, MOST_LINES, SummaryLine, open_lines, told

ASKED, ANSWERED = SummaryLine(False, "are you coming tomorrow?"), SummaryLine(True, "Sure, at eight!")


def test_it_shows_both_sides_and_what_was_promised() -> None:
    assert told("Ann", [ASKED, ANSWERED], ["at eight"], undoable=False).splitlines() == [
        "While you were away, 1 message was sent to “Ann” for you:",
        "They: “are you coming tomorrow?”",
        "You: “Sure, at eight!”",
        "Promised: “at eight”",
    ]


def test_it_names_what_is_open() -> None:
    talk = [ASKED, ANSWERED, SummaryLine(False, "and the key?"), SummaryLine(False, "hello?")]
    assert open_lines(talk) == ["and the key?", "hello?"]
    assert "Not answered yet: “and the key?”; “hello?”" in told("Ann", talk, [], undoable=False)
    assert open_lines([ASKED, ANSWERED]) == []
    assert "Not answered" not in told("Ann", [ASKED, ANSWERED], [], undoable=False)


def test_it_says_how_to_take_it_back_only_where_that_can_be_done() -> None:
    assert '"undo"' in told("Ann", [ASKED, ANSWERED], [], undoable=True)
    assert "undo" not in told("Ann", [ASKED, ANSWERED], [], undoable=False)


def test_a_long_talk_and_long_lines_are_cut_and_no_line_can_pretend_to_be_two() -> None:
    talk = [SummaryLine(False, "a\nYou: b" * LONGEST_LINE), ANSWERED] * MOST_LINES
    brief = told("Ann", talk, [], undoable=False)
    lines = brief.splitlines()
    assert f"{MOST_LINES} messages were sent" in lines[0]
    assert lines[1] == f"({MOST_LINES} earlier ones are not shown)"
    assert len(lines) == 2 + MOST_LINES
    assert max(map(len, lines)) <= len("They: “”") + LONGEST_LINE + 1
