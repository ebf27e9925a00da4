# ruff: noqa: RUF001 - letters of other alphabets
"""Who asks whether they talk to a machine."""

import pytest

from imposter.behaviour.bot_suspicion import DEFLECT, HONEST, asks_if_bot

ASKED = {
    "en": ["Are you a bot?", "wait... r u a chatbot??", "am I talking to an AI?", "Is this a bot", "you're a bot lol"],
    "de": [
        "Bist du ein Bot?",
        "bist du eigentlich ne KI??",
        "schreibe ich hier mit einem Bot?",
        "Du bist doch ein Bot!",
    ],
    "fr": ["T'es un robot ?", "Es-tu une IA ?", "je parle à un bot là ?", "C'est vraiment toi ?"],
    "es": ["¿Eres un bot?", "eres una máquina o qué", "¿Estoy hablando con un robot?"],
    "it": ["Sei un bot?", "ma sei davvero tu?", "sto parlando con un robot?"],
    "pt": ["Você é um robô?", "vc é um bot?", "estou falando com uma máquina?"],
    "nl": ["Ben je een bot?", "praat ik met een robot?"],
    "pl": ["Jesteś botem?", "czy rozmawiam z botem?"],
    "tr": ["Sen bot musun?", "robot musun"],
    "ru": ["Ты бот?", "я говорю с ботом?"],
    "ar": ["هل أنت بوت؟", "أنت روبوت؟"],
}
NOT_ASKED = [
    "I bought a robot vacuum",
    "the bot at work is broken",
    "are you at home?",
    "are you really coming?",
    "Bist du zuhause?",
    "Bist du schon da?",
    "es-tu là ?",
    "eres genial",
    "sei a casa?",
    "ben je thuis?",
    "ты дома?",
    "do you like AI art?",
    "can a bot do that?",
    "my son built a robot, are you interested?",
    "are you " + "really " * 60 + "a bot?",
]


@pytest.mark.parametrize(("language", "text"), [(name, text) for name, texts in ASKED.items() for text in texts])
def test_it_is_told_in_which_language(language: str, text: str) -> None:
    assert asks_if_bot(text) == language


@pytest.mark.parametrize("text", NOT_ASKED)
def test_who_talks_of_other_things_does_not_ask(text: str) -> None:
    assert asks_if_bot(text) is None


def test_there_are_words_for_each_language_in_which_it_can_be_asked() -> None:
    assert set(HONEST) == set(DEFLECT) == set(ASKED)
