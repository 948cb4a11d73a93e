"""Fake workers: small scripts that are passed as --python in place of an interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

HEAD = """#!{python} -IS
import json, os, select, signal, sys, time
folder = sys.argv[-1]
wire = int(os.environ["DLTUI_WIRE"])
def send(status, kind, text="as sent"):
    message = {{"status": status, "cause": {{"kind": kind, "text": text}}}}
    os.write(int(os.environ["DLTUI_LAST_WORDS"]), json.dumps(message).encode() + b"\\n")
def mark(name, text=""):
    with open(os.path.join(folder, name + ".draft"), "w") as file:
        file.write(text)
    os.rename(file.name, os.path.join(folder, name))
"""

BODIES = {
    "finished": 'send("done", "finished")',
    "no_message": "pass",
    "bare_code": """
print("Traceback (most recent call last):")
print("ValueError: odd\\x1b[2J", flush=True)
os._exit(3)
""",
    "segfault": "os.kill(os.getpid(), signal.SIGSEGV)",
    "killed": "os.kill(os.getpid(), signal.SIGKILL)",
    "gpu_memory": 'raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")',
    "ignores_sigterm": """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
mark("ready")
while True: time.sleep(60)
""",
    "ignores_commands": 'mark("ready")\nwhile True: time.sleep(60)',
    "obeys": """
mark("ready")
rest = b""
while True:
    data = os.read(wire, 65536)
    if not data:
        mark("eof"); send("paused", "paused"); break
    rest += data
    *lines, rest = rest.split(b"\\n")
    for line in lines:
        command = json.loads(line)
        with open(os.path.join(folder, "received"), "a") as file:
            file.write(line.decode() + "\\n")
        if command["word"] == "pause": send("paused", "paused"); sys.exit()
        if command["word"] == "stop": send("stopped", "user_stop"); sys.exit()
""",
    "outlives_keeper": """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
mark("ready")
while os.read(wire, 65536): pass
mark("eof")
while not os.path.exists(os.path.join(folder, "leave")): time.sleep(0.01)
""",
    "reports_facts": """
import resource
mark("facts", json.dumps({
    "int": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "term": signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
    "hup": signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,
    "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "nice": os.nice(0),
    "oom": int(open("/proc/self/oom_score_adj").read()),
    "umask": os.umask(0o077),
    "cwd": os.getcwd(),
    "argv": sys.argv[1:],
    "stdin": os.readlink("/proc/self/fd/0"),
    "open": sorted(int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)),
    "named": [os.environ[name] for name in ("DLTUI_LOCK", "DLTUI_WIRE", "DLTUI_LAST_WORDS")],
    "attempt": [os.environ[name] for name in ("DLTUI_ATTEMPT", "DLTUI_MODE")],
}))
send("done", "finished")
""",
    "torn_message": 'os.write(int(os.environ["DLTUI_LAST_WORDS"]), b\'{"status": "done", "cau\')',
    "stays": """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
send("done", "finished")
while True: time.sleep(60)
""",
    "flood": """
line = b"x" * 1023 + b"\\n"
for _ in range(int(os.environ["FLOOD_MB"])):
    os.write(1, line * 1024)
print("the end of it", flush=True)
sys.exit(5)
""",
    "forks": """
pids = []
for leave in (False, True, True):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if leave:
            os.setsid()
            if os.fork(): os._exit(0)
        with open(os.path.join(folder, "born"), "a") as file:
            file.write(f"{os.getpid()}\\n")
        while True: time.sleep(60)
while True:
    try:
        with open(os.path.join(folder, "born")) as file:
            if len(file.readlines()) == 3: break
    except FileNotFoundError:
        pass
    time.sleep(0.01)
send("done", "finished")
""",
    "fills_disk": """
try:
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
        while True: file.write(b"x" * 65536)
except OSError:
    pass
with open(os.path.join(folder, "filler"), "ab", buffering=0) as file:
    try:
        while True: file.write(b"x")
    except OSError:
        sys.exit(1)
""",
}


def write(name: str, place: Path) -> str:
    """The path of an executable that can be passed as --python."""
    path = place / f"fake_{name}"
    path.write_text(HEAD.format(python=sys.executable) + BODIES[name])
    path.chmod(0o700)
    return str(path)
