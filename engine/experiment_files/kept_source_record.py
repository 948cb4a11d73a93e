"""What is written beside a kept source: its files, where they were, and the git commit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFile:
    name: str
    """relative to the folder of the experiment, with /"""
    sha256: str
    bytes: int
    is_kept: bool = True
    """False for one that is too large: it stays where it is"""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """The files of a kept source, and the git commit they were taken from."""

    main: str
    """name of the file that holds `train`"""
    root: str
    """the folder they were in"""
    files: tuple[SourceFile, ...]
    source: str
    commit: str = ""
    """empty where the file is in no git repository"""
    diff: str = ""
    """what was not committed: `none`, `kept`, or why it is not kept"""
