"""The command that links an account from the terminal. It shows the code as it changes, until a phone scans it."""

import io
import sys
import time
from datetime import UTC, datetime

from imposter.cli.client import Server
from imposter.cli.labels import CommandError, say, state_of
from imposter.contracts.status import BotStatus, LinkState

EVERY = 0.5
"""Seconds between two checks of the status."""
STARTS_WITHIN = 15.0
"""Seconds for which a started bot may still have its old status."""
_ASLEEP = (LinkState.STOPPED, LinkState.LOGGED_OUT)
_HOPELESS = (*_ASLEEP, LinkState.PASSKEY_REQUIRED, LinkState.REPLACED, LinkState.ERROR)
_WHITE_ON_BLACK, _USUAL, _CLEAR, _SAME_LINE = "\x1b[97;40m", "\x1b[0m", "\x1b[2J\x1b[H", "\r\x1b[K"


def link(server: Server, name: str, phone: str | None = None) -> None:
    """Link a bot, and return when it is connected. Raises: CommandError (waiting is of no use)."""
    number = None if phone is None else _read(phone)
    bot = server.find(name)
    was, asleep_until = bot.status, 0.0
    if was in _ASLEEP:
        say(f"{bot.user_id} {state_of(bot)}: it is started now.")
        bot = server.post(f"/chatbot/{bot.instance_id}/start", BotStatus)
        asleep_until = time.monotonic() + STARTS_WITHIN
    window = _Window(sys.stdout.isatty())
    asked = False
    while bot.status is not LinkState.CONNECTED:
        still_asleep = bot.status is was and time.monotonic() < asleep_until
        if bot.status in _HOPELESS and not still_asleep:
            window.end()
            raise CommandError(_told(bot))
        if bot.status is not LinkState.LINKING or bot.qr is None:
            window.note(_waiting(bot))
        elif number is None:
            window.show(bot.qr, bot.qr_expires_at)
        elif not asked:
            _ask_for_code(server, bot, number, window)
            asked = True
        time.sleep(EVERY)
        bot = server.bot(bot.instance_id)
    window.end()
    say(f"{bot.user_id} is linked and connected{f', as {bot.account}' if bot.account else ''}.")


def _read(phone: str) -> str:
    from imposter import phone_numbers  # only needed for a pairing code

    try:
        return phone_numbers.read(phone)
    except ValueError as error:
        raise CommandError(f"--phone {error}.") from None


def _ask_for_code(server: Server, bot: BotStatus, phone: str, window: "_Window") -> None:
    answer = server.post(f"/chatbot/{bot.instance_id}/pairing-code", dict[str, str], {"phone": phone})
    code = answer["code"]
    window.end()
    say(f"Code: {f'{code[:4]}-{code[4:]}' if len(code) == 8 else code}")
    say("Type it on the phone: Settings, Linked devices, Link a device, Link with phone number instead.")


def _waiting(bot: BotStatus) -> str:
    words = "waits for a code" if bot.status is LinkState.LINKING else state_of(bot)
    return f"{bot.user_id} {words}. {bot.detail or ''}".rstrip()


def _told(bot: BotStatus) -> str:
    return f"{bot.user_id} {state_of(bot)}. {bot.detail or 'The log of the server may say why.'}"


class _Window:
    """The output: redrawn in place on a terminal, line by line in a file."""

    def __init__(self, live: bool) -> None:
        self._live = live
        self._code: str | None = None
        self._noted: str | None = None
        self._open = False

    def note(self, text: str) -> None:
        """Print a text, unless it was printed just before."""
        if text != self._noted:
            self.end()
            self._noted = text
            say(text)

    def show(self, code: str, until: datetime | None) -> None:
        if code != self._code:
            self._code, self._noted = code, None
            self._draw(code)
            if not self._live:
                say(_left(until))
        if self._live:
            self._write(f"{_SAME_LINE}{_left(until)}")
            self._open = True

    def end(self) -> None:
        """Begin a new line for the output that follows."""
        if self._open:
            self._write("\n")
            self._open = False

    def _draw(self, code: str) -> None:
        import segno

        picture = io.StringIO()
        try:
            segno.make(code, micro=False).terminal(picture, border=2, compact=True)
        except segno.DataOverflowError:
            raise CommandError(
                "The platform's code does not fit into a picture: the API's status has it as `qr`."
            ) from None
        if self._live:
            # Dark on light, whatever the colours of the terminal: phones do not read inverted codes.
            lines = (f"{_WHITE_ON_BLACK}{line}{_USUAL}\n" for line in picture.getvalue().splitlines())
            self._write(f"{_CLEAR}{''.join(lines)}")
        else:
            self._write(picture.getvalue())
        say("Scan it on the phone: Settings, Linked devices, Link a device. Ctrl-C leaves the bot as it is.")

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _left(until: datetime | None) -> str:
    if until is None:
        return "A new code comes by itself."
    seconds = max(0, round((until - datetime.now(UTC)).total_seconds()))
    return f"A new code comes in {seconds} s."
