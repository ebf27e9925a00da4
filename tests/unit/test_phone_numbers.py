import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imposter.phone_numbers import MOST_CHARACTERS, at_home, is_national, plain_id, problem, read, shown

CURE = "with its country code, such as +49 151 2345678"


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("491512345678", "491512345678"),
        ("+49 151 2345678", "491512345678"),
        ("0049 151 2345678", "491512345678"),
        ("+49 (0)151 2345678", "491512345678"),
        ("+49(0)151/23 45-678", "491512345678"),
        ("0049 (0)151 2345678", "491512345678"),
        ("+49 0151 2345678", "491512345678"),
        ("(+49) 151.2345678", "491512345678"),
        ("(0049) 151 2345678", "491512345678"),
        ("\u202a+49 151 2345678\u202c", "491512345678"),
        ("\u2066+49\u00a0151\u202f2345678\u2069", "491512345678"),
        ("\ufeff+49\u200b151\u200e2345678\u00ad", "491512345678"),
        ("+49\u2007151\u20092345678\n", "491512345678"),
        ("+49\u2010151\u20112345\u2013678", "491512345678"),
        ("\uff0b\uff14\uff19\u3000\uff08\uff11\uff15\uff11\uff09\uff0d2345678", "491512345678"),
        ("+\u0664\u0669 \u0661\u0665\u0661 \u0662\u0663\u0664\u0665\u0666\u0667\u0668", "491512345678"),
        ("+\u096f\u0967 98765 43210", "919876543210"),
        ("+1 (650) 253-0000", "16502530000"),
        ("+7 8 912 345-67-89", "79123456789"),
        ("+44 (0)20 7946 0958", "442079460958"),
        ("+34 (0)612 345 678", "34612345678"),
        ("+352 (0)621 123 456", "352621123456"),
        ("+39 06 1234567", "39061234567"),
        ("+39 (0)6 1234567", "39061234567"),
        ("+39 (0)347 1234567", "393471234567"),
        ("+378 (0)549 886377", "3780549886377"),
        ("+54 11 15 5874 9895", "5491158749895"),
        ("+54 9 11 5874 9895", "5491158749895"),
        ("+52 1 55 1234 5678", "5215512345678"),
        ("+52 55 1234 5678", "525512345678"),
        ("+55 31 9634 8800", "553196348800"),
        ("+225 01 23 45 67", "22501234567"),
        ("+229 97 12 34 56", "22997123456"),
        ("+683 4002", "6834002"),
    ],
)
def test_every_way_to_write_a_number_is_read_as_its_digits_from_the_country_code_on(written: str, digits: str) -> None:
    assert read(written) == digits
    assert problem(written) is None
    assert read(digits) == digits


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("0151 2345678", "has no country code"),
        ("(0)151 2345678", "has no country code"),
        ("\u202a(0151) 2345678\u202c", "has no country code"),
        ("+0151 2345678", "no country code that there is"),
        ("+999 151 2345678", "no country code that there is"),
        ("+49 151", "too few digits for a number of country code 49"),
        ("+1 555 0001", "too few"),
        ("+49 12345678901234", "too many"),
        ("+49 151 2345678 9012345", "too many"),
        ("+52 044 55 1234 5678", "too many"),
        ("12", "too short"),
        ("+", "no phone number"),
        ("", "no phone number"),
        ("()", "too short"),
        ("+49+151 2345678", "no phone number"),
        ("49+151 2345678", "no phone number"),
        ("151 23456789", "neither with + nor with 00"),
        ("49 151 2345678", "neither with + nor with 00"),
        ("(212) 555-0123", "neither with + nor with 00"),
        ("151-23456789", "neither with + nor with 00"),
        ("+49 151 2345678, +49 160 1234567", "more than one number"),
        ("+49 151 2345678 0049 160 1234567", "more than one number"),
        ("491512345678 491601234567", "one on each line"),
        ("0151 2345678; 0160 1234567; 0160 7654321; 0160 5554321; 0160 5551234", "more than one number"),
        ("++49 151 2345678", "no phone number"),
        ("+49 151 2345678 ext. 5", "without an extension"),
        ("+49 151 2345678;ext=5", "without an extension"),
        ("+49 151 2345678#5", "without an extension"),
        ("+49 151 2345678,5", "without an extension"),
        ("+1 800 FLOWERS", "in digits"),
        ("tel:+491512345678", "in digits"),
        ("+49 151 234567\u00b2", "in digits"),
        ("+" + "4" * MOST_CHARACTERS, "too long"),
        ("+49 151 2345678" + "\u200b" * MOST_CHARACTERS, "too long"),
    ],
)
def test_what_can_be_nobodys_number_is_refused_with_the_cure(written: str, word: str) -> None:
    with pytest.raises(ValueError, match=CURE.replace("+", r"\+")) as refused:
        read(written)
    assert word in str(refused.value)


