"""Copying, with and without tmux."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tui.terminal import clipboard
from tui.terminal.clipboard import OSC_LIMIT, Clipboard


class Terminal:
    """Takes what the app would send as OSC 52."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def copy_to_clipboard(self, text: str) -> None:
        self.taken.append(base64.b64encode(text.encode()).decode())


async def copied(text: str, folder: Path) -> tuple[str, Any]:
    terminal: Any = Terminal()
    return await Clipboard(folder / "copied.txt").copy(terminal, text), terminal


async def test_without_tmux_text_is_copied_to_the_terminal_and_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    said, terminal = await copied("run-1", tmp_path)
    assert (tmp_path / "copied.txt").read_text() == "run-1\n" and len(terminal.taken) == 1
    assert "copied.txt" in said and "tmux and" not in said


async def test_inside_tmux_text_is_copied_to_its_buffer_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmux = tmp_path / "tmux"
    tmux.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncat > {tmp_path}/buffer\n')
    tmux.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TMUX", "/somewhere,1,0")
    monkeypatch.setattr(clipboard, "TMUX_SECONDS", 60)
    said, _ = await copied("dltui run xor", tmp_path)
    assert (tmp_path / "asked").read_text() == "load-buffer -w -\n"
    assert (tmp_path / "buffer").read_text() == "dltui run xor" and "tmux" in said


async def test_text_over_the_limit_of_terminals_is_copied_to_the_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    said, terminal = await copied("x" * (OSC_LIMIT + 1), tmp_path)
    assert not terminal.taken and "the terminal's" not in said
    assert len((tmp_path / "copied.txt").read_text()) == OSC_LIMIT + 2


async def test_the_file_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    await copied("x", tmp_path)
    assert (tmp_path / "copied.txt").stat().st_mode & 0o777 == 0o600
