"""Extraction of the contact's text from a model's answer: without reasoning, chat template tokens and wrappers.

Models return more than the text. The known forms come from their chat templates and from observed server responses:
`<think>` (DeepSeek, Qwen), `[THINK]` (Magistral), channels (gpt-oss's harmony format), `<|im_end|>` (ChatML),
`<end_of_turn>` (Gemma), `<|eot_id|>` (Llama), `</s>` and `[INST]` (Mistral), `[e~[` (MiniMax), `<tool_call>` (Hermes,
Qwen).
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace

LONGEST_NAME = 60
"""Maximum number of characters of a name before an answer."""
MOST_WRAPPERS = 5
"""Maximum number of nested wrappers, such as a fence around JSON around quotation marks."""


@dataclass(frozen=True, slots=True)
class AnswerText:
    """A parsed answer. `words` is the text for the contact; empty if the model wrote none."""

    words: str
    unsure: bool = False
    """The model marked that it is not sure of its answer."""
    binds: bool = False
    """The model marked that its answer commits the owner."""
    reasoning_only: bool = False
    """The model only returned reasoning, without an answer."""
    reasoned: bool = False
    """Reasoning was removed."""
    machinery: bool = False
    """`words` contains text that is not meant for a person. It must not be sent without a check."""


_REASONING = r"(?:seed:)?(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)"
_OPENED = re.compile(
    rf"<{_REASONING}(?:\s[^<>]{{0,100}})?>|\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>", re.IGNORECASE
)
_CLOSED = re.compile(rf"</{_REASONING}\s{{0,9}}>|\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>", re.IGNORECASE)
_FINAL = "<|channel|>final"
_CONTROL = r"[A-Za-z\u2581_][A-Za-z0-9\u2581_ ]{0,40}"
_HEADER = re.compile(
    r"(?:<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>|\[/INST\]|"
    r"<\|(?:im_start|start|start_header_id)\|>\s{0,9}(?:assistant|model)?\s{0,9}(?:<\|(?:end_header_id|message)\|>)?|"
    r"<start_of_turn>\s{0,9}(?:model|assistant)?|<\|assistant\|>|<\uff5cAssistant\uff5c>|(?-i:assistant|model)\n)\s{0,9}",
    re.IGNORECASE,
)
"""Tokens that may precede an answer. A bare role remains of a header whose tokens the server has removed."""
_TURN_ENDS = re.compile(
    rf"<[|\uff5c]{_CONTROL}[|\uff5c]>|</?s>|<eos>|<pad>|<(?:start|end)_of_turn>|\[/?INST\]|</?SYS>|<<SYS>>|"
    r"\]~!?b[\[\]]|\[e~\[|\n{1,9}(?:#{1,6} {0,9})?(?:user|human|instruction) {0,9}:|"
    r"\n{1,9}(?-i:user|assistant|model)\n|(?<=[.!?])(?-i:assistant)\n\n",
    re.IGNORECASE,
)
"""Tokens that end an answer. The text after them is a continuation of the chat that the model invented."""
_TOOLS = re.compile(
    r"<\|?(?:tool[_\u2581]calls?|function[_\u2581]calls?|tool_code|tool_use|invoke|python_tag|function=)|"
    r"\[TOOL_CALLS\]|[<\uff5c]tool[\u2581_]calls?[\u2581_]begin|<\uff5ctool",
    re.IGNORECASE,
)
_MACHINERY = re.compile(
    r"<\||\|>|[<\uff5c]\uff5c|\uff5c>|</?(?:think|tool|function|system|assistant|user|human|im_|instructions?)\b|"
    r"\[/?(?:INST|THINK|TOOL_CALLS|SYSTEM_PROMPT)\b|<<SYS>>|\[\[\w{1,40}+\]\]|\{\{ ?\w{1,40}+ ?\}\}|"
    r"</[a-z][\w-]{0,40}+><|<[a-z][\w-]{0,40}+=|</?[a-z_]{0,24}of_?(?:turn|text|sentence|message)>|"
    r"^\s{0,9}(?:[\[{]\s{0,9}[\"{]|\{\s{0,9}'?[\w-]{1,40}'?\s{0,9}[:=]|(?-i:user|system)\n)|"
    r">\s{0,9}</?[a-z][\w-]{0,40}+(?:[\s/>\[{]|\Z)|(?-i:\[/?[A-Z][A-Z_]{1,30}\])|"
    r"[\[{]\s{0,9}[\"']?(?:text|from|by|you_wrote_before|you_sent|now|at|examples|content|role)[\"']?\s{0,9}:",
    re.IGNORECASE,
)
"""Text that is not meant for a person.