def test_a_zero_in_parentheses_that_may_belong_to_the_number_is_asked_about() -> None:
    with pytest.raises(ValueError, match=r"leave the \(0\) out"):
        read("+49 (0)(0)151 2345678")


def test_every_countrys_own_example_is_read_as_it_is_dialled_from_abroad() -> None:
    examples = map(phonenumbers.example_number, phonenumbers.SUPPORTED_REGIONS)
    forms = phonenumbers.PhoneNumberFormat
    for number in filter(None, examples):
        dialled = phonenumbers.format_number(number, forms.E164).removeprefix("+")
        assert read(phonenumbers.format_number(number, forms.INTERNATIONAL)) == dialled
        assert read(dialled) == dialled


@given(st.text(alphabet="0123456789+() -./\u202a\u00a0\u0661xA", max_size=MOST_CHARACTERS + 2))
def test_what_is_read_is_a_number_of_e164_that_reads_as_itself(text: str) -> None:
    try:
        digits = read(text)
    except ValueError:
        return
    assert digits.isascii()
    assert digits.isdecimal()
    assert 5 <= len(digits) <= 15
    assert read(digits) == digits


@pytest.mark.parametrize("other", ["-1001234567", "0123", "123456", "Anna", "Anna+1", "Anna 0123", "a@b", "12-34", ""])
def test_what_may_be_a_platforms_own_id_is_no_problem(other: str) -> None:
    assert problem(other) is None
    assert plain_id(other) == other


@pytest.mark.parametrize("text", ["+49 1", "0151 2345678", "+49 151 CALLME", "0049", "+49 151 2345678" + "\u200b" * 64])
def test_a_plain_id_that_cannot_be_read_as_a_number_is_only_itself(text: str) -> None:
    assert plain_id(f" {text} ") == text


@pytest.mark.parametrize("text", ["151 23456789", " 49 151 2345678", "\u202a(212) 555-0123\u202c", "151\u00a023456789"])
def test_a_number_in_groups_without_a_sign_is_refused_on_every_platform(text: str) -> None:
    assert "neither with + nor with 00" in (problem(text) or "")


def test_two_numbers_on_one_line_are_no_id_of_any_platform() -> None:
    assert "more than one number" in (problem("+49 151 2345678, 49160 1234567") or "")
    assert problem("Ann, Ben") is None


@pytest.mark.parametrize(
    ("digits", "grouped"),
    [("15123456789", "+1 512-345-6789"), ("4915123456789", "+49 1512 3456789"), ("99912", "+99912")],
)
def test_a_number_is_shown_as_people_group_it(digits: str, grouped: str) -> None:
    assert shown(digits) == grouped


@given(st.text(alphabet="0123456789", min_size=5, max_size=15))
def test_what_is_shown_of_a_number_is_that_number(digits: str) -> None:
    assert "".join(each for each in shown(digits) if each.isdecimal()) == digits


def test_a_plain_id_in_international_form_is_its_digits() -> None:
    assert plain_id(" +49 (0)151 2345678") == plain_id("\u202a0049 151 2345678\u202c") == "491512345678"


@pytest.mark.parametrize(
    ("text", "account", "read"),
    [
        ("0151 2345678", "4915112345678", "+491512345678"),
        ("\u202a0151-2345678\u202c", "4915112345678", "+491512345678"),
        ("06 12 34 56 78", "33712345678", "+33612345678"),
        ("0151 2345678", "1", None),
        ("151 23456789", "4915112345678", "+4915123456789"),
        ("151\u00a023456789", "4915112345678", "+4915123456789"),
        ("151 23456789", "15123456789", "+15123456789"),
        ("49 1512 3456789", "4915112345678", "+4915123456789"),
        ("49 151 2345678", "4915112345678", None),
        ("(650) 253-0000", "16502530001", "+16502530000"),
        ("1 650 253 0000", "16502530001", "+16502530000"),
        ("44 20 7946 0958", "4915112345678", None),
        ("30 2101234567", "4915112345678", None),
        ("30 123456", "4915112345678", "+4930123456"),
        ("151 23456789", "33712345678", None),
        ("0", "4915112345678", None),
    ],
)
def test_a_national_number_is_of_the_accounts_country(text: str, account: str, read: str | None) -> None:
    assert is_national(text) or read is None
    assert at_home(text, account) == read


@pytest.mark.parametrize(
    "text", ["+49 151 2345678", "0049 151 2345678", "491512345678", "120363@g.us", "01@lid", "Anna", "-100 123"]
)
def test_what_is_no_national_number(text: str) -> None:
    assert not is_national(text)
