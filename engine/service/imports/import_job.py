"""The progress of one import, which goes on when its client leaves."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.protocol import Json

NAMED = 200
"""messages about parts that were not read that are kept"""


@dataclass(slots=True)
class ImportJob:
    found: list[str] = field(default_factory=list)
    """ids of the runs, in the order in which they were found"""
    known: set[str] = field(default_factory=set)
    """of these, those that had been imported before"""
    runs_read: int = 0
    bytes: int = 0
    """of all logs found"""
    bytes_read: int = 0
    points: int = 0
    problems: list[str] = field(default_factory=list)
    """logs and parts of logs that could not be read"""
    problems_left_out: int = 0
    error: str = ""
    """why nothing more is read"""
    has_ended: bool = False

    def add_problem(self, text: str) -> None:
        if len(self.problems) < NAMED:
            self.problems.append(text)
        else:
            self.problems_left_out += 1

    def progress(self) -> Json:
        return {
            "runs": len(self.found), "runs_read": self.runs_read, "bytes": self.bytes,
            "bytes_read": self.bytes_read, "points": self.points,
        }  # fmt: skip

    def result(self) -> Json:
        return {
            **self.progress(), "found": self.found, "known": sorted(self.known), "problems": self.problems,
            "problems_left_out": self.problems_left_out, "end": True,
        }  # fmt: skip
