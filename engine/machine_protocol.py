"""The machine: use of its processors, memory, disk and GPUs, and what `dltui doctor` finds on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, and how much of it is used."""

    JSON_OMITTED: ClassVar = ("number", "is_busy_known", "watts", "celsius", "unseen_bytes")

    name: str
    uuid: str
    used_bytes: int
    total_bytes: int
    busy: float
    """0 to 1"""
    foreign_bytes: int
    """held by processes of others"""
    number: int | None = None
    """of the driver; None in messages of older versions: its place among all"""
    is_busy_known: bool = True
    """false of a GPU that is cut into instances"""
    watts: float | None = None
    celsius: float | None = None
    """None where the driver does not tell"""
    unseen_bytes: int = 0
    """of `foreign_bytes`, what processes hold that cannot be seen: in a container the driver names our own by
    other numbers"""


@dataclass(frozen=True, slots=True)
class Resources:
    """Use of the machine's processors, memory, disk and GPUs."""

    cores: int
    cpu_busy: float
    """0 to 1 over all cores"""
    memory_used: int
    memory_total: int
    disk_free: int
    slots_used: int
    slots: int
    gpus: tuple[Gpu, ...] = ()


class Severity(StrEnum):
    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check of `dltui doctor`."""

    topic: str
    severity: Severity
    text: str
    remedy: str = ""
