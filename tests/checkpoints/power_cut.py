"""A disk in memory that forgets: from the operations of a save, every state a power cut may leave behind.

The model: bytes of a file are durable after its fsync, names in a folder after the folder's fsync. Of the
rest any subset may have happened, and an unsynced file may hold all, nothing, half or zeros.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checkpoints.disk import Disk

DAMAGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: data,
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: bytes(len(data)),
)
NAMING = ("make_folder", "create", "rename", "unlink", "remove_folder")
UNSURE_LIMIT = 12


@dataclass(frozen=True)
class Operation:
    """One operation; `inode` is what it acts on, `folder` the inode of the folder whose names it changes."""

    kind: str
    inode: int
    folder: int = 0
    name: str = ""
    new_name: str = ""
    data: bytes = b""


@dataclass
class Tree:
    """Folders by inode, as names to inodes, and files by inode. Inode 1 is the checkpoints folder."""

    folders: dict[int, dict[str, int]] = field(default_factory=lambda: {1: {}})
    files: dict[int, bytes] = field(default_factory=dict)

    def copy(self) -> Tree:
        return Tree({inode: dict(names) for inode, names in self.folders.items()}, dict(self.files))

    def visible(self, inode: int = 1, path: str = "") -> Iterator[tuple[str, bytes]]:
        """Everything that a reader can reach."""
        for name, child in self.folders.get(inode, {}).items():
            yield f"{path}/{name}", self.files.get(child, b"")
            yield from self.visible(child, f"{path}/{name}")

    def find(self, path: Path) -> int:
        """The inode at `/checkpoints/...`. Raises FileNotFoundError."""
        inode = 1
        for part in path.parts[2:]:
            try:
                inode = self.folders[inode][part]
            except KeyError:
                raise FileNotFoundError(2, "No such file or directory") from None
        return inode

    def apply(self, operation: Operation) -> None:
        """Do it, as far as what it needs has happened."""
        names = self.folders.get(operation.folder, {})
        match operation.kind:
            case "make_folder":
                names[operation.name] = operation.inode
                self.folders.setdefault(operation.inode, {})
            case "create":
                names[operation.name] = operation.inode
                self.files.setdefault(operation.inode, b"")
            case "write":
                self.files[operation.inode] = self.files.get(operation.inode, b"") + operation.data
            case "rename":
                if names.get(operation.name) == operation.inode:
                    names[operation.new_name] = names.pop(operation.name)
            case "unlink" | "remove_folder":
                if names.get(operation.name) == operation.inode:
                    del names[operation.name]


ROOT = Path("/checkpoints")


class MemoryDisk(Disk):
    """A whole disk in memory that writes down what was done to it."""

    def __init__(self, tree: Tree | None = None) -> None:
        self.tree = tree.copy() if tree else Tree()
        self.log: list[Operation] = []
        self.inodes = itertools.count(max((*self.tree.folders, *self.tree.files)) + 1)

    def note(self, operation: Operation) -> None:
        self.log.append(operation)
        self.tree.apply(operation)

    def make_folder(self, path: Path) -> None:
        self.note(Operation("make_folder", next(self.inodes), self.tree.find(path.parent), path.name))

    def create(self, path: Path) -> int:
        inode = next(self.inodes)
        self.note(Operation("create", inode, self.tree.find(path.parent), path.name))
        return inode

    def write(self, fd: int, data: memoryview) -> int:
        self.note(Operation("write", fd, data=bytes(data)))
        return len(data)

    def sync(self, fd: int) -> None:
        self.note(Operation("sync", fd))

    def close(self, fd: int) -> None:
        """Nothing is durable because of it."""

    def sync_folder(self, path: Path) -> None:
        self.note(Operation("sync_folder", self.tree.find(path)))

    def rename(self, old: Path, new: Path) -> None:
        inode, folder = self.tree.find(old), self.tree.find(old.parent)
        self.note(Operation("rename", inode, folder, old.name, new.name))

    def unlink(self, path: Path) -> None:
        self.note(Operation("unlink", self.tree.find(path), self.tree.find(path.parent), path.name))

    def remove_folder(self, path: Path) -> None:
        self.note(Operation("remove_folder", self.tree.find(path), self.tree.find(path.parent), path.name))

    def acknowledge(self) -> None:
        """The moment from which the save has to be found again."""
        self.note(Operation("acknowledge", 0))

    def free(self, path: Path) -> int:
        return 1 << 40

    def names(self, path: Path) -> list[str]:
        return list(self.tree.folders[self.tree.find(path)])

    def is_folder(self, path: Path) -> bool:
        try:
            return self.tree.find(path) in self.tree.folders
        except FileNotFoundError:
            return False

    def read(self, path: Path, limit: int) -> bytes:
        data = self.tree.files[self.tree.find(path)]
        if len(data) > limit:
            raise OSError(27, "File too large")
        return data


def states_after_power_cut(before: Tree, log: list[Operation]) -> Iterator[Tree]:
    """Every disk that may be found when the power goes after the log's last operation; each once."""
    seen: set[frozenset[tuple[str, bytes]]] = set()
    unsure = [
        i
        for i, one in enumerate(log)
        if one.kind in NAMING and not _synced(log, i, "sync_folder", one.folder)
    ]
    assert len(unsure) <= UNSURE_LIMIT, "too many states"
    torn = [i for i, one in enumerate(log) if one.kind == "write" and not _synced(log, i, "sync", one.inode)]
    for happened in itertools.product((True, False), repeat=len(unsure)):
        lost = {i for i, kept in zip(unsure, happened, strict=True) if not kept}
        for damages in itertools.product(DAMAGES, repeat=len(torn)):
            damage = dict(zip(torn, damages, strict=True))
            tree = before.copy()
            for i, one in enumerate(log):
                if i in damage:
                    tree.files[one.inode] = damage[i](one.data)
                elif i not in lost:
                    tree.apply(one)
            look = frozenset(tree.visible())
            if look not in seen:
                seen.add(look)
                yield tree


def _synced(log: list[Operation], since: int, kind: str, inode: int) -> bool:
    return any(one.kind == kind and one.inode == inode for one in log[since + 1 :])
