"""An upgrade while the app runs: what failed because of it is told in one line."""

from __future__ import annotations

import os
import sys
import time
import types
from pathlib import Path

import pytest

from engine.places import Places
from tests.fakes.engine import FakeEngine
from tui.app import LabApp
from tui.data import replaced_program_files


def test_files_that_were_written_after_the_start_or_are_gone_were_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "of_the_app.py"
    file.touch()
    module = types.ModuleType("tui.of_the_app")
    module.__file__ = str(file)
    monkeypatch.setattr(sys, "modules", {"tui.of_the_app": module, "json": sys.modules["json"]})
    assert not replaced_program_files.is_replaced(time.time() + 60)
    assert replaced_program_files.is_replaced(os.stat(file).st_ctime - 60)
    file.unlink()
    assert replaced_program_files.is_replaced(time.time() + 60)


async def test_an_error_after_an_upgrade_ends_the_app_with_one_line(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(places.root))
    app = LabApp(places, FakeEngine().connect)  # type: ignore[arg-type]
    ended: list[bool] = []
    monkeypatch.setattr(app, "_close_messages_no_wait", lambda: ended.append(True))
    monkeypatch.setattr(replaced_program_files, "is_replaced", lambda: True)
    app._handle_exception(ImportError("cannot import name 'new' from 'tui.old'"))
    [shown] = app._exit_renderables
    assert str(shown).startswith(replaced_program_files.TEXT) and "\n" not in str(shown)
    assert (app.return_code, ended) == (1, [True])
    assert "ImportError: cannot import name" in places.shell_log.read_text()
