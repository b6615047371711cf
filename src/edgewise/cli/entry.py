"""From a list of words to an exit code; no traceback on the way."""

import signal
import warnings
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Self

import typer

from edgewise.errors import EdgewiseError

from .start import INTERRUPTED

OK, USAGE = 0, 2

# The parser's own complaints (a missing option, a number that is none): typer stands on click or on its copy of it,
# and this is the base of all of them in both.
ParserError: type[Exception] = typer.BadParameter.__mro__[2]


def run(words: Sequence[str]) -> int:
    """Run one command and return its exit code: 0, 2 for what the user can put right, 130 after Ctrl+C."""
    from .app import app

    command = typer.main.get_command(app)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            return command.main(list(words), prog_name="edgewise", standalone_mode=False) or OK
    except ParserError as error:
        return _refuse(_with_help(error))
    except EdgewiseError as error:
        return _refuse(str(error))
    except OSError as error:
        return _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted")
        return INTERRUPTED


def say(line: str) -> None:
    """A line for the reader, on stderr."""
    typer.echo(line, err=True)


class Interrupts:
    """Remembers Ctrl+C: the work below may catch it and return the best so far.

    ``with Interrupts() as interrupts: ...`` and then ``interrupts.seen``. A second Ctrl+C is not remembered but raised
    as ever, so that nothing can be uninterruptible. After ``only_note`` (what is left is short and must be whole, like
    saving) one more is remembered and not raised.
    """

    def __init__(self) -> None:
        self.seen = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._raise)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def insist(self) -> None:
        """Raise what was remembered once more: foreign code may have swallowed it, and the work below goes on."""
        if self.seen:
            raise KeyboardInterrupt

    def only_note(self) -> None:
        """From now on Ctrl+C is remembered, and nothing is interrupted by the first one."""
        signal.signal(signal.SIGINT, self._note)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        self._note(number, frame)
        raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _with_help(error: Exception) -> str:
    """The parser's message, and which --help to read."""
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    message = message.strip().removesuffix(".")  # typer ends a question with "?."
    path = getattr(getattr(error, "ctx", None), "command_path", "edgewise")
    return f"{message}{'' if message.endswith('?') else '.'} See {path} --help"


def _refuse(message: str) -> int:
    say(f"error: {' '.join(message.split())}")
    return USAGE


def _say_warning(message: Warning | str, *place: object, **more: object) -> None:
    say(f"warning: {' '.join(str(message).split())}")
