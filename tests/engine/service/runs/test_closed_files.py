"""Files of mode 000: each damages its own run at most, also for a user without root's right to read them."""

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
from tests.engine.service.runs.test_damaged_runs import JSON_FILES, done_run, settled
from tests.fakes import waits

FILES = (*JSON_FILES, "events.jsonl", "worker.log", "beat", "run.lock", "control", "")
"""the empty name is the folder itself"""
PR_CAPBSET_DROP, PR_CAPBSET_READ = 24, 23
READS_ALL = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, with which modes have no effect"""


def drop_capabilities() -> None:
    """For processes started by root: modes of files have the effect that they have for other users."""
    libc = ctypes.CDLL(None)
    for capability in READS_ALL if os.geteuid() == 0 else ():
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            os._exit(77)


async def observe(root: Path) -> dict[str, Any]:
    """Status, text and verification of each run, and the last step of a healthy one that trains meanwhile."""
    places = Places(root)
    async with serving(places), await connect(places) as client:
        healthy = await client.submit("xor", {"epochs": 3000}, name="healthy")
        runs = await settled(client, len(FILES) + 1)
        await reach(client, healthy.id, Status.RUNNING)
        shown = {run_id: await client.show(run_id) for run_id in runs}
        checked = {row["run"]: row["text"] for row in await client.verify("") if not row["ok"]}
        waits.skip(root)
        end = await reach(client, healthy.id, Status.DONE)
    reports = {
        run_id: [
            str(run.status),
            f"{run.cause.text if run.cause else ''} {run.damage}",
            checked.get(run_id, ""),
        ]
        for run_id, run in shown.items()
    }
    return {"runs": reports, "step": end.step}


@pytest.mark.long
def test_each_closed_file_is_reported_and_the_healthy_run_trains_on(places: Places) -> None:
    for file in FILES:
        folder = done_run(places, f"closed-{file}")
        (folder / file).chmod(0)
    code = (
        "import asyncio, json, sys; from pathlib import Path\n"
        "from tests.engine.service.runs import test_closed_files\n"
        "print(json.dumps(asyncio.run(test_closed_files.observe(Path(sys.argv[1])))))"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, str(places.root)], preexec_fn=drop_capabilities, capture_output=True,
        text=True, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    if process.returncode == 77:
        pytest.skip("root cannot give up reading all files here")
    assert process.returncode == 0, process.stderr[-3000:]
    found = json.loads(process.stdout)
    assert found["step"] == 3000
    for file in FILES:
        status, text, verified = found["runs"][f"closed-{file}"]
        if file in ("spec.json", "amended.json", ""):
            assert status == "damaged" and "Permission denied" in text + verified, (file, status, text)
        elif file in ("keeper.json", "wanted.json", "events.jsonl"):
            assert file in text and "Permission denied" in verified, (file, status, text, verified)
        else:  # exit.json is written again from the events
            assert status == "done", (file, status, text)
