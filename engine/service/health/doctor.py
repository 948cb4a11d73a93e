"""All checks of `dltui doctor`, the most severe findings first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.client import detach
from engine.client.detach import DetachPlan
from engine.data import mnist_folders
from engine.data.mnist_folders import FoundDigits
from engine.data.published_files import MNIST
from engine.data.text.published_corpora import CAPTIONS, CORPORA
from engine.data.text.published_corpus_path import find
from engine.errors import DataError, without_error_number
from engine.machine_protocol import Finding, Severity
from engine.places import Places
from engine.service.health import gpu_driver, gpu_frameworks, storage
from engine.service.placement.machine_load import cores

ORDER = (Severity.DANGER, Severity.WARNING, Severity.NOTE, Severity.OK)


def check(places: Places, known: Sequence[Finding] = (), *, deep: bool = False) -> list[Finding]:
    """Run all checks and add `known`; takes up to some seconds, so call it outside the event loop.

    `deep` also imports the frameworks to count the GPUs they see, which takes up to two minutes.
    """
    groups: list[Callable[[], list[Finding]]] = [
        lambda: check_gpus(deep=deep),
        check_logout,
        lambda: storage.check(places),
        lambda: storage.check_permissions(places),
        lambda: check_data_sets(places),
        check_machine,
    ]
    found = [*known, *(finding for group in groups for finding in _run_check(group))]
    return sorted(found, key=lambda finding: ORDER.index(finding.severity))


def _run_check(group: Callable[[], list[Finding]]) -> list[Finding]:
    """Run one check; its error becomes a finding, so that the others still run."""
    try:
        return group()
    except (OSError, ValueError) as error:
        logging.exception("the doctor could not examine something")
        return [Finding("doctor", Severity.WARNING, f"A check failed: {without_error_number(str(error))}.")]


def check_gpus(*, deep: bool) -> list[Finding]:
    driver = gpu_driver.read_driver()
    return [*gpu_driver.check(driver), *gpu_frameworks.check(driver, deep=deep)]


LOW_MEMORY_BYTES = 1 << 30


def check_machine(meminfo: Path = Path("/proc/meminfo")) -> list[Finding]:
    facts = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    total, free = (int(facts[name].split()[0]) << 10 for name in ("MemTotal", "MemAvailable"))
    text = f"{free / 1e9:.1f} GB of {total / 1e9:.1f} GB are free; {cores()} CPU cores."
    if free < LOW_MEMORY_BYTES:
        remedy = "End what needs it: the kernel kills a worker first when memory runs out."
        return [Finding("memory", Severity.WARNING, text, remedy)]
    return [Finding("memory", Severity.OK, text)]


def check_logout(detach_plan: DetachPlan | None = None) -> list[Finding]:
    found = detach_plan or detach.choose()
    severity = Severity.OK if found.survives else Severity.DANGER
    chosen = f"The engine is therefore started with {found.program}."
    verdict = "Runs continue after you log out." if found.survives else "Runs may die when you log out."
    return [Finding("logout", severity, f"{verdict} {found.why} {chosen}", found.remedy)]


def check_data_sets(places: Places) -> list[Finding]:
    if places.data is not None:
        try:
            mnist_folders.check_folder(places.data)
        except DataError as error:
            return [Finding("data", Severity.WARNING, error.message, error.remedy)]
    return [_check_mnist(places), _check_corpora(places)]


def _check_mnist(places: Places) -> Finding:
    """The data set that a run of mnist would use."""
    passed_over = ""
    try:
        found = mnist_folders.find(places, MNIST)
        if places.data is not None and (found is None or found.origin != "DLTUI_DATA"):
            passed_over = f"{places.data} (DLTUI_DATA) holds no MNIST files. "
        title = _title(found)
    except DataError as error:
        return Finding("data", Severity.WARNING, error.message, error.remedy)
    if found is None or not title:
        return Finding(
            "data",
            Severity.NOTE,
            f"{passed_over}MNIST is not here yet: it is downloaded when an experiment needs it (12 MB).",
            "Without a network: name a folder with its four files in DLTUI_DATA, else 8x8 digits are used.",
        )
    if title == MNIST.title:
        return Finding("data", Severity.OK, f"{passed_over}MNIST is in {found.files.folder}.")
    text = f"Runs of mnist train on {title}, which are not those of MNIST."
    return Finding("data", Severity.OK, text, "For MNIST itself name another folder in DLTUI_DATA.")


def _title(found: FoundDigits | None) -> str:
    """The title; empty for a cached copy that a run would replace. Raises DataError for a user's files."""
    if found is None:
        return ""
    if found.origin != "cache":
        return mnist_folders.title_of(found.files, MNIST)
    try:
        title = mnist_folders.title_of(found.files, MNIST)
    except DataError:
        return ""
    return title if title == MNIST.title else ""


def _check_corpora(places: Places) -> Finding:
    here, elsewhere = [], []
    for corpus in CORPORA.values():
        found = find(places, corpus)
        if found is not None and not found.path.is_file():
            text = f"{found.path} is no regular file, expected {corpus.source.title}."
            return Finding("texts", Severity.WARNING, text, "Remove or replace it.")
        if found is not None:
            here.append(f"{corpus.name} is in {found.path.parent}")
        elif corpus.source.mirrors:
            elsewhere.append(corpus.name)
    if here:
        return Finding("texts", Severity.OK, f"{'; '.join([*here, *_downloadable(elsewhere)])}.")
    return Finding(
        "texts",
        Severity.NOTE,
        f"No corpus is here yet; {_downloadable(elsewhere)[0]}.",
        f"{CAPTIONS.file.name} belongs into the folder text of DLTUI_DATA; else Python's manual is used.",
    )


def _downloadable(names: list[str]) -> list[str]:
    return [f"{' and '.join(names)} can be downloaded when asked for"] if names else []
