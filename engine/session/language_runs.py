"""Language model runs of a home: listed, found by id or name, opened at the checkpoint that is served."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from checkpoints import folder as checkpoint_folder
from engine import fold, run_status, store
from engine.errors import DltuiError, RunNotFound
from engine.events import Event
from engine.models.language import load_model
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction, ModelDescription
from engine.places import Places
from engine.protocol import Spec, Status, number_from_json, status_of
from engine.served_checkpoint import ServedCheckpoint, ServedStep, served_step
from engine.session.cache import SessionCache
from engine.store import RunFolder

CANDIDATES_SHOWN = 4
_PERPLEXITY = b"perplexity"
_VALIDATION = "val_perplexity"


@dataclass(frozen=True, slots=True)
class LanguageRun:
    """A run with a language model, trained or not."""

    spec: Spec
    folder: RunFolder
    description: ModelDescription

    @property
    def id(self) -> str:
        return self.folder.id

    def status(self) -> Status:
        """Raises CorruptRun."""
        ended, keeper = store.read_exit(self.folder), store.read_keeper(self.folder)
        state = run_status.state_of(store.read_wanted(self.folder), keeper, ended)
        return Status.LOST if state is None else status_of(state)


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model, its run, and the checkpoint that it was read from."""

    run: LanguageRun
    model: LanguageModel
    served: ServedCheckpoint

    @property
    def is_running(self) -> bool:
        return self.run.status().is_active


@dataclass(frozen=True, slots=True)
class _CachedModel:
    """A model opened when `wanted` was the checkpoint to serve and `newest` the newest step."""

    wanted: ServedStep | None
    newest: int
    opened: OpenedModel


@dataclass(slots=True)
class _Perplexities:
    """Perplexities of a run up to `offset` bytes of its events: the last value of each, and those of the
    validation by step. A `HistoryPart`."""

    offset: int = 0
    values: dict[str, float] = field(default_factory=dict)
    validations: dict[int, float] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        for name, (steps, values) in event.facts.get("series", {}).items():
            if "perplexity" in name and values:
                self.values[name] = number_from_json(values[-1])
            if name == _VALIDATION:
                self.validations.update(zip(steps, map(number_from_json, values), strict=True))

    def rewind(self, step: int) -> None:
        """The last values are kept until others are logged."""
        self.validations = {at: value for at, value in self.validations.items() if at <= step}


def all_runs(session_cache: SessionCache) -> list[LanguageRun]:
    """Newest first; runs that cannot be read are left out."""
    runs = (_cached_run(session_cache, run_id) for run_id in store.list_ids(session_cache.places))
    return sorted((run for run in runs if run is not None), key=lambda run: run.spec.order, reverse=True)


def find(session_cache: SessionCache, name: str = "", direction: Direction | None = None) -> LanguageRun:
    """By id, start of an id, name or @last; without a name the newest finished one, else the newest with a
    checkpoint.

    Raises RunNotFound naming the candidates.
    """
    if not isinstance(name, str):
        raise RunNotFound(f"Expected the id or the name of a run, got {str(name)[:80]!r}.")
    exact = _cached_run(session_cache, name)
    if exact is not None:
        return exact
    runs = all_runs(session_cache)
    if name in ("", "@last"):
        return _newest([run for run in runs if direction in (None, run.description.direction)], name)
    matching = [run for run in runs if name in (run.id, run.spec.name)]
    matching = matching or [run for run in runs if run.id.startswith(name) or run.id.endswith(f"-{name}")]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise RunNotFound(f"No language model answers to {name[:80]!r}.", "dltui ls lm shows them.")
    some = ", ".join(run.id for run in matching[:CANDIDATES_SHOWN])
    raise RunNotFound(f"{len(matching)} language models answer to {name[:80]!r}: {some}.", "Use a longer id.")


