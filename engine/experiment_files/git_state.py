"""The git commit of a source, and what of it is not committed.

Only objects of the repository are read: no hook, no monitor of files, no filter and no external diff runs.
"""

from __future__ import annotations

import difflib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 5.0
DIFF_BYTES = 1024 * 1024
COMPARED_BYTES = 512 * 1024
"""most bytes of a file whose difference is shown line by line"""
_OPTIONS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_ENVIRON = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_CONFIG_NOSYSTEM": "1",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class GitState:
    commit: str = ""
    """empty where the folder is in no git repository, or git cannot tell"""
    diff: str = ""
    """unified diff from the commit to the files"""


def state_of(root: Path, texts: Mapping[str, bytes]) -> GitState:
    """The state of the files `texts`, named relative to `root`."""
    commit = (
        _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode("ascii", "replace").strip()
    )
    if len(commit) not in (40, 64):
        return GitState()
    asked = "".join(f"{commit}:./{name}\n" for name in texts if "\n" not in name)
    committed = _objects(_git(root, "cat-file", "--batch", given=asked.encode()), list(texts))
    return GitState(commit, diff(committed, texts, f"commit {commit[:12]}", "the run"))


def _git(root: Path, *words: str, given: bytes = b"") -> bytes:
    """The output; empty where git is missing, fails or takes too long."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", *_OPTIONS, *words], cwd=root, input=given, capture_output=True, timeout=SECONDS,
            env={**environ, **_ENVIRON}, check=False,  # GIT_DIR and others name another repository
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout if done.returncode == 0 else b""


def _objects(batch: bytes, names: list[str]) -> dict[str, bytes]:
    """The contents in the output of `cat-file --batch`, without those that are missing."""
    found: dict[str, bytes] = {}
    at = 0
    for name in names:
        end = batch.find(b"\n", at)
        if end < 0:
            break
        head, at = batch[at:end].split(), end + 1
        if len(head) == 3 and head[1] == b"blob":
            size = int(head[2])
            found[name] = batch[at : at + size]
            at += size + 1
    return found


def diff(before: Mapping[str, bytes], after: Mapping[str, bytes], old: str, new: str) -> str:
    """A unified diff of two sources; `old` and `new` say where they are from. Empty where they are equal."""
    parts: list[str] = []
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if max(len(one or b""), len(other or b"")) > COMPARED_BYTES:
            parts.append(f"{name}: {len(one or b''):,} bytes in {old}, {len(other or b''):,} in {new}\n")
            continue
        first, second = (
            (text or b"").decode("utf-8", "replace").splitlines(keepends=True) for text in (one, other)
        )
        heads = [
            f"{name} ({where})" if text is not None else os.devnull
            for text, where in ((one, old), (other, new))
        ]
        parts += [
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(first, second, heads[0], heads[1])
        ]
    return "".join(parts)
