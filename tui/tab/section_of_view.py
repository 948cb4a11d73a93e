"""Which section of the course is about each view of the app."""

from __future__ import annotations

from collections.abc import Mapping

LESSONS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("runs", ""): ("l08", "when-to-stop"),
    ("xor", "hand"): ("l02", "one-line-four-corners"),
    ("xor", "trained"): ("l05", "deltas-from-the-end"),
    ("xor", "ladder"): ("l02", "the-xor-ladder"),
    ("xor", "map"): ("l08", "two-hundred-at-once"),
    ("xor", "nine"): ("l02", "the-xor-ladder"),
    ("sweep", ""): ("l08", "what-selects-and-what-judges"),
    ("mnist", "data"): ("l05", "inputs-of-a-sensible-size"),
    ("mnist", "networks"): ("l06", "counting-parameters"),
    ("mnist", "report"): ("l06", "accuracy-you-can-believe"),
    ("mnist", "filters"): ("l06", "a-kernel-by-hand"),
    ("mnist", "draw"): ("l06", "what-a-unit-sees"),
    ("mnist", "pictures"): ("l06", "accuracy-you-can-believe"),
    ("language", ""): ("l07", "how-surprised"),
    ("repl", ""): ("l07", "drawing-words"),
}
"""lecture and section by tab and view; the view is empty for a tab without views"""


def lesson_of(tab: str, view: str) -> tuple[str, str] | None:
    return LESSONS.get((tab, view)) or LESSONS.get((tab, ""))
