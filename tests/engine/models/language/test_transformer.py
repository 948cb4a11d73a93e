"""The transformer in NumPy: PyTorch's own layers agree, and no word is read before its turn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.errors import CorruptRun, DataError
from engine.models.language import model_description as descriptions
from engine.models.language.beam_search import path, search
from engine.models.language.generation import generate
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import TransformerDescription
from engine.models.language.scoring import perplexity, score
from engine.models.language.transformer import TransformerNetwork
from engine.models.language.weights import weights
from engine.sampling import SamplingParams
from tests.engine.models.language import samples, torch_layers

SENTENCE = [5, 9, 7, 7, 12, 4]
KINDS = [
    samples.transformer(layers=1, heads=1),
    samples.transformer(layers=3, heads=4, positions="learned"),
    samples.transformer(positions="none", direction="reversed"),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_probabilities_are_those_of_the_layers_of_pytorch(kind: TransformerDescription) -> None:
    arrays = samples.arrays(kind, scale=0.4)
    model = LanguageModel(kind, samples.words(13), weights(arrays, kind))
    given = {name: torch.from_numpy(array).double() for name, array in arrays.items()}
    read = torch.tensor([[1, *model.in_reading_order(SENTENCE)]])
    expected = torch.log_softmax(torch_layers.logits(kind, given, read)[0], -1).numpy()
    scores = model.scores(model.open(SENTENCE))[0].astype(np.float64)
    np.testing.assert_allclose(scores - np.log(np.exp(scores).sum()), expected[-1], atol=1e-5)
    [scored] = score(model, [SENTENCE])
    targets = [*model.in_reading_order(SENTENCE), 3]
    total = float(sum(expected[place, word] for place, word in enumerate(targets)))
    assert scored.full_logp == pytest.approx(total, rel=1e-5)
    assert perplexity(scored.full_logp, 7) == pytest.approx(math.exp(-total / 7), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_word_by_word_equals_all_at_once(kind: TransformerDescription) -> None:
    network = samples.model(kind).network
    ids = [1, *SENTENCE]
    for done in range(1, len(ids)):
        state = network.read(ids[:done])
        for word in ids[done:]:
            state = network.advance(state, [word])
        continued = network.read(ids[done:], network.read(ids[:done]))
        whole = network.read(ids)
        for found in (state, continued):
            np.testing.assert_allclose(found.top, whole.top, atol=1e-5)
            np.testing.assert_allclose(found.keys, whole.keys, atol=1e-5)
            np.testing.assert_allclose(found.values, whole.values, atol=1e-5)


def test_sentences_that_begin_alike_score_as_each_alone() -> None:
    model = samples.model(samples.transformer(layers=3, heads=4))
    sentences = [[5, 9, 7], [5, 9], [5, 9, 7, 4, 6], [8], [], [5, 9, 7], [8, 9, 7, 4], [8, 4], [5, 4]]
    together = score(model, sentences)
    for one, sentence in zip(together, sentences, strict=True):
        [alone] = score(model, [sentence])
        assert one.logps == pytest.approx(alone.logps, abs=1e-5)
        assert one.ranks == alone.ranks


def test_a_state_of_chosen_sentences_goes_on_as_each_would_alone() -> None:
    model = samples.model(samples.transformer())
    both = model.advance(model.open([5, 9]).select([0, 0, 0]), [4, 7, 4])
    for row, word in enumerate([4, 7, 4]):
        np.testing.assert_allclose(both.top[row], model.open([5, 9, word]).top[0], atol=1e-5)


def test_a_beam_of_one_is_greedy() -> None:
    model = samples.model(samples.transformer(), scale=0.5)
    sampling = SamplingParams(length=9)
    tree = search(model, [5], 1, sampling, alpha=0.0)
    greedy = [word.id for word in generate(model, [5], SamplingParams(length=9, top_k=1), 1)]
    assert path(tree.nodes, tree.leaves[0]) == greedy


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_word_attends_to_itself_and_earlier_words_alone(kind: TransformerDescription) -> None:
    network = samples.model(kind).network
    assert isinstance(network, TransformerNetwork)
    reading = network.look_into([1, *SENTENCE])
    assert reading.weights.shape == (kind.layers, kind.heads, 7, 7)
    np.testing.assert_allclose(reading.weights.sum(axis=-1), 1, atol=1e-6)
    assert not np.triu(reading.weights, 1).any()
    assert reading.stream.shape == (kind.layers + 1, 7, kind.embedding)
    later = network.look_into([1, *SENTENCE[:3], 8, 8, 8])
    assert np.array_equal(later.stream[:, :4], reading.stream[:, :4])


def test_the_last_norm_of_the_stream_is_what_the_output_layer_reads() -> None:
    from engine.models.language.transformer import layer_norm

    model = samples.model(samples.transformer())
    assert isinstance(model.network, TransformerNetwork)
    stream = model.network.look_into([1, *SENTENCE]).stream
    top = layer_norm(model.network.weights.norm, stream[-1, -1:])
    np.testing.assert_allclose(top, model.open(SENTENCE).top, atol=1e-6)


@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_a_text_of_more_words_than_there_are_positions_is_refused(positions: str) -> None:
    model = samples.model(samples.transformer(positions=positions))
    full = model.open([5] * 511)
    with pytest.raises(DataError, match="at most 511 words, got 512"):
        model.advance(full, [5])
    with pytest.raises(DataError, match="at most 511 words, got 512"):
        model.open([5] * 512)


def test_without_positions_a_text_may_be_longer() -> None:
    model = samples.model(samples.transformer(positions="none"))
    assert np.isfinite(model.open([5] * 600).top).all()


def test_model_json_says_which_tensorit_is() -> None:
    for kind in (samples.transformer(), samples.description()):
        assert descriptions.from_json(descriptions.to_json(kind)) == kind


@pytest.mark.parametrize(
    ("change", "named"),
    [({"heads": 3}, "3 heads"), ({"positions": "rotary"}, "rotary"), ({"layers": 0}, "layers"),
     ({"kind": "rnn_lm"}, "rnn_lm")],
)  # fmt: skip
def test_an_invalid_description_names_the_field(change: dict[str, object], named: str) -> None:
    data = descriptions.to_json(samples.transformer()) | change
    with pytest.raises(CorruptRun, match=named):
        descriptions.from_json(data)
