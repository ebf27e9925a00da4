"""Phone numbers in any human spelling, read into one canonical form."""

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

MOST_CHARACTERS = 64
"""Maximum length of a number as written."""
_MOST_DIGITS = 15
"""Limit of E.164, including the country code; phonenumbers accepts longer ones."""
_WITH_COUNTRY_CODE = "with its country code, such as +49 151 2345678"
_WRITTEN = re.compile(r"\(?\+?[0-9 ().\-/]+")
_NUMBER_LIKE = re.compile(r"[0-9 ().\-/+]{5,}")
_NO_DIGIT = re.compile("[^0-9]")
_NEXT_NUMBER = re.compile(r"[,;]| (?=\+|00|[0-9]{10})")
_FEWEST_DIGITS = 7
"""Minimum digits of a number with its country code, and so of each of several numbers on a line."""
_ASCII = str.maketrans(
    {"\u2212": "-", "\uff0b": "+", "\ufe62": "+", "\uff08": "(", "\uff09": ")", "\uff0e": ".", "\uff0f": "/"}
)
_HOME_ZERO = "(0)"
_FORMER = re.compile("521[0-9]{10}|22[59][0-9]{8}")
"""Mexican numbers with the 1 that was dropped in 2019, and eight-digit numbers of Côte d'Ivoire and Benin.

They are no longer dialled, but WhatsApp keeps the number that an account was registered with, so they are accepted.
"""


def read(text: str) -> str:
    """Return the digits of a phone number, starting with its country code.

    Only the form is checked, not whether the number is assigned, because new ranges are assigned all the time.
    Raises: ValueError (its text continues a sentence that starts with the field's name, and names the fix).
    """
    if _are_several(text):
        each = "write one on each line (in JSON: one in each entry)"
        raise ValueError(f"holds more than one number: {each}, {_WITH_COUNTRY_CODE}")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"is too long for a phone number: write it {_WITH_COUNTRY_CODE}")
    written = simple(text)
    if not _WRITTEN.fullmatch(written):
        raise ValueError(f"is no phone number: write it in digits, {_WITH_COUNTRY_CODE}, and without an extension")
    found = _parsed(_international(written))
    if _HOME_ZERO not in written:
        return _usable(found)
    # Callers from abroad omit this zero in most countries; Italian numbers keep it.
    return _usable(found, _parsed(_international(written.replace(_HOME_ZERO, ""))))


def shown(digits: str) -> str:
    """Return the digits grouped as people write them, such as `+1 512-345-6789`."""
    with suppress(NumberParseException):
        number = phonenumbers.parse(f"+{digits}")
        grouped = str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
        if _NO_DIGIT.sub("", grouped) == digits:
            return grouped
    return f"+{digits}"


def problem(text: str) -> str | None:
    """Return why this number cannot exist, with the fix; None if it can, or may be an id of a platform.

    A text without spaces that begins with neither `+` nor `0` may be an id of the platform.
    """
    written = simple(text[:MOST_CHARACTERS])
    is_number = written.lstrip("(").startswith("0") or "+" in written or _is_grouped(written)
    if not (is_number and _NUMBER_LIKE.fullmatch(written)) and not _are_several(text):
        return None
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return None


def is_national(text: str) -> bool:
    """Return whether this may be a number as dialled within its country, such as `0151 2345678` or `(212) 555-0123`."""
    written = simple(text[:MOST_CHARACTERS])
    if not _NUMBER_LIKE.fullmatch(written) or "+" in written:
        return False
    digits = _NO_DIGIT.sub("", written)
    return digits[:2] != "00" and (digits[:1] == "0" or _is_grouped(written))


def at_home(text: str, account: str) -> str | None:
    """Return a national number in international form, for the country of `account`, the digits of the owner's number.

    None if that country is unknown or the number is not possible there. For a number without a leading zero also None
    if it may be one of another country, written without its plus sign.
    """
    written = simple(text[:MOST_CHARACTERS])
    with suppress(NumberParseException):
        own = phonenumbers.parse(f"+{account}")
        country = phonenumbers.region_code_for_number(own)
        number = phonenumbers.parse(written, country)
        if country is None or not phonenumbers.is_possible_number(number):
            return None
        if written.lstrip("(").startswith("0"):
            return _e164(number)
        # Without a leading zero it may not be a national number, so the check is stricter.
        coded = _with_unsigned_code(written)
        if coded is not None:
            number = coded
        is_of_country = number.country_code == own.country_code and phonenumbers.is_valid_number(number)
        return _e164(number) if is_of_country else None
    return None


