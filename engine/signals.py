"""Signals from outside: what a shutdown, a batch system or a kill by hand sends to a keeper and its worker.

Slurm, PBS and Grid Engine send them to every process of a job: SIGUSR1, SIGUSR2 and SIGXCPU as a warning
before a limit, SIGCONT and SIGTERM before SIGKILL.
"""

from __future__ import annotations

import signal

ENDING = (signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
"""save and end; a worker takes SIGINT for one of them"""
FROM_OUTSIDE = (*ENDING, signal.SIGKILL, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
"""somebody or the system sent it; what a process dies of by its own fault is not among them"""
IGNORED = (signal.SIGHUP, signal.SIGPIPE)


def name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ended_by(number: int, step: int) -> str:
    """The cause of a run that a signal ended; `step` is the one saved, 0 for none."""
    return f"{name_of(number)} from outside: {f'saved at step {step}' if step else 'nothing was saved'}."


def ignore() -> None:
    """Until somebody listens: what comes while a process starts does not kill it."""
    for number in (*IGNORED, *ENDING):
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
