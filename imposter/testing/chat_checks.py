"""What every chat provider must do, whatever its platform."""

import asyncio
import time

from imposter.contracts.chat import (
    DeletesMessages,
    DerivesMessageIds,
    HasOwnChat,
    LimitsMessages,
    MarksRead,
    NamesPeople,
    ShowsMarkup,
    ShowsTyping,
    StopsListening,
    WatchesTyping,
)
from imposter.contracts.errors import NotConnected
from imposter.contracts.messages import Source
from imposter.contracts.status import LinkState
from imposter.runtime.providers.chat_adapter import canonical_ids
from imposter.testing.abilities import check_methods
from imposter.testing.chat_rig import ChatRig, able, with_friend
from imposter.testing.check import Checks, Failed, must_raise, require, until
from imposter.testing.subject import PROMPT

SOMEBODY = "4915100000002"
"""An id on any platform; nothing ever reaches it."""
ANSWER = "nice to hear from you"
NO_MARKUP = ("", "at 8, or 2 * 3 hours", "snake_case\n\n#1 :-)", "**")
LONGEST_ID = 256
WAIT_FOR_LINK = "Raise NotConnected (imposter.contracts.errors): then the answer waits for the link and is not lost."

CHAT_CHECKS = Checks[ChatRig]()


@CHAT_CHECKS.add("The server can use the file and its config, and can make the provider.")
async def can_be_made(rig: ChatRig) -> None:
    """The rig has done all of it."""


@CHAT_CHECKS.add("Its methods have the names and take the arguments that the server calls them by.")
async def methods_fit(rig: ChatRig) -> None:
    check_methods(rig.file, type(rig.provider))


@CHAT_CHECKS.add("`start_listening` returns at once.")
async def starts_at_once(rig: ChatRig) -> None:
    began = time.monotonic()
    cure = "Begin to receive in a thread or a task of your own, and return."
    try:
        async with asyncio.timeout(PROMPT):
            await rig.start()
    except TimeoutError:
        rig.subject.not_linked = "It cannot be tried, as `start_listening` does not return."
        raise Failed(f"`start_listening` has not returned after {PROMPT:.0f} s.", cure) from None
    took = time.monotonic() - began
    require(took < PROMPT, f"`start_listening` took {took:.1f} s and held up all other bots.", cure)


@CHAT_CHECKS.add("A send before it is connected says so.")
async def refuses_to_send_too_early(rig: ChatRig) -> None:
    async with must_raise(NotConnected, "A send before `start_listening`", WAIT_FOR_LINK, rig.file):
        await rig.port.send(SOMEBODY, "too early", rig.port.message_id("a" * 64))


@CHAT_CHECKS.add("Its status is one that the server knows, and true before the start.")
async def tells_a_known_status(rig: ChatRig) -> None:
    before = await rig.port.status()
    cure = "Return a LinkStatus (imposter.contracts.status), a dict of its fields, or one of LinkState's values."
    require(
        before is None or before.status is not LinkState.ERROR, f"Before the start: {before and before.detail}", cure
    )
    require(
        before is None or before.status is not LinkState.CONNECTED,
        "`get_status` tells `connected` before `start_listening`.",
        "Tell `stopped` until the link stands.",
    )
    await rig.start()
    after = await rig.port.status()
    require(after is None or after.status is not LinkState.ERROR, f"After the start: {after and after.detail}", cure)


@CHAT_CHECKS.add("It can be stopped, twice as well, and started again.")
async def stops_and_starts_again(rig: ChatRig) -> None:
    able(rig, StopsListening)
    await rig.link()
    await rig.port.stop()
    await rig.port.stop()
    stopped = await rig.port.status()
    require(
        stopped is None or stopped.status is not LinkState.CONNECTED,
        "`get_status` still tells `connected` after `stop_listening`.",
        "Tell `stopped` then.",
    )
    async with must_raise(NotConnected, "A send after `stop_listening`", WAIT_FOR_LINK, rig.file):
        await rig.port.send(SOMEBODY, "too late", rig.port.message_id("b" * 64))
    await rig.link()


@CHAT_CHECKS.add("What a contact writes arrives in the user's queue, under the contact's id.")
async def hears_contacts(rig: ChatRig) -> None:
    with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    canonical = canonical_ids(rig.file)
    require(
        hello.source is Source.CONTACT, f"`source` is {hello.source}.", 'Give source="user" for what contacts write.'
    )
    friend = rig.harness.friend or ""
    require(
        canonical(hello.sender_id) == canonical(friend),
        f"The sender is {hello.sender_id!r}, and the friend's id is {friend!r}.",
        "Give the platform's own id as the sender's `identifier`; a name that they chose is the `display_name`.",
    )
    require(
        hello.group_id is None,
        f"It has the group {hello.group_id!r}.",
        "Give group=None for what comes in a direct chat.",
    )


@CHAT_CHECKS.add("An answer reaches the contact, and only once under the same id.")
async def answers_once(rig: ChatRig) -> None:
    with_friend(rig)
    await rig.link()
    hello = await rig.hello()
    message_id = rig.port.message_id("c" * 64)
    for _ in range(2 if rig.port.repeatable else 1):
        await rig.port.send(hello.reply_to, ANSWER, message_id)

    async def arrived() -> bool:
        return bool(await rig.harness.received(rig.provider))

    cure = "`recipient` is the id that came with the message: its `reply_to`, else its group, else its sender."
    await until(arrived, rig.patience, "The answer has not reached the friend", cure)
    received = await rig.harness.received(rig.provider)
    require(
        len(received) == 1,
        f"The friend got the answer {len(received)} times.",
        "`send_with_id` under an id that was sent before must not be seen again; without that ability leave it out.",
    )
    require(received == [ANSWER], f"The friend got {received[0]!r} in place of {ANSWER!r}.", "Send the text as it is.")


