"""Language model: an LSTM reads image captions word by word and says what comes next.

Claim: one layer with the notebook's recipe reaches a test perplexity of 33 on the captions in its fourth or
fifth epoch; recipe=tuned gets below 28, with fewer weights. It trains in Keras, or in PyTorch, its twin.

A sentence goes in as <START> w1 .. wn and has to come out as w1 .. wn <EOS>: n + 1 guesses. The loss of a
guess is -log of the probability of the word that was right; perplexity is exp(mean loss), between how many
equally likely words the model wavers. A reversed model reads wn .. w1: it learns what came before.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from checkpoints import tensors
from engine.catalog import LmParams
from engine.data.text import load_corpus
from engine.data.text.load_corpus import Direction, SentenceBatch, Sentences, TextSet
from engine.errors import DataError
from engine.models.language.generation import generate
from engine.models.language.load_model import open_arrays
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction as Reading
from engine.models.language.model_description import ModelDescription, to_json
from engine.models.language.sampling_params import SamplingParams
from engine.models.language.weights import weights
from engine.models.lstm_training.early_stopping import EarlyStopping
from engine.models.lstm_training.lr_schedule import share
from engine.models.lstm_training.recipe import resolved
from engine.models.lstm_training.training import LstmTraining, make
from engine.models.precision import settled
from engine.worker.run import Run

LOOK = 128  # sentences per forward pass of a validation
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
    return texts


def describe(params: LmParams, tied: bool, texts: TextSet, run: Run) -> ModelDescription:
    """Written beside the checkpoints: with it the weights can be read without a framework."""
    kind = ModelDescription(
        layers=params.layers, direction=Reading(params.direction), embedding=params.embedding,
        hidden_size=params.hidden_size, vocabulary=len(texts.vocabulary), tied=tied,
        projection=tied and params.embedding != params.hidden_size, tokeniser=params.tokeniser,
        corpus=params.corpus, vocabulary_sha256=texts.vocabulary.sha256,
    )  # fmt: skip
    run.keep("vocabulary.txt", "".join(f"{word}\n" for word in texts.vocabulary.words).encode())
    run.keep("model.json", json.dumps(to_json(kind)).encode())
    return kind


def begin_like(other: str, training: LstmTraining, kind: ModelDescription, run: Run) -> None:
    """The weights of another run, of whichever framework: they mean the same in both."""
    folder = run.places.runs / other
    if not folder.is_dir():
        raise DataError(f"begin: there is no run {other!r}.", "Give the id of an lm run: dltui ls lm")
    theirs, arrays = open_arrays(folder)
    if replace(theirs, corpus=kind.corpus) != kind:
        raise DataError(
            f"begin: {other} is another model: {theirs}.",
            f"Its sizes, direction and words have to be {kind}.",
        )
    training.put(arrays)
    run.note(f"Begins with the weights of {other}.")


# --- looking at it ------------------------------------------------------------------------------------------


def perplexity(training: LstmTraining, sentences: Sentences, direction: Direction, run: Run) -> float:
    """exp(summed loss / number of guesses): <EOS> is a guess, padding never is."""
    loss = guesses = 0.0
    for batch in load_corpus.sorted_batches(sentences, LOOK, direction):
        loss += training.total(batch.inputs, batch.targets)
        guesses += batch.real
        _ = run.should_stop  # a sign of life; who asks to leave gets that after the validation
    return exponential(loss / guesses)


def exponential(loss: float) -> float:
    """Without the overflow of a loss that has gone wild."""
    return math.exp(min(loss, 700.0))


def speak(training: LstmTraining, kind: ModelDescription, texts: TextSet, run: Run, epoch: int) -> None:
    """A sentence at each temperature: close to the best word, as the model has it, close to pure chance."""
    model = LanguageModel(kind, texts.vocabulary, weights(training.weights(), kind), run.step)
    said = []
    for number, temperature in enumerate(TEMPERATURES):
        sampling = SamplingParams(temperature=float(temperature), length=WORDS, until_end=True)
        drawn = [word.id for word in generate(model, [], sampling, run.seed + epoch, number)]
        sentence = texts.vocabulary.text(model.in_reading_order(drawn))
        run.text(f"sample/temperature {temperature}", sentence)
        said.append(f"at {temperature}: {sentence}")
    print(f"epoch {epoch}, " + "; ".join(said))
    run.note(f"After epoch {epoch}, " + "; ".join(said))


# --- the best epoch -----------------------------------------------------------------------------------------


@contextmanager
def best_weights(training: LstmTraining, patience: EarlyStopping, run: Run) -> Iterator[None]:
    """Inside, the twin has the weights of the best epoch, where they were kept; afterwards its own again.

    Later epochs know the training sentences better and the language worse.
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
    training.put(tensors.loads(model))
    yield
    training.put(own)
    if step == patience.best_step:
        run.note(f"The weights of step {step:,} answer: validation perplexity {patience.best:.2f}.")


