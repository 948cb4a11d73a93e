"""Stands in for a worker elsewhere: hands the run over, keeps its folder, passes words on, tries again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from checkpoints import folder as checkpoint_folder
from engine import signals, store, tensorboard_end
from engine.errors import FULL, CorruptRun, DltuiError, ProtocolError
from engine.places import Places
from engine.protocol import CauseKind, Json, Spec, Status
from engine.remote import bundle, gateway_address
from engine.remote.event_copy import EventCopy
from engine.remote.frames import Frame, Reader, encode
from engine.remote.gateway_address import GatewayAddress
from engine.remote.gateway_client import GatewayClient, connect
from engine.remote.incoming import OWN, IncomingFiles
from engine.remote.named_data import named_data
from engine.store import RunFolder
from engine.trained_on import TrainedOn
from engine.worker.keeper_pipe import KeeperPipe

TRIES = 5
"""in a row that came to no new checkpoint"""
LOOK_SECONDS = 0.1
CALL_SECONDS = 1.0
REST_SECONDS = 2.0
"""before the second try; each further one rests twice as long"""


class NodeLost(Exception):
    """The worker there is gone, or cannot be heard any more: it can be tried again."""


class NodeRefused(Exception):
    """Nothing will come of trying again."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class NodeEnded(Exception):
    """Somebody asked for the end of a run that nobody is at work on."""

    def __init__(self, status: Status, kind: CauseKind, text: str) -> None:
        super().__init__(text)
        self.status, self.kind = status, kind


@dataclass(slots=True)
class RemoteAttempt:
    """What is known of the worker elsewhere."""

    host: str = ""
    folder: str = ""
    ended: Json | None = None
    signal: int | None = None
    """that its worker died of"""