def plain_id(text: str) -> str:
    """Return a phone number in international form as digits; any other text unchanged, without outer whitespace.

    Only a text that begins with `+` or `00` is a phone number: on other platforms `-123` and `123` are two ids. A
    platform with its own form of ids has the ability `canonical_id`.
    """
    if simple(text[:MOST_CHARACTERS]).lstrip("(").startswith(("+", "00")):
        with suppress(ValueError):
            return read(text)
    return text.strip()


def simple(text: str) -> str:
    """Return the text without invisible characters, and with ASCII spaces, dashes and digits.

    Copied contacts contain such characters.
    """
    return "".join(map(_simple, text.translate(_ASCII))).strip()


def _simple(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if char.isspace():
        return " "
    return "-" if category == "Pd" else char


def _is_grouped(written: str) -> bool:
    """Return whether the digits are in groups, as in numbers but not in ids."""
    return written[:1] in "(0123456789" and " " in written.replace(")", " ")


def _are_several(text: str) -> bool:
    parts = _NEXT_NUMBER.split(simple(text[: 4 * MOST_CHARACTERS]))
    numbers = [part for part in parts if _NUMBER_LIKE.fullmatch(part.strip())]
    return sum(len(_NO_DIGIT.sub("", number)) >= _FEWEST_DIGITS for number in numbers) > 1


def _with_unsigned_code(written: str) -> PhoneNumber | None:
    """Return the number if its first group is a country code; None if that is not possible."""
    digits = _NO_DIGIT.sub("", written)
    first = _NO_DIGIT.split(written.lstrip("("), maxsplit=1)[0]
    with suppress(NumberParseException):
        number = phonenumbers.parse(f"+{digits}")
        if first == str(number.country_code) and phonenumbers.is_possible_number(number):
            return number
    return None


def _e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _international(written: str) -> str:
    """Return the digits starting with the country code."""
    digits = _NO_DIGIT.sub("", written)
    if "+" in written:
        return digits
    if digits.startswith("0") and not digits.startswith("00"):
        raise ValueError(f"has no country code: write it {_WITH_COUNTRY_CODE}")
    if digits and not written.isdecimal() and not digits.startswith("00"):
        # Grouped digits may be an international or a national number, which would be a stranger's in another country.
        raise ValueError(f"begins neither with + nor with 00: write it {_WITH_COUNTRY_CODE}")
    return digits.removeprefix("00")


@dataclass(frozen=True, slots=True)
class _Parsed:
    digits: str
    """As dialled from abroad."""
    wrong: str | None = None
    """Reason why the number cannot exist."""
    is_known: bool = True
    """Whether the number is in an assigned range."""


def _parsed(digits: str) -> _Parsed:
    if _FORMER.fullmatch(digits):
        return _Parsed(digits)
    try:
        number = phonenumbers.parse(f"+{digits}")
    except NumberParseException as error:
        what = "has no country code that there is" if error.error_type == error.INVALID_COUNTRY_CODE else "is too short"
        return _Parsed(digits, f"{what}: write it in full, {_WITH_COUNTRY_CODE}")
    dialled = phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")
    length = phonenumbers.is_possible_number_with_reason(number)
    if length == ValidationResult.IS_POSSIBLE and len(dialled) <= _MOST_DIGITS:
        return _Parsed(dialled, is_known=phonenumbers.is_valid_number(number))
    short = length in (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
    size = "few" if short else "many" if length != ValidationResult.INVALID_LENGTH else "few or too many"
    return _Parsed(
        digits,
        f"has too {size} digits for a number of country code {number.country_code}: write it in full, "
        f"{_WITH_COUNTRY_CODE}",
    )


def _usable(*read_as: _Parsed) -> str:
    """Return the number if it is unambiguous. Raises: ValueError."""
    possible = [each for each in read_as if each.wrong is None]
    if not possible:
        raise ValueError(read_as[-1].wrong)
    meant = {each.digits for each in possible}
    if len(meant) > 1:
        meant = {each.digits for each in possible if each.is_known}
    if len(meant) != 1:
        raise ValueError("may be two numbers: leave the (0) out where callers from abroad do, else its parentheses")
    return meant.pop()
