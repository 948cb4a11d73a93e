"""Paths depend on one root, and a folder that other users can access is refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine.errors import HomeUnusable
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


def test_the_data_folder_is_absolute_in_any_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_DATA", "sets")
    assert data_folder() == f"{tmp_path}/sets" and Places(Path("/r")).data == tmp_path / "sets"


def test_a_named_folder_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/d")
    assert Places(Path("/r"), "/other").data == Path("/other")
    assert Places(Path("/r"), "").data is None


@pytest.mark.parametrize("length", range(60, 140, 7))
def test_every_socket_path_is_short_enough_for_the_kernel(length: int) -> None:
    places = Places(Path("/" + "x" * length))
    assert len(os.fsencode(places.socket)) <= SOCKET_PATH_LIMIT
    assert places.socket == Places(places.root).socket
    assert places.socket != Places(Path("/" + "y" * length)).socket


def test_a_private_folder_is_created_and_accepted_again(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    make_private(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o755, 0o777])
def test_a_folder_with_files_that_others_may_enter_is_refused_with_the_remedy(
    tmp_path: Path, mode: int
) -> None:
    lab = tmp_path / "my lab"
    lab.mkdir()
    (lab / "runs").mkdir()
    lab.chmod(mode)
    with pytest.raises(HomeUnusable, match=f"has mode {mode:04o}, expected 0700") as error:
        make_private(lab)
    assert error.value.remedy == f"chmod 700 '{lab}'"


def test_an_empty_folder_of_the_user_is_made_private(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab").chmod(0o755)
    make_private(tmp_path / "lab")
    assert stat.S_IMODE((tmp_path / "lab").stat().st_mode) == 0o700


def test_links_files_and_folders_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(HomeUnusable, match="is not a folder"):
        make_private(tmp_path / "file")
    for link in ("link", "loop"):
        with pytest.raises(HomeUnusable, match="is a link, expected a folder"):
            make_private(tmp_path / link)
    with pytest.raises(HomeUnusable, match="cannot be used: Too many levels of symbolic links"):
        make_private(tmp_path / "loop" / "lab")
    if os.geteuid() == 0:
        os.chown(tmp_path / "real", 65534, 65534)
        with pytest.raises(HomeUnusable, match="belongs to user 65534, expected 0"):
            make_private(tmp_path / "real")


def test_a_user_without_a_home_folder_is_told_to_set_dltui_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DLTUI_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", _nobody)
    with pytest.raises(HomeUnusable) as error:
        home()
    assert error.value.remedy == "Set DLTUI_HOME to a folder of yours."
    monkeypatch.setenv("DLTUI_HOME", "~nobody-of-that-name/lab")
    with pytest.raises(HomeUnusable):
        home()


def _nobody(uid: int) -> None:
    raise KeyError(uid)


def test_every_shell_of_a_user_finds_the_same_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(tmp_path / ("x" * SOCKET_PATH_LIMIT))
    found = set()
    for variable in ("TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        found.add(places.socket)
    monkeypatch.delenv("TMPDIR")
    assert found == {places.socket} and len(str(places.socket)) <= SOCKET_PATH_LIMIT
