import pytest

from chat_providers._whatsapp.ids import canonical_id, id_problem, message_id

PERSON = "491511234567@s.whatsapp.net"


@pytest.mark.parametrize(
    "spelling",
    [
        "491511234567",
        "+49 151 1234567",
        "0049 (151) 123-4567",
        "(+49) 151 1234567",
        "(0049) 151/1234567",
        "+49 (0)151 1234567",
        "\u202a+49\u00a0151\u20111234567\u202c",
        "+\u0664\u0669 151 1234567",
        "491511234567@c.us",
        "491511234567@s.whatsapp.net",
        "491511234567:7@s.whatsapp.net",
        "+491511234567@s.whatsapp.net",
        " 491511234567@S.whatsapp.net ",
    ],
)
def test_every_spelling_of_a_phone_number_is_one_person(spelling: str) -> None:
    assert canonical_id(spelling) == PERSON


def test_a_lid_is_never_taken_for_a_phone_number() -> None:
    assert canonical_id("123456789:4@lid") == "123456789@lid"
    assert canonical_id("+123456789@lid") != canonical_id("+123456789")
    assert canonical_id("123456789") != canonical_id("123456789@lid")


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ("+52 1 55 1234 5678", "+52 55 1234 5678"),
        ("+54 9 11 5874 9895", "+54 11 5874 9895"),
        ("+55 31 99634 8800", "+55 31 9634 8800"),
        ("+225 07 01 23 45 67", "+225 01 23 45 67"),
    ],
)
def test_only_whatsapp_knows_which_of_two_numbers_a_person_joined_with(written: str, other: str) -> None:
    assert id_problem(written) is None is id_problem(other)
    assert canonical_id(written) != canonical_id(other)


@pytest.mark.parametrize("digits", ["15550001", "49001", "1234567890", "5215512345678", "4901511234567", "12"])
def test_an_id_as_whatsapp_gives_it_stays_as_it_is(digits: str) -> None:
    assert canonical_id(f"{digits}@s.whatsapp.net") == f"{digits}@s.whatsapp.net"


@pytest.mark.parametrize("digits", ["1234567890", "15550001", "22912345678"])
def test_digits_alone_are_taken_though_no_number_is_so_long(digits: str) -> None:
    assert id_problem(digits) is None
    assert canonical_id(digits) == f"{digits}@s.whatsapp.net"


def test_what_cannot_be_read_names_nobody_by_its_first_digits() -> None:
    hidden = "1234567890" + "\u200b" * 60 + "99"
    assert canonical_id(hidden) == hidden
    assert id_problem(hidden)


@pytest.mark.parametrize(
    "other",
    [
        "120363041234567890@g.us",
        "120363041234567890",
        "4915112-160000@g.us",
        "491511234567-1600000000",
        "status@broadcast",
        "0@s.whatsapp.net",
        "0151 1234567",
        "151 23456789",
        "49 151 1234567",
        "151-23456789",
        "+49 151 CALL ME",
        "Ann",
        "12",
    ],
)
def test_what_is_no_person_or_has_no_countrys_prefix_stays_as_it_is(other: str) -> None:
    assert canonical_id(other) == other


@pytest.mark.parametrize(
    "possible",
    [
        *("+49 151 1234567", "0049 151 1234567", "491511234567", "6834002", "491511234567:7@s.whatsapp.net"),
        *("491511234567@c.us", "123456789@lid", "120363041234567890@g.us", "4915112-160000@G.us"),
    ],
)
def test_a_number_with_its_country_and_a_full_id_can_be_on_whatsapp(possible: str) -> None:
    assert id_problem(possible) is None


@pytest.mark.parametrize(
    "impossible",
    [
        *(" ", "+4", "+49 151", "+49 151 abc", "Anna", "anna@gmail.com", "anna@lid", "@lid", "@s.whatsapp.net"),
        *(
            "+1 555 0001",
            "1 234 567 890",
            "151 23456789",
            "151-23456789",
            "0151 2345678",
            "+49 151 2345678 ext. 5",
            "123456",
            "+999 1234567",
        ),
        *("1234567890123456", "120363041234567890", "0@s.whatsapp.net", "12@s.whatsapp.net", "status@broadcast"),
    ],
)
def test_what_can_be_nobody_on_whatsapp_is_told_with_the_cure(impossible: str) -> None:
    assert "+49 151 2345678" in (id_problem(impossible) or "")


def test_a_message_id_has_whatsapps_form_and_follows_from_its_seed() -> None:
    assert message_id("0123456789abcdef" * 4) == "3EB00123456789ABCDEF01"
