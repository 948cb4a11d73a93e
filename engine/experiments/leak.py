"""Leak detector: three readers predict the next word of sentences of random words.

Claim: that of `leak` in the catalog.

Of random words nothing can be known, so an honest perplexity is their number. `forward` reads x1 x2 .. and
predicts x2 x3 ..; `reversed` does so with each sentence turned round before; `go_backwards` is the set-up of
the Keras flag of that name: input and outputs are reversed, the targets are left in order. In its second half
it is asked for words that it has read, and its perplexity falls below the number of words.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.built_in_experiments import RandomWordsParams
from engine.worker.run import Run

READERS = ("forward", "reversed", "go_backwards")
TEST_SENTENCES = 256
TEST_KEY = 2**63
"""in place of the step, for the sentences that none is trained on"""

# --- data ---------------------------------------------------------------------------------------------------


def sentences(params: RandomWordsParams, seed: int, key: int, count: int) -> Tensor:
    """(count, length) random words, a function of the seed and the key; each step has its own."""
    chance = np.random.Generator(np.random.Philox(key=np.array([seed, key], dtype=np.uint64)))
    return torch.from_numpy(chance.integers(params.words, size=(count, params.length)))


def questions(reader: str, words: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T) -> what the reader gets, step by step, and what it is asked after each: (B, T - 1) both."""
    if reader == "reversed":
        words = words.flip(1)
    inputs, targets = words[:, :-1], words[:, 1:]
    return (inputs.flip(1), targets) if reader == "go_backwards" else (inputs, targets)


# --- model --------------------------------------------------------------------------------------------------


class LeakReader(nn.Module):
    """An LSTM over word vectors, and the logits of the next word after each step."""

    def __init__(self, params: RandomWordsParams) -> None:
        super().__init__()
        self.embedding = nn.Embedding(params.words, params.hidden)
        self.lstm = nn.LSTM(params.hidden, params.hidden, batch_first=True)
        self.output = nn.Linear(params.hidden, params.words)

    def forward(self, words: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)"""
        logits: Tensor = self.output(self.lstm(self.embedding(words))[0])
        return logits


def losses(readers: nn.ModuleList, words: Tensor) -> dict[str, Tensor]:
    """The mean cross-entropy of each reader over the sentences, in nats."""
    found = {}
    for name, reader in zip(READERS, readers, strict=True):
        inputs, targets = questions(name, words)
        found[name] = F.cross_entropy(reader(inputs).flatten(0, 1), targets.flatten())
    return found


# --- loop ---------------------------------------------------------------------------------------------------


def train(params: RandomWordsParams, run: Run) -> None:
    readers = nn.ModuleList(LeakReader(params) for _ in READERS).to(run.device)
    optimizer = torch.optim.Adam(readers.parameters(), lr=params.lr)
    test = sentences(params, run.seed, TEST_KEY, TEST_SENTENCES).to(run.device)
    for step in run.steps((readers, optimizer), params.steps):
        for group in optimizer.param_groups:
            group["lr"] = run.set["lr"]
        optimizer.zero_grad()
        words = sentences(params, run.seed, step, params.batch).to(run.device)
        loss = torch.stack(list(losses(readers, words).values())).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(readers.parameters(), 1.0)
        optimizer.step()
        run.log(step, loss=loss.item())
        if step % params.every == 0 or step == params.steps:
            run.log(step, **perplexities(readers, test))
    found = perplexities(readers, test)
    print(f"{params.words} random words, so an honest perplexity is {params.words}.")
    for name in READERS:
        print(f"{name}: {found[f'perplexity_{name}']:.2f}")


def perplexities(readers: nn.ModuleList, test: Tensor) -> dict[str, float]:
    with torch.no_grad():
        found = losses(readers, test)
    return {f"perplexity_{name}": math.exp(value.item()) for name, value in found.items()}
