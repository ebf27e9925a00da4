# ruff: noqa: RUF001 - words of other alphabets
"""Replies that are sent instead of an answer that the owner must check first."""

from collections.abc import Mapping

LET_ME_CHECK: Mapping[str, str] = {
    "en": "let me check and get back to you",
    "de": "ich schau mal nach und melde mich",
    "fr": "je regarde et je te dis",
    "es": "déjame ver y te digo",
    "it": "fammi vedere e ti dico",
    "pt": "deixa eu ver e te falo",
    "nl": "ik kijk even en laat het je weten",
    "pl": "sprawdzę i dam znać",
    "tr": "bir bakayım, sana haber veririm",
    "ru": "посмотрю и напишу",
}
"""Replies by language. None of them promises a result or a time."""
