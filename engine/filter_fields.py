"""Fields, operators and keywords of the filter language, for its parser and for the help."""

from __future__ import annotations

TEXTS = {
    "id": "id of the run",
    "name": "name of the run",
    "experiment": "experiment of the catalog",
    "status": "status of the run, as in status=failed",
    "cause": "cause of the end: finished, diverged, disk_full, ...",
    "device": "device that trains: cpu, gpu:0, ...",
    "sweep": "id or name of the sweep of a trial",
}
"""text fields, compared only with = and !="""
NUMBERS = {
    "trial": "number of the trial in its sweep",
    "step": "last step",
    "best": "best value of the metric of its experiment",
    "created": "time of submission, in seconds since 1970",
    "seed": "random seed",
    "total_steps": "planned number of steps",
    "attempt": "number of starts",
}
SEARCHED = ("id", "name", "experiment", "status")
"""fields in which a word without an operator is searched"""
OPERATORS = ("<=", ">=", "!=", "==", "=", "<", ">")
CONNECTIVES = ("and", "or", "not")
BOOLEANS = {"yes": 1, "true": 1, "on": 1, "no": 0, "false": 0, "off": 0}
