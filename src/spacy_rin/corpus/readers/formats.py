"""Rows of the research formats -> `Record`s, one parser a format, and where its rows come from.

The forms in which JointER, SpERT, CopyRE, CasRel and CopyMTL publish their data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ...errors import Errors
from .checks import (
    check_range,
    check_text,
    check_type,
    get_field,
    get_index,
    get_tags,
    get_words,
    wrong,
)
from .jsonstream import PEEK, JsonStream, open_text, read_pairs, read_rows
from .placing import (
    WordMap,
    find_mention,
    is_tokenised,
    show_triple,
    split_words,
    tokenise,
    unescape,
)
from .records import ENTITY, JsonRow, Mention, Parse, Record

NO_TYPE = "None-label"  # JointER's
NO_RELATION = "None"  # CopyRE's
WORD_IDS, RELATION_IDS = "words2id.json", "relations2id.json"  # CopyMTL's


def parse_jointer(row: Any, source: str) -> Record:
    """RETURNS (Record): Of JointER's form, the triples in "spo_details" with word offsets."""
    words = get_words(row, "tokens")
    record = Record(words, tags=get_tags(row, "pos_tags", words), source=source)
    for number, spo in enumerate(get_field(row, "spo_details", list)):
        name = f"spo_details[{number}]"
        if not isinstance(spo, list) or len(spo) != 7:
            raise wrong(name, "[start, end, type, relation, start, end, type]", spo)
        types = [ENTITY if spo[i] == NO_TYPE else check_text(spo[i], name) for i in (2, 6)]
        head = Mention(*check_range(spo[0], spo[1], len(words), name), types[0])
        tail = Mention(*check_range(spo[4], spo[5], len(words), name), types[1])
        label = check_text(spo[3], name)
        record.add_triple(head, label, tail, show_triple(words, head, label, tail))
    return record


def parse_spert(row: Any, source: str) -> Record:
    """RETURNS (Record): Of SpERT's form, relations between indices of "entities"."""
    words = get_words(row, "tokens")
    record = Record(words, source=source)
    mentions = []
    for ent in get_field(row, "entities", list):
        span = check_range(
            get_field(ent, "start", int), get_field(ent, "end", int), len(words), "entities"
        )
        mentions.append(Mention(*span, check_text(get_field(ent, "type", str), "type")))
        record.add_entity(mentions[-1])
    for rel in get_field(row, "relations", list):
        head, tail = (mentions[get_index(rel, key, len(mentions))] for key in ("head", "tail"))
        label = check_text(get_field(rel, "type", str), "type")
        record.add_triple(head, label, tail, show_triple(words, head, label, tail))
    return record


def parse_copyre(row: Any, source: str) -> Record:
    """RETURNS (Record): Of CopyRE's form, mentions as texts; also as the RIN authors write it."""
    if isinstance(row, dict) and isinstance(row.get("sentText"), list):
        return _copyre_tokens(row, source)
    layout = split_words(check_text(get_field(row, "sentText", str), "sentText"))
    record = Record(layout.words, tags=get_tags(row, "pos", layout.words), source=source)
    listed: dict[str, int] = {}
    types: dict[tuple[str, ...], str] = {}
    for ent in get_field(row, "entityMentions", list, []):
        text = check_text(get_field(ent, "text", str), "text")
        label = check_text(get_field(ent, "label", str), "label")
        listed[text] = listed.get(text, 0) + 1
        span = layout.find(text, listed[text])
        record.add_entity(record.mention(span, label), text)
        if span:
            types.setdefault(tuple(layout.words[slice(*span)]), label)
    for rel in get_field(row, "relationMentions", list):
        head, tail = (check_text(get_field(rel, key, str), key) for key in ("em1Text", "em2Text"))
        ends = []
        for text in (head, tail):
            span = layout.find(text)
            # By text: an entity's type holds for all its occurrences.
            kind = types.get(tuple(layout.words[slice(*span)])) if span else None
            ends.append(record.mention(span, kind))
        _add_relation(record, ends, rel, f"{head} | {{}} | {tail}")
    return record


def parse_casrel(layout_of: Callable[[str], WordMap], row: Any, source: str) -> Record:
    """Parse CasRel's form: a "text", and in "triple_list" texts that stand in it.

    layout_of (Callable[[str], WordMap]): Makes words of the text, for the whole file in one way.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    """
    layout = layout_of(check_text(get_field(row, "text", str), "text"))
    record = Record(layout.words, layout.spaces, source=source)
    for number, triple in enumerate(get_field(row, "triple_list", list)):
        name = f"triple_list[{number}]"
        if not isinstance(triple, list) or len(triple) != 3:
            raise wrong(name, "[head text, relation, tail text]", triple)
        head, label, tail = (check_text(item, name) for item in triple)
        ends = [record.mention(layout.find(text)) for text in (head, tail)]
        record.add_triple(ends[0], label, ends[1], f"{head} | {label} | {tail}")
    return record


