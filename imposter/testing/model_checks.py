"""What every model provider must do, whatever its vendor."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable

from imposter.contracts.errors import ModelError, ModelRefused, ModelUnavailable
from imposter.contracts.messages import Source, Turn
from imposter.contracts.model import HasPresets, ListsModels, Prompt, TellsNotTaken
from imposter.runtime.providers.presets import presets_of
from imposter.testing.abilities import MODEL_ABILITIES, check_methods, require_ability
from imposter.testing.check import Checks, must_raise, require, skip
from imposter.testing.model_rig import ModelRig, can_fail
from imposter.testing.subject import USER, check_config, secrets_in

CONFIDED = "my secret is swordfish"
TALK = [
    Turn(Source.CONTACT, CONFIDED, author="Bob"),
    Turn(Source.OWNER, "noted"),
    Turn(Source.CONTACT, "what is it?", author="Bob"),
]
CONVERSATIONS = 20
STALL = 1.0
"""Seconds that the event loop may be held up by a call."""
TICK = 0.01
TELL_NOTHING = "Write the error's text yourself, and raise it `from None`: the vendor's own may quote the request."

MODEL_CHECKS = Checks[ModelRig]()


@MODEL_CHECKS.add("The server can use the file and its config, and can make the provider.")
async def can_be_made(rig: ModelRig) -> None:
    await rig.model()


@MODEL_CHECKS.add("Its methods have the names and take the arguments that the server calls them by.")
async def methods_fit(rig: ModelRig) -> None:
    assert rig.file.provider is not None  # noqa: S101 - the rig has checked it
    check_methods(rig.file, rig.file.provider)


@MODEL_CHECKS.add("A conversation is answered with text.")
async def answers_with_text(rig: ModelRig) -> None:
    text = (await (await rig.model()).reply(Prompt(TALK))).text
    require(text, "The answer is empty, which means silence.", "Return the model's text from `reply`.")


@MODEL_CHECKS.add("A call does not hold up the event loop.")
async def lets_others_work(rig: ModelRig) -> None:
    model = await rig.model()
    await model.reply(Prompt(TALK))  # what it loads at the first call may take its time
    # A machine that is busy may hold it up once; a call that blocks does so each time.
    stalls = [await _longest_stall(lambda: model.reply(Prompt(TALK))) for _ in range(3)]
    require(
        min(stalls) < STALL,
        f"`reply` held up all other bots for {min(stalls):.1f} s.",
        "Use an async client, or make `reply` a plain method: that runs in a thread of its own.",
    )


async def _longest_stall(call: Callable[[], Awaitable[object]]) -> float:
    """Seconds for which nothing else ran on the event loop during the call."""
    longest, last = 0.0, time.monotonic()

    async def tick() -> None:
        nonlocal longest, last
        while True:
            await asyncio.sleep(TICK)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()

    ticking = asyncio.create_task(tick(), name="measure the event loop")
    try:
        await call()
    finally:
        ticking.cancel()
    return max(longest, time.monotonic() - last)


@MODEL_CHECKS.add("The user's name is filled in for each bot by itself.")
async def fills_in_the_user(rig: ModelRig) -> None:
    greeting = rig.harness.greeting
    if greeting is None:
        skip("It is not known here which text of its config is filled in: --harness FILE, with `greeting`.")
    models = {user: await rig.model(greeting, user) for user in (USER, "bob")}
    for user in (USER, "bob", USER):
        greeted = rig.harness.greeted((await models[user].reply(Prompt(TALK))).text)
        cure = "Put the bot's user in place of `{user_id}` with `fill_in` (imposter.contracts.model), in each instance."
        require(greeted == f"Hi {user}", f"`Hi {{user_id}}` became {greeted!r} for the user {user}.", cure)


@MODEL_CHECKS.add("Many conversations at once do not mix.")
async def keeps_conversations_apart(rig: ModelRig) -> None:
    if not rig.harness.echoes:
        skip("It is not known here what it answers: --harness FILE, with `echoes`.")
    model = await rig.model()
    texts = [f"this is conversation {number}" for number in range(CONVERSATIONS)]
    answers = await asyncio.gather(*(model.reply(Prompt([Turn(Source.CONTACT, text)])) for text in texts))
    mixed = [text for answer, text in zip(answers, texts, strict=True) if not answer.text.endswith(text)]
    cure = "Keep nothing of a call in the instance: `reply` runs for many chats at the same time."
    require(not mixed, f"{len(mixed)} of {len(texts)} conversations got an answer that is not theirs.", cure)


async def _fails_as(rig: ModelRig, status: int, error: type[ModelError], why: str) -> None:
    can_fail(rig)
    model = await rig.model()
    rig.harness.fail(status)
    async with must_raise(error, f"A vendor's HTTP {status}", why, rig.file) as caught:
        await model.reply(Prompt(TALK))
    _require_discretion(rig, caught[0])
    again = (await model.reply(Prompt(TALK))).text
    require(again, f"After an HTTP {status} it answers nothing any more.", "One failure must not be the end.")


def _require_discretion(rig: ModelRig, error: Exception) -> None:
    told = "".join(traceback.format_exception(error)) + repr(error)
    rig.require_no_secret(told, f"the {type(error).__name__}", TELL_NOTHING, "swordfish")


@MODEL_CHECKS.add("An overloaded vendor (HTTP 429) is asked again later, and the error gives nothing away.")
async def waits_when_overloaded(rig: ModelRig) -> None:
    await _fails_as(rig, 429, ModelUnavailable, "Raise ModelUnavailable: then it is asked again.")


@MODEL_CHECKS.add("A vendor that is away (HTTP 503) is asked again later, and the error gives nothing away.")
async def waits_when_away(rig: ModelRig) -> None:
    await _fails_as(rig, 503, ModelUnavailable, "Raise ModelUnavailable: then it is asked again.")


@MODEL_CHECKS.add("A vendor that refuses (HTTP 401) is not asked again, and the error gives nothing away.")
async def gives_up_when_refused(rig: ModelRig) -> None:
    await _fails_as(rig, 401, ModelRefused, "Raise ModelRefused: to ask again would not help.")


@MODEL_CHECKS.add("The services that it knows are whole, and its config takes their names.")
async def knows_whole_services(rig: ModelRig) -> None:
    require_ability(rig.file, MODEL_ABILITIES, HasPresets)
    presets, config_model = presets_of(rig.file), rig.file.config_model
    require(presets, "`presets` gives no Preset.", "Return a sequence of Preset (imposter.contracts.model).")
    names = [preset.name for preset in presets]
    require(len(set(names)) == len(names), "Two services have the same name.", "Give each its own.")
    known = config_model.model_fields.keys() if config_model is not None else set[str]()
    cure = "Give its `Config` the fields `preset` and `base_url`."
    require({"preset", "base_url"} <= known, "Its `Config` takes no service by name.", cure)
    for preset in presets:
        require(preset.title, f"The service {preset.name} has no title.", "Give it one.")
        cure = "Give `key_url` exactly where a key is needed."
        require(bool(preset.key_url) is preset.needs_key, f"{preset.name}: `key_url` and `needs_key` differ.", cure)
        own = {"base_url": preset.base_url.replace("{", "a").replace("}", "")}
        check_config(rig.file, {"model": "m", "preset": preset.name, **own})


@MODEL_CHECKS.add("Its list of models is names, or an error that gives nothing away.")
async def lists_names(rig: ModelRig) -> None:
    require_ability(rig.file, MODEL_ABILITIES, ListsModels)
    model = await rig.model()
    names = await model.models()
    require(names, "`models` gives no name.", "Return the names as text, or raise as `reply` does.")
    if rig.harness.can_fail:
        rig.harness.fail_list(401)
        cure = "Raise ModelRefused, or ModelUnavailable where it may help to ask again."
        async with must_raise(ModelError, "`models`, where the vendor refuses (HTTP 401),", cure, rig.file) as caught:
            await model.models()
        _require_discretion(rig, caught[0])


@MODEL_CHECKS.add("What its server does not take can be asked for at any time.")
async def tells_what_is_not_taken(rig: ModelRig) -> None:
    require_ability(rig.file, MODEL_ABILITIES, TellsNotTaken)
    model = await rig.model()
    require(
        not model.not_taken, "`not_taken` names something before the first call.", "Return what was refused so far."
    )
    await model.reply(Prompt(TALK))
    require(isinstance(model.not_taken, tuple), "`not_taken` cannot be read after a call.", "Return a sequence.")


@MODEL_CHECKS.add("No key of its config is in what it shows of itself.")
async def shows_no_key(rig: ModelRig) -> None:
    assert rig.file.provider is not None  # noqa: S101 - the rig has checked it
    if not secrets_in(rig.config):
        skip("Its config has no field here whose name says that it holds a key, token, secret or password.")
    provider = rig.file.provider(USER, rig.config)
    shown = f"{provider!r} {provider} {vars(provider)}"
    rig.require_no_secret(shown, "what `repr` or `vars` shows of it", "Keep it as a pydantic SecretStr.")
