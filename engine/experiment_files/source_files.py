"""The source of an experiment: its file, and the modules beside it that it imports. Nothing is executed."""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine import files
from engine.engine_path import PACKAGE_ROOT
from engine.errors import CorruptRun
from engine.experiment_files.errors import UnusableExperiment, at_line
from engine.experiment_files.kept_source_record import SourceFile

KEPT_BYTES = 5 * 1024 * 1024
"""of all files that are kept; larger ones are named and hashed"""
READ_BYTES = 64 * 1024 * 1024
"""most bytes of one file that is read at all"""
MOST_FILES = 2_000
OUR_PACKAGES = ("engine", "tui", "checkpoints", "tests")


@dataclass(frozen=True, slots=True)
class Source:
    """`main` and `texts` are relative to `root`."""

    root: Path
    main: str
    texts: dict[str, bytes]
    """name of each file, with / -> its bytes"""
    absent: tuple[str, ...] = ()
    """names that are imported and have no file here: a file of that name would change the source"""
    imported: frozenset[str] = frozenset()
    """dotted names of all modules, and of what is imported from them"""

    @property
    def sha256(self) -> str:
        return hash_of({name: sha256(text) for name, text in self.texts.items()}, self.main)

    def files(self) -> tuple[SourceFile, ...]:
        """Sorted by name; those that are too large together are not kept, the largest first."""
        sizes = sorted((len(text), name) for name, text in self.texts.items())
        kept, total = set(), 0
        for size, name in sizes:
            total += size
            if total <= KEPT_BYTES:
                kept.add(name)
        return tuple(
            SourceFile(name, sha256(text), len(text), name in kept)
            for name, text in sorted(self.texts.items())
        )


def is_ours(path: Path) -> bool:
    """Whether a file belongs to the packages of dltui itself, as beside an experiment in its clone."""
    return any(path.resolve().is_relative_to(PACKAGE_ROOT / name) for name in OUR_PACKAGES)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hash_of(hashes: dict[str, str], main: str) -> str:
    """The hash of a source from the hashes of its files."""
    lines = [main, *(f"{digest} {name}" for name, digest in sorted(hashes.items()))]
    return sha256("\n".join(lines).encode())


def read(path: Path, module: str = "") -> Source:
    """The source of the file `path`; `module` is its dotted name where it is of an installed package.

    Raises UnusableExperiment, also for a syntax error and for a name that is taken.
    """
    root = path.parent
    if module:
        parts = module.split(".")
        depth = len(parts) if path.name == "__init__.py" else len(parts) - 1
        for _ in range(depth):
            root = root.parent
    reading = _Reading(root, path, module)
    reading.read_all()
    return Source(
        root,
        path.relative_to(root).as_posix(),
        reading.texts,
        tuple(sorted(reading.absent)),
        frozenset(reading.imported),
    )


@dataclass(slots=True)
class _Reading:
    root: Path
    main: Path
    module: str
    texts: dict[str, bytes] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)

    def read_all(self) -> None:
        waiting = [(self.main, self.module or self.main.stem)]
        while waiting:
            path, dotted = waiting.pop()
            name = path.relative_to(self.root).as_posix()
            if name in self.texts:
                continue
            if len(self.texts) >= MOST_FILES:
                raise UnusableExperiment(f"{self.main} imports more than {MOST_FILES:,} files beside it.")
            self.texts[name] = read_text(path)
            tree = parse(path, self.texts[name])
            if path == self.main:
                _check_train(path, tree)
            package = dotted if path.name == "__init__.py" else dotted.rpartition(".")[0]
            for imported, line in _imports(tree, package):
                waiting += self._resolve(imported, path, line)

    def _resolve(self, dotted: str, importer: Path, line: int) -> list[tuple[Path, str]]:
        """The files of a module and of the packages around it."""
        parts = dotted.split(".")
        self.imported.add(dotted)
        if self.module and parts[0] != self.module.split(".")[0]:
            return []
        found: list[tuple[Path, str]] = []
        for count in range(1, len(parts) + 1):
            place, name = self.root.joinpath(*parts[:count]), ".".join(parts[:count])
            file = next(
                (
                    one
                    for one in (place / "__init__.py", place.with_name(f"{place.name}.py"))
                    if one.is_file()
                ),
                None,
            )
            if file is not None:
                found.append((file, name))
            elif not place.is_dir():
                break
        if found and parts[0] in OUR_PACKAGES and is_ours(found[0][0]):
            return []
        if not found:
            self.absent.add(parts[0])
            return []
        if not self.module:
            self._check_name(parts[0], found[0][0], importer, line)
        if found[0][1] != parts[0] and _is_installed(parts[0]):
            return []  # a folder without __init__.py: the installed package is the one imported
        return found

    def _check_name(self, name: str, file: Path, importer: Path, line: int) -> None:
        if file == self.main == importer:
            raise at_line(importer, line, f"it imports {name}, which is the file itself: rename the file.")
        if name in OUR_PACKAGES:
            raise at_line(
                importer, line, f"{name} beside it has the name of a package of dltui: rename {file}."
            )
        if name in sys.stdlib_module_names:
            raise at_line(
                importer, line, f"{name} beside it has the name of a module of Python: rename {file}."
            )


def _is_installed(name: str) -> bool:
    found = importlib.machinery.PathFinder.find_spec(name)
    return found is not None and found.origin is not None


def read_text(path: Path) -> bytes:
    """Raises UnusableExperiment."""
    try:
        with files.open_regular(path, follow=True, foreign=True) as file:
            found = file.read(READ_BYTES + 1)
    except FileNotFoundError:
        raise UnusableExperiment(f"{path}: there is no such file.") from None
    except CorruptRun as error:
        raise UnusableExperiment(error.message) from error
    except OSError as error:
        raise UnusableExperiment(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(found) > READ_BYTES:
        raise UnusableExperiment(f"{path}: expected at most {READ_BYTES:,} bytes.")
    return found


def parse(path: Path, text: bytes) -> ast.Module:
    """Raises UnusableExperiment for a syntax error."""
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise at_line(path, error.lineno, f"{error.msg}.") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnusableExperiment(f"{path}: {error}.") from None


def has_train(tree: ast.Module) -> bool:
    """Whether a name `train` is bound at the top of the file."""
    return any(name == "train" for node in tree.body for name in _bound(node))


def _check_train(path: Path, tree: ast.Module) -> None:
    if not has_train(tree):
        raise UnusableExperiment(f"{path}: it has no function train(params, run).")


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (one.asname or one.name for one in names)
        case ast.Assign(targets=targets):
            yield from (one.id for one in targets if isinstance(one, ast.Name))
        case ast.If(body=body, orelse=otherwise) | ast.Try(body=body, orelse=otherwise):
            for inner in (*body, *otherwise):
                yield from _bound(inner)


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[str, int]]:
    """Dotted name and line of every import, also of those inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".") if package else []
                above = parts[: len(parts) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            if base:
                yield base, node.lineno
            yield from (
                (f"{base}.{alias.name}" if base else alias.name, node.lineno)
                for alias in node.names
                if alias.name != "*"
            )
