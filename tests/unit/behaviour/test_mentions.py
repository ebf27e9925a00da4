import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.behaviour.mentions import calls


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann, are you there?", "Ann"),
        ("what does ANN think", "Ann"),
        ("@ann", "Ann"),
        ("ann", "@Ann"),
        ("🎉Ann🎉", "Ann"),
        ("❤️Ann❤️", "Ann"),
        ("_Ann_ *said*", "Ann"),
        ("\u2068Ann\u2069!", "Ann"),
        ("Ann's turn", "Ann"),
        ("Annabel and Ann", "Ann"),
        ("hey anna  maria\nschmidt", "Anna Maria"),
        ("Frau Groß", "gross"),
        ("GROSS", "Groß"),
        ("Jose\u0301!", "José"),
        ("\uff21\uff4e\uff4e", "Ann"),
        ("ΘΩΜΑΣ", "Θωμας"),
        ("我叫小明吗", "小明"),
        ("你好Ann在吗", "Ann"),
        ("健太くんはどこ", "健太"),
        ("สวัสดีมะลิครับ", "มะลิ"),
        ("민수야 뭐해", "민수"),
        ("राम, कैसे हो", "राम"),
        ("يا أحمد، تعال", "أحمد"),
        ("🦊 come", "🦊"),
    ],
)
def test_who_is_called(text: str, name: str) -> None:
    assert calls(text, ["Zoe", name])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Annabel", "Ann"),
        ("Joann", "Ann"),
        ("ann_b", "Ann"),
        ("ann2", "Ann"),
        ("Anna, Maria", "Anna Maria"),
        ("An n", "Ann"),
        ("रामायण", "राम"),
        ("анна", "анн"),
        ("곽민수", "민수"),
        ("anything", " "),
        ("", "Ann"),
    ],
)
def test_who_is_not_called(text: str, name: str) -> None:
    assert not calls(text, [name])


def test_nobody_without_a_name_is_called() -> None:
    assert not calls("Ann", [])


LATIN = st.text(st.characters(codec="ascii", categories=["L"]), min_size=1, max_size=8)
AROUND = st.text(st.sampled_from("@.,!? ()\n🎉👍🏽\u2068\u2069*'"), max_size=4)


@given(LATIN, AROUND, AROUND)
def test_what_stands_around_a_name_does_not_matter(name: str, before: str, after: str) -> None:
    assert calls(before + name.swapcase() + after, [name])


@given(LATIN, LATIN)
def test_a_part_of_a_word_is_no_name(name: str, more: str) -> None:
    assert not calls(name + more, [name])
    assert not calls("x" + name, [name])


@given(st.text(min_size=1), st.text())
def test_any_text_can_be_looked_through(name: str, text: str) -> None:
    assert calls(text, [name]) in (True, False)
