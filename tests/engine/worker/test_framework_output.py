"""Informational lines of TensorFlow are filtered out of the log."""

from __future__ import annotations

import subprocess
import sys

from tests.timeouts import LONG

IDLE = "I0000 00:00:1.1 2 port.cc:153] oneDNN custom operations are on."
FIRST = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR"
HEAD = "import os\nfrom engine.worker.framework_output import filtered_stderr\n"


def run_script(script: str) -> tuple[int, str]:
    found = subprocess.run(
        [sys.executable, "-c", HEAD + script], capture_output=True, text=True, timeout=LONG, check=False
    )
    return found.returncode, found.stderr


def test_informational_lines_are_filtered_and_all_others_stay_in_order() -> None:
    lines = [FIRST, IDLE, "E0000 00:00:1.1 2 port.cc:9] broken", "W0000 low memory"]
    script = f"with filtered_stderr():\n    os.write(2, {chr(10).join(lines)!r}.encode() + b'\\n')\n"
    code, stderr = run_script(script + f"os.write(2, {IDLE!r}.encode())\n")
    assert code == 0
    assert stderr == f"{lines[2]}\n{lines[3]}\n{IDLE}"


def test_output_just_before_a_crash_is_copied() -> None:
    code, stderr = run_script(
        "with filtered_stderr():\n    os.write(2, b'check failed: no AVX\\n')\n    os.abort()\n"
    )
    assert code < 0
    assert stderr == "check failed: no AVX\n"


def test_an_exception_is_raised_through_the_filter() -> None:
    code, stderr = run_script("with filtered_stderr():\n    raise ImportError('no wheel')\n")
    assert code == 1
    assert stderr.endswith("ImportError: no wheel\n")
