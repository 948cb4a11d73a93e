"""Every disk that a power cut may leave, for the writer and for writers with one rule less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from checkpoints import folder
from checkpoints.disk import Disk
from checkpoints.errors import DamagedCheckpoint
from checkpoints.folder import Verified
from checkpoints.retention import Keep
from tests.checkpoints.power_cut import ROOT, MemoryDisk, Operation, Tree, states_after_power_cut
from tests.checkpoints.samples import files_of, is_sample, save

Log = list[Operation]
ALL = ("model.safetensors", "train.safetensors", "state.json")


def recorded(names: tuple[str, ...] = ALL) -> tuple[Tree, Log]:
    """Steps 1 and 2 lie safe on a disk; what saving step 3 and removing step 1 does to it."""
    files = {step: {name: files_of(step)[name] for name in names} for step in (1, 2, 3)}
    old = MemoryDisk()
    save(ROOT, 1, disk=old, files=files[1])
    save(ROOT, 2, disk=old, files=files[2])
    disk = MemoryDisk(old.tree)
    save(ROOT, 3, disk=disk, files=files[3], keep=Keep(last=2), acknowledge=lambda found: disk.acknowledge())
    return old.tree, disk.log


def without_fsync(log: Log) -> Log:
    return [one for one in log if one.kind != "sync"]


def without_folder_fsync(log: Log) -> Log:
    return [one for one in log if one.kind != "sync_folder"]


def without_parent_fsync(log: Log) -> Log:
    return [one for one in log if not (one.kind == "sync_folder" and one.inode == 1)]


def retention_first(log: Log) -> Log:
    end = next(i for i, one in enumerate(log) if one.kind == "acknowledge")
    return log[end + 1 :] + log[: end + 1]


def acknowledge_before_rename(log: Log) -> Log:
    end = next(i for i, one in enumerate(log) if one.kind == "acknowledge")
    rename = next(i for i, one in enumerate(log) if one.kind == "rename")
    return [*log[:rename], log[end], *log[rename:end], *log[end + 1 :]]


def newest_unverified(disk: Disk) -> Verified | None:
    """A reader that trusts names: newest manifest, no hashes."""
    for found in reversed(folder.listing(ROOT, disk=disk)):
        path = found.path
        names = [name for name in disk.names(path) if name != "MANIFEST.json"]
        return Verified(
            path, folder._manifest(disk, path), {name: disk.read(path / name, 1 << 20) for name in names}
        )
    return None


def newest_verified(disk: Disk) -> Verified | None:
    return folder.newest_intact(ROOT, disk=disk)[0]


def verdicts(log: Log, before: Tree, reader: Callable[[Disk], Verified | None]) -> Counter[str]:
    """Cut the power after every operation; count the faults the reader meets in what is left."""
    counts: Counter[str] = Counter()
    for end in range(len(log) + 1):
        acknowledged = any(one.kind == "acknowledge" for one in log[:end])
        for tree in states_after_power_cut(before, log[:end]):
            disk = MemoryDisk(tree)
            counts["states"] += 1
            counts.update(faults(disk, acknowledged, reader))
    return counts


def faults(disk: Disk, acknowledged: bool, reader: Callable[[Disk], Verified | None]) -> list[str]:
    loaded = reader(disk)
    intact = [row for row in folder.verify(ROOT, disk=disk) if not isinstance(row, DamagedCheckpoint)]
    found = []
    if loaded is None:
        found.append("nothing to load")
    elif not is_sample(loaded):
        found.append("corrupt loaded")
    elif acknowledged and loaded.manifest.step != 3:
        found.append("acknowledged but lost")
    if len(intact) < 2:
        found.append("fewer than two left")
    return found


def test_no_power_cut_loses_an_acknowledged_checkpoint_or_loads_a_corrupt_one() -> None:
    before, log = recorded()
    counts = verdicts(log, before, newest_verified)
    assert set(counts) == {"states"}
    assert counts["states"] > 200


@pytest.mark.parametrize(
    ("mutant", "fault"),
    [
        (without_fsync, "acknowledged but lost"),
        (without_folder_fsync, "acknowledged but lost"),
        (without_parent_fsync, "acknowledged but lost"),
        (retention_first, "fewer than two left"),
        (acknowledge_before_rename, "acknowledged but lost"),
    ],
)
def test_a_writer_with_one_rule_less_is_caught(mutant: Callable[[Log], Log], fault: str) -> None:
    before, log = recorded(ALL[:2])
    assert verdicts(mutant(log), before, newest_verified)[fault] > 0


@pytest.mark.parametrize(("reader", "fooled"), [(newest_unverified, True), (newest_verified, False)])
def test_a_missing_fsync_loads_corrupt_weights_only_where_nobody_verifies(
    reader: Callable[[Disk], Verified | None], fooled: bool
) -> None:
    before, log = recorded(ALL[:1])
    assert (verdicts(without_fsync(log), before, reader)["corrupt loaded"] > 0) == fooled
