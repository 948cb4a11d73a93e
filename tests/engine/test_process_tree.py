"""What a process and all that it started use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.process_tree import ProcessTree, ProcessUse, children
from tests.timeouts import quiet_seconds

FROM_A_THREAD = """
import subprocess, sys, threading
busy = "import sys; [sum(range(1000)) for _ in range(20000)]; print('done', flush=True); sys.stdin.read()"
started = []
def start():
    started.append(subprocess.Popen([sys.executable, "-I", "-S", "-c", busy], stdin=subprocess.PIPE))
    threading.Event().wait()  # a child is found below the thread that started it while that runs
threading.Thread(target=start, daemon=True).start()
sys.stdin.readline()
started[0].stdin.close()
started[0].wait()
print("waited", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """Its only child was started by another thread than the first, and has used processor time."""
    command = [sys.executable, "-I", "-S", "-c", FROM_A_THREAD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "done\n"
        yield process
        for pid in children(process.pid):
            subprocess.run(["kill", "-9", str(pid)], check=False)
        process.kill()


def test_a_child_of_any_thread_is_counted_and_its_time_stays_when_it_has_ended(
    parent: subprocess.Popen[str],
) -> None:
    with_child = ProcessTree(parent.pid).use()
    assert with_child.pids == (parent.pid, *children(parent.pid)) and len(with_child.pids) == 2
    assert with_child.rss > 4 << 20 and with_child.seconds > 0.1
    assert parent.stdin is not None and parent.stdout is not None
    parent.stdin.write("\n")
    parent.stdin.flush()
    assert parent.stdout.readline() == "waited\n"
    alone = ProcessTree(parent.pid).use()
    assert alone.pids == (parent.pid,) and alone.seconds >= with_child.seconds - 0.02


def test_a_tree_whose_first_process_has_ended_uses_nothing() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert ProcessTree(process.pid).use() == ProcessUse()


def test_a_child_that_comes_later_is_found() -> None:
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"],
                          stdin=subprocess.PIPE) as process:  # fmt: skip
        import os

        tree = ProcessTree(os.getpid())
        deadline = quiet_seconds() + 60
        while process.pid not in tree.use().pids:
            assert quiet_seconds() < deadline
        assert process.stdin is not None
        process.stdin.close()