Bracketed words in capitals are tokens that a model invented or copied from a template.
"""
_MARKER = re.compile(
    "[*_`~]{0,4}(?:\\\\?[\\[\uff3b\u3010\u27e6]){1,2}[ \u200b]{0,3}(?:unsure|binds)(?:[^\\w\\n]{1,6}(?:unsure|binds))?"
    "[ \u200b:]{0,3}(?:\\\\?[\\]\uff3d\u3011\u27e7]){0,2}[*_`~]{0,4} {0,3}[:.,-]?",
    re.IGNORECASE,
)
_MARKS = re.compile("unsure|binds")
_MARKER_FIRST = re.compile(
    r"\s{0,9}[*_`~\"']{0,4}(?:\\?[\[(<{] {0,3}(unsure|binds) {0,3}\\?[\])>}]|(unsure|binds) {0,3}:)"
    r"[*_`~\"']{0,4} {0,3}[:.,-]?",
    re.IGNORECASE,
)
_FENCE = re.compile(r"(`{3,8}|~{3,8})[^\n`]{0,40}\n")
_SPEAKER = re.compile(r"[*_]{0,3}([^\W\d_][^\n:*_]{0,59})[*_]{0,3} {0,3}: {0,3}[*_]{0,3}[ \n]{0,9}(?=\S)")
_SPEAKERS = frozenset({"assistant", "ai", "bot", "model", "me", "reply", "response", "answer", "final answer"})
_PREFACE = re.compile(
    r"(?:(?:sure|okay|ok|certainly|of course|absolutely|alright)\b[^\n:]{0,20}[,.!:\n] {0,3})?"
    r"(?:here(?:'s|\u2019s| is| are)|below is|this is)\b[^\n:]{0,100}"
    r"\b(?:reply|response|answer|message|text|draft|version)\b[^\n:]{0,100}:\s{1,9}(?=\S)",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb", "\u00bb": "\u00ab", "\u300c": "\u300d"}
_WORDS_KEYS = ("text", "content", "message", "reply", "answer", "response")
_SIDE_KEYS = frozenset({"from", "name", "role", "sender", "author", "speaker", "to", "type", "unsure", "binds"})


def answer_text(said: str, names: Collection[str] = ()) -> AnswerText:
    """Return the part of `said` that is for the contact. `names` are the owner's names, which may precede the answer.

    Takes linear time for any text.
    """
    answer = _without_reasoning(said)
    if answer.reasoning_only:
        return answer
    header = _HEADER.match(answer.words)
    words = answer.words[header.end() :] if header else answer.words
    if _TOOLS.search(words):
        return replace(answer, words=words.strip(), machinery=True)
    if (end := _TURN_ENDS.search(words)) is not None:
        words = words[: end.start()]
    answer = replace(answer, words=words.strip())
    speakers = _SPEAKERS | {name.casefold() for name in names if name}
    for _ in range(MOST_WRAPPERS):
        unwrapped = _unwrapped(answer, speakers)
        if unwrapped == answer:
            break
        answer = unwrapped
    return replace(answer, machinery=_MACHINERY.search(answer.words) is not None)


def _without_reasoning(said: str) -> AnswerText:
    final = said.rfind(_FINAL)
    if final >= 0:
        said = said[final + len(_FINAL) :].partition("<|message|>")[2]
    elif "<|channel|>" in said:
        return AnswerText("", reasoning_only=True, reasoned=True)
    closed = max((found.end() for found in _CLOSED.finditer(said)), default=0)
    rest = said[closed:]
    opened = _OPENED.search(rest)
    words = rest[: opened.start()] if opened else rest
    reasoned = bool(closed or opened)
    return AnswerText(words.strip(), reasoning_only=reasoned and not words.strip(), reasoned=reasoned or final >= 0)


def _unwrapped(answer: AnswerText, speakers: Collection[str]) -> AnswerText:
    """Return the answer without its outermost wrapper."""
    words = answer.words
    first = _MARKER_FIRST.match(words)
    rest = words[first.end() :] if first else words
    found = [first[0] if first else "", *(marker[0] for marker in _MARKER.finditer(rest))]
    markers = {word for marker in found for word in _MARKS.findall(marker.casefold())}
    if markers:
        unsure, binds = answer.unsure or "unsure" in markers, answer.binds or "binds" in markers
        return replace(answer, words=_MARKER.sub("", rest).strip(), unsure=unsure, binds=binds)
    for take in (_from_fence, _from_json, _from_quotes, _from_preface):
        if (inner := take(words)) is not None:
            return replace(answer, words=inner.strip())
    speaker = _SPEAKER.match(words)
    if speaker and speaker[1].strip().casefold() in speakers:
        return replace(answer, words=words[speaker.end() :].strip())
    return answer


def _from_fence(words: str) -> str | None:
    opened = _FENCE.match(words)
    if opened is None or not words.endswith(opened[1]):
        return None
    inner = words[opened.end() : -len(opened[1])]
    return None if opened[1] in inner else inner


def _from_json(words: str) -> str | None:
    if not words.startswith(("{", "[")) or not words.endswith(("}", "]")):
        return None
    try:
        said = json.loads(words)
    except (ValueError, RecursionError):
        return None
    said = said if isinstance(said, list) else [said]
    texts = [_text_of(each) for each in said]
    return "\n".join(text for text in texts if text is not None) if texts and None not in texts else None


def _text_of(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    keys = value.keys() - _SIDE_KEYS
    [key] = keys if len(keys) == 1 else [None]
    text = value.get(key) if key in _WORDS_KEYS else None
    return text if isinstance(text, str) else None


def _from_quotes(words: str) -> str | None:
    closing = _QUOTES.get(words[:1])
    if closing is None or len(words) < 2 or not words.endswith(closing):
        return None
    inner = words[1:-1]
    return None if words[0] in inner or closing in inner else inner


def _from_preface(words: str) -> str | None:
    preface = _PREFACE.match(words)
    return words[preface.end() :] if preface else None
