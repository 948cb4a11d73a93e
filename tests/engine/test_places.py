"""Paths hang on one root, and a folder that is not ours alone is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.places import SOCKET_PATH_LIMIT, Places, data_folder, home, make_private


def test_home_is_what_dltui_home_names_else_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_HOME", "~/here")
    assert home().root == Path.home() / "here"
    monkeypatch.delenv("DLTUI_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert home().root == Path("/state/dltui")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert home().root == Path.home() / ".local/state/dltui"


def test_data_is_the_folder_the_user_named_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    assert Places(Path("/r")).data is None
    monkeypatch.setenv("DLTUI_DATA", "/d")
    assert Places(Path("/r")).data == Path("/d")


def test_data_is_absolute_wherever_the_shell_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_DATA", "sets")
    assert data_folder() == f"{tmp_path}/sets" and Places(Path("/r")).data == tmp_path / "sets"


def test_a_folder_that_was_named_outranks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/d")
    assert Places(Path("/r"), "/other").data == Path("/other")
    assert Places(Path("/r"), "").data is None


@pytest.mark.parametrize("length", range(60, 140, 7))
def test_every_socket_path_is_short_enough_for_the_kernel(length: int) -> None:
    places = Places(Path("/" + "x" * length))
    assert len(os.fsencode(places.socket)) <= SOCKET_PATH_LIMIT
    assert places.socket == Places(places.root).socket
    assert places.socket != Places(Path("/" + "y" * length)).socket


def test_a_private_folder_is_made_and_accepted_again(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    make_private(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o755, 0o777])
def test_a_folder_others_may_enter_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(EngineError, match=f"has mode {mode:04o}, expected 0700") as error:
        make_private(tmp_path)
    assert error.value.remedy == f"chmod 700 {tmp_path}"


def test_links_files_and_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(EngineError, match="cannot be used: File exists"):
        make_private(tmp_path / "file")
    with pytest.raises(EngineError, match="is not a folder"):
        make_private(tmp_path / "link")
    if os.geteuid() == 0:
        os.chown(tmp_path / "real", 65534, 65534)
        with pytest.raises(EngineError, match="belongs to user 65534, expected 0"):
            make_private(tmp_path / "real")
