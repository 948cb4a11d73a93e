"""How to start the service so that it survives logout: which processes logout kills here, and what to do."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.files import text_of

Detacher = Literal["setsid", "systemd-run"]
RunCommand = Callable[[Sequence[str]], str | None]
PROBE_SECONDS = 1.0
"""timeout of each command of `probe`"""
ENABLE_LINGER = "Once: loginctl enable-linger, then log out and in again."


@dataclass(frozen=True, slots=True)
class DetachPlan:
    program: Detacher
    why: str
    survives: bool
    """whether runs continue after the last logout"""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """The facts that decide which processes end at logout."""

    systemd: bool = False
    lingers: bool = False
    """the user's systemd continues after the last logout"""
    kills: bool | None = None
    """KillUserProcesses; None: unknown"""
    in_manager: bool = False
    """this process belongs to the user's systemd, which ends at the last logout unless it lingers"""
    manager: bool = False
    """the user's systemd can start units"""
    slurm: str = ""
    """id of the Slurm job of this process, or empty"""
    container: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """The sources of `probe`, replaced in tests."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    uid: int = field(default_factory=os.geteuid)
    run: RunCommand = field(default_factory=lambda: run_bounded)
    root: Path = Path("/")


def choose(host: Host | None = None) -> DetachPlan:
    return decide(probe(host or Host()))


def decide(login: Login) -> DetachPlan:
    if login.slurm:
        return DetachPlan(
            "setsid",
            f"Inside Slurm job {login.slurm}: everything ends with the job.",
            False,
            "Ask for enough time; a paused or ended run can be resumed in the next job.",
        )
    if not login.systemd:
        where = "Inside a container without systemd" if login.container else "No systemd here"
        ends = "runs end with the container" if login.container else "logging out kills nothing"
        return DetachPlan("setsid", f"{where}: {ends}.", True)
    if login.lingers and login.manager:
        return DetachPlan(
            "systemd-run", "Your systemd keeps running after logout (linger) and keeps the runs alive.", True
        )
    if login.in_manager and not login.lingers:
        why = "The session belongs to your systemd, which ends all it started at the last logout."
        return DetachPlan("setsid", why, False, ENABLE_LINGER)
    return _decide_by_kill_setting(login)


def _decide_by_kill_setting(login: Login) -> DetachPlan:
    if login.kills is False:
        return DetachPlan("setsid", "Logging out kills nothing here (KillUserProcesses=no).", True)
    if login.kills is None:
        why = "Whether logging out kills what runs cannot be read (KillUserProcesses)."
    else:
        why = "Logging out kills everything you started (KillUserProcesses=yes)."
    if login.lingers:
        why += " Your systemd keeps running after logout (linger) but cannot be reached from here."
        return DetachPlan(
            "setsid", why, False, "Log in afresh, so that XDG_RUNTIME_DIR is set, then start dltui."
        )
    return DetachPlan("setsid", why, False, ENABLE_LINGER)


def probe(host: Host) -> Login:
    """Read the facts from files, and from systemd's tools where files do not have them."""
    slurm = host.environ.get("SLURM_JOB_ID", "")
    container = _in_container(host)
    if slurm or not (host.root / "run/systemd/system").is_dir():
        return Login(slurm=slurm, container=container)
    return Login(
        systemd=True,
        lingers=_lingers(host),
        kills=_kills_user_processes(host),
        in_manager=f"user@{host.uid}.service" in text_of(host.root / "proc/self/cgroup"),
        manager=_has_manager(host),
        container=container,
    )


def run_bounded(command: Sequence[str]) -> str | None:
    """The output of `command`; None where it is missing, fails or takes more than PROBE_SECONDS."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _in_container(host: Host) -> bool:
    if any((host.root / name).exists() for name in (".dockerenv", "run/.containerenv")):
        return True
    groups = text_of(host.root / "proc/1/cgroup")
    return any(word in groups for word in ("docker", "kubepods", "libpod", "lxc"))


def _lingers(host: Host) -> bool:
    user = host.environ.get("USER") or _user()
    if user and (host.root / "var/lib/systemd/linger" / user).exists():
        return True
    return host.run(["loginctl", "show-user", str(host.uid), "-p", "Linger", "--value"]) == "yes"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _kills_user_processes(host: Host) -> bool | None:
    if host.uid == 0:
        return False  # KillExcludeUsers contains root by default
    manager = "org.freedesktop.login1"
    bus = ["busctl", "get-property", manager, "/org/freedesktop/login1", f"{manager}.Manager"]
    output = host.run([*bus, "KillUserProcesses"])
    if output in ("b true", "b false"):
        return output == "b true"
    output = host.run(["loginctl", "show-user", "-p", "KillUserProcesses", "--value"])
    return output == "yes" if output in ("yes", "no") else _kills_by_config(host)


def _kills_by_config(host: Host) -> bool | None:
    """KillUserProcesses of logind.conf and its drop-ins; the last setting wins."""
    places = [host.root / name for name in ("usr/lib/systemd", "etc/systemd")]
    files = [place / "logind.conf" for place in places]
    drop_ins = (path for place in places for path in place.glob("logind.conf.d/*.conf"))
    files += sorted(drop_ins, key=lambda path: path.name)
    found = None
    for line in "\n".join(map(text_of, files)).splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "KillUserProcesses":
            found = value.strip().lower() in ("yes", "true", "1", "on")
    return found


def _has_manager(host: Host) -> bool:
    runtime = host.environ.get("XDG_RUNTIME_DIR", "")
    return bool(runtime) and (host.root / runtime.lstrip("/") / "systemd/private").exists()
