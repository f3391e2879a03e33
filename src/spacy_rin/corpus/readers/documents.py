"""Documents of several sentences → a `Record` a sentence: DyGIE++'s form, and DocRED's.

A relation is kept where both of its mentions stand in one sentence. Others are counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import Errors
from .checks import (
    MalformedError,
    check_range,
    check_text,
    check_type,
    get_field,
    get_index,
    wrong,
)
from .jsonstream import open_text, read_rows
from .placing import show_triple
from .records import Mention, Opened, RawRow, Reading, Reason, Record, Source

RELATION_NAMES = "rel_info.json"  # DocRED's, beside its files


class Sentence(NamedTuple):
    """One sentence of a document.

    document (dict): The JSON value of the document.
    number (int): Which of its sentences, from 0.
    words (list[str]): The words of the sentence.
    start (int): Number of words before it.
    """

    document: dict[str, Any]
    number: int
    words: list[str]
    start: int


def open_dygie(source: Source, reading: Reading) -> Opened:
    """Open documents of DyGIE++'s form.

    source (Source): The file or the rows.
    reading (Reading): Not used, since the words are given.
    RETURNS (Opened): The sentences and their parser.
    """
    return _sentences(source, "sentences"), parse_dygie


def parse_dygie(sentence: Sentence, source: str) -> Record:
    """Parse a sentence of DyGIE++'s form, that of SciERC. Offsets are inclusive, in the document.

    sentence (Sentence): The sentence.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the document is not of this form.
    """
    record = Record(sentence.words, source=source)
    types: dict[tuple[int, int], str] = {}
    for item in _of_sentence(sentence, "ner", 3):
        span = _within(sentence, item[0], item[1])
        label = check_text(item[2], "ner")
        types.setdefault((item[0], item[1]), label)
        if span:
            record.add_entity(Mention(*span, label))
        else:
            record.drop(Reason.ACROSS_SENTENCES, f"words {item[0]} to {item[1]} ({label})")
    for item in _of_sentence(sentence, "relations", 5):
        pairs = [(item[0], item[1]), (item[2], item[3])]
        label = check_text(item[4], "relations")
        ends = [record.mention(_within(sentence, *pair), types.get(pair)) for pair in pairs]
        shown = [f"words {first} to {last}" for first, last in pairs]
        example = f"{shown[0]} | {label} | {shown[1]}"
        if ends[0] and ends[1]:
            example = show_triple(record.words, ends[0], label, ends[1])
        record.add_triple(ends[0], label, ends[1], example, Reason.ACROSS_SENTENCES)
    return record


def is_dygie(row: dict[str, Any]) -> bool:
    """Recognise DyGIE++'s form.

    row (dict): The JSON object.
    RETURNS (bool): Whether it has lists of sentences, of entities and of relations.
    """
    return all(isinstance(row.get(name), list) for name in ("sentences", "ner", "relations"))


def open_docred(source: Source, reading: Reading) -> Opened:
    """Open documents of DocRED's form, and the names of relations beside the file, if any.

    source (Source): The file or the rows.
    reading (Reading): Not used, since the words are given.
    RETURNS (Opened): The sentences and their parser.
    """
    names: dict[str, str] = {}
    if isinstance(source, Path) and (path := source.parent / RELATION_NAMES).is_file():
        names = _names(path)
    return _sentences(source, "sents"), partial(parse_docred, names)


def parse_docred(names: dict[str, str], sentence: Sentence, source: str) -> Record:
    """Parse a sentence of DocRED's form, that of Re-DocRED: relations are between entities.

    A relation holds for each pair of their mentions in a sentence. If no sentence has both, it is
    counted with the first sentence that has words.

    names (dict[str, str]): Names of relations, such as "country" for P17.
    sentence (Sentence): The sentence.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the document is not of this form.
    """
    record = Record(sentence.words, source=source)
    entities = [check_type(v, "vertexSet", list) for v in _field(sentence, "vertexSet")]
    here: list[list[Mention]] = []
    for mentions in entities:
        placed = [_docred_mention(sentence, mention) for mention in mentions]
        here.append([mention for mention in placed if mention])
        for mention in here[-1]:
            record.add_entity(mention)
    labels = sentence.document.get("labels")
    for label in [] if labels is None else check_type(labels, "labels", list):
        label = _short_names(label)
        head, tail = (get_index(label, key, len(entities)) for key in ("h", "t"))
        code = check_text(get_field(label, "r", str), "r")
        name = names.get(code, code)
        for first in here[head]:
            for second in here[tail]:
                example = show_triple(record.words, first, name, second)
                record.add_triple(first, name, second, example)
        if sentence.start == 0 and not _share_a_sentence(entities[head], entities[tail]):
            shown = [_name(entities[i], i) for i in (head, tail)]
            example = f"{shown[0]} | {name} | {shown[1]}"
            record.add_triple(None, name, None, example, Reason.ACROSS_SENTENCES)
    return record


def is_docred(row: dict[str, Any]) -> bool:
    """Recognise DocRED's form.

    row (dict): The JSON object.
    RETURNS (bool): Whether it has sentences and a set of vertices.
    """
    return isinstance(row.get("sents"), list) and isinstance(row.get("vertexSet"), list)


def _sentences(source: Source, key: str) -> Iterator[RawRow]:
    """Pass on the sentences of each document; of one that has none, what is wrong with it."""
    for place, row in read_rows(source):
        try:
            if isinstance(row, MalformedError):
                raise row
            sentences = [_words(words, key) for words in get_field(row, key, list)]
            if not any(sentences):
                raise wrong(key, "at least one sentence", sentences)
        except MalformedError as err:
            yield place, err
            continue
        start = 0
        for number, words in enumerate(sentences):
            if words:
                yield f"{place} (sentence {number + 1})", Sentence(row, number, words, start)
            start += len(words)


def _words(words: Any, key: str) -> list[str]:
    return [check_text(word, key, blank=True) for word in check_type(words, key, list)]


def _field(sentence: Sentence, name: str) -> list[Any]:
    return get_field(sentence.document, name, list)


def _of_sentence(sentence: Sentence, name: str, size: int) -> list[list[Any]]:
    """The annotations of one sentence, each a list of this size or, with scores, a longer one."""
    parts = _field(sentence, name)
    count = len(sentence.document["sentences"])
    # Where there are too few, the sentences that have a list are right.
    if len(parts) > count or len(parts) <= sentence.number:
        raise wrong(name, "a list for each sentence", f"{len(parts)} of them")
    items = check_type(parts[sentence.number], name, list)
    for item in items:
        if not isinstance(item, list) or len(item) < size:
            raise wrong(name, f"{size - 1} numbers and a label", item)
    return items


def _within(sentence: Sentence, first: Any, last: Any) -> tuple[int, int] | None:
    """Words of the document, both included → words of the sentence; None if they lie outside."""
    start = check_type(first, "the first word", int) - sentence.start
    end = check_type(last, "the last word", int) - sentence.start + 1
    if start >= end or first < 0:
        raise wrong("words", "first <= last", f"{first}, {last}")
    return (start, end) if start >= 0 and end <= len(sentence.words) else None


def _docred_mention(sentence: Sentence, mention: Any) -> Mention | None:
    """A mention of an entity, if it stands in this sentence.

    One that stands in no sentence with words is malformed, since no other sentence would tell.
    """
    sents = sentence.document["sents"]
    number = get_index(mention, "sent_id", len(sents))
    if number != sentence.number and sents[number]:
        return None
    pos = get_field(mention, "pos", list)
    if len(pos) != 2:
        raise wrong("pos", "the first word, and the word after the last", pos)
    span = check_range(pos[0], pos[1], len(sents[number]), "pos")
    return Mention(*span, check_text(get_field(mention, "type", str), "type"))


def _name(mentions: list[Any], number: int) -> str:
    """The name of an entity, which may have no mention at all."""
    return str(mentions[0].get("name")) if mentions else f"entity {number}"


def _short_names(label: Any) -> Any:
    """A relation under the names of DocRED's files; its tables have longer ones."""
    if not isinstance(label, dict) or "relation_id" not in label:
        return label
    return {"h": label.get("head"), "t": label.get("tail"), "r": label["relation_id"]}


def _share_a_sentence(first: list[Any], second: list[Any]) -> bool:
    return bool({m["sent_id"] for m in first} & {m["sent_id"] for m in second})


def _names(path: Path) -> dict[str, str]:
    with open_text(path) as handle:
        try:
            names = json.load(handle)
        except ValueError as err:
            raise ValueError(Errors.R100.format(path=path, reason=err)) from err
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ValueError(Errors.R204.format(path=path))
    return names
