"""Published corpora: description, licence, addresses and SHA-256."""

from __future__ import annotations

from dataclasses import dataclass

from engine.data.published_files import DataSource, PublishedFile

EMBEDDED = "embedded"
FOLDER = "text"  # of DLTUI_DATA and of the cache


@dataclass(frozen=True, slots=True)
class PublishedCorpus:
    """`source` has one file; without mirrors it cannot be downloaded. `members` are the texts in a zip
    file."""

    name: str
    about: str
    layout: str
    source: DataSource
    members: tuple[str, ...] = ()

    @property
    def file(self) -> PublishedFile:
        return self.source.files[0]


def _text(name: str, size: int, sha256: str) -> tuple[PublishedFile, ...]:
    return (PublishedFile(name=name, size=size, sha256=sha256, unpacked_sha256=sha256),)


CAPTIONS = PublishedCorpus(
    name="captions",
    about="25,014 captions of photographs, one per line",
    layout="lines",
    source=DataSource(
        title="COCO captions",
        credit="T.-Y. Lin et al.: Microsoft COCO, Common Objects in Context; validation captions of 2014",
        licence="CC BY 4.0",
        mirrors=(),
        files=_text(
            "coco-captions.txt",
            1_336_255,
            "3ec2af3c536b31e6ebb30f32a4326f97ba1793e70e52f5f18f51c3cf3229634a",
        ),
    ),
)
TINYSHAKESPEARE = PublishedCorpus(
    name="tinyshakespeare",
    about="40,000 lines of Shakespeare",
    layout="prose",
    source=DataSource(
        title="tiny Shakespeare",
        credit="W. Shakespeare; selected by A. Karpathy",
        licence="public domain",
        mirrors=(
            "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
            "https://storage.googleapis.com/download.tensorflow.org/data/shakespeare.txt",
        ),
        files=_text(
            "tinyshakespeare.txt",
            1_115_394,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        ),
    ),
)
WIKITEXT_2 = PublishedCorpus(
    name="wikitext-2",
    about="good articles of Wikipedia, 2 million words",
    layout="paragraphs",
    source=DataSource(
        title="WikiText-2 (raw)",
        credit="S. Merity, C. Xiong, J. Bradbury, R. Socher: Pointer Sentinel Mixture Models",
        licence="CC BY-SA 3.0",
        mirrors=(
            "https://huggingface.co/datasets/ggml-org/ci/resolve/"
            "927b3642933080f1b0e811e2f916e14c292992f9/wikitext-2-raw-v1.zip",
            "https://wikitext.smerity.com/wikitext-2-raw-v1.zip",
            "https://s3.amazonaws.com/research.metamind.io/wikitext/wikitext-2-raw-v1.zip",
        ),
        files=_text(
            "wikitext-2-raw-v1.zip",
            4_721_645,
            "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
        ),
    ),
    members=tuple(f"wikitext-2-raw/wiki.{part}.raw" for part in ("train", "valid", "test")),
)
CORPORA: dict[str, PublishedCorpus] = {
    corpus.name: corpus for corpus in (CAPTIONS, TINYSHAKESPEARE, WIKITEXT_2)
}
EMBEDDED_ABOUT = "Python's own reference manual, as it ships inside the interpreter"
EMBEDDED_LICENCE = "PSF License"
