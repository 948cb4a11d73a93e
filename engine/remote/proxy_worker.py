"""The proxy of a worker on a node: sends the run, writes its folder, forwards commands, retries."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from checkpoints import folder as checkpoint_folder
from engine import ending_signals, store, tensorboard_end
from engine.errors import FULL, CorruptRun, DltuiError, ProtocolError
from engine.places import Places
from engine.protocol import CauseKind, Json, Spec, Status
from engine.remote import gateway_address, sent_files
from engine.remote.data_fingerprint import named_data
from engine.remote.event_copy import EventCopy
from engine.remote.gateway_address import GatewayAddress, GatewayClient, connect
from engine.remote.messages import Frame, FrameReader, encode
from engine.remote.received_files import LOCAL_FILES, IncomingFiles
from engine.store import RunFolder
from engine.trained_on import TrainedOn
from engine.worker.keeper_pipe import KeeperPipe

TRIES = 5
"""in a row without a new checkpoint"""
POLL_SECONDS = 0.1
REQUEST_SECONDS = 1.0
RETRY_SECONDS = 2.0
"""before the second try; doubled before each further one"""


class NodeLost(Exception):
    """The node or the connection to it is gone; the run can be tried again."""


class NodeRefused(Exception):
    """The run cannot be trained there; trying again would not help."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class EndedWithoutNode(Exception):
    """The run was paused, stopped or removed while no node was training it."""

    def __init__(self, status: Status, kind: CauseKind, text: str) -> None:
        super().__init__(text)
        self.status, self.kind = status, kind


@dataclass(slots=True)
class RemoteAttempt:
    """State of one try on a node."""

    host: str = ""
    folder: str = ""
    ended: Json | None = None
    signal: int | None = None
    """number of the signal that killed the worker"""


