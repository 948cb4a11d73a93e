"""A Ray cluster as the gateway uses it: join or start it, submit tasks, describe errors in one line."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine import files
from engine.errors import EngineError
from engine.places import make_private
from engine.protocol import Json
from engine.remote.gateway_address import GatewayAddress

OBJECT_STORE_BYTES = 256 << 20
"""bytes of the object store of a Ray started here; frames are not kept in it"""
BACKPRESSURE = 32
"""chunks that a node may be ahead of the reader"""
LOCAL_ENVIRONMENT = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""read by `import ray`: a Ray without other nodes listens on 127.0.0.1 only"""
MIN_VERSION = (2, 52)
"""the first Ray with token authentication"""
SAME_VERSION_REMEDY = "Install the same on every node."
FRAMEWORKS = ("torch", "tensorflow")
TOKEN = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
TOKEN_REMEDY = (
    "Put the cluster's token into ~/.ray/auth_token (or name its file in RAY_AUTH_TOKEN_PATH), then "
    "dltui engine stop and resume."
)


class NoSuitableNode(Exception):
    """No node of the cluster has the resources requested."""


class RayCluster:
    """All methods may block, except `stream`."""

    def __init__(self, gateway_address: GatewayAddress) -> None:
        self._address = gateway_address
        self._ray: Any = None
        self._task: Any = None
        self._mailbox: Any = None

    def open(self) -> None:
        """Raises EngineError."""
        _set_token(self._address)
        if self._address.address:
            check_address(self._address.address)
        else:
            os.environ.update(LOCAL_ENVIRONMENT)
        try:
            import ray
        except ImportError as error:
            raise EngineError("ray is not installed.", "pip install 'dltui[ray]'") from error
        if tuple(map(int, ray.__version__.split(".")[:2])) < MIN_VERSION:
            text = f"ray {ray.__version__} knows no tokens, expected 2.52 or later."
            raise EngineError(text, "pip install -U ray")
        try:
            if self._address.address not in ("", "auto"):
                probe(self._address.address)
            self._join(ray)
        except EngineError:
            raise
        except Exception as error:  # Ray raises many kinds of errors
            raise _explained(error, self._address.address) from error

    def _join(self, ray: Any) -> None:
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "dltui"}
        if self._address.address:
            ray.init(address=self._address.address, **quiet)
        else:
            ray.init(
                address="local", include_dashboard=False, object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=str(_temporary_folder()), **quiet,
            )  # fmt: skip
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from engine.remote import ray_task

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._mailbox = ray.remote(num_cpus=0, max_concurrency=1000, scheduling_strategy=here)(
            ray_task.Mailbox
        ).remote()
        self._task = ray.remote(
            max_calls=1,
            max_retries=0,
            num_returns="streaming",
            _generator_backpressure_num_objects=BACKPRESSURE,
        )(ray_task.run_node)
        self._ray = ray

    def put(self, data: bytes) -> Any:
        return self._ray.put(data)

    def submit(self, key: str, need: Json, bundle: Sequence[Any], *, first: bool) -> Any:
        """The handle for `stream` and `cancel`. Raises NoSuitableNode on the first submission of a run."""
        cpus, gpus = float(need["cpus"]), self._gpus(need)
        if first:
            self._check(cpus, gpus)
        task = self._task.options(num_cpus=cpus, num_gpus=gpus, name=f"dltui {key}")
        return task.remote(key, self._mailbox, bundle)

    async def stream(self, handle: Any) -> AsyncIterator[bytes]:
        """Raises what Ray raises; see `describe`."""
        async for reference in handle:
            yield await reference

    def send(self, key: str, data: bytes) -> None:
        self._mailbox.put.remote(key, data)

    def cancel(self, key: str, handle: Any) -> None:
        self._ray.cancel(handle, force=True)
        self._mailbox.drop.remote(key)

    def close(self) -> None:
        if self._ray is not None:
            self._ray.shutdown()

    def describe(self, error: Exception) -> tuple[str, str, str]:
        """`lost` or `refused`, the text, the remedy."""
        if isinstance(error, self._ray.exceptions.RayTaskError):
            if "failed to import" in str(error) or "No module named 'engine" in str(error):
                remedy = "pip install 'dltui[ray]' on every node, the same version as here."
                return "refused", "The node that was to train has no dltui.", remedy
            return (
                "refused",
                f"The task failed: {_last_line(error)}",
                "Details: ray/*/room.log under DLTUI_HOME.",
            )
        sentence = _one_line(str(error)).partition(". ")[0].rstrip(".")
        return "lost", f"{_error_name(error)}: {sentence}.", ""

    def _gpus(self, need: Json) -> float:
        if need["device"] == "cpu" or need["framework"] not in FRAMEWORKS:
            return 0.0
        there = self._ray.cluster_resources().get("GPU", 0)
        return float(need["share"]) if there or need["device"] == "gpu" else 0.0

    def _check(self, cpus: float, gpus: float) -> None:
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        if any(node.get("CPU", 0) >= cpus and node.get("GPU", 0) >= gpus for node in nodes):
            return
        most = max((node.get("CPU", 0) for node in nodes), default=0)
        requested = f"{cpus:g} CPU" + (f" and {gpus:g} GPU" if gpus else "")
        raise NoSuitableNode(
            f"It takes {requested}; of {len(nodes)} nodes none has that (the largest has {most:g} CPU)."
        )