def parse_copymtl(words: dict[int, str], labels: dict[int, str], row: Any, source: str) -> Record:
    """Parse CopyMTL's form: word ids, and triples of word indices and relation ids.

    words (dict[int, str]): Words by id.
    labels (dict[int, str]): Relations by id; a triple with another one has no place.
    row (Any): The two lists of a sentence.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    """
    ids, flat = row
    if not isinstance(ids, list) or not ids or any(type(i) is not int for i in ids):
        raise wrong("the sentence", "a list of word ids", ids)
    if not isinstance(flat, list) or len(flat) % 3:
        raise wrong("the triples", "a flat list [head, tail, relation, ...]", flat)
    if unknown := [i for i in ids if i not in words]:
        raise wrong("word id", f"one of {WORD_IDS}", unknown[0])
    sentence = [unescape(words[i]) for i in ids]
    record = Record(sentence, source=source)
    for first, second, relation in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        head, tail = (
            Mention(*check_range(i, None, len(ids), "word index")) for i in (first, second)
        )
        label = labels.get(check_type(relation, "relation id", int))
        if label != NO_RELATION:
            example = show_triple(sentence, head, label or f"relation {relation}", tail)
            record.add_triple(head, label, tail, example)
    return record


def open_plain(parse: Parse, path: Path, lang: str) -> tuple[Iterator[JsonRow], Parse]:
    """RETURNS (tuple[Iterator[JsonRow], Parse]): The file's rows; they need no language."""
    return read_rows(path), parse


def open_casrel(path: Path, lang: str) -> tuple[Iterator[JsonRow], Parse]:
    """Choose for a whole file whether its texts have words already or go through a tokenizer.

    path (Path): The file.
    lang (str): Language of the tokenizer.
    RETURNS (tuple[Iterator[JsonRow], Parse]): The file's rows and their parser.
    """
    # One decision for the whole file: record by record, a file would get mixed tokens.
    rows = read_rows(path)
    first = list(islice(rows, PEEK))
    texts = [row["text"] for _, row in first if isinstance(row, dict) and "text" in row]
    split = is_tokenised([text for text in texts if isinstance(text, str)])
    layout_of = split_words if split else partial(tokenise, lang)
    return chain(first, rows), partial(parse_casrel, layout_of)


def open_copymtl(path: Path, lang: str) -> tuple[Iterator[JsonRow], Parse]:
    """Read the words and relations by id that stand beside a file.

    path (Path): The file.
    lang (str): Not used: the words are given.
    RETURNS (tuple[Iterator[JsonRow], Parse]): The file's rows and their parser.
    RAISES (ValueError): If the files of ids cannot be read.
    """
    words, labels = (_ids(path.parent / name) for name in (WORD_IDS, RELATION_IDS))
    return read_pairs(path), partial(parse_copymtl, words, labels)


def _copyre_tokens(row: Any, source: str) -> Record:
    # The RIN authors' form: mentions are lists that hold the last word only, en_list the entities.
    words = get_words(row, "sentText")
    record = Record(words, tags=get_tags(row, "pos", words), source=source)
    entities = [
        [unescape(check_text(word, "en_list")) for word in check_type(entity, "en_list", list)]
        for entity in get_field(row, "en_list", list, [])
    ]
    for entity in entities:
        record.add_entity(record.mention(find_mention(words, entity)), " ".join(entity))
    for rel in get_field(row, "relationMentions", list):
        ends, texts = [], []
        for key in ("em1Text", "em2Text"):
            mention = get_words(rel, key)
            # An entity of just these words is meant itself, before a longer one that ends so.
            whole = [e for e in entities if e == mention] or sorted(
                (e for e in entities if e[-len(mention) :] == mention), key=len, reverse=True
            )
            ends.append(record.mention(find_mention(words, whole[0] if whole else mention)))
            texts.append(" ".join(mention))
        _add_relation(record, ends, rel, f"{texts[0]} | {{}} | {texts[1]}")
    return record


def _add_relation(record: Record, ends: list[Mention | None], rel: Any, example: str) -> None:
    label = check_text(get_field(rel, "label", str), "label")
    if label != NO_RELATION:
        record.add_triple(ends[0], label, ends[1], example.replace("{}", label))


def _ids(path: Path) -> dict[int, str]:
    with open_text(path) as handle:
        stream = JsonStream(handle, path)
        ids = stream.value() if stream.peek() == "{" else None
    if not ids or not all(type(i) is int and key for key, i in ids.items()):
        raise ValueError(Errors.R107.format(path=path))
    return {i: key for key, i in ids.items()}
