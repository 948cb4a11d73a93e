"""Days of learning: one begins at 04:00 local time, so an answer after midnight belongs to the evening."""

from __future__ import annotations

from datetime import date, datetime, timedelta

DAY_BEGINS = timedelta(hours=4)


def day_of(at: float) -> date:
    """The day of learning of a moment, by the clock on the wall: also on days with 23 or 25 hours."""
    return (datetime.fromtimestamp(at) - DAY_BEGINS).date()


def start_of(day: date) -> float:
    """The moment at which a day of learning begins."""
    return (datetime.combine(day, datetime.min.time()) + DAY_BEGINS).timestamp()
