"""What the user is notified of, and how: the settings, notifications.json of the home, and a notification."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.params import choice, flag, text

OFF, AUTO, OSC_9, OSC_777 = "off", "auto", "osc9", "osc777"


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """Declared as the parameters of an experiment are: form and options are made from the fields."""

    end: bool = flag(True, "when a run or a sweep is done")
    failure: bool = flag(True, "when a run fails or is lost")
    stall: bool = flag(True, "when a run makes no step for long")
    condition: str = text("", "when a run meets it: val_loss<0.1")
    terminal: str = choice(OFF, "by the terminal, while the app is open", (OFF, AUTO, OSC_9, OSC_777))
    bell: bool = flag(False, "ring the bell, while the app is open")
    command: str = text("", "is run without a shell, reads JSON")
    url: str = text("", "JSON is sent to it (POST)")


@dataclass(frozen=True, slots=True)
class NotificationRequest:
    values: dict[str, bool | str]


@dataclass(frozen=True, slots=True)
class Notification:
    """`run` is the id of a run or a sweep; empty for a test and where several are told at once."""

    kind: str
    """end, failure, stall, condition, test or several"""
    title: str
    text: str
    run: str
    at: float


@dataclass(frozen=True, slots=True)
class TerminalNotification:
    """A notification for the terminals of the apps that are open."""

    title: str
    text: str
    terminal: str
    """off, auto, osc9 or osc777"""
    bell: bool


def words_of(command: str) -> list[str]:
    """The program and its arguments, quoted as in a shell. Raises ValueError."""
    import shlex  # neither is needed at the start of the service

    try:
        return shlex.split(command)
    except ValueError as error:
        raise ValueError(f"expected words as in a shell, {str(error).lower()}") from error


def without_secrets(settings: NotificationSettings) -> NotificationSettings:
    """As it may be printed: of the address scheme and host, of the command the program."""
    from urllib.parse import urlsplit

    parts = urlsplit(settings.url)
    words = words_of(settings.command)
    more = " …" if len(words) > 1 else ""
    return replace(
        settings,
        url=f"{parts.scheme}://{parts.hostname}/…" if settings.url else "",
        command=f"{words[0]}{more}" if words else "",
    )