class ProxyWorker:
    def __init__(self, folder: RunFolder, pipe: KeeperPipe, attempt: int) -> None:
        self._folder, self._pipe, self._attempt = folder, pipe, attempt
        self._event_copy = EventCopy(folder.events)
        self._commands: list[Json] = []
        self._stop_commands: list[Json] = []
        """pause and stop commands: they stay valid for the next try"""
        self._is_orphan_sent = False
        self._data: TrainedOn | None = None
        """the data a node has to train on, if known"""
        self._submissions = 0
        """how often the run was submitted"""

    def run(self) -> Json:
        """Status and cause of the end, as in the exit message of a worker."""
        try:
            spec = store.read_spec(self._folder)
            places = Places(self._folder.path.parent.parent)
            self._address = GatewayAddress(places, gateway_address.address_of(spec.executor))
            self._data = named_data(places, spec)
            return self._retry(spec)
        except EndedWithoutNode as left:
            return self._end(left.status, left.kind, str(left), "Resume continues from there.")
        except NodeRefused as refused:
            return self._end(Status.FAILED, CauseKind.ERROR, str(refused), refused.remedy)
        except (OSError, DltuiError) as error:
            return self._failed(error)

    def _retry(self, spec: Spec) -> Json:
        tries, step = 0, self._step()
        while True:
            try:
                return self._submit(spec)
            except NodeLost as lost:
                tries = 0 if self._step() > step else tries + 1
                step = self._step()
                if tries >= TRIES:
                    text = f"Given up after {TRIES} tries that came to no checkpoint; the last: {lost}"
                    raise NodeRefused(text, "Look at the cluster with `ray status`, then resume.") from lost
                self._event_copy.note(
                    f"{lost} {self._continuation()}: try {tries + 1} of {TRIES}.", "warning"
                )
                self._wait(RETRY_SECONDS * 2**tries if tries else 0.0)

    def _submit(self, spec: Spec) -> Json:
        """Raises NodeLost, NodeRefused, EndedWithoutNode, and OSError of the disk here."""
        client = self._connect()
        tensorboard_end.remove_end(self._folder.tensorboard)
        incoming, remote = IncomingFiles(self._folder.path, LOCAL_FILES), RemoteAttempt()
        try:
            where = f"cluster at {self._address.address}" if self._address.address else "of this machine"
            self._event_copy.note(
                f"Waits for the Ray {where}: training starts once the cluster answers and has room."
            )
            self._submissions += 1
            self._send_bundle(client, spec)
            return self._follow(client, incoming, remote)
        finally:
            client.close()
            incoming.close()

    def _send_bundle(self, client: GatewayClient, spec: Spec) -> None:
        need = {
            "cpus": spec.threads,
            "share": spec.gpu_share,
            "device": spec.device,
            "framework": spec.framework,
        }
        try:
            client.send("job", run=spec.id, time=self._submissions, need=need)
            for data in sent_files.bundle_frames(self._folder, self._attempt, self._data):
                client.send("parcel", data)
            client.send("go")
        except ConnectionError as error:
            for frame in client.receive(1.0):
                self._handle_gateway(frame)
            raise NodeLost("The connection process to Ray ended.") from error

    # --- while a node trains it -----------------------------------------------------------------------------

    def _follow(self, client: GatewayClient, incoming: IncomingFiles, remote: RemoteAttempt) -> Json:
        reader = FrameReader()
        while True:
            for frame in client.receive(POLL_SECONDS):
                if frame.kind == "data":
                    self._handle_all(reader.feed(frame.payload), incoming, remote)
                elif remote.ended is None:
                    self._handle_gateway(frame)
            if remote.ended is not None:
                return self._ended(remote, remote.ended)
            if client.is_closed:
                raise NodeLost("The connection process to Ray ended.")
            self._forward_commands(client, remote)
            if not remote.host:
                self._touch_heartbeat()

    def _ended(self, remote: RemoteAttempt, ended: Json) -> Json:
        """`ended`. Raises NodeLost if keeper or worker were killed there and no end was requested here."""
        is_requested = self._is_orphan_sent or bool(self._stop_commands)
        is_killed = remote.signal in ending_signals.FROM_OUTSIDE or ended["cause"]["kind"] == CauseKind.SIGNAL
        is_crash = remote.signal is not None and remote.signal not in ending_signals.FROM_OUTSIDE
        if not self._is_orphan_sent and ended["status"] == Status.LOST:
            raise NodeLost(str(ended["cause"]["text"]))
        if is_killed and not is_crash and not is_requested:
            raise NodeLost(f"On {remote.host}: {ended['cause']['text']}")
        return ended

    def _handle_gateway(self, frame: Frame) -> None:
        """Handle a frame of the gateway itself. A refusal after a first success can be tried again."""
        text = str(frame.facts.get("text", ""))
        if frame.kind == "refused" and self._submissions == 1:
            raise NodeRefused(text, str(frame.facts.get("remedy", "")))
        if frame.kind in ("refused", "lost", "over"):
            raise NodeLost(text or "Its Ray task ended without an exit status.")

    def _handle_all(self, frames: list[Frame], incoming: IncomingFiles, remote: RemoteAttempt) -> None:
        for frame in frames:
            try:
                self._handle(frame, incoming, remote)
            except ProtocolError as error:
                raise NodeLost(f"What came from {remote.host} cannot be read: {error}") from error

    def _handle(self, frame: Frame, incoming: IncomingFiles, remote: RemoteAttempt) -> None:
        if frame.kind == "events":
            self._event_copy.append_lines(frame.payload, remote.folder)
        elif frame.kind == "log":
            os.write(1, frame.payload)
        elif frame.kind == "beat":
            self._touch_heartbeat()
        elif frame.kind == "begun":
            remote.host, remote.folder = str(frame.facts.get("host")), str(frame.facts.get("folder"))
            print(f"--- trains on {remote.host}", flush=True)
        elif frame.kind == "end":
            remote.ended = {"status": str(frame.facts["status"]), "cause": frame.facts["cause"]}
            remote.signal = frame.facts.get("signal")
        else:
            if frame.kind == "placed":
                self._event_copy.sync()  # the events up to a checkpoint are stored before it
            incoming.apply(frame)

    def _forward_commands(self, client: GatewayClient, remote: RemoteAttempt) -> None:
        """Forward commands to the node; without one, pause and stop end the run here."""
        if not remote.host:
            self._end_if_requested()
            return
        self._receive_commands()
        try:
            while self._commands:
                client.send("word", encode("word", word=self._commands[0]))
                del self._commands[0]
            if self._pipe.is_closed and not self._is_orphan_sent:
                client.send("word", encode("orphan"))
                self._is_orphan_sent = True
        except ConnectionError as error:
            raise NodeLost("The connection process to Ray ended.") from error

    # --- while no node trains it ----------------------------------------------------------------------------

    def _connect(self) -> GatewayClient:
        """Connect to the gateway; the service starts one on request. Raises EndedWithoutNode."""
        while True:
            client = connect(str(self._address.socket))
            if client is not None:
                return client
            self._address.request()
            self._wait(REQUEST_SECONDS / 4)

    def _wait(self, seconds: float) -> None:
        """Raises EndedWithoutNode."""
        until = time.monotonic() + seconds
        while True:
            self._end_if_requested()
            self._touch_heartbeat()
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(POLL_SECONDS, left))

    def _end_if_requested(self) -> None:
        self._receive_commands()
        requested = [command["word"] for command in self._stop_commands]
        why = next((str(command["why"]) for command in self._stop_commands if command.get("why")), "")
        at = f"at step {self._step()}"
        if not self._folder.spec.exists():
            raise EndedWithoutNode(Status.LOST, CauseKind.UNKNOWN, "Its run folder was removed.")
        if self._pipe.is_closed:
            raise EndedWithoutNode(Status.LOST, CauseKind.KEEPER_LOST, f"Its keeper died {at}.")
        if "stop" in requested and why:
            raise EndedWithoutNode(Status.STOPPED, CauseKind.PRUNED, f"Pruned {at}: {why}.")
        if "stop" in requested:
            raise EndedWithoutNode(Status.STOPPED, CauseKind.USER_STOP, f"Stopped by its user {at}.")
        if "pause" in requested:
            raise EndedWithoutNode(Status.PAUSED, CauseKind.PAUSED, f"Paused {at}.")

    def _receive_commands(self) -> None:
        received = self._pipe.commands()
        self._commands += received
        self._stop_commands += [command for command in received if command["word"] in ("pause", "stop")]

    # --- the folder here ------------------------------------------------------------------------------------

    def _step(self) -> int:
        """Step of the newest checkpoint received; 0: none."""
        return max(checkpoint_folder.steps(self._folder.checkpoints), default=0)

    def _continuation(self) -> str:
        step = self._step()
        return f"It continues on another node from step {step}" if step else "It begins again on another node"

    def _touch_heartbeat(self) -> None:
        try:
            self._folder.beat.touch()
        except OSError:
            pass  # a full disk is reported when files are saved

    def _end(self, status: Status, kind: CauseKind, text: str, remedy: str) -> Json:
        ended: Json = {"status": str(status), "cause": {"kind": str(kind), "text": text, "remedy": remedy}}
        try:
            self._event_copy.ended(self._step(), **ended)
        except OSError as error:
            print(f"events.jsonl takes nothing any more: {error}", flush=True)
        return ended

    def _failed(self, error: OSError | DltuiError) -> Json:
        if isinstance(error, OSError) and error.errno in FULL:
            text = f"The disk here is full: {error}."
            return self._end(Status.FAILED, CauseKind.DISK_FULL, text, "Free some space, then resume.")
        remedy = error.remedy if isinstance(error, DltuiError) and not isinstance(error, CorruptRun) else ""
        return self._end(Status.FAILED, CauseKind.ERROR, str(error), remedy)
