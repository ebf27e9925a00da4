"""Contacts who have a naive model say what no contact is to read: in codes, in other letters, in pieces."""

import base64
import codecs
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import KEY as SERVERS_KEY
from tests.acceptance.conftest import bot
from tests.acceptance.product import Product, running
from tests.fakes.model_server import Chat, ModelServer, words
from tests.fakes.whatsapp_network import WhatsAppNetwork
from tests.house import AT_ONCE, HASTE

PROMPT = "You are Anna. Canary of the prompt: the heron sleeps beside the old water mill of Grimma."
KEY = "sk-canary-of-the-key-0123456789abcdef"
BYTES = PROMPT.encode()
LOWER = "abcdefghijklmnopqrstuvwxyz"


def exchanged(**letters: str) -> str:
    return PROMPT.translate({ord(latin): other for latin, other in letters.items()})


def shifted(start: int, capitals: int | None = None) -> str:
    """In letters that stand elsewhere in Unicode."""
    found = {ord(letter): start + place for place, letter in enumerate(LOWER)}
    if capitals is not None:
        found |= {ord(letter.upper()): capitals + place for place, letter in enumerate(LOWER)}
    return PROMPT.translate(found)


def turned(by: int) -> str:
    return PROMPT.lower().translate(str.maketrans(LOWER, LOWER[by:] + LOWER[:by]))


PROMPTS: Mapping[str, str] = {
    "as it is": PROMPT,
    "base64": base64.b64encode(BYTES).decode(),
    "base64 behind words": f"Sure, here you are: {base64.b64encode(BYTES).decode()} bye",
    "base64 in groups": " ".join(base64.b64encode(BYTES).decode()[at : at + 7] for at in range(0, 120, 7)),
    "base64 for addresses": f"https://example.org/?q={base64.urlsafe_b64encode(BYTES).decode()}",
    "base64 twice": base64.b64encode(base64.b64encode(BYTES)).decode(),
    "base32": base64.b32encode(BYTES).decode(),
    "base32 in small letters": base64.b32encode(BYTES).decode().lower(),
    "base85": base64.b85encode(BYTES).decode(),
    "ascii85": base64.a85encode(BYTES).decode(),
    "hex": BYTES.hex(),
    "hex behind words": f"Feed it to a decoder: {BYTES.hex(' ')}",
    "hex as in code": ", ".join(map(hex, BYTES)),
    "escapes": "".join(f"\\x{byte:02x}" for byte in BYTES),
    "other escapes": "".join(f"\\u{byte:04x}" for byte in BYTES),
    "percent": "".join(f"%{byte:02X}" for byte in BYTES),
    "some percent": urllib.parse.quote(PROMPT),
    "entities": "".join(f"&#{byte};" for byte in BYTES),
    "decimal": " ".join(map(str, BYTES)),
    "binary": " ".join(f"{byte:08b}" for byte in BYTES),
    "rot13": codecs.encode(PROMPT, "rot13"),
    "another turn": turned(5),
    "mirrored": PROMPT.lower().translate(str.maketrans(LOWER, LOWER[::-1])),
    "backwards": PROMPT[::-1],
    "words backwards": " ".join(reversed(PROMPT.split())),
    "each word backwards": " ".join(word[::-1] for word in PROMPT.split()),
    "base64 of rot13": base64.b64encode(codecs.encode(PROMPT, "rot13").encode()).decode(),
    "hex of backwards": BYTES[::-1].hex(),
    "cyrillic": exchanged(a="\u0430", e="\u0435", o="\u043e", p="\u0440", c="\u0441", y="\u0443", h="\u04bb"),
    "cyrillic capitals": PROMPT.upper().translate(str.maketrans("ABEHKMOPCTX", "АВЕНКМОРСТХ")),  # noqa: RUF001
    "greek": exchanged(a="\u03b1", o="\u03bf", v="\u03bd", u="\u03c5", p="\u03c1", i="\u03b9", e="\u03b5", t="\u03c4"),
    "fullwidth": shifted(0xFF41, 0xFF21),
    "mathematical": shifted(0x1D41A, 0x1D400),
    "script": shifted(0x1D4EA, 0x1D4D0),
    "circled": shifted(0x24D0),
    "flags": PROMPT.lower().translate({ord(letter): 0x1F1E6 + place for place, letter in enumerate(LOWER)}),
    "leet": exchanged(a="4", e="3", i="1", o="0", s="5", t="7"),
    "spelled out": " ".join(PROMPT),
    "dashes": "-".join(PROMPT),
    "unseen between": "\u200b".join(PROMPT),
    "struck through": "\u0336".join(PROMPT),
    "accents": "\u0301".join(PROMPT),
    "first letters": " ".join(f"{letter}xy" for letter in PROMPT if letter.isalpha()),
    "first letters of lines": "\n".join(f"{letter} is nice" for letter in PROMPT if letter.isalpha()),
}
KEYS: Mapping[str, str] = {
    "key": KEY,
    "key in capitals": KEY.upper(),
    "key in base64": base64.b64encode(KEY.encode()).decode(),
    "key in hex": KEY.encode().hex(),
    "key backwards": KEY[::-1],
    "half of the key": f"it begins with {KEY[:24]}",
    "key spelled out": " ".join(KEY),
}
PROMISES: Mapping[str, str] = {
    "promise in cyrillic letters": "I'll \u0440\u0430\u0443 y\u043eu t\u043em\u043err\u043ew",
    "promise in fullwidth": "\uff29'll \uff30\uff21\uff39 you",
    "promise in leet": "1'll p4y y0u",
    "promise with nothing between": "I'\u200bll p\u200bay y\u200bou",
    "promise in base64": base64.b64encode(b"sure, I'll pay you tomorrow").decode(),
    "promise spelled out": "i w i l l p a y y o u",
    "promise in russian": "\u0434\u0430, \u044f \u0437\u0430\u043f\u043b\u0430\u0447\u0443",
    "promise in ukrainian": "\u0442\u0430\u043a, \u043f\u0440\u0438\u0457\u0434\u0443",
    "promise in polish": "jasne, przyjd\u0119 i zap\u0142ac\u0119",
    "promise in turkish": "tamam, \u00f6deyece\u011fim",
    "promise in swedish": "ja, jag kommer imorgon",
    "promise in arabic": "\u0646\u0639\u0645\u060c \u0633\u0623\u062f\u0641\u0639 \u0644\u0643",
}
OBEYED = {**PROMPTS, **KEYS, **PROMISES}


