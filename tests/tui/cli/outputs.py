"""`dltui` with a standard output that refuses, many times in one process: each command in a fork of it.

Reads [[output, word, ...], ...] as JSON on standard input; prints [[status, stdout, stderr], ...].
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile

from tui.cli import commands

ENCODINGS = {"ascii": "ascii", "utf-8": "utf-8"}


def run(output: str, words: list[str]) -> tuple[int, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as talk:
        child = os.fork()
        if not child:
            try:
                _become(output, words, out.fileno(), talk.fileno())
            finally:
                os._exit(99)  # only where the command did not end as a command does
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return status, *(os.pread(file.fileno(), 1 << 20, 0).decode() for file in (out, talk))


def _become(output: str, words: list[str], out: int, talk: int) -> None:
    """The command, as its process would find its standard streams."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(talk, 2)
    if output == "closed":
        os.close(1)
        sys.stdout = None  # type: ignore[assignment]
    else:
        os.dup2(_descriptor(output, out), 1)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), ENCODINGS.get(output, "utf-8"))
    sys.argv = ["dltui", *words]
    try:
        commands.main()
    except SystemExit as leave:
        sys.stdout.flush()  # as the interpreter does at its end
        os._exit(leave.code if isinstance(leave.code, int) else 98)


def _descriptor(output: str, file: int) -> int:
    if output == "full":
        return os.open("/dev/full", os.O_WRONLY)
    if output == "pipe":
        reading, writing = os.pipe()
        os.close(reading)
        return writing
    return file


if __name__ == "__main__":
    commands_given = json.load(sys.stdin)
    print(json.dumps([run(output, words) for output, *words in commands_given]))
