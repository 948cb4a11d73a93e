"""What is known of an experiment that is a file: plain data, made by a process that imported it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from engine.params import Param, Value
from engine.typed_json import ALL

SOURCE = "source"
"""folder, in that of a run or of a sweep, of the source that it keeps"""
KINDS: Mapping[str, type] = {"bool": bool, "int": int, "float": float, "text": str}
_NAME_OF = {kind: name for name, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class ParamDescription:
    """A `Param` as JSON."""

    JSON_OMITTED: ClassVar = ALL

    name: str
    kind: str
    """one of KINDS"""
    default: Value = None
    help: str = ""
    choices: tuple[str, ...] = ()
    above: float | None = None
    least: float | None = None
    most: float | None = None
    log: bool = False
    live: bool = False
    word: str = ""
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileExperiment:
    """An experiment of the user's own; part of the spec of its runs and sweeps, which outlive the file."""

    JSON_OMITTED: ClassVar = ALL

    name: str
    path: str
    """absolute path of the file, when the run was submitted"""
    title: str = ""
    claim: str = ""
    framework: str = "numpy"
    best: str = "loss"
    goal: str = "min"
    threads: int = 1
    reads_data: bool = False
    """whether its training data depend on the folder of data sets"""
    checks: bool = False
    """whether its own code says which values are valid together"""
    metrics: tuple[str, ...] = ()
    params: tuple[ParamDescription, ...] = ()
    python: str = ""
    """the interpreter that trains it; empty: that of dltui"""
    module: str = ""
    """dotted name of a module of an installed package; empty for a file"""
    search: tuple[str, ...] = ()
    """folders in which its imports are searched last: those of PYTHONPATH in the shell that submitted it"""
    source: str = ""
    """SHA-256 of the names and bytes of its files"""
    stored: str = ""
    """name of the folder that keeps its files, in the home and in each of its runs"""


def param_of(described: ParamDescription) -> Param:
    facts = asdict(described)
    return Param(**{**facts, "kind": KINDS[described.kind]})


def describe_param(param: Param) -> ParamDescription:
    facts = {field.name: getattr(param, field.name) for field in fields(ParamDescription)}
    return ParamDescription(**{**facts, "kind": _NAME_OF[param.kind]})
