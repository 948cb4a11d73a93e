from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from engine.machine_protocol import Severity
from engine.places import Places
from engine.service.health.storage import check_permissions, check_private


def severities(places: Places) -> list[Severity]:
    return [finding.severity for finding in check_permissions(places)]


def test_a_private_home_and_socket_are_fine(places: Places) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(places.socket))
        places.socket.chmod(0o600)
        assert severities(places) == [Severity.OK, Severity.OK]
        places.socket.chmod(0o660)
        assert severities(places) == [Severity.OK, Severity.DANGER]


def test_a_file_in_the_place_of_the_socket_is_danger(places: Places) -> None:
    places.socket.write_text("not a socket")
    assert severities(places) == [Severity.OK, Severity.DANGER]


def test_a_link_in_the_place_of_the_home_is_danger(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("/tmp")
    assert check_private("home", tmp_path / "home", 0o700, stat.S_ISDIR).severity is Severity.DANGER


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_foreign_owner_is_reported(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    found = check_private("home", tmp_path, 0o700, stat.S_ISDIR)
    assert found.severity is Severity.DANGER and "user 12345" in found.text


def test_a_missing_home_is_no_danger(tmp_path: Path) -> None:
    assert severities(Places(tmp_path / "none")) == [Severity.NOTE, Severity.NOTE]
