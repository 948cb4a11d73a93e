"""`dltui notify`: what one is notified of, and how."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import InputError
from engine.notifications import NotificationSettings, without_secrets
from engine.params import declared, format_value
from tui.cli.engine_call import call_engine, exit_on_error, print_json, print_lines, print_stderr
from tui.cli.ls import AsJson
from tui.cli.name_values import split_setting
from tui.data.value_text import aligned


def notify(
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME=VALUE]...", help="a setting; the value - is read from the standard input"
        ),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="send a notification now")] = False,
    json: AsJson = False,
) -> None:
    """Be notified when runs end, fail or meet a condition.

    \b
        dltui notify condition='val_loss<0.1' terminal=auto bell=yes
        dltui notify command='notify-send dltui' url=https://example.org/hook --test
    """
    with exit_on_error():
        given = dict(map(_setting, settings or ()))

    async def request(client: Client) -> tuple[NotificationSettings, list[str]]:
        found = await client.notifications()
        if given:
            found = await client.set_notifications(asdict(found) | given)
        return found, await client.test_notifications() if test else []

    found, problems = call_engine(request)
    shown = without_secrets(found)
    if json:
        print_json({"settings": shown, "problems": problems} if test else shown)
    else:
        rows = [
            (one.name, format_value(one, getattr(shown, one.name)) or "none", one.help)
            for one in declared(NotificationSettings)
        ]
        print_lines(aligned(rows))
    for problem in problems:
        print_stderr(problem)
    if test and not problems:
        print_stderr("A test was sent.")
    sys.exit(1 if problems else 0)


def _setting(text: str) -> tuple[str, str]:
    """Raises ParamError and InputError."""
    name, value = split_setting(text)
    if value != "-":
        return name, value
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:
        raise InputError(f"{name}: expected its value on the standard input, got nothing.")
    return name, line.rstrip("\n")
