"""Fields by which runs are filtered, sorted and shown in tables; operators and keywords of filters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunField:
    """A field of a run, named as in `dltui ls --json`."""

    name: str
    about: str
    """for the help on filters; without it the field is not one of filters and sort orders"""
    is_text: bool = False
    """compared only with =, !=, ~ and !~"""
    title: str = ""
    """of its column in the run table; without it the field has none, or one of its own there"""
    unit: str = ""
    """bytes, seconds, percent or per second; numbers without a unit have four digits"""
    width: int = 8
    """cells of the column"""
    is_listed: bool = True
    """whether a field with a title is a column of `dltui ls` too"""


FIELDS = (
    RunField("id", "id of the run", is_text=True),
    RunField("name", "name of the run", is_text=True),
    RunField("experiment", "experiment of the catalog", is_text=True),
    RunField("status", "status of the run, as in status=failed; state is status", is_text=True),
    RunField("cause", "cause of the end: finished, diverged, disk_full, ...", is_text=True),
    RunField("device", "device that trains: cpu, gpu:0, ...", is_text=True),
    RunField("tags", "a tag of the run, as in tag:baseline; tag is tags", is_text=True),
    RunField("note", "note of the run", is_text=True),
    RunField("sweep", "id or name of the sweep of a trial", is_text=True),
    RunField("parent", "run it is a child of, as in parent=a1b2 or parent=a1b2@400", is_text=True),
    RunField("config", "id of its group: runs that differ in the seed alone", is_text=True),
    RunField("trial", "number of the trial in its sweep"),
    RunField("step", "last step"),
    RunField("best", "best value of the metric of its experiment"),
    RunField("age", "time since submission, as in age<2d: s, m, h, d or w"),
    RunField("created", "time of submission, in seconds since 1970"),
    RunField("seed", "random seed"),
    RunField("total_steps", "planned number of steps"),
    RunField("attempt", "number of starts"),
    RunField(
        "peak_memory", "most memory of its processes, as in peak_memory>2GB: kB, MB, GB or TB", unit="bytes"
    ),
    RunField("peak_gpu_memory", "most memory in use on its GPUs, as in peak_gpu_memory<24GB", unit="bytes"),
    RunField("gpu_use", "mean use of its GPUs in percent", unit="percent"),
    RunField("gpu_idle", "longest time its GPUs had no work, as in gpu_idle>5m", unit="seconds"),
    RunField("disk", "disk space of its folder, as in disk>1GB", unit="bytes"),
    RunField("rate", "", title="steps/s", unit="per second", is_listed=False),
)
TEXTS = {one.name: one.about for one in FIELDS if one.is_text}
NUMBERS = {one.name: one.about for one in FIELDS if one.about and not one.is_text}
UNITS = {one.name: one.unit for one in FIELDS if one.unit}
COLUMNS = tuple(one for one in FIELDS if one.title)
SEARCHED = ("id", "name", "experiment", "status", "tags", "note")
"""fields in which a word without an operator is searched"""
ALIASES = {"state": "status", "tag": "tags"}
"""other names of fields"""
SOURCES = ("params.", "metrics.")
"""prefixes by which a parameter or a metric is named that is called as a field is"""
MATCHES, MATCHES_NOT = "~", "!~"
"""signs before a regular expression"""
OPERATORS = ("<=", ">=", "!=", MATCHES_NOT, "==", "=", "<", ">", MATCHES)
CONNECTIVES = ("and", "or", "not")
BOOLEANS = {"yes": 1, "true": 1, "on": 1, "no": 0, "false": 0, "off": 0}
