"""Measurements: of /proc texts with known values, and of real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from engine.process_tree import ProcessTree, ProcessUse
from engine.service.health import storage
from engine.service.placement import machine_load
from engine.service.placement.machine_load import CpuRate
from engine.service.placement.machine_monitor import device_of_command
from tests.timeouts import quiet_seconds


def test_processor_time_counts_waiting_for_disks_as_idle() -> None:
    assert machine_load.processor_ticks("cpu  10 5 15 100 20 1 2 3 50 0\ncpu0 1 1\n") == (36, 156)


def test_busy_is_the_fraction_since_the_last_reading(tmp_path: Path) -> None:
    meter = machine_load.ResourceMeter(tmp_path, 2)
    first = meter.read(0)
    until = time.process_time() + 0.3
    while time.process_time() < until:
        sum(range(1000))
    second = meter.read(1)
    assert 0 <= first.cpu_busy <= 1 and 0.4 / (os.cpu_count() or 1) < second.cpu_busy <= 1
    assert second.slots == 2 and second.slots_used == 1 and second.disk_free > 0


def test_available_memory_is_not_counted_as_used() -> None:
    text = "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 700 kB\n"
    assert machine_load.memory(text) == (1_024_000, 716_800)
    assert machine_load.memory("MemTotal: 10 kB\nMemFree: 4 kB\n") == (10240, 4096)


def test_a_process_is_measured_with_its_children() -> None:
    script = "import subprocess, sys; subprocess.run(['sleep', '30'])"
    parent = subprocess.Popen([sys.executable, "-I", "-S", "-c", script])
    try:
        deadline = quiet_seconds() + 60
        while len((use := ProcessTree(parent.pid).use()).pids) < 2:
            assert quiet_seconds() < deadline
        assert use.pids[0] == parent.pid and use.rss > 4 << 20
    finally:
        for pid in reversed(ProcessTree(parent.pid).use().pids):
            subprocess.run(["kill", "-9", str(pid)], check=False)
        parent.wait()
    assert ProcessTree(parent.pid).use() == ProcessUse()


def test_the_cpu_rate_is_the_number_of_busy_cores_since_the_last_call() -> None:
    rate = CpuRate()
    assert rate.cores(1, 10.0, 100.0) == 0
    assert rate.cores(1, 13.0, 102.0) == 1.5
    rate.forget(1)
    assert rate.cores(1, 20.0, 103.0) == 0


def test_the_device_of_a_keeper_is_read_from_its_command_line(tmp_path: Path) -> None:
    line = tmp_path / "cmdline"
    line.write_bytes(b"python\0-I\0keeper.py\0/r\0" + b"1\0--device\0GPU-1\0")
    assert device_of_command(line) == "GPU-1"
    line.write_bytes(b"python\0--device")
    assert device_of_command(line) == "cpu"
    assert device_of_command(tmp_path / "gone") == "cpu"


def test_the_file_system_of_a_path_is_that_of_the_deepest_mount(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    mounts = f"/dev/a / ext4 rw 0 0\nserver:/x {root}/my\\040runs nfs4 rw 0 0\ntmpfs {root}/my tmpfs rw 0 0\n"
    assert storage.kind_of(root, mounts) == "ext4"
    assert storage.kind_of(root / "my runs" / "a", mounts) == "nfs4"
    assert storage.kind_of(root / "my", mounts) == "tmpfs"
    assert storage.kind_of(root / "myself", mounts) == "ext4"
    assert not storage.is_remote(Path("/proc"))