# --- tokens, addresses, errors ----------------------------------------------------------------------------


def _set_token(gateway_address: GatewayAddress) -> None:
    """Enable token authentication unless the environment disables it. Ray reads this when it is imported.

    Raises EngineError if there is no token for a named cluster: Ray would abort the process.
    """
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if any(map(os.environ.get, TOKEN)) or os.environ["RAY_AUTH_MODE"] != "token":
        return
    if gateway_address.address:
        if not (Path.home() / ".ray" / "auth_token").exists():
            raise EngineError(
                f"There is no token for the Ray cluster at {gateway_address.address}.", TOKEN_REMEDY
            )
        return
    path = gateway_address.folder / "token"
    if not path.exists():
        files.write_new(path, secrets.token_hex(32).encode())
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(path)


def _explained(error: Exception, address: str) -> EngineError:
    text = str(error)
    whole = " ".join(map(str, _chain(error)))
    if "ersion mismatch" in text:
        return EngineError(f"Another Ray or Python is there: {_one_line(text)}", SAME_VERSION_REMEDY)
    if "uthenticat" in whole or "AuthToken" in whole:
        return EngineError(f"The Ray cluster at {address or 'here'} refuses the token.", TOKEN_REMEDY)
    if isinstance(error, ConnectionError) and address:
        remedy = (
            "This machine has to be a node: ray start --address=HEAD:6379 (--num-cpus=0: it trains nothing)."
        )
        return EngineError(f"The Ray cluster at {address} cannot be joined: {_one_line(text)}", remedy)
    return EngineError(f"Ray cannot be used: {_one_line(text)}", "Look into ray/*/room.log under DLTUI_HOME.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _temporary_folder() -> Path:
    """A short path, since Ray creates sockets deep below it, in a folder private to this user."""
    ours = Path(tempfile.gettempdir()) / f"dltui-{os.geteuid()}"
    make_private(ours)
    return ours / "ray"  # Ray makes it world-readable; its parent stays private


def _error_name(error: Exception) -> str:
    return {
        "NodeDiedError": "The node was lost",
        "WorkerCrashedError": "Its process on the node was killed",
        "OutOfMemoryError": "The node ran out of memory",
    }.get(type(error).__name__, f"It was lost ({type(error).__name__})")


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return _one_line(lines[-1] if lines else type(error).__name__)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]


# --- is there a cluster: ray.init would retry for half a minute and more ----------------------------------


PROBE_SECONDS = 10.0


def check_address(address: str) -> None:
    """Raises EngineError if nothing listens at `address`; does not need Ray."""
    host, colon, port = address.rpartition(":")
    if address == "auto":
        return
    if "://" in address or not colon or not port.isdecimal():
        raise EngineError(
            f"The address of a Ray cluster: expected host:port or auto, got {address[:80]!r}.",
            "For instance: --ray-address 10.0.0.5:6379",
        )
    try:
        socket.create_connection((host, int(port)), PROBE_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise EngineError(
            f"No Ray cluster answers at {address} within {PROBE_SECONDS:g} s ({error}).",
            "Start its head with: ray start --head --port=6379",
        ) from error


def probe(address: str) -> None:
    """Connect to the head. Raises EngineError without an answer in time, else what Ray raises.

    Ray's client may wait longer than any timeout given to it, so it runs in a daemon thread.
    """
    from ray import _raylet

    client: Any = getattr(_raylet, "GcsClient", None)  # no public one: without it nothing is checked
    raised: list[Exception] = []

    def connect() -> None:
        try:
            client(address=address)
        except Exception as error:  # Ray raises many kinds: raised again in the calling thread
            raised.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    if client is not None:
        thread.start()
        thread.join(PROBE_SECONDS)
    if thread.is_alive():
        text = f"Something listens at {address}, but no Ray cluster answers within {PROBE_SECONDS:g} s."
        raise EngineError(text, "The address is that of the head: ray start --head --port=6379")
    for error in raised:
        raise error
