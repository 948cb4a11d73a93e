"""Groups of runs that differ in nothing but the seed: which parameters count, and the id of a group."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

from engine import spec_versions
from engine.protocol import Json, RunSummary, summary_to_json

CONFIG = "config"
"""the field whose values are ids of groups"""
SEEDS = frozenset((
    "seed", "seeds", "random_seed", "rng_seed", "global_seed", "pl_global_seed", "manual_seed", "torch_seed",
    "np_seed", "numpy_seed", "data_seed", "split_seed", "init_seed", "shuffle_seed", "seed_everything",
    "random_state",
))  # fmt: skip
"""names of parameters and options that are seeds, in small letters with _ for -"""
OUTPUTS = frozenset((
    "run_name", "run_id", "exp_name", "experiment_name", "output_dir", "out_dir", "outdir",
    "log_dir", "logdir", "logging_dir", "save_dir", "save_path", "ckpt_dir", "checkpoint_dir",
    "default_root_dir", "work_dir", "result_dir", "results_dir",
))  # fmt: skip
"""names of those that say what a run is called and where it writes"""
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_OPTION = re.compile(r"(?:-{1,2}|\+{1,2})?([A-Za-z_][\w./-]*)=.*", re.DOTALL)


@lru_cache(4096)
def is_left_out(name: str) -> bool:
    """Whether runs of one group may differ in a parameter: a seed, or what says where a run writes.

    Of a name such as `trainer.seed` or `train/seed` the last part counts.
    """
    last = re.split(r"[./]", name.casefold().replace("-", "_"))[-1]
    return last in SEEDS or last in OUTPUTS


def group_of(run: RunSummary) -> str:
    """The id of its group."""
    return group_of_summary(summary_to_json(run))


def group_of_summary(summary: Json) -> str:
    """The id of the group of a run, from the JSON of its summary: 12 hexadecimal digits.

    Equal are experiment, framework, bytes of the data, code or command, the checkpoint it began with, and all
    parameters, as they were changed while it trained, but those of `is_left_out`.
    """
    command, file, parent = (summary.get(name) or {} for name in ("command", "file", "parent"))
    equal = [
        spec_versions.current_experiment(str(summary["experiment"])),
        summary["framework"],
        summary.get("data_fingerprint", ""),
        list(_without_seeds(command.get("argv", ()))),
        command.get("folder", ""),
        file.get("source", ""),
        [parent.get("run", ""), parent.get("step", 0)],
        _equal_params({**summary["params"], **(summary.get("live") or {})}),
    ]
    text = _ENCODER.encode(equal)
    return blake2b(text.encode(errors="replace"), digest_size=6).hexdigest()


def _equal_params(params: Mapping[str, object]) -> dict[str, object]:
    """Whole numbers are the same whether they were written as 1 or as 1.0."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in params.items()
        if not is_left_out(name)
    }


def _without_seeds(argv: Sequence[str]) -> Iterator[str]:
    """The words of a command without options such as --seed 3, --seed=3 and seed=3."""
    skips_value = False
    for word in argv:
        if skips_value and not word.startswith("--"):
            skips_value = False
            continue
        skips_value = False
        option = _OPTION.fullmatch(word)
        if option is not None and is_left_out(option[1]):
            continue
        if word.startswith("-") and "=" not in word and is_left_out(word.lstrip("-")):
            skips_value = True
            continue
        yield word
