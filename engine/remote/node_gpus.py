"""On a node no service tells a worker what its GPUs do: the node process asks the driver itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from engine import gpu_readings
from engine.service.placement.gpu_use_meter import GpuUseMeter
from engine.service.placement.gpus import NoGpus, find_driver

SECONDS = 2.0


def start(home: Path) -> None:
    """In a thread, until the process ends: a driver may be slow."""
    threading.Thread(target=tell, args=(home,), daemon=True).start()


def tell(home: Path) -> None:
    """Write what the GPUs do into the home of the worker, again and again; returns without a driver."""
    driver, meter = find_driver(), GpuUseMeter(home / gpu_readings.FILE)
    while not isinstance(driver, NoGpus):
        meter.update(driver.read(()), time.monotonic(), are_in_use=True)
        time.sleep(SECONDS)