class ProxyWorker:
    def __init__(self, folder: RunFolder, wire: KeeperPipe, attempt: int) -> None:
        self._folder, self._wire, self._attempt = folder, wire, attempt
        self._scroll = EventCopy(folder.events)
        self._words: list[Json] = []
        self._asked: list[Json] = []
        """pause and stop: they hold wherever the run is tried next"""
        self._is_told_of_orphan = False
        self._data: TrainedOn | None = None
        """what a node has to train on, where that is known"""
        self._handed = 0
        """how often it was handed over"""

    def run(self) -> Json:
        """How it ended, as a worker says it."""
        try:
            spec = store.read_spec(self._folder)
            places = Places(self._folder.path.parent.parent)
            self._post = GatewayAddress(places, gateway_address.address_of(spec.executor))
            self._data = named_data(places, spec)
            return self._try_on(spec)
        except NodeEnded as left:
            return self._end(left.status, left.kind, str(left), "Resume continues from there.")
        except NodeRefused as refused:
            return self._end(Status.FAILED, CauseKind.ERROR, str(refused), refused.remedy)
        except (OSError, DltuiError) as error:
            return self._broken(error)

    def _try_on(self, spec: Spec) -> Json:
        tries, step = 0, self._step()
        while True:
            try:
                return self._hand_over(spec)
            except NodeLost as lost:
                tries = 0 if self._step() > step else tries + 1
                step = self._step()
                if tries >= TRIES:
                    text = f"Given up after {TRIES} tries that came to no checkpoint; the last: {lost}"
                    raise NodeRefused(text, "Look at the cluster with `ray status`, then resume.") from lost
                self._scroll.note(f"{lost} {self._way_on()}: try {tries + 1} of {TRIES}.", "warning")
                self._wait(REST_SECONDS * 2**tries if tries else 0.0)

    def _hand_over(self, spec: Spec) -> Json:
        """Raises Lost, Refused, Left, and what the disk here does not take."""
        line = self._connected()
        tensorboard_end.goes_on(self._folder.tensorboard)
        copy, remote = IncomingFiles(self._folder.path, OWN), RemoteAttempt()
        try:
            where = f"cluster at {self._post.address}" if self._post.address else "of this machine"
            self._scroll.note(
                f"Waits for the Ray {where}: training starts once the cluster answers and has room."
            )
            self._handed += 1
            self._send(line, spec)
            return self._attend(line, copy, remote)
        finally:
            line.close()
            copy.close()

    def _send(self, line: GatewayClient, spec: Spec) -> None:
        need = {
            "cpus": spec.threads,
            "share": spec.gpu_share,
            "device": spec.device,
            "framework": spec.framework,
        }
        try:
            line.say("job", run=spec.id, time=self._handed, need=need)
            for data in bundle.packed(self._folder, self._attempt, self._data):
                line.say("parcel", data)
            line.say("go")
        except ConnectionError as error:
            for frame in line.hear(1.0):
                self._news(frame)
            raise NodeLost("The connection process to Ray ended.") from error

    # --- while it trains elsewhere --------------------------------------------------------------------------

    def _attend(self, line: GatewayClient, copy: IncomingFiles, remote: RemoteAttempt) -> Json:
        reader = Reader()
        while True:
            for frame in line.hear(LOOK_SECONDS):
                if frame.kind == "data":
                    self._take_all(reader.feed(frame.payload), copy, remote)
                elif remote.ended is None:
                    self._news(frame)
            if remote.ended is not None:
                return self._ended(remote, remote.ended)
            if line.is_cut:
                raise NodeLost("The connection process to Ray ended.")
            self._pass_on(line, remote)
            if not remote.host:
                self._beat()

    def _ended(self, remote: RemoteAttempt, ended: Json) -> Json:
        """What was killed there without anybody here asking for it can be tried again: keeper and worker."""
        is_asked = self._is_told_of_orphan or bool(self._asked)
        is_killed = remote.signal in signals.FROM_OUTSIDE or ended["cause"]["kind"] == CauseKind.SIGNAL
        is_crash = remote.signal is not None and remote.signal not in signals.FROM_OUTSIDE
        if not self._is_told_of_orphan and ended["status"] == Status.LOST:
            raise NodeLost(str(ended["cause"]["text"]))
        if is_killed and not is_crash and not is_asked:
            raise NodeLost(f"On {remote.host}: {ended['cause']['text']}")
        return ended

    def _news(self, frame: Frame) -> None:
        """What the room says of its own. A cluster that took it once may do so again."""
        text = str(frame.facts.get("text", ""))
        if frame.kind == "refused" and self._handed == 1:
            raise NodeRefused(text, str(frame.facts.get("remedy", "")))
        if frame.kind in ("refused", "lost", "over"):
            raise NodeLost(text or "Its Ray task ended without an exit status.")

    def _take_all(self, frames: list[Frame], copy: IncomingFiles, remote: RemoteAttempt) -> None:
        for frame in frames:
            try:
                self._take(frame, copy, remote)
            except ProtocolError as error:
                raise NodeLost(f"What came from {remote.host} cannot be read: {error}") from error

    def _take(self, frame: Frame, copy: IncomingFiles, remote: RemoteAttempt) -> None:
        if frame.kind == "events":
            self._scroll.take(frame.payload, remote.folder)
        elif frame.kind == "log":
            os.write(1, frame.payload)
        elif frame.kind == "beat":
            self._beat()
        elif frame.kind == "begun":
            remote.host, remote.folder = str(frame.facts.get("host")), str(frame.facts.get("folder"))
            print(f"--- trains on {remote.host}", flush=True)
        elif frame.kind == "end":
            remote.ended = {"status": str(frame.facts["status"]), "cause": frame.facts["cause"]}
            remote.signal = frame.facts.get("signal")
        else:
            if frame.kind == "placed":
                self._scroll.sync()  # a checkpoint is not here before the events up to it
            copy.take(frame)

    def _pass_on(self, line: GatewayClient, remote: RemoteAttempt) -> None:
        """Words wait here until somebody is at work there; who is not at work needs none to leave."""
        if not remote.host:
            self._leave_if_asked()
            return
        self._listen()
        try:
            while self._words:
                line.say("word", encode("word", word=self._words[0]))
                del self._words[0]
            if self._wire.is_cut and not self._is_told_of_orphan:
                line.say("word", encode("orphan"))
                self._is_told_of_orphan = True
        except ConnectionError as error:
            raise NodeLost("The connection process to Ray ended.") from error

    # --- while nobody trains --------------------------------------------------------------------------------

    def _connected(self) -> GatewayClient:
        """A room that listens; the service starts one when it is called. Raises Left."""
        while True:
            line = connect(str(self._post.socket))
            if line is not None:
                return line
            self._post.ask()
            self._wait(CALL_SECONDS / 4)

    def _wait(self, seconds: float) -> None:
        """Raises Left."""
        until = time.monotonic() + seconds
        while True:
            self._leave_if_asked()
            self._beat()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(LOOK_SECONDS, left))

    def _leave_if_asked(self) -> None:
        self._listen()
        asked = [word["word"] for word in self._asked]
        why = next((str(word["why"]) for word in self._asked if word.get("why")), "")
        at = f"at step {self._step()}"
        if not self._folder.spec.exists():
            raise NodeEnded(Status.LOST, CauseKind.UNKNOWN, "Its run folder was removed.")
        if self._wire.is_cut:
            raise NodeEnded(Status.LOST, CauseKind.KEEPER_LOST, f"Its keeper died {at}.")
        if "stop" in asked and why:
            raise NodeEnded(Status.STOPPED, CauseKind.PRUNED, f"Pruned {at}: {why}.")
        if "stop" in asked:
            raise NodeEnded(Status.STOPPED, CauseKind.USER_STOP, f"Stopped by its user {at}.")
        if "pause" in asked:
            raise NodeEnded(Status.PAUSED, CauseKind.PAUSED, f"Paused {at}.")

    def _listen(self) -> None:
        came = self._wire.words()
        self._words += came
        self._asked += [word for word in came if word["word"] in ("pause", "stop")]

    # --- the folder here ------------------------------------------------------------------------------------

    def _step(self) -> int:
        """Of the newest checkpoint that reached us; 0: none."""
        return max(checkpoint_folder.steps(self._folder.checkpoints), default=0)

    def _way_on(self) -> str:
        step = self._step()
        return f"It continues on another node from step {step}" if step else "It begins again on another node"

    def _beat(self) -> None:
        try:
            self._folder.beat.touch()
        except OSError:
            pass  # a full disk is told of by what has to be saved

    def _end(self, status: Status, kind: CauseKind, text: str, remedy: str) -> Json:
        ended: Json = {"status": str(status), "cause": {"kind": str(kind), "text": text, "remedy": remedy}}
        try:
            self._scroll.ended(self._step(), **ended)
        except OSError as error:
            print(f"events.jsonl takes nothing any more: {error}", flush=True)
        return ended

    def _broken(self, error: OSError | DltuiError) -> Json:
        if isinstance(error, OSError) and error.errno in FULL:
            text = f"The disk here is full: {error}."
            return self._end(Status.FAILED, CauseKind.DISK_FULL, text, "Free some space, then resume.")
        remedy = error.remedy if isinstance(error, DltuiError) and not isinstance(error, CorruptRun) else ""
        return self._end(Status.FAILED, CauseKind.ERROR, str(error), remedy)
