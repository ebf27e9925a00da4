"""What of a model's answer is said to the contact."""

import pytest

from imposter.behaviour.answer_text import answer_text

HI = "Hi there!"
NAMES = ("anna", "Anna Smith")

REASONED = [
    f"<think>\nThe user says hi.\n</think>\n\n{HI}",
    f"The user says hi. I am Anna.\n</think>\n\n{HI}",
    f"<think>\n\n</think>\n\n{HI}",
    f"<THINK>hm</THINK>{HI}",
    f"<thinking>The user says hi.</thinking>\n{HI}",
    f"<thought>x</thought>{HI}",
    f"<reasoning>x</reasoning>\n{HI}",
    f"<reflection>x</reflection>\n{HI}",
    f"<scratchpad>x</scratchpad>{HI}",
    f"<seed:think>x</seed:think>{HI}",
    f"[THINK]x[/THINK]{HI}",
    f"\u25c1think\u25b7x\u25c1/think\u25b7{HI}",
    f"<|begin_of_thought|>x<|end_of_thought|>{HI}",
    f"<think>a</think>b</think>{HI}",
    f'<think type="deep">a</think>{HI}',
    f"{HI}\n<think>Was that fine? I should",
    f"<|channel|>analysis<|message|>Reply as Anna.<|end|><|start|>assistant<|channel|>final<|message|>{HI}",
    f"<|channel|>analysis<|message|>x<|end|><|start|>assistant<|channel|>final<|message|>{HI}<|return|>",
    f"<|start|>assistant<|channel|>final<|message|>{HI}",
]
TOKENS = [
    f"{HI}<|im_end|>",
    f"{HI}<|im_end|>\n<|im_start|>user\nhow are you",
    f"{HI}<end_of_turn>\n<start_of_turn>user\nhow are you",
    f"{HI}</s>",
    f"{HI}[e~[\n]~b]user\nhow are you",
    f"{HI}<|eot_id|>",
    f"{HI}<|endoftext|>",
    f"{HI}<eos>",
    f"{HI} [INST] and now? [/INST]",
    f"{HI}<\uff5cend\u2581of\u2581sentence\uff5c>",
    f"{HI}\nUser: how are you?\nAssistant: fine",
    f"{HI}\n\n### User: how are you?",
    f"{HI}\n\nHuman: more",
    f"<|im_start|>assistant\n{HI}",
    f"<|start_header_id|>assistant<|end_header_id|>\n\n{HI}",
    f"<start_of_turn>model\n{HI}",
    f"<s> {HI}",
    f"[/INST] {HI}",
    f"<|assistant|>{HI}",
    f"assistant\n\n{HI}",
    f"model\n{HI}",
    f"{HI}assistant\n\nHow can I help?",
    f"{HI}\nuser\nhow are you\nmodel\nfine",
    f"<\uff5cAssistant\uff5c>{HI}",
]
WRAPPED = [
    f'{{"text": "{HI}"}}',
    f'{{ "from": "Anna", "text": "{HI}" }}',
    f'{{"role": "assistant", "content": "{HI}"}}',
    f'[{{"text": "{HI}"}}]',
    f'{{"reply": "{HI}"}}',
    f'```json\n{{"text": "{HI}"}}\n```',
    f"```\n{HI}\n```",
    f"```text\n{HI}\n```",
    f'"{HI}"',
    f"\u201c{HI}\u201d",
    f"\u201e{HI}\u201c",
    f"\u00ab{HI}\u00bb",
    f"Assistant: {HI}",
    f"AI: {HI}",
    f"**Assistant:** {HI}",
    f"Anna: {HI}",
    f"**Anna:** {HI}",
    f"anna smith: {HI}",
    f'Anna: "{HI}"',
    f"Here is a reply in Anna's voice:\n\n{HI}",
    f"Here's a possible response: {HI}",
    f"Sure! Here is the message:\n{HI}",
    f'Sure, here\'s a reply you could send:\n\n"{HI}"',
    f"Below is my answer:\n{HI}",
    f"{HI}   \n\n\n ",
    f'<think>x</think>\n```json\n{{"text": "{HI}"}}\n```<|im_end|>',
]
AS_IT_IS = [
    HI,
    "I think that works: see you then.",
    'She said "see you" and left.',
    '"Yes" or "no"?',
    "Mum: the best!",
    "PS: bring cake",
    "Here is what I know: nothing.",
    "1 < 2 and 3 > 2",
    "<3",
    "a <b c",
    "Use `<br>` there.",
    "{curly} words",
    "your assistant\n\nAnna",
    "Who is the user\nof that laptop?",
    "</sarcasm>",
    "press <return>",
    "a > b, <b> is bold",
    "[maybe] later",
    "The user: that is you :)",
    "x = {1, 2}",
    "Sure, here you go",
    "* one\n* two",
    "```python\nprint(1)\n```\nthat is all",
    "I am unsure about that",
    "what binds us is the band",
    "\u00bfQu\u00e9 tal?",
    "\u4f60\u597d\uff1a\u660e\u5929\u89c1",
]
UNSURE = [
    "[[unsure]] I could come at 8.",
    "**[[unsure]]** I could come at 8.",
    "[[UNSURE]] I could come at 8.",
    "\\[\\[unsure\\]\\] I could come at 8.",
    "[unsure] I could come at 8.",
    "(unsure) I could come at 8.",
    "Unsure: I could come at 8.",
    "`[[unsure]]` I could come at 8.",
    "[[ unsure ]]: I could come at 8.",
    '"[[unsure]] I could come at 8."',
    "I could come at 8. [[unsure]]",
    "<think>hm</think>[[unsure]] I could come at 8.",
    "Anna: [[unsure]] I could come at 8.",
    '{"text": "[[unsure]] I could come at 8."}',
]
MACHINERY = [
    '<tool_call>\n{"name": "send_message", "arguments": {"text": "Hi"}}\n</tool_call>',
    '[TOOL_CALLS][{"name": "f"}]',
    "<|python_tag|>f()",
    "<function=send>{}</function>",
    "<\uff5ctool\u2581calls\u2581begin\uff5c>x",
    '{"action": "reply", "value": "Hi"}',
    '{"text": "Hi there!',
    '{"text": {"nested": "Hi"}}',
    "Hi </think",
    "Hi |> there",
    "</assistant> Hi",
    '{"text": "<|im_start|>system"}',
    '{\n  username: "Lena",\n  password: ""\n}',
    "{ 'name': 'Anna' }",
    "{\n  model=Anna",
    "user\nYou are Anna.",
    'Soon!</row></footer><pre class="box">',
    "Soon!</beginningOfTurn>",
    'you have something for me."</string><name=Alice@example>',
    '[INST{"""You are Anna, 34',
    "Hi <name=Alice>",
    "Hi {{name}}",
    "}}[[unseemings]]You can not get an answer.",
]
ONLY_REASONING = [
    "<think>\nOkay, the user just said hi. Let me think about what Anna",
    "<think>x</think>",
    "<think>x</think>\n  \n",
    "x</think>",
    "[THINK]x",
    "<|channel|>analysis<|message|>User says hi.",
    "<|channel|>commentary<|message|>x<|end|>",
]


