"""Files of mode 000: each costs its own run at most, also for a user whom modes bind, which root is not."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.places import Places
from engine.protocol import Status
from tests.engine.service.live import connect, reach, serving
from tests.engine.service.runs.test_damaged_runs import PAPERS, done_run, settled
from tests.fakes import hurry

FILES = (*PAPERS, "events.jsonl", "worker.log", "beat", "run.lock", "control", "")
"""the empty one is the folder itself"""
PR_CAPBSET_DROP, PR_CAPBSET_READ = 24, 23
READS_ALL = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: for who has them, modes do not count"""


def bind_to_modes() -> None:
    """What is started from here obeys the modes of files as everybody but root does."""
    libc = ctypes.CDLL(None)
    for capability in READS_ALL if os.geteuid() == 0 else ():
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            os._exit(77)


async def look(root: Path) -> dict[str, Any]:
    """What list, show and verify say of the runs, and whether a healthy one trains to its end."""
    places = Places(root)
    async with serving(places), await connect(places) as talk:
        healthy = await talk.submit("xor", {"epochs": 3000}, name="healthy")
        runs = await settled(talk, len(FILES) + 1)
        await reach(talk, healthy.id, Status.RUNNING)
        shown = {run_id: await talk.show(run_id) for run_id in runs}
        checked = {row["run"]: row["text"] for row in await talk.verify("") if not row["ok"]}
        hurry.tell(root)
        end = await reach(talk, healthy.id, Status.DONE)
    told = {
        run_id: [
            str(run.status),
            f"{run.cause.text if run.cause else ''} {run.damage}",
            checked.get(run_id, ""),
        ]
        for run_id, run in shown.items()
    }
    return {"runs": told, "step": end.step}


def test_each_is_named_and_the_healthy_run_trains_on(places: Places) -> None:
    for file in FILES:
        folder = done_run(places, f"closed-{file}")
        (folder / file).chmod(0)
    code = (
        "import asyncio, json, sys; from pathlib import Path\n"
        "from tests.engine.service import test_closed_files\n"
        "print(json.dumps(asyncio.run(test_closed_files.look(Path(sys.argv[1])))))"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code, str(places.root)], preexec_fn=bind_to_modes, capture_output=True,
        text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    if asked.returncode == 77:
        pytest.skip("root cannot give up reading all files here")
    assert asked.returncode == 0, asked.stderr[-3000:]
    found = json.loads(asked.stdout)
    assert found["step"] == 3000
    for file in FILES:
        status, said, verified = found["runs"][f"closed-{file}"]
        if file in ("spec.json", "amended.json", ""):
            assert status == "damaged" and "Permission denied" in said + verified, (file, status, said)
        elif file in ("keeper.json", "wanted.json", "events.jsonl"):
            assert file in said and "Permission denied" in verified, (file, status, said, verified)
        else:  # that of exit.json is written anew by what its events say
            assert status == "done", (file, status, said)
