"""The dialog with the settings of notifications."""

from __future__ import annotations

from collections.abc import Callable

from engine.client.client import Client
from engine.notifications import NotificationSettings
from engine.params import build, declared, format_value
from tui.dialogs.form_dialog import FormOutcome, FormScreen
from tui.ui.form import Form, Typed, field_of

ABOUT = (
    "Kept in notifications.json of the home, which you alone can read. Nothing is sent while command and url"
    " are empty, and terminal and bell are off."
)


def notification_screen(settings: NotificationSettings, client: Callable[[], Client]) -> FormScreen[str]:
    """Dismissed with a line that tells what was done."""

    async def act(typed: Typed) -> str:
        await client().set_notifications(dict(typed))
        return "The notifications are saved. Try them: dltui notify --test"

    def outcome(typed: Typed) -> FormOutcome:
        build(NotificationSettings, typed)
        return FormOutcome()

    params = declared(NotificationSettings)
    typed = {one.name: format_value(one, getattr(settings, one.name)) for one in params}
    form = Form([field_of(one) for one in params], typed, gap="terminal")
    return FormScreen("notifications", form, act, submit_label="save", about=(ABOUT,), outcome=outcome)
