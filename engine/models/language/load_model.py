"""Loading a language model from its run folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from checkpoints import folder as checkpoint_folder
from checkpoints import strict_json, tensors
from checkpoints.errors import DamagedCheckpoint
from checkpoints.folder import Verified
from engine import files
from engine.data.text.vocabulary import Vocabulary, read_vocabulary
from engine.errors import CorruptRun, DataError, RunRefused
from engine.models.language import model_description as descriptions
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import ModelDescription
from engine.models.language.weights import ModelWeights, weights
from engine.served_checkpoint import MODEL as WEIGHTS
from engine.served_checkpoint import ServedCheckpoint, read_served

Arrays = dict[str, NDArray[Any]]

MODEL = "model.json"
VOCABULARY = "vocabulary.txt"
_DESCRIPTION_LIMIT = 1 << 20  # bytes
_VOCABULARY_LIMIT = 256 << 20


def open_model(run: Path) -> tuple[LanguageModel, ServedCheckpoint]:
    """The model that the run serves, and its checkpoint without the bytes of its files.

    Raises RunRefused while there is no checkpoint, CorruptRun and CheckpointError for damaged files.
    """
    description = read_description(run)
    vocabulary = read_words(run, description)
    found = _served(run)
    model = LanguageModel(description, vocabulary, _weights(found.verified, description), found.which.step)
    return model, replace(found, verified=replace(found.verified, files={}))


def open_arrays(run: Path) -> tuple[ModelDescription, Arrays]:
    """The description and the saved tensors that the run serves. Raises like `open_model`."""
    return read_description(run), _arrays(_served(run).verified)


def has_checkpoint(run: Path) -> bool:
    """Whether the run has a checkpoint, intact or not. Raises CheckpointError."""
    return bool(checkpoint_folder.steps(run / "checkpoints"))


def read_description(run: Path) -> ModelDescription:
    """Raises RunRefused when the run has no language model, CorruptRun for an invalid model.json."""
    try:
        data = strict_json.loads(_bytes(run / MODEL, _DESCRIPTION_LIMIT), _DESCRIPTION_LIMIT)
    except FileNotFoundError:
        raise RunRefused(
            f"{run.name} keeps no language model.", "Those are runs of `lm`: dltui ls lm"
        ) from None
    except ValueError as error:
        raise CorruptRun(f"{run / MODEL} is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise CorruptRun(f"{run / MODEL} is not a JSON object.")
    return descriptions.from_json(data)


def read_words(run: Path, description: ModelDescription) -> Vocabulary:
    """Raises CorruptRun unless the vocabulary is that of the description."""
    path = run / VOCABULARY
    try:
        text = _bytes(path, _VOCABULARY_LIMIT).decode("utf-8")
        vocabulary = read_vocabulary(text.removesuffix("\n").split("\n"), description.tokeniser)
    except FileNotFoundError:
        raise CorruptRun(f"{path} is missing.") from None
    except (UnicodeDecodeError, DataError) as error:
        raise CorruptRun(f"{path} is no vocabulary: {error}") from error
    if len(vocabulary) != description.vocabulary or vocabulary.sha256 != description.vocabulary_sha256:
        raise CorruptRun(
            f"{path} holds {len(vocabulary):,} words, not the {description.vocabulary:,} of model.json."
        )
    return vocabulary


def _weights(verified: Verified, description: ModelDescription) -> ModelWeights:
    return weights(_arrays(verified), description)


def _arrays(verified: Verified) -> Arrays:
    if WEIGHTS not in verified.files:
        raise CorruptRun(f"{verified.path} holds no {WEIGHTS}.")
    try:
        return tensors.loads(verified.files[WEIGHTS])
    except ValueError as error:
        raise CorruptRun(f"{verified.path / WEIGHTS} cannot be read: {error}.") from error


def _served(run: Path) -> ServedCheckpoint:
    try:
        found = read_served(run / "checkpoints", only={WEIGHTS})
    except DamagedCheckpoint as damage:
        raise CorruptRun(f"No checkpoint of {run.name} is whole. {damage.message}") from damage
    if found is None:
        raise RunRefused(
            f"{run.name} has no checkpoint yet.", "The first comes after an epoch; ask again then."
        )
    return found


def _bytes(path: Path, limit: int) -> bytes:
    """Raises FileNotFoundError, and CorruptRun for a file that is not regular or too long."""
    found = files.read_bytes(path, limit=limit)
    if found is None:
        raise FileNotFoundError(str(path))
    return found
