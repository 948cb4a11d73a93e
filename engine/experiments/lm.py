"""Language model: an LSTM reads a sentence word by word and predicts the next word.

Claim: that of `lm` in the catalog. The notebook's recipe reaches it in its fourth or fifth epoch,
recipe=tuned with fewer weights. Keras and PyTorch train the same model, with the same weights and updates.

The inputs of a sentence are <START> w1 .. wn, the targets w1 .. wn <EOS>: n + 1 predictions. The loss of a
prediction is -log of the probability of the target; perplexity is exp(mean loss), the number of equally
likely words with the same loss. A reversed model reads wn .. w1: it predicts the word before.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

from checkpoints import tensors
from engine.built_in_experiments import LmParams
from engine.data.text import load_corpus
from engine.data.text.load_corpus import Direction, SentenceBatch, Sentences, TextSet
from engine.errors import DataError
from engine.models.language.generation import generate
from engine.models.language.load_model import open_arrays
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction as Reading
from engine.models.language.model_description import (
    LstmDescription,
    ModelDescription,
    TransformerDescription,
    to_json,
)
from engine.models.language.weights import weights
from engine.models.language_training.training import (
    EarlyStopping,
    LanguageTraining,
    Update,
    compiled_kernels,
    lr_factor,
    make_training,
    planned_kernels,
    resolve,
    timed_product,
)
from engine.models.precision import resolve_precision
from engine.sampling import SamplingParams
from engine.worker.run import Run

EVALUATION_BATCH = 128  # sentences per forward pass of a validation
TEMPERATURES = (0.1, 1, 10)
WORDS = 7

# --- data ---------------------------------------------------------------------------------------------------


def load(params: LmParams, run: Run) -> TextSet:
    texts = load_corpus.load(run.places, params.corpus, params.vocabulary, params.tokeniser, run.note)
    if texts.notice:
        run.notice(texts.notice)
        print(texts.notice, flush=True)
    run.trains_on(texts.title, texts.source)
    run.pin(data=texts.fingerprint)
    if run.recorded("data") not in (None, texts.fingerprint):  # that of a run that this one begins with
        raise DataError(
            f"Its checkpoint was trained on other words than those of {texts.title}.",
            "Train it on the texts of the run that it begins with.",
        )
    return texts


def describe(params: LmParams, tied: bool, texts: TextSet, run: Run) -> ModelDescription:
    """The model description, kept beside the checkpoints: with it the weights can be read without a
    framework."""
    both: Any = {
        "layers": params.layers, "direction": Reading(params.direction), "embedding": params.embedding,
        "vocabulary": len(texts.vocabulary), "tokeniser": params.tokeniser, "corpus": params.corpus,
        "vocabulary_sha256": texts.vocabulary.sha256,
    }  # fmt: skip
    kind: ModelDescription
    if params.model == "transformer":
        kind = TransformerDescription(heads=params.heads, positions=params.positions, **both)
    else:
        projection = tied and params.embedding != params.hidden_size
        kind = LstmDescription(hidden_size=params.hidden_size, tied=tied, projection=projection, **both)
    run.keep("vocabulary.txt", "".join(f"{word}\n" for word in texts.vocabulary.words).encode())
    run.keep("model.json", json.dumps(to_json(kind)).encode())
    return kind


def pin_kernels(params: LmParams, dropout: float, run: Run) -> str | None:
    """Pin what multiplies and adds on a CPU beside the framework, which other bits depend on."""
    if run.device != "cpu":
        return None
    if params.trained_in == "torch":
        kernels = compiled_kernels(run.places.cache, run.note) or "torch"
    elif dropout:
        return None
    else:
        kernels = planned_kernels()
    run.pin(kernels=kernels)
    return kernels


def load_initial_weights(other: str, training: LanguageTraining, kind: ModelDescription, run: Run) -> None:
    """Start from the weights of the run `other`, of either framework. Raises DataError unless they fit."""
    folder = run.places.runs / other
    if not folder.is_dir():
        raise DataError(f"begin: there is no run {other!r}.", "Give the id of an lm run: dltui ls lm")
    description, arrays = open_arrays(folder)
    if replace(description, corpus=kind.corpus) != kind:
        raise DataError(
            f"begin: {other} is another model: {description}.",
            f"Its sizes, direction and words have to be {kind}.",
        )
    training.load_weights(arrays)
    run.note(f"Begins with the weights of {other}.")


# --- evaluation ---------------------------------------------------------------------------------------------


def perplexity(training: LanguageTraining, sentences: Sentences, direction: Direction, run: Run) -> float:
    """exp(summed loss / number of predictions): <EOS> is predicted, padding is not."""
    loss = predictions = 0.0
    for batch in load_corpus.sorted_batches(sentences, EVALUATION_BATCH, direction):
        loss += training.summed_loss(batch.inputs, batch.targets)
        predictions += batch.real
        _ = run.should_stop  # sends a heartbeat; a request to stop is obeyed after the validation
    return perplexity_of(loss / predictions)


def perplexity_of(loss: float) -> float:
    """exp(loss), without overflow for a diverged loss."""
    return math.exp(min(loss, 700.0))


def log_samples(
    training: LanguageTraining, kind: ModelDescription, texts: TextSet, run: Run, epoch: int
) -> None:
    """Log a sentence at each temperature: near the most probable words, as the model has it, near uniform."""
    model = LanguageModel(kind, texts.vocabulary, weights(training.weights(), kind), run.step)
    lines = []
    for number, temperature in enumerate(TEMPERATURES):
        sampling = SamplingParams(temperature=float(temperature), length=WORDS, until_end=True)
        drawn = [word.id for word in generate(model, [], sampling, run.seed + epoch, number)]
        sentence = texts.vocabulary.text(model.in_reading_order(drawn))
        run.text(f"sample/temperature {temperature}", sentence)
        lines.append(f"at {temperature}: {sentence}")
    print(f"epoch {epoch}, " + "; ".join(lines))
    run.note(f"After epoch {epoch}, " + "; ".join(lines))


# --- the best epoch -----------------------------------------------------------------------------------------


@contextmanager
def best_weights(training: LanguageTraining, patience: EarlyStopping, run: Run) -> Iterator[None]:
    """Inside the context `training` has the weights of the best epoch, if they were kept; afterwards its own.

    Later epochs fit the training sentences better and others worse.
    """
    step, model = run.best() or (run.step, b"")
    if step != patience.best_step:
        run.note(
            f"The weights of the best epoch (step {patience.best_step:,}) were not kept; those of step "
            f"{step:,} answer.",
            severity="warning",
        )
    if step == run.step:
        yield
        return
    own = training.weights()
    training.load_weights(tensors.loads(model))
    yield
    training.load_weights(own)
    if step == patience.best_step:
        run.note(f"The weights of step {step:,} answer: validation perplexity {patience.best:.2f}.")


# --- loop ---------------------------------------------------------------------------------------------------


def updates_of(
    batches: Iterator[SentenceBatch], first: int, rates: Sequence[float], real: list[int]
) -> Iterator[Update]:
    """The updates from step `first` on, one for each learning rate, each batch made when it is wanted: a GPU
    still computes the one before. The numbers of real words go to `real`."""
    for step, rate in enumerate(rates, start=first):
        batch = next(batches)
        real.append(batch.real)
        yield batch.inputs, batch.targets, step, rate


def train(params: LmParams, run: Run) -> None:
    texts = load(params, run)
    recipe = resolve(params)
    proposed = resolve(replace(params, lr=None)).lr
    work, before = timed_product(params.trained_in, run.device), run.recorded("precision")
    precision = resolve_precision(params.precision, before, run.places.cache, work, run.note)
    run.pin(precision=precision, **({"decay": f"{recipe.decay:g}"} if recipe.decay else {}))
    kernels = pin_kernels(params, recipe.dropout, run)
    run.note(f"Trains in {params.trained_in}, multiplies in {precision}: {recipe.summary()}.")
    kind = describe(params, recipe.tied, texts, run)
    training = make_training(
        params.trained_in, kind, seed=run.seed, dropout=recipe.dropout, optimizer=params.optimizer,
        clip=recipe.clip, decay=recipe.decay, precision=precision, device=run.device,
        compiled=kernels != "torch",
    )  # fmt: skip
    patience = EarlyStopping(params.patience)
    direction: Direction = "reversed" if params.direction == "reversed" else "forward"

    per_epoch = load_corpus.batch_count(texts.train, params.batch)
    last = run.total(per_epoch * params.epochs, epoch=per_epoch)
    done = run.restore(training.state({"patience": patience}))
    if run.has_begun_from_parent:
        patience.start_anew()
    if params.begin and done == 0:
        load_initial_weights(params.begin, training, kind, run)
    batches: Iterator[SentenceBatch] = iter(())
    words, seconds = 0, 0.0
    step = done
    while step < last and not patience.is_over:
        # The batches are a function of (seed, epoch): `step` alone determines where a resumed run continues.
        epoch, position = divmod(step, per_epoch)
        if position == 0 or step == done:
            batches = load_corpus.batches(
                texts.train, params.batch, run.seed, epoch, direction, start=position
            )
        # Up to the end of the epoch, or the next multiple of what is trained together.
        together = training.together
        upto = min(last, step - position + per_epoch, step - step % together + together)
        began = time.perf_counter()
        peak = chosen if (chosen := run.set["lr"]) is not None else proposed
        rates = [
            peak * lr_factor(recipe.schedule, number, last, recipe.warm_up)
            for number in range(step + 1, upto + 1)
        ]
        real: list[int] = []
        for loss in training.train_steps(updates_of(batches, step + 1, rates, real)):
            step += 1
            run.log(step, loss=loss, perplexity=perplexity_of(loss))
        words, seconds = words + sum(real), seconds + time.perf_counter() - began

        is_best = False
        if step % per_epoch == 0:
            found = perplexity(training, texts.validation, direction, run)
            run.log(step, val_perplexity=found, words_per_second=words / seconds)
            print(
                f"epoch {epoch + 1}: val_perplexity {found:.2f}, {words / seconds:,.0f} words/s", flush=True
            )
            words, seconds = 0, 0.0
            is_best = patience.update(found, step) and params.keep == "best"
            log_samples(training, kind, texts, run, epoch + 1)
        run.checkpoint(step, is_best=is_best)
        if run.should_stop:
            break

    if patience.is_over or run.step == last:
        # The validation sentences chose the epoch; the test sentences are evaluated only here.
        with best_weights(training, patience, run) if params.keep == "best" else nullcontext():
            end = {
                "train_perplexity": perplexity(training, texts.train, direction, run),
                "test_perplexity": perplexity(training, texts.test, direction, run),
            }
        run.log(run.step, **end)
        print(", ".join(f"{name} {value:.2f}" for name, value in end.items()))
