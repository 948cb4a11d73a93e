"""`dltui` commands in forks of one process that has imported them: as a new process, in a tenth of the time.

The process reads a line of JSON for each command and answers with its exit status.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pkgutil
import runpy
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass
class ForkedCommands:
    """What a test process uses; the other process ends with it."""

    process: subprocess.Popen[str] | None = None

    def run(
        self, words: tuple[str, ...], environ: dict[str, str], text: str | None
    ) -> subprocess.CompletedProcess[str]:
        """The command with that standard input, to its end. One at a time."""
        with tempfile.TemporaryDirectory() as folder:
            given, out, talk = (Path(folder, name) for name in ("in", "out", "err"))
            given.write_text(text or "")
            status = self._ask(
                {"words": words, "environ": environ, "files": [str(given), str(out), str(talk)]}
            )
            return subprocess.CompletedProcess(["dltui", *words], status, out.read_text(), talk.read_text())

    def _ask(self, request: dict[str, Any]) -> int:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.end_to_end.forked_commands"],
                cwd=ROOT, env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def starts_alike(environ: dict[str, str]) -> bool:
    """Whether a new interpreter would begin with these variables as the other process did."""
    begins = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC")
    names = {name for name in {*environ, *ENVIRON} if name.startswith(begins)}
    return all(environ.get(name) == ENVIRON.get(name) for name in names)


def _serve() -> None:
    """Fork for each request; returns in the fork, with its standard streams and its environment."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            return _become(**request)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    sys.exit()


def _become(words: list[str], environ: dict[str, str], files: list[str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    writing = os.O_CREAT | os.O_WRONLY
    for number, flags in enumerate((os.O_RDONLY, writing, writing)):
        opened = os.open(files[number], flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors)
    sys.argv[1:] = words


def _import_all() -> None:
    """Also what Typer imports when it first parses words; no command is executed."""
    import tui.cli
    from tui.cli import commands, guard

    for module in pkgutil.iter_modules(tui.cli.__path__, "tui.cli."):
        importlib.import_module(module.name)
    importlib.import_module("engine.client.client")
    with redirect_stderr(io.StringIO()):
        guard.run_command(lambda: commands.app(["keys", "--nothing-of-that-name"]))


if __name__ == "__main__":
    _import_all()
    _serve()
    runpy.run_module("tui", run_name="__main__", alter_sys=True)
