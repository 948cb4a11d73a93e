"""Lines of a framework that say nothing stay out of the log."""

from __future__ import annotations

import subprocess
import sys

from tests.timeouts import LONG

IDLE = "I0000 00:00:1.1 2 port.cc:153] oneDNN custom operations are on."
FIRST = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR"
HEAD = "import os\nfrom engine.worker.framework_output import sieved\n"


def said(script: str) -> tuple[int, str]:
    found = subprocess.run(
        [sys.executable, "-c", HEAD + script], capture_output=True, text=True, timeout=LONG, check=False
    )
    return found.returncode, found.stderr


def test_idle_lines_are_left_out_and_all_others_stay_in_their_order() -> None:
    lines = [FIRST, IDLE, "E0000 00:00:1.1 2 port.cc:9] broken", "W0000 low memory"]
    script = f"with sieved():\n    os.write(2, {chr(10).join(lines)!r}.encode() + b'\\n')\n"
    code, told = said(script + f"os.write(2, {IDLE!r}.encode())\n")
    assert code == 0
    assert told == f"{lines[2]}\n{lines[3]}\n{IDLE}"


def test_the_last_words_of_a_crash_come_through() -> None:
    code, told = said("with sieved():\n    os.write(2, b'check failed: no AVX\\n')\n    os.abort()\n")
    assert code < 0
    assert told == "check failed: no AVX\n"


def test_an_exception_leaves_by_the_usual_way() -> None:
    code, told = said("with sieved():\n    raise ImportError('no wheel')\n")
    assert code == 1
    assert told.endswith("ImportError: no wheel\n")
