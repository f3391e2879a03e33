"""Sentences of the demo corpus → what annotation tools would export of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import srsly
from spacy.tokens import Doc
from spacy.vocab import Vocab

# (text, [(start, end, label) of each entity, in characters], [(head, label, tail) by their place])
Sentence = tuple[str, list[tuple[int, int, str]], list[tuple[int, str, int]]]


def read_sentences(path: Path, count: int) -> list[Sentence]:
    """Read the first sentences of a file of the demo corpus.

    path (Path): A file in the package's own form, with tokens.
    count (int): How many sentences.
    RETURNS (list[Sentence]): Them.
    """
    vocab = Vocab()
    sentences = []
    for row, _ in zip(srsly.read_jsonl(path), range(count), strict=False):
        doc = Doc(vocab, row["tokens"], row["spaces"])
        spans = [(doc[ent["start"] : ent["end"]], ent["label"]) for ent in row["entities"]]
        entities = [(span.start_char, span.end_char, label) for span, label in spans]
        relations = [(rel["head"], rel["label"], rel["tail"]) for rel in row["relations"]]
        sentences.append((doc.text, entities, relations))
    return sentences


def write_label_studio(path: Path, sentences: Iterable[Sentence]) -> Path:
    """Write a JSON export of Label Studio, with a task for each sentence.

    path (Path): The file.
    sentences (Iterable[Sentence]): The sentences.
    RETURNS (Path): The file.
    """
    tasks = [_task(number, sentence) for number, sentence in enumerate(sentences, 1)]
    path.write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf8")
    return path


def write_brat(folder: Path, sentences: Sequence[Sentence], documents: int) -> Path:
    """Write a folder of brat, with several sentences in each document, one a line.

    folder (Path): A folder to be made.
    sentences (Sequence[Sentence]): The sentences. What does not fill a document is left out.
    documents (int): How many documents.
    RETURNS (Path): The folder.
    """
    folder.mkdir()
    size = len(sentences) // documents
    for number in range(documents):
        part = sentences[number * size : (number + 1) * size]
        name = f"document{number:05}"
        text = "".join(f"{sentence[0]}\n" for sentence in part)
        (folder / f"{name}.txt").write_text(text, encoding="utf8")
        (folder / f"{name}.ann").write_text("".join(_annotations(part)), encoding="utf8")
    return folder


def _task(number: int, sentence: Sentence) -> dict[str, Any]:
    text, entities, relations = sentence
    tags = {"from_name": "label", "to_name": "text"}
    regions = [
        {
            "id": f"r{place}",
            "type": "labels",
            **tags,
            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        }
        for place, (start, end, label) in enumerate(entities)
    ]
    arrows = [
        {
            "type": "relation",
            "from_id": f"r{head}",
            "to_id": f"r{tail}",
            "direction": "right",
            "labels": [label],
        }
        for head, label, tail in relations
    ]
    annotation = {"id": number, "was_cancelled": False, "result": [*regions, *arrows]}
    return {"id": number, "data": {"text": text}, "annotations": [annotation]}


def _annotations(sentences: Sequence[Sentence]) -> Iterable[str]:
    offset = entity = relation = 0
    for text, entities, relations in sentences:
        for place, (start, end, label) in enumerate(entities):
            span = f"{offset + start} {offset + end}"
            yield f"T{entity + place}\t{label} {span}\t{text[start:end]}\n"
        for head, label, tail in relations:
            yield f"R{relation}\t{label} Arg1:T{entity + head} Arg2:T{entity + tail}\n"
            relation += 1
        offset += len(text) + 1
        entity += len(entities)