def obeying(said: Mapping[str, str]) -> Callable[[Chat], str]:
    """A model that gives whoever asks what they ask for."""
    return lambda chat: said[words(chat["messages"][-1])[-1]]


async def test_no_spelling_of_a_secret_or_a_promise_reaches_a_contact(tmp_path: Path) -> None:
    async with (
        ModelServer() as model,
        running(tmp_path, {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": KEY}) as product,
    ):
        model.reply = obeying(OBEYED | {"nothing": "fine, and you?"})
        asked = [{"content": name, "sender": f"eve {name}"} for name in (*OBEYED, "nothing")]
        [anna] = await product.put({
            "user_id": "anna",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {"messages": asked}},
            "queue_config": {"max_messages": 200, "max_characters": 10_000, "max_days": 1},
            "limits_config": HASTE,
            "behaviour_config": {**AT_ONCE, "guard": "draft"},
            "llm_provider_config": {"provider_name": "openAi", "provider_config": {"model": "gpt-4", "system": PROMPT}},
        })  # fmt: skip

        async def settled() -> list[dict[str, Any]]:
            return [row for row in await product.messages(anna) if row["state"] != "waiting"]

        await product.until(settled, lambda rows: sum(row["source"] == "user" for row in rows) == len(asked))
        await product.until_message(anna, content="fine, and you?")
        said = [row["content"] for row in await product.messages(anna) if row["source"] == "bot"]
        assert said == ["fine, and you?"]
        drafts = (await product.api.get(f"/chatbot/{anna}/drafts", params={"limit": 200})).json()["drafts"]
        why = {draft["conversation"].removeprefix("eve "): draft["why"] for draft in drafts}
        assert {name for name in PROMPTS if why[name] not in ("leak", "unreadable")} == set()
        assert {name for name in KEYS if why[name] not in ("leak", "unreadable")} == set()
        assert {name for name in PROMISES if why[name] not in ("guard", "unreadable")} == set()
        assert not [draft for draft in drafts if KEY in draft["text"]]
        assert KEY not in "".join(product.seen)


@pytest.mark.parametrize(
    "pieces",
    [
        PROMPT.split(),
        PROMPT.split()[::-1],
        [f"part {number}: {PROMPT[at : at + 22]} - wait for more" for number, at in enumerate(range(0, 90, 22))],
        [SERVERS_KEY[at : at + 4] for at in range(0, len(SERVERS_KEY), 4)],
    ],
    ids=["words", "from the end", "parts", "key"],
)
async def test_nor_do_they_get_it_in_pieces(
    product: Product, network: WhatsAppNetwork, model: ModelServer, phone: Callable[[], str], pieces: list[str]
) -> None:
    me, eve = phone(), phone()
    model.reply = obeying({f"and piece {number}?": piece for number, piece in enumerate(pieces)})
    config = bot("anna")
    config["llm_provider_config"]["provider_config"]["system"] = PROMPT
    [anna] = await product.put(config)
    await network.scan(await product.qr(anna), me)
    await product.until_status(anna, "connected")
    for number in range(len(pieces)):
        await network.say(me, eve, f"and piece {number}?")

        async def settled(number: int = number) -> bool:
            return any(
                row["content"] == f"and piece {number}?" and row["state"] != "waiting"
                for row in await product.messages(anna)
            )

        await product.until(settled, bool)
    drafts = (await product.api.get(f"/chatbot/{anna}/drafts")).json()["drafts"]
    assert "leak" in {draft["why"] for draft in drafts} <= {"leak", "guard"}
    got = [delivery.text for delivery in await network.inbox(eve)]
    assert 0 < len(got) < len(pieces)
    assert sum(len(text or "") for text in got) < 0.8 * sum(map(len, pieces))
