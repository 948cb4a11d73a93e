"""The words of the filter language: what the parser knows, and what a person can be told of it."""

from __future__ import annotations

TEXTS = {
    "id": "of the run",
    "name": "as it was given",
    "experiment": "a name of the catalog",
    "status": "one word; `status=failed`",
    "cause": "how it ended: finished, diverged, disk_full, ...",
    "device": "cpu or gpu:0, ...",
    "sweep": "id or name of the sweep it is a trial of",
}
"""fields that are text: compared with = and != alone"""
NUMBERS = {
    "trial": "number of the trial in its sweep",
    "step": "reached so far",
    "best": "value of the metric its experiment is judged by",
    "created": "seconds since 1970",
    "seed": "of the run",
    "total_steps": "it will train",
    "attempt": "how often it was started",
}
SEARCHED = ("id", "name", "experiment", "status")
"""where a bare word is looked for"""
SIGNS = ("<=", ">=", "!=", "==", "=", "<", ">")
JOINTS = ("and", "or", "not")
YES = {"yes": 1, "true": 1, "on": 1, "no": 0, "false": 0, "off": 0}
