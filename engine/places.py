"""Paths of the files of a home, and the environment variables that name them."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from engine.errors import HomeUnusable

SOCKET_PATH_LIMIT = 107  # bytes in sun_path, without the final NUL


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of a home."""

    root: Path
    named_data: str | None = None
    """absolute path of the folder of data sets, "" for none; None: that of DLTUI_DATA in this process"""

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def sweeps(self) -> Path:
        return self.root / "sweeps"

    @property
    def removed(self) -> Path:
        """Removed runs and sweeps, until the service deletes them."""
        return self.root / "removed"

    @property
    def index(self) -> Path:
        return self.root / "index.sqlite"

    @property
    def submissions(self) -> Path:
        """The number of the latest submission."""
        return self.root / "submissions.json"

    @property
    def experiments(self) -> Path:
        """The files and folders that were added to the catalog."""
        return self.root / "experiments.json"

    @property
    def notifications(self) -> Path:
        """What the user is notified of, and how; it may hold secrets."""
        return self.root / "notifications.json"

    @property
    def descriptions(self) -> Path:
        """Cache of what is known of experiments that are files; it can be deleted at any time."""
        return self.root / "descriptions"

    @property
    def sources(self) -> Path:
        """Kept sources of experiments that are files, a folder each."""
        return self.root / "sources"

    @property
    def lock(self) -> Path:
        return self.root / "engine.lock"

    @property
    def log(self) -> Path:
        return self.root / "engine.log"

    @property
    def shell_log(self) -> Path:
        """Tracebacks of CLI commands."""
        return self.root / "shell.log"

    @property
    def view_state(self) -> Path:
        return self.root / "view.json"

    @property
    def views(self) -> Path:
        """Views of the run table that were saved by name."""
        return self.root / "views"

    @property
    def keymap(self) -> Path:
        return self.root / "keys.json"

    @property
    def clipboard(self) -> Path:
        return self.root / "copied.txt"

    @property
    def drawn_digits(self) -> Path:
        """Digits that the user drew and kept."""
        return self.root / "drawn.jsonl"

    @property
    def learn(self) -> Path:
        """What is learned in the course: the log of answers, notes, decks of the user's own."""
        return self.root / "learn"

    @property
    def prompt_history(self) -> Path:
        """Input history of the prompt of language models."""
        return self.root / "said.txt"

    @property
    def cache(self) -> Path:
        """Downloaded data sets."""
        return self.root / "data"

    @property
    def data(self) -> Path | None:
        """The folder of data sets; it need not exist. None where none is named."""
        named = data_folder() if self.named_data is None else self.named_data
        return Path(named) if named else None

    @property
    def socket(self) -> Path:
        """In the root, or, where that path is too long for a Unix socket, in a private folder under /tmp.

        TMPDIR is ignored, since all shells of a user have to find the same socket.
        """
        in_root = self.root / "engine.sock"
        if len(os.fsencode(in_root)) <= SOCKET_PATH_LIMIT:
            return in_root
        import hashlib  # imported here, since a keeper does not need it

        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"dltui-{os.geteuid()}" / f"{name}.sock"


def data_folder() -> str:
    """The absolute path of DLTUI_DATA in this process; "" where it is not set."""
    named = os.environ.get("DLTUI_DATA")
    return str(Path(named).expanduser().absolute()) if named else ""


def home() -> Places:
    """DLTUI_HOME, else dltui in the XDG state folder, else ~/.local/state/dltui.

    Raises HomeUnusable where the user has no home folder.
    """
    named = os.environ.get("DLTUI_HOME")
    try:
        if named:
            return Places(Path(named).expanduser().absolute())
        state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Places(Path(state).expanduser().absolute() / "dltui")
    except (RuntimeError, OSError) as error:
        raise HomeUnusable(
            f"There is no folder to keep runs in: {str(error).rstrip('.')}.",
            "Set DLTUI_HOME to a folder of yours.",
        ) from error


def is_private(folder: Path) -> bool:
    """Whether no other user can enter the folder; True where that cannot be determined."""
    try:
        return not os.lstat(folder).st_mode & 0o077
    except OSError:
        return True


def make_private(folder: Path) -> None:
    """Create `folder` with mode 0700, or check that it is a folder of this user that nobody else can enter.

    An empty folder of this user gets mode 0700. Raises HomeUnusable for a link, a foreign owner, or a folder
    that others may enter.
    """
    try:
        with contextlib.suppress(FileExistsError):  # checked below
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = os.lstat(folder)
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & 0o077:
            found = _closed_when_empty(folder, found)
    except OSError as error:
        raise HomeUnusable(
            f"{folder} cannot be used: {error.strerror}.", "Point DLTUI_HOME at a folder of yours."
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        what = "is a link, expected" if stat.S_ISLNK(found.st_mode) else "is not"
        raise HomeUnusable(f"{folder} {what} a folder.", "Remove it or point DLTUI_HOME elsewhere.")
    if found.st_uid != os.geteuid():
        raise HomeUnusable(
            f"{folder} belongs to user {found.st_uid}, expected {os.geteuid()} (you).",
            "Point DLTUI_HOME at a folder of yours.",
        )
    if found.st_mode & 0o077:
        import shlex  # imported here, since a keeper does not need it

        raise HomeUnusable(
            f"{folder} has mode {stat.S_IMODE(found.st_mode):04o}, expected 0700: others could enter.",
            why=f"dltui cannot use {folder}: others could enter it.",
            command=f"chmod 700 {shlex.quote(str(folder))}",
        )


def _closed_when_empty(folder: Path, found: os.stat_result) -> os.stat_result:
    if os.listdir(folder):
        return found
    os.chmod(folder, 0o700)
    return os.lstat(folder)
