"""What every config model is built on, ours and the providers'."""

import unicodedata

from pydantic import BaseModel, ConfigDict


class StrictModel(BaseModel):
    """An unknown field, a text where a number belongs, or a number out of range is refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def printable(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("must not hold control characters, line breaks or half characters")
    return text