@pytest.mark.parametrize("said", [*REASONED, *TOKENS, *WRAPPED])
def test_only_the_words_are_left(said: str) -> None:
    answer = answer_text(said, NAMES)
    assert answer.words == HI
    assert (answer.unsure, answer.binds, answer.machinery, answer.reasoning_only) == (False,) * 4


@pytest.mark.parametrize("said", AS_IT_IS)
def test_what_a_person_could_write_stays_as_it_is(said: str) -> None:
    answer = answer_text(said, NAMES)
    assert answer.words == said
    assert (answer.unsure, answer.binds, answer.machinery, answer.reasoning_only) == (False,) * 4


@pytest.mark.parametrize("said", UNSURE)
def test_doubt_is_heard_however_it_is_spelled_and_shown_to_nobody(said: str) -> None:
    answer = answer_text(said, NAMES)
    assert answer.words == "I could come at 8."
    assert (answer.unsure, answer.binds) == (True, False)


@pytest.mark.parametrize("said", UNSURE)
def test_what_the_model_says_of_binding_is_heard_in_the_same_spellings(said: str) -> None:
    answer = answer_text(said.replace("unsure", "binds").replace("UNSURE", "BINDS").replace("Unsure", "Binds"), NAMES)
    assert answer.words == "I could come at 8."
    assert (answer.unsure, answer.binds) == (False, True)


@pytest.mark.parametrize("said", ["[[binds]] [[unsure]] sure", "[[unsure]][[binds]]: sure", "[binds] sure [[unsure]]"])
def test_both_may_be_said_of_one_answer(said: str) -> None:
    answer = answer_text(said)
    assert (answer.words, answer.unsure, answer.binds) == ("sure", True, True)


@pytest.mark.parametrize("said", MACHINERY)
def test_what_still_looks_like_machinery_is_marked_so(said: str) -> None:
    assert answer_text(said, NAMES).machinery


@pytest.mark.parametrize("said", ONLY_REASONING)
def test_nothing_but_reasoning_is_no_answer(said: str) -> None:
    answer = answer_text(said, NAMES)
    assert answer.words == ""
    assert answer.reasoning_only


def test_silence_stays_silence() -> None:
    for said in ("", "  \n "):
        answer = answer_text(said)
        assert (answer.words, answer.reasoning_only, answer.machinery) == ("", False, False)


@pytest.mark.parametrize(
    "said",
    [
        "[[unsure, binds]] Hm.",
        "\uff3b\uff3bunsure\uff3d\uff3d Hm.",
        "[[unsure\u200b]] Hm.",
        "\u3010unsure\u3011 Hm.",
        "[[unsure Hm.",
    ],
)
def test_a_marker_counts_in_odd_spellings(said: str) -> None:
    found = answer_text(said)
    assert (found.words, found.unsure) == ("Hm.", True)
    assert found.binds is ("binds" in said)
