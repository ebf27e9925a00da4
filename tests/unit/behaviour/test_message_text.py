import pytest

from imposter.behaviour.message_text import shown_text
from imposter.contracts.messages import MessageKind

EDIT = "the new words of an edited message"


@pytest.mark.parametrize(
    ("content", "kind", "unseen", "shown"),
    [
        ("", MessageKind.TEXT, EDIT, f"[only on your phone: {EDIT}]"),
        ("\u200b", MessageKind.TEXT, EDIT, f"[only on your phone: {EDIT}]"),
        ("at five", MessageKind.TEXT, EDIT, "at five"),
        ("", MessageKind.IMAGE, "picture", "[picture]"),
        ("", MessageKind.TEXT, None, ""),
    ],
)
def test_what_was_not_seen_is_told_where_nothing_else_is(
    content: str, kind: MessageKind, unseen: str | None, shown: str
) -> None:
    assert shown_text(content, kind, unseen=unseen) == shown
