"""The messages of W&B's files, by the numbers of the fields that are read.

History and summary are most of a file: `wandb_items` reads them without these classes where it can.
"""

from __future__ import annotations

from engine.readers.message_classes import message_classes

MESSAGES: dict[str, dict[int, str]] = {
    "Record": {
        1: "num int64", 2: "history History", 3: "summary Updates", 4: "output Output", 5: "config Updates",
        7: "stats Stats", 13: "output_raw Output", 17: "run Run", 18: "exit Exit",
    },
    "Run": {
        1: "id bytes", 3: "project bytes", 4: "config Updates", 6: "group bytes", 7: "job_type bytes",
        8: "name bytes", 9: "notes bytes", 10: "tags *bytes", 17: "started Time", 24: "is_resumed bool",
    },
    "Updates": {1: "items *Item"},
    "History": {1: "items *Item", 2: "step Step"},
    "Step": {1: "num int64"},
    "Item": {
        1: "key bytes", 2: "nested_key *bytes", 4: "boolean bool", 5: "whole sint64", 6: "number double",
        7: "text bytes", 8: "json bytes", 16: "value_json bytes",
    },
    "Stats": {2: "at Time", 3: "items *Item"},
    "Output": {1: "kind int32", 2: "at Time", 3: "line bytes"},
    "Exit": {1: "code int32", 2: "seconds int32"},
    "Time": {1: "seconds int64", 2: "nanos int32"},
}  # fmt: skip

Record = message_classes("wandb", MESSAGES)["Record"]
