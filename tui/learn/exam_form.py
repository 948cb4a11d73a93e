"""The form of an exam: how long it is, its seed, and the day that one learns for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from engine.client.session import Session
from engine.errors import ParamError
from engine.params import build, declared, flag, format_value, number, text
from engine.session_protocol.learn import SettingRequest
from tui.dialogs.form_dialog import FormOutcome, FormScreen
from tui.learn.today_rows import learning_day
from tui.ui.form import Form, Typed, field_of

ABOUT = "The day holds until you clear it: cards come more often, and each once in its last week."


@dataclass(frozen=True, slots=True)
class ExamSettings:
    """Of the next exam that is begun; `day` and `known` hold for one that was left, too."""

    items: int = number(20, "how many questions", least=1, most=100)
    minutes: int = number(25, "for all of them together", least=1, most=600)
    seed: int | None = number(None, "the same seed, the same questions", least=0, word="next")
    known: bool = flag(False, "with 8 of 10 right, new cards start as known")
    day: str = text("", "of your own exam, as 2026-12-24")


def settings_from(saved: Mapping[str, Any], day: str) -> ExamSettings:
    """As they were saved, or the defaults where that cannot be read."""
    names = {one.name for one in fields(ExamSettings)} - {"day"}
    try:
        made: ExamSettings = build(
            ExamSettings, {name: saved[name] for name in names & saved.keys()} | {"day": day}
        )
        return made
    except (ParamError, TypeError):
        return ExamSettings(day=day)


def exam_form(settings: ExamSettings, session: Session) -> FormScreen[ExamSettings]:
    """Dismissed with what was set; the day is written to the log."""

    async def act(typed: Typed) -> ExamSettings:
        made = _made(typed)
        if made.day != settings.day:
            await session.ask(SettingRequest("exam_on", made.day))
        return made

    def outcome(typed: Typed) -> FormOutcome:
        _made(typed)
        return FormOutcome()

    params = declared(ExamSettings)
    texts = {one.name: format_value(one, getattr(settings, one.name)) for one in params}
    form = Form([field_of(one) for one in params], texts, gap="day")
    return FormScreen("exam", form, act, submit_label="keep", about=(ABOUT,), outcome=outcome)


def _made(typed: Typed) -> ExamSettings:
    """Raises ParamError for a day that is none, or is over."""
    made: ExamSettings = build(ExamSettings, typed)
    if made.day:
        try:
            day = date.fromisoformat(made.day)
        except ValueError:
            raise ParamError(f"day: expected one such as 2026-12-24, got {made.day[:40]!r}.") from None
        if day < learning_day():
            raise ParamError(f"day: expected one that is to come, got {made.day}.", "Empty is no day.")
    return made
