"""Which message a process broke over."""

from chat_providers._whatsapp.poison_messages import MOST_KEPT, PoisonMessages


def test_two_processes_that_break_over_it_the_second_alone_make_a_message_poison() -> None:
    poison = PoisonMessages()
    poison.reading("M")
    assert not poison.process_ended(broke=True, alone=False)
    assert (poison.suspect, poison.known) == ("M", [])
    poison.reading("M")
    assert poison.process_ended(broke=True, alone=True)
    assert (poison.suspect, poison.known) == (None, ["M"])


def test_in_company_nobody_is_found_guilty() -> None:
    poison = PoisonMessages()
    for _ in range(5):
        poison.reading("M")
        assert not poison.process_ended(broke=True, alone=False)
    assert poison.known == []


def test_a_process_that_was_stopped_or_read_nothing_accuses_no_message() -> None:
    poison = PoisonMessages()
    poison.reading("M")
    assert not poison.process_ended(broke=False, alone=True)
    assert not poison.process_ended(broke=True, alone=True)
    assert poison.suspect is None


def test_what_is_read_after_all_is_no_longer_suspect() -> None:
    poison = PoisonMessages()
    poison.reading("M")
    poison.process_ended(broke=True, alone=False)
    poison.reading("M")
    poison.reading(None)
    assert poison.suspect is None
    poison.reading("N")
    assert not poison.process_ended(broke=True, alone=True), "N is suspect for the first time"


def test_so_many_are_kept() -> None:
    poison = PoisonMessages()
    for number in range(MOST_KEPT + 1):
        for _ in range(2):
            poison.reading(str(number))
            poison.process_ended(broke=True, alone=True)
    assert len(poison.known) == MOST_KEPT
    assert "0" not in poison.known