@CHAT_CHECKS.add("Ids of outgoing messages follow from their seed alone.")
async def makes_ids_of_seeds(rig: ChatRig) -> None:
    able(rig, DerivesMessageIds)
    first, again, other = (rig.port.message_id(seed * 64) for seed in "aab")
    cure = "Make the id of `seed` and of nothing else, so that an answer has the same one after a crash."
    require(first == again, "`message_id` gives two ids for one seed.", cure)
    require(first != other, "`message_id` gives one id for two seeds.", cure)
    require(0 < len(first) <= LONGEST_ID, f"The id has {len(first)} characters.", f"Make it 1 to {LONGEST_ID} long.")


@CHAT_CHECKS.add("An id has one spelling.")
async def spells_ids_in_one_way(rig: ChatRig) -> None:
    able(rig, NamesPeople)
    canonical = canonical_ids(rig.file)
    for text in (rig.harness.friend or SOMEBODY, "+49 151 00000002", "no id at all"):
        once = canonical(text)
        require(
            canonical(once) == once,
            f"`canonical_id` makes {once!r} of {text!r}, and {canonical(once)!r} of that.",
            "What has its one spelling must come back as it is.",
        )


@CHAT_CHECKS.add("Typing is shown until it ends or the answer is sent.")
async def shows_typing(rig: ChatRig) -> None:
    with_friend(able(rig, ShowsTyping))
    async with must_raise(
        NotConnected, "`show_typing` before `start_listening`", "Raise NotConnected there.", rig.file
    ):
        await rig.provider.show_typing(SOMEBODY, True)
    await rig.link()
    hello = await rig.hello()
    await rig.provider.show_typing(hello.reply_to, True)
    await until(rig.harness.typing_seen, rig.patience, "The friend does not see that an answer is typed")
    await rig.provider.show_typing(hello.reply_to, False)

    async def over() -> bool:
        return not await rig.harness.typing_seen()

    await until(over, rig.patience, "The friend still sees typing after `show_typing(..., False)`")


@CHAT_CHECKS.add("What was read is marked as read.")
async def marks_read(rig: ChatRig) -> None:
    with_friend(able(rig, MarksRead))
    await rig.link()
    hello = await rig.hello()
    await rig.provider.mark_read(hello.reply_to, [(hello.message_id, hello.sender_id)])

    async def seen() -> bool:
        return await rig.harness.read() == [hello.message_id]

    await until(seen, rig.patience, "The friend does not see that the message, and it alone, was read")


@CHAT_CHECKS.add("A contact who is watched is heard typing.")
async def hears_typing(rig: ChatRig) -> None:
    with_friend(able(rig, WatchesTyping))
    await rig.link()
    hello = await rig.hello()
    await rig.provider.watch_typing(hello.reply_to)
    cure = "Call `context.typing(chat, on)` with the chat as `reply_to` of its messages has it."
    for on in (True, False):

        async def told(on: bool = on) -> bool:
            await rig.harness.type(on)
            return (hello.reply_to, on) in rig.typing

        what = "begins" if on else "ends"
        await until(told, rig.patience, f"The server is not told that the friend {what} to type", cure)
        rig.typing.clear()


@CHAT_CHECKS.add("What was sent can be deleted for everyone.")
async def deletes_for_everyone(rig: ChatRig) -> None:
    with_friend(able(rig, DeletesMessages))
    await rig.link()
    hello = await rig.hello()
    message_id = rig.port.message_id("d" * 64)
    await rig.port.send(hello.reply_to, "I did not say that", message_id)
    await rig.provider.delete_for_everyone(hello.reply_to, message_id)

    async def gone() -> bool:
        return await rig.harness.deleted() == [message_id]

    await until(gone, rig.patience, "The message is not deleted for the friend")


@CHAT_CHECKS.add("The owner's own chat is known while the account is linked, and takes a note.")
async def knows_the_owners_chat(rig: ChatRig) -> None:
    able(rig, HasOwnChat)
    require(
        rig.provider.own_chat() is None, "`own_chat` names a chat before the link stands.", "Return None until then."
    )
    await rig.link()
    own = rig.provider.own_chat()
    require(own, "`own_chat` names no chat though the link stands.", "Return the recipient of that chat.")
    require(
        own == canonical_ids(rig.file)(own),
        f"`own_chat` is {own!r}, and `canonical_id` spells that otherwise.",
        "Return its one spelling, as messages in it carry it.",
    )
    await rig.port.send(own, "a note", rig.port.message_id("e" * 64))


@CHAT_CHECKS.add("Its markup leaves what is no Markdown as it is.")
async def leaves_other_text_alone(rig: ChatRig) -> None:
    able(rig, ShowsMarkup)
    for text in NO_MARKUP:
        shown = rig.provider.in_own_markup(text)
        require(shown == text, f"`in_own_markup` makes {shown!r} of {text!r}.", "Change nothing but Markdown.")
    shown = rig.provider.in_own_markup("**bold**")
    require(
        "**" not in shown, f"`in_own_markup` makes {shown!r} of '**bold**'.", "Write bold as the platform shows it."
    )


@CHAT_CHECKS.add("Its longest message holds more than a word.")
async def takes_long_messages(rig: ChatRig) -> None:
    able(rig, LimitsMessages)
    longest = rig.provider.longest_message()
    cure = "Return how many characters one message may have."
    require(longest >= 100, f"`longest_message` is {longest}: nearly every answer would wait for the owner.", cure)