def partner(session_cache: SessionCache, run: LanguageRun) -> LanguageRun:
    """The newest run of the other direction with the same vocabulary. Raises RunNotFound."""
    mine = run.description
    fitting = [
        other
        for other in all_runs(session_cache)
        if other.description.direction is not mine.direction
        and other.description.vocabulary_sha256 == mine.vocabulary_sha256
        and load_model.has_checkpoint(other.folder.path)
    ]
    if not fitting:
        wanted = Direction.REVERSED if mine.direction is Direction.FORWARD else Direction.FORWARD
        raise RunNotFound(
            f"No {wanted} model shares the vocabulary of {run.spec.name or run.id}.",
            f"Train one: dltui run lm --set direction={wanted}{_vocabulary_options(run)}",
        )
    return next((other for other in fitting if other.status() is Status.DONE), fitting[0])


def _vocabulary_options(run: LanguageRun) -> str:
    """The options of `dltui run lm` for the vocabulary of a run."""
    mine = run.description
    given = {
        "corpus": mine.corpus,
        "vocabulary": run.spec.params.get("vocabulary", mine.vocabulary),
        "tokeniser": mine.tokeniser,
    }
    return "".join(f" --set {shlex.quote(f'{name}={value}')}" for name, value in given.items())


def newest_pair(session_cache: SessionCache) -> tuple[LanguageRun, LanguageRun]:
    """A forward model and its reversed partner: the newest finished one that has one. Raises RunNotFound."""
    first = find(session_cache, direction=Direction.FORWARD)
    runs = [run for run in all_runs(session_cache) if load_model.has_checkpoint(run.folder.path)]
    forward = [run for run in runs if run.description.direction is Direction.FORWARD]
    reversed_vocabularies = {run.description.vocabulary_sha256 for run in runs if run not in forward}
    paired = [run for run in forward if run.description.vocabulary_sha256 in reversed_vocabularies]
    one = next((run for run in paired if run.status() is Status.DONE), next(iter(paired), first))
    return one, partner(session_cache, one)


def open_model(session_cache: SessionCache, run: LanguageRun) -> OpenedModel:
    """At the checkpoint that is served. Raises DltuiError and CheckpointError."""
    wanted = served_step(run.folder.checkpoints)
    newest = max(checkpoint_folder.steps(run.folder.checkpoints), default=0)
    kept: list[_CachedModel] = session_cache.get(("language model", run.id), list)
    for one in kept:
        # In place of a damaged checkpoint another is served, until there is a newer one.
        if one.wanted == wanted and (wanted == one.opened.served.which or one.newest == newest):
            return one.opened
    model, found = load_model.open_model(run.folder.path)
    kept[:] = [_CachedModel(wanted, newest, OpenedModel(run, model, found))]
    return kept[0].opened


def perplexities(session_cache: SessionCache, run: LanguageRun) -> dict[str, float]:
    """The last value of every metric with perplexity in its name; of the validation that of the served
    checkpoint, where it is known."""
    kept: dict[str, _Perplexities] = session_cache.get("language perplexities", dict)
    known = kept.setdefault(run.id, _Perplexities())
    known.offset = fold.read(run.folder.events, known.offset, known, wanted=lambda line: _PERPLEXITY in line)
    which = served_step(run.folder.checkpoints)
    value = known.validations.get(which.step) if which and which.is_best else None
    return {**known.values, **({} if value is None else {_VALIDATION: value})}


def _cached_run(session_cache: SessionCache, run_id: str) -> LanguageRun | None:
    """The run of exactly that id, without reading the others; None where there is none."""
    if not run_id or "/" in run_id or run_id[0] in ".@":
        return None
    known: dict[str, LanguageRun] = session_cache.get("language runs", dict)
    run = known.get(run_id) or _read(session_cache.places, run_id)
    if run is None or not run.folder.spec.exists():
        return None
    known[run_id] = run
    return run


def _newest(runs: list[LanguageRun], name: str) -> LanguageRun:
    served = [run for run in runs if load_model.has_checkpoint(run.folder.path)]
    if not served:
        what = "has been trained yet" if not runs else "has a checkpoint yet"
        raise RunNotFound(f"No language model {what}.", "Train one: dltui run lm")
    if name == "@last":
        return served[0]
    return next((run for run in served if run.status() is Status.DONE), served[0])


def _read(places: Places, run_id: str) -> LanguageRun | None:
    folder = store.folder_of(places, run_id)
    try:
        if not (folder.path / load_model.MODEL).is_file():
            return None
        return LanguageRun(store.read_spec(folder), folder, load_model.read_description(folder.path))
    except (DltuiError, OSError):
        return None
