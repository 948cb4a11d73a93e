"""A review line by line, while another app marks and locks the same cards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.course.due import log_path
from engine.course.line_review import LineReview
from engine.course.log import append, new_entry, read
from engine.course.review import LearnLog
from tests.engine.course.test_review import BIAS, DAY, LIBRARY, NOON, answer

MAP = "l08.map.predict"


def reviewed(learn: Path, lines: list[str], when_asked: Callable[[str], None]) -> list[str]:
    """What a review told; `when_asked` is called with each prompt before it is answered."""
    told: list[str] = []

    def ask(prompt: str) -> str | None:
        when_asked(prompt)
        return lines.pop(0) if lines else None

    LineReview(learn, ask, told.append, lambda: NOON + 20 * DAY).run(1)
    return told


def test_a_card_that_is_marked_elsewhere_while_it_is_asked_is_practice(tmp_path: Path) -> None:
    answer(LearnLog(tmp_path), BIAS, 3, NOON)

    def mark_elsewhere(prompt: str) -> None:
        if prompt.startswith("1 forgot"):
            answer(LearnLog(tmp_path), BIAS, 1, NOON + 20 * DAY)

    told = reviewed(tmp_path, ["", "3"], mark_elsewhere)
    assert "Practice: it was marked today before, its day stays." in told
    assert [entry.kind for entry in read(log_path(tmp_path)).entries] == ["mark", "mark", "practice"]


def test_a_prediction_that_is_locked_elsewhere_meanwhile_stays_and_is_the_one_that_is_marked(
    tmp_path: Path,
) -> None:
    append(log_path(tmp_path), [new_entry("seen", NOON, what="aid:failure_map")])
    item = LIBRARY.find_item(MAP)
    assert item is not None

    def lock_elsewhere(prompt: str) -> None:
        other = LearnLog(tmp_path)
        if MAP not in other.state.locks and not other.state.marks:
            other.lock(MAP, other.question(MAP, item), 7, NOON + 20 * DAY, guessed=True)

    told = reviewed(tmp_path, ["190", ""], lock_elsewhere)
    [mark] = [entry for entry in read(log_path(tmp_path)).entries if entry.kind == "mark"]
    assert (
        mark.get("answer") == 7 and mark.get("guessed") and any("is locked with 7" in line for line in told)
    )
