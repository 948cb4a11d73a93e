from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.client import detach
from engine.client.detach import ENABLE_LINGER, Host, Login, choose, decide, probe, run_bounded


@pytest.mark.parametrize(
    ("kills", "lingers", "way", "survives"),
    [
        (False, False, "setsid", True),
        (False, True, "systemd-run", True),
        (True, False, "setsid", False),
        (True, True, "systemd-run", True),
        (None, False, "setsid", False),
    ],
)
def test_the_program_follows_from_what_logout_kills(
    kills: bool | None, lingers: bool, way: str, survives: bool
) -> None:
    found = decide(Login(systemd=True, kills=kills, lingers=lingers, manager=True))
    assert (found.program, found.survives) == (way, survives)
    assert (found.remedy == ENABLE_LINGER) == (not survives)


def test_a_lingering_systemd_that_cannot_be_reached_is_not_used() -> None:
    found = decide(Login(systemd=True, kills=True, lingers=True, manager=False))
    assert (found.program, found.survives) == ("setsid", False)
    assert "XDG_RUNTIME_DIR" in found.remedy


def test_a_session_of_the_users_own_systemd_ends_with_the_last_login() -> None:
    assert not decide(Login(systemd=True, kills=False, in_manager=True)).survives


def test_slurm_and_containers_are_reported() -> None:
    job = decide(Login(slurm="4711", systemd=True, lingers=True, manager=True))
    assert (job.program, job.survives) == ("setsid", False) and "4711" in job.why
    box = decide(Login(container=True))
    assert (box.program, box.survives) == ("setsid", True) and "container" in box.why
    assert decide(Login()).survives


class Machine:
    """A machine as files and outputs of commands."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.answers: dict[str, str] = {}
        self.called: list[str] = []

    def file(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def host(self, **environ: str) -> Host:
        return Host(environ={"USER": "ada", **environ}, uid=1000, run=self.run, root=self.root)

    def run(self, command: Sequence[str]) -> str | None:
        self.called.append(command[0])
        return next((output for name, output in self.answers.items() if name in command), None)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    return found


def test_linger_is_read_from_a_file_first(machine: Machine) -> None:
    machine.file("var/lib/systemd/linger/ada")
    machine.answers = {"KillUserProcesses": "b true"}
    login = probe(machine.host())
    assert login.lingers and login.kills is True
    assert machine.called == ["busctl"]


def test_loginctl_is_called_where_there_is_no_linger_file(machine: Machine) -> None:
    machine.answers = {"Linger": "yes"}
    assert probe(machine.host()).lingers


def test_loginctl_answers_where_busctl_does_not(machine: Machine) -> None:
    machine.answers = {"show-user": "no"}
    assert probe(machine.host()).kills is False


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        ({}, None),
        ({"etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=yes\n"}, None),
        ({"etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n"}, True),
        (
            {
                "etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n",
                "usr/lib/systemd/logind.conf.d/10-distro.conf": "[Login]\nKillUserProcesses = no\n",
            },
            False,
        ),
    ],
)
def test_settings_files_are_read_where_the_tools_fail(
    machine: Machine, files: dict[str, str], kills: bool | None
) -> None:
    for name, text in files.items():
        machine.file(name, text)
    assert probe(machine.host()).kills is kills


def test_the_users_systemd_is_found_by_its_private_socket(machine: Machine) -> None:
    machine.file("run/user/1000/systemd/private")
    machine.file("proc/self/cgroup", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n")
    login = probe(machine.host(XDG_RUNTIME_DIR="/run/user/1000"))
    assert login.manager and login.in_manager
    assert not probe(machine.host()).manager


def test_without_systemd_no_tool_is_called(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.file(".dockerenv")
    assert probe(machine.host()) == Login(container=True)
    assert machine.called == []


def test_a_slurm_job_is_found_by_its_variable(machine: Machine) -> None:
    assert probe(machine.host(SLURM_JOB_ID="17")).slurm == "17"
    assert machine.called == []


def test_a_plan_is_chosen_for_this_machine() -> None:
    assert choose().why


def test_a_tool_that_is_missing_fails_or_hangs_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_bounded(["/nowhere/tool"]) is None
    assert run_bounded(["sleep", "30"]) is None
    monkeypatch.setattr(detach, "PROBE_SECONDS", 60)
    assert run_bounded(["false"]) is None
    assert run_bounded(["echo", "yes"]) == "yes"
