"""One batch of documents → its rows, in one worker of an engine.

A worker loads its pipeline once. It reads each batch inside a memory zone, at whose end spaCy
forgets the strings and words. Only plain values leave the zone, so that the memory does not grow on
an endless stream.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import spacy
from spacy.tokens import Doc
from spacy.util import get_model_meta, get_package_path, is_package

from ...component import find_rin, load_pipeline
from ...errors import Errors
from ...stores import adopt_relations
from ..documents import Document, DocumentBatch
from ..journal import Entry
from ..rows import to_rows


class Pipeline(NamedTuple):
    """The identity of a pipeline.

    load (str): The package or absolute path by which any process of the machine can load it.
    name (str): Language, name and version.
    sha256 (str): Checksum of its files.
    """

    load: str
    name: str
    sha256: str


class BatchFound(NamedTuple):
    """The result of a batch.

    number (int): The number of the batch.
    entries (list[Entry]): The result of each document.
    malformed (int): Place in the batch of the first malformed record, or -1.
    """

    number: int
    entries: list[Entry]
    malformed: int = -1


def identify(model: str) -> Pipeline:
    """Identify a pipeline without loading it.

    model (str): A package or a directory.
    RETURNS (Pipeline): Its identity.
    RAISES (OSError): If there is no such pipeline.
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


def read_batch(pipeline: Pipeline, gpu_id: int, threads: int, batch: DocumentBatch) -> BatchFound:
    """Read one batch with the pipeline of this process.

    pipeline (Pipeline): The pipeline, which is loaded at the first batch.
    gpu_id (int): The GPU; -1 for the CPU.
    threads (int): Threads of torch; 0 for torch's own choice.
    batch (DocumentBatch): The documents.
    RETURNS (BatchFound): The result of each document.
    RAISES (OSError): If memory runs out.
    """
    return load_reader(pipeline, gpu_id, threads).read(batch)


@lru_cache(maxsize=1)
def load_reader(pipeline: Pipeline, gpu_id: int = -1, threads: int = 0) -> BatchReader:
    """Load the reader of this process, once.

    The first batch loads it, not the start of the process. If the pipeline can't be loaded, the
    batch raises the error; at its start the process would just die.

    pipeline (Pipeline): The pipeline.
    gpu_id (int): The GPU; -1 for the CPU.
    threads (int): Threads of torch; 0 for torch's own choice.
    RETURNS (BatchReader): The reader.
    """
    return BatchReader(pipeline.load, gpu_id, threads)


class BatchReader:
    """Reads batches of documents with a pipeline. Threads that share it read one after the other.

    model (str): A package or a directory.
    gpu_id (int): The GPU; -1 for the CPU.
    threads (int): Threads of torch; 0 for torch's own choice.
    RAISES (ValueError): If the pipeline has no rin component.
    """

    def __init__(self, model: str, gpu_id: int = -1, threads: int = 0) -> None:
        self.gpu_id = gpu_id
        # A pipeline has one memory zone, which is that of one batch.
        self._lock = Lock()
        self._prepare()
        if threads:
            import torch

            torch.set_num_threads(threads)
        self.nlp = load_pipeline(model)
        self.attribute = find_rin(self.nlp).cfg["attribute"]
        # Imported here, since it needs torch, which the pipeline has loaded by now.
        from ...layers.autocast import make_autocast

        make_autocast()(self.nlp)

    def __call__(self, documents: list[Document]) -> list[Entry]:
        """Read documents.

        documents (list[Document]): The documents of a batch.
        RETURNS (list[Entry]): The result of each document, in order; an error if it failed.
        RAISES (OSError): If memory runs out for a document alone.
        """
        with self._lock:
            self._prepare()
            return self._entries(documents)

    def read(self, batch: DocumentBatch) -> BatchFound:
        """Read a batch.

        batch (DocumentBatch): The documents.
        RETURNS (BatchFound): The result of each document.
        RAISES (OSError): If memory runs out for a document alone.
        """
        malformed = (k for k, document in enumerate(batch.documents) if document.is_malformed)
        return BatchFound(batch.number, self(batch.documents), next(malformed, -1))

    def _entries(self, documents: list[Document]) -> list[Entry]:
        texts = [document for document in documents if not document.error]
        found = self._read(texts)
        if isinstance(found, Exception):
            # A document that fails makes its whole batch fail. Read alone, only it fails.
            found = [self._read_alone(document) for document in texts]
        entries = iter(found)
        return [
            _failed(document, document.error) if document.error else next(entries)
            for document in documents
        ]

    def _prepare(self) -> None:
        # On every call: thinc's ops are per thread, and Ray may call from a new thread.
        if self.gpu_id >= 0:
            spacy.require_gpu(self.gpu_id)

    def _read_alone(self, document: Document) -> Entry:
        found = self._read([document])
        if isinstance(found, list):
            return found[0]
        if _is_out_of_memory(found):
            # It says nothing of the document, which another machine or a quieter one can read.
            raise OSError(Errors.R163.format(place=document.id))
        return _failed(document, " ".join(f"{type(found).__name__}: {found}".split()))

    def _read(self, documents: list[Document]) -> list[Entry] | Exception:
        """The results of the documents, or one error for all of them."""
        stopped: BaseException
        # Catch inside the zone: spaCy leaves a memory zone open if an exception escapes it.
        with self.nlp.memory_zone():
            try:
                texts = [document.text for document in documents]
                docs = self.nlp.pipe(texts, batch_size=max(1, len(texts)))
                return [
                    _entry(document, adopt_relations(doc, self.attribute))
                    for document, doc in zip(documents, docs, strict=True)
                ]
            # Any error of a component concerns these documents only, and must not end the run.
            except Exception as error:
                return error.with_traceback(None)
            except BaseException as error:  # Ctrl-C in a notebook, where the pipeline lives on
                stopped = error
        raise stopped


def _is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: Python's, numpy's or cupy's, or torch's on a GPU or a CPU."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or "DefaultCPUAllocator" in str(error)


def _entry(document: Document, doc: Doc) -> Entry:
    return {"document": document.id, "words": len(doc), "triples": to_rows(doc)}


def _failed(document: Document, error: str) -> Entry:
    return {"document": document.id, "error": error}
