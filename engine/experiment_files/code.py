"""The code of a run, as the service sends it to those who look at it."""

from __future__ import annotations

from dataclasses import dataclass


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
