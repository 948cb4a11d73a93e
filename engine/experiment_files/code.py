"""The code of a run, as the service sends it to those who look at it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.experiment_files import git_state


@dataclass(frozen=True, slots=True)
class CodeFile:
    name: str
    sha256: str
    bytes: int
    text: str = ""
    """empty where the file is too large"""


@dataclass(frozen=True, slots=True)
class RunCode:
    root: str
    """the folder that the files were in"""
    source: str
    """hash of all files"""
    files: tuple[CodeFile, ...]
    """the one with `train` first"""
    commit: str = ""
    """of the git repository; empty where there is none"""
    diff_note: str = ""
    """none, kept, or why the difference to the commit is not kept"""
    uncommitted: str = ""
    """unified diff from the commit to the files"""
    changed: str = ""
    """unified diff from these files to those that are there now; empty where they are gone"""

    @property
    def main(self) -> str:
        """The path that the file with `train` had."""
        return f"{self.root}/{self.files[0].name}" if self.files else self.root


def difference(one: RunCode, other: RunCode, names: tuple[str, str]) -> str:
    """A unified diff from the code of one run to that of another; empty where they are equal."""
    before, after = ({file.name: file.text.encode() for file in code.files} for code in (one, other))
    return git_state.diff(before, after, *names)
