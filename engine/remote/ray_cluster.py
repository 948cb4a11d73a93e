"""Ray, as the room uses it: joined or started, tasks handed in, what goes wrong said in one line."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.places import make_private
from engine.protocol import Json
from engine.remote import handshake
from engine.remote.gateway_address import GatewayAddress

STORE = 256 << 20
"""bytes of the object store of a Ray that is started here: frames pass through, nothing stays"""
AHEAD = 32
"""pieces that a node may be ahead of who reads"""
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""what `import ray` reads: a Ray that nobody joins has the address 127.0.0.1, and listens there alone"""
LEAST = (2, 52)
"""the first Ray with tokens"""
SAME = "Install the same on every node."
FRAMEWORKS = ("torch", "tensorflow")
TOKEN = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
TOKEN_REMEDY = (
    "Put the cluster's token into ~/.ray/auth_token (or name its file in RAY_AUTH_TOKEN_PATH), then "
    "dltui engine stop and resume."
)


class ClusterUnfit(Exception):
    """No node of the cluster could ever take it."""


class RayCluster:
    """Everything in here but `stream` may block."""

    def __init__(self, post: GatewayAddress) -> None:
        self._post = post
        self._ray: Any = None
        self._task: Any = None
        self._mailbox: Any = None

    def open(self) -> None:
        """Raises EngineError."""
        _trust(self._post)
        if self._post.address:
            handshake.check(self._post.address)
        else:
            os.environ.update(ALONE)
        try:
            import ray
        except ImportError as error:
            raise EngineError("ray is not installed.", "pip install 'dltui[ray]'") from error
        if tuple(map(int, ray.__version__.split(".")[:2])) < LEAST:
            text = f"ray {ray.__version__} knows no tokens, expected 2.52 or later."
            raise EngineError(text, "pip install -U ray")
        try:
            if self._post.address not in ("", "auto"):
                handshake.greet(self._post.address)
            self._join(ray)
        except EngineError:
            raise
        except Exception as error:  # of whatever kind Ray raises: it has to be said
            raise _explained(error, self._post.address) from error

    def _join(self, ray: Any) -> None:
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "namespace": "dltui"}
        if self._post.address:
            ray.init(address=self._post.address, **quiet)
        else:
            ray.init(
                address="local", include_dashboard=False, object_store_memory=STORE,
                _temp_dir=str(_folder()), **quiet,
            )  # fmt: skip
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        from engine.remote import ray_task

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._mailbox = ray.remote(num_cpus=0, max_concurrency=1000, scheduling_strategy=here)(
            ray_task.Mailbox
        ).remote()
        self._task = ray.remote(
            max_calls=1, max_retries=0, num_returns="streaming", _generator_backpressure_num_objects=AHEAD
        )(ray_task.attend)
        self._ray = ray

    def put(self, data: bytes) -> Any:
        return self._ray.put(data)

    def submit(self, key: str, need: Json, bundle: Sequence[Any], *, first: bool) -> Any:
        """What `stream` and `cancel` take. Raises Unfit, where it comes for the first time."""
        cpus, gpus = float(need["cpus"]), self._gpus(need)
        if first:
            self._check(cpus, gpus)
        asked = self._task.options(num_cpus=cpus, num_gpus=gpus, name=f"dltui {key}")
        return asked.remote(key, self._mailbox, bundle)

    async def stream(self, handle: Any) -> AsyncIterator[bytes]:
        """Raises what Ray raises; `said` puts it into words."""
        async for reference in handle:
            yield await reference

    def tell(self, key: str, data: bytes) -> None:
        self._mailbox.put.remote(key, data)

    def cancel(self, key: str, handle: Any) -> None:
        self._ray.cancel(handle, force=True)
        self._mailbox.drop.remote(key)

    def close(self) -> None:
        if self._ray is not None:
            self._ray.shutdown()

    def said(self, error: Exception) -> tuple[str, str, str]:
        """lost or refused, the text, the remedy."""
        if isinstance(error, self._ray.exceptions.RayTaskError):
            if "failed to import" in str(error) or "No module named 'engine" in str(error):
                remedy = "pip install 'dltui[ray]' on every node, the same version as here."
                return "refused", "The node that was to train has no dltui.", remedy
            return (
                "refused",
                f"The task failed: {_last_line(error)}",
                "Details: ray/*/room.log under DLTUI_HOME.",
            )
        return "lost", f"{_name(error)}: {_sentence(error)}", ""

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
        wanted = f"{cpus:g} CPU" + (f" and {gpus:g} GPU" if gpus else "")
        raise ClusterUnfit(
            f"It takes {wanted}; of {len(nodes)} nodes none has that (the largest has {most:g} CPU)."
        )


# --- tokens, addresses, words -----------------------------------------------------------------------------


def _trust(post: GatewayAddress) -> None:
    """Token authentication is on unless its user says otherwise. Ray reads this once, when it is imported.

    Raises EngineError where the token of a named cluster is nowhere: Ray would abort the process.
    """
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if any(map(os.environ.get, TOKEN)) or os.environ["RAY_AUTH_MODE"] != "token":
        return
    if post.address:
        if not (Path.home() / ".ray" / "auth_token").exists():
            raise EngineError(f"There is no token for the Ray cluster at {post.address}.", TOKEN_REMEDY)
        return
    path = post.folder / "token"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(path)


def _explained(error: Exception, address: str) -> EngineError:
    text = str(error)
    whole = " ".join(map(str, _chain(error)))
    if "ersion mismatch" in text:
        return EngineError(f"Another Ray or Python is there: {_flat(text)}", SAME)
    if "uthenticat" in whole or "AuthToken" in whole:
        return EngineError(f"The Ray cluster at {address or 'here'} refuses the token.", TOKEN_REMEDY)
    if isinstance(error, ConnectionError) and address:
        remedy = (
            "This machine has to be a node: ray start --address=HEAD:6379 (--num-cpus=0: it trains nothing)."
        )
        return EngineError(f"The Ray cluster at {address} cannot be joined: {_flat(text)}", remedy)
    return EngineError(f"Ray cannot be used: {_flat(text)}", "Look into ray/*/room.log under DLTUI_HOME.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _folder() -> Path:
    """Short, since Ray puts sockets deep below it, and ours alone."""
    ours = Path(tempfile.gettempdir()) / f"dltui-{os.geteuid()}"
    make_private(ours)
    return ours / "ray"  # Ray opens it to everybody; the folder above stays shut


def _name(error: Exception) -> str:
    return {
        "NodeDiedError": "The node was lost",
        "WorkerCrashedError": "Its process on the node was killed",
        "OutOfMemoryError": "The node ran out of memory",
    }.get(type(error).__name__, f"It was lost ({type(error).__name__})")


def _sentence(error: Exception) -> str:
    return _flat(str(error)).partition(". ")[0].rstrip(".") + "."


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return _flat(lines[-1] if lines else type(error).__name__)


def _flat(text: str) -> str:
    return " ".join(text.split())[:300]