# --- loop ---------------------------------------------------------------------------------------------------


def train(params: LmParams, run: Run) -> None:
    texts = load(params, run)
    recipe = resolved(params)
    proposed = resolved(replace(params, lr=None)).lr
    precision = settled(params.precision, run.device)
    run.pin(precision=precision)
    run.note(f"Trains in {params.framework}, multiplies in {precision}: {recipe.words()}.")
    kind = describe(params, recipe.tied, texts, run)
    training = make(
        params.framework, kind, seed=run.seed, dropout=recipe.dropout, optimizer=params.optimizer,
        clip=recipe.clip, precision=precision, device=run.device,
    )  # fmt: skip
    patience = EarlyStopping(params.patience)
    direction: Direction = "reversed" if params.direction == "reversed" else "forward"

    per_epoch = load_corpus.batch_count(texts.train, params.batch)
    last = run.total(per_epoch * params.epochs, epoch=per_epoch)
    done = run.restore(training.state({"patience": patience}))
    if params.begin and done == 0:
        begin_like(params.begin, training, kind, run)
    batches: Iterator[SentenceBatch] = iter(())
    words, seconds = 0, 0.0
    for step in range(done + 1, last + 1):
        if patience.is_over:
            break
        # The batches are a function of (seed, epoch): `step` alone says where a resumed run goes on.
        epoch, position = divmod(step - 1, per_epoch)
        if position == 0 or step == done + 1:
            batches = load_corpus.batches(
                texts.train, params.batch, run.seed, epoch, direction, start=position
            )
        batch = next(batches)
        began = time.perf_counter()
        peak = chosen if (chosen := run.set["lr"]) is not None else proposed
        lr = peak * share(recipe.schedule, step, last)
        loss = training.learn(batch.inputs, batch.targets, step, lr)
        run.log(step, loss=loss, perplexity=exponential(loss))
        words, seconds = words + batch.real, seconds + time.perf_counter() - began

        is_best = False
        if position == per_epoch - 1:
            found = perplexity(training, texts.validation, direction, run)
            run.log(step, val_perplexity=found, words_per_second=words / seconds)
            print(
                f"epoch {epoch + 1}: val_perplexity {found:.2f}, {words / seconds:,.0f} words/s", flush=True
            )
            words, seconds = 0, 0.0
            is_best = patience.see(found, step) and params.keep == "best"
            speak(training, kind, texts, run, epoch + 1)
        run.checkpoint(step, is_best=is_best)
        if run.should_stop:
            break

    if patience.is_over or run.step == last:
        # Choosing the epoch looked at the validation sentences: the test sentences were not looked at before.
        with best_weights(training, patience, run) if params.keep == "best" else nullcontext():
            end = {
                "train_perplexity": perplexity(training, texts.train, direction, run),
                "test_perplexity": perplexity(training, texts.test, direction, run),
            }
        run.log(run.step, **end)
        print(", ".join(f"{name} {value:.2f}" for name, value in end.items()))
