"""Signals from a shutdown, a batch system or a user to a keeper and its worker; and sending one to a group.

Slurm, PBS and Grid Engine send them to every process of a job: SIGUSR1, SIGUSR2 and SIGXCPU as a warning
before a limit, SIGCONT and SIGTERM before SIGKILL.
"""

from __future__ import annotations

import os
import signal

ENDING = (signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
"""save and end; a worker treats SIGINT the same"""
FROM_OUTSIDE = (*ENDING, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
"""sent by a user or the system; signals of a process's own faults, such as SIGSEGV, are not among them"""
IGNORED = (signal.SIGHUP, signal.SIGPIPE)


def name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ended_by(number: int, step: int) -> str:
    """The cause, as text, of a run that a signal ended; `step` is that of its checkpoint, 0 for none."""
    return f"{name_of(number)} from outside: {f'saved at step {step}' if step else 'nothing was saved'}."


def ignore() -> None:
    """Ignore the signals until handlers are set, so that none kills a process that is starting."""
    for number in (*IGNORED, *ENDING):
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)


def signal_one(pid: int, number: signal.Signals) -> None:
    """Send `number` to a child that is not reaped yet."""
    os.kill(pid, number)
    if number == signal.SIGTERM:
        os.kill(pid, signal.SIGCONT)  # a stopped process does not handle SIGTERM


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send `number` to a process group whose leader is not reaped yet, so that its id is not reused."""
    try:
        os.killpg(pid, number)
        if number == signal.SIGTERM:
            os.killpg(pid, signal.SIGCONT)  # a stopped process does not handle SIGTERM
    except ProcessLookupError:
        pass  # the group is empty
