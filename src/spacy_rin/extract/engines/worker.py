"""What each worker of an engine does: its own pipeline, loaded once, reads batch after batch.

Memory stays flat on an endless stream: each batch is read inside a memory zone, whose strings and
words spaCy forgets at its end, and only plain values leave it.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import spacy
from spacy.tokens import Doc
from spacy.util import get_model_meta, get_package_path, is_package

from ...component import find_rin
from ...errors import Errors
from ..documents import Document, DocumentBatch
from ..journal import Entry
from ..rows import rows_of


class Pipeline(NamedTuple):
    """What tells a pipeline from every other.

    load (str): What a process anywhere on the machine can load it by.
    name (str): Language, name and version.
    sha256 (str): Checksum of its files.
    """

    load: str
    name: str
    sha256: str


def identify(model: str) -> Pipeline:
    """Find a pipeline, without loading it.

    model (str): Package or directory.
    RAISES (OSError): If there is none.
    """
    path = get_package_path(model) if is_package(model) else Path(model).resolve()
    if not (path / "meta.json").is_file():
        raise OSError(Errors.R075.format(model=model))
    meta = get_model_meta(path)
    digest = sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(path)).encode())
            digest.update(file.read_bytes())
    load = model if is_package(model) else str(path)
    name = f"{meta['lang']}_{meta['name']} {meta['version']}"
    return Pipeline(load, name, digest.hexdigest())


class BatchFound(NamedTuple):
    """A batch that has been read.

    number (int): The batch's.
    entries (list[Entry]): What each document became.
    malformed (int): Place of the first document that was malformed already in the input, or -1.
    """

    number: int
    entries: list[Entry]
    malformed: int = -1


def read_batch(pipeline: Pipeline, gpu_id: int, threads: int, batch: DocumentBatch) -> BatchFound:
    """Read one batch with this process's pipeline.

    pipeline (Pipeline): What to load, if this is the first batch.
    gpu_id (int): GPU, -1 for the CPU.
    threads (int): Threads of torch, 0 for as many as it takes by itself.
    batch (DocumentBatch): The documents.
    RETURNS (BatchFound): An entry for each of them.
    """
    entries = load_reader(pipeline, gpu_id, threads)(batch.documents)
    malformed = next((k for k, document in enumerate(batch.documents) if document.error), -1)
    return BatchFound(batch.number, entries, malformed)


@lru_cache(maxsize=1)
def load_reader(pipeline: Pipeline, gpu_id: int = -1, threads: int = 0) -> BatchReader:
    """The one reader of this process; it is loaded by the first batch, so that what is wrong with
    the pipeline comes back as that batch's error and not as a dead process.
    """
    return BatchReader(pipeline.load, gpu_id, threads)


class BatchReader:
    """Reads batches of documents with a pipeline.

    model (str): Package or directory.
    gpu_id (int): GPU, -1 for the CPU.
    threads (int): Threads of torch, 0 for as many as it takes by itself.
    RAISES (ValueError): If the pipeline has no rin component.
    """

    def __init__(self, model: str, gpu_id: int = -1, threads: int = 0) -> None:
        self.gpu_id = gpu_id
        self._prepare()
        if threads:
            import torch

            torch.set_num_threads(threads)
        self.nlp = spacy.load(model)
        find_rin(self.nlp)
        from ...layers.autocast import make_autocast  # torch, which the pipeline has loaded

        make_autocast()(self.nlp)

    def __call__(self, documents: list[Document]) -> list[Entry]:
        """Read documents.

        RETURNS (list[Entry]): One for each, in their order; an error for those that failed.
        """
        self._prepare()
        texts = [document for document in documents if not document.error]
        found = self._read(texts)
        if isinstance(found, str):
            # One document fails its whole batch: read alone, it fails only itself.
            found = [self._read_alone(document) for document in texts]
        entries = iter(found)
        return [
            _failed(document, document.error) if document.error else next(entries)
            for document in documents
        ]

    def _prepare(self) -> None:
        # Each time: thinc's choice of device is the thread's, and Ray may call from another one.
        if self.gpu_id >= 0:
            spacy.require_gpu(self.gpu_id)

    def _read_alone(self, document: Document) -> Entry:
        found = self._read([document])
        return _failed(document, found) if isinstance(found, str) else found[0]

    def _read(self, documents: list[Document]) -> list[Entry] | str:
        """Entries, or what went wrong."""
        # Inside the zone: spaCy does not close one that an exception leaves.
        with self.nlp.memory_zone():
            try:
                texts = [document.text for document in documents]
                docs = self.nlp.pipe(texts, batch_size=max(1, len(texts)))
                return [_entry(*pair) for pair in zip(documents, docs, strict=True)]
            # Whatever a component raises is about these documents, and must not end the run.
            except Exception as error:
                return " ".join(f"{type(error).__name__}: {error}".split())


def _entry(document: Document, doc: Doc) -> Entry:
    return {"document": document.id, "words": len(doc), "triples": rows_of(doc)}


def _failed(document: Document, error: str) -> Entry:
    return {"document": document.id, "error": error}
