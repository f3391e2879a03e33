"""Rows of the research formats → `Record`s: JointER's, SpERT's, CopyRE's, CasRel's and CopyMTL's.

One parser a format (`parse_*`). `open_*` find the rows of a file, and `is_*` recognise it.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ...errors import Errors
from .arrow import magic
from .checks import (
    annotation_fields,
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
    EscapedWordMap,
    WordMap,
    is_tokenised,
    show_triple,
    split_words,
    tokenise,
    unescape,
)
from .records import ENTITY, Mention, Opened, Parse, Reading, Record, Source

NO_TYPE = "None-label"  # JointER's
NO_RELATION = "None"  # CopyRE's
WORD_IDS, RELATION_IDS = "words2id.json", "relations2id.json"  # CopyMTL's


def open_json(parse: Parse, source: Source, reading: Reading) -> Opened:
    """Open rows whose words are given, and whose mentions are words.

    parse (Parse): The parser of the format.
    source (Source): The file or the rows.
    reading (Reading): Not used.
    RETURNS (Opened): The rows and the parser.
    """
    return read_rows(source), parse


def open_read(
    parse: Callable[[Reading, Any, str], Record], source: Source, reading: Reading
) -> Opened:
    """Open rows whose texts are split into words, or whose mentions are placed.

    parse (Callable): The parser of the format, which takes the reading first.
    source (Source): The file or the rows.
    reading (Reading): How mentions are placed.
    RETURNS (Opened): The rows and the parser.
    """
    return read_rows(source), partial(parse, reading)


def parse_jointer(row: Any, source: str) -> Record:
    """Parse JointER's form: the triples are in "spo_details", with word offsets.

    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
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
    """Parse SpERT's form: relations are between indices of "entities".

    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
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


def is_spert(row: dict[str, Any]) -> bool:
    """Recognise SpERT's form, in which entities and relations have a "type".

    row (dict): The JSON object.
    RETURNS (bool): Whether it is of this form.
    """
    return isinstance(row.get("tokens"), list) and "type" in annotation_fields(row)


def parse_copyre(reading: Reading, row: Any, source: str) -> Record:
    """Parse CopyRE's form: mentions are texts. The form of the RIN authors is read as well.

    reading (Reading): How mentions are placed.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
    if isinstance(row, dict) and isinstance(row.get("sentText"), list):
        return _copyre_tokens(reading, row, source)
    word_map = split_words(check_text(get_field(row, "sentText", str), "sentText"), reading)
    record = word_map.record(source, get_tags(row, "pos", word_map.words))
    entities = [
        (check_text(get_field(ent, "text", str), "text"), get_field(ent, "label", str))
        for ent in get_field(row, "entityMentions", list, [])
    ]
    relations = [
        (*(check_text(get_field(rel, key, str), key) for key in ("em1Text", "em2Text")), rel)
        for rel in get_field(row, "relationMentions", list)
    ]
    names = [text for text, _ in entities]
    ends = (text for head, tail, _ in relations for text in (head, tail))
    word_map.expect([*names, *(text for text in dict.fromkeys(ends) if text not in names)])
    listed = Counter[str]()
    types: dict[tuple[str, ...], str] = {}
    for text, label in entities:
        listed[text] += 1
        span = word_map.find(text, listed[text])
        record.add_entity(record.mention(span, check_text(label, "label")), text)
        if span:
            types.setdefault(tuple(word_map.words[slice(*span)]), label)
    for head, tail, rel in relations:
        pair = []
        for text in (head, tail):
            span = word_map.find(text)
            # Types are looked up by text: the type of an entity holds for all its occurrences.
            kind = types.get(tuple(word_map.words[slice(*span)])) if span else None
            pair.append(record.mention(span, kind))
        _add_relation(record, pair, rel, f"{head} | {{}} | {tail}")
    return record


def parse_casrel(map_words: Callable[[str], WordMap], row: Any, source: str) -> Record:
    """Parse CasRel's form: a "text", and in "triple_list" texts that occur in it.

    map_words (Callable[[str], WordMap]): Splits the text into words, the same way in a whole file.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
    word_map = map_words(check_text(get_field(row, "text", str), "text"))
    record = word_map.record(source)
    triples = []
    for number, triple in enumerate(get_field(row, "triple_list", list)):
        name = f"triple_list[{number}]"
        if not isinstance(triple, list) or len(triple) != 3:
            raise wrong(name, "[head text, relation, tail text]", triple)
        triples.append([check_text(item, name) for item in triple])
    word_map.expect(dict.fromkeys(text for head, _, tail in triples for text in (head, tail)))
    for head, label, tail in triples:
        ends = [record.mention(word_map.find(text)) for text in (head, tail)]
        record.add_triple(ends[0], label, ends[1], f"{head} | {label} | {tail}")
    return record


def open_casrel(source: Source, reading: Reading) -> Opened:
    """Open rows of CasRel's form. Their texts may be tokenised or raw.

    source (Source): The file or the rows.
    reading (Reading): How texts are split, and mentions placed.
    RETURNS (Opened): The rows and their parser.
    """
    # One decision for the whole file. Record by record, a file would be split in two ways.
    rows = read_rows(source)
    first = list(islice(rows, PEEK))
    texts = [row["text"] for _, row in first if isinstance(row, dict) and "text" in row]
    split = split_words if is_tokenised([t for t in texts if isinstance(t, str)]) else tokenise
    return chain(first, rows), partial(parse_casrel, partial(split, reading=reading))


def parse_copymtl(words: dict[int, str], labels: dict[int, str], row: Any, source: str) -> Record:
    """Parse CopyMTL's form: word ids, and triples of word indices and relation ids.

    words (dict[int, str]): Words by id.
    labels (dict[int, str]): Relations by id. A triple of another relation counts as a miss.
    row (Any): The two lists of a sentence.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
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


def open_copymtl(path: Path, reading: Reading) -> Opened:
    """Open a file of CopyMTL's form, and the two files beside it that list words and relations.

    path (Path): The file.
    reading (Reading): Not used, since the words are given.
    RETURNS (Opened): The file's rows and their parser.
    RAISES (ValueError): If the files of ids cannot be read.
    """
    words, labels = (_ids(path.parent / name) for name in (WORD_IDS, RELATION_IDS))
    return read_pairs(path), partial(parse_copymtl, words, labels)


def is_copymtl(path: Path) -> bool:
    """Recognise CopyMTL's form, a list that begins with a list.

    path (Path): The file. Only its beginning is read: all sentences are in one item of the list.
    RETURNS (bool): Whether it is of this form.
    RAISES (ValueError): If it is no text.
    """
    if not magic(path).removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        return False
    with open_text(path) as handle:
        stream = JsonStream(handle, path)
        # A list of pairs, as spaCy's training data once was, has no list as its first item.
        return stream.skip("[") and stream.skip("[") and stream.peek() == "["


def _copyre_tokens(reading: Reading, row: Any, source: str) -> Record:
    """Parse the RIN authors' form: a mention is a list with the last word of an entity only.

    The whole entities are in "en_list".
    """
    word_map = EscapedWordMap(get_words(row, "sentText"), reading=reading)
    record = word_map.record(source, get_tags(row, "pos", word_map.words))
    entities = [
        [unescape(check_text(word, "en_list")) for word in check_type(entity, "en_list", list)]
        for entity in get_field(row, "en_list", list, [])
    ]
    relations = [
        (*(get_words(rel, key) for key in ("em1Text", "em2Text")), rel)
        for rel in get_field(row, "relationMentions", list)
    ]
    whole = {
        " ".join(words): " ".join(_entity_ending_in(words, entities))
        for *ends, _ in relations
        for words in ends
    }
    names = list(dict.fromkeys(map(" ".join, entities)))
    word_map.expect(dict.fromkeys([*names, *whole.values()]))
    for name in names:
        record.add_entity(record.mention(word_map.find(name)), name)
    for *ends, rel in relations:
        head, tail = map(" ".join, ends)
        pair = [record.mention(word_map.find(whole[end])) for end in (head, tail)]
        _add_relation(record, pair, rel, f"{head} | {{}} | {tail}")
    return record


def _entity_ending_in(words: list[str], entities: Sequence[list[str]]) -> list[str]:
    """Find the entity that is meant by its last words.

    words (list[str]): The last words, at least one.
    entities (Sequence[list[str]]): The entities of the sentence.
    RETURNS (list[str]): The entity of just these words; else the longest that ends in them, the
        first of equal ones; else the words themselves.

    Among the entities "Turin", "Turin , Italy" and ", Italy":
    "Turin" → "Turin", "Italy" → "Turin , Italy", "Rome" → "Rome".
    """
    if words in entities:
        return words
    longer = [entity for entity in entities if entity[-len(words) :] == words]
    return max(longer, key=len, default=words)


def _add_relation(record: Record, ends: list[Mention | None], rel: Any, example: str) -> None:
    """Add a relation of CopyRE's, unless it is the one that says there is none."""
    label = check_text(get_field(rel, "label", str), "label")
    if label != NO_RELATION:
        record.add_triple(ends[0], label, ends[1], example.replace("{}", label))


def _ids(path: Path) -> dict[int, str]:
    """Read a JSON object of names and ids → names by id."""
    with open_text(path) as handle:
        stream = JsonStream(handle, path)
        ids = stream.value() if stream.peek() == "{" else None
    if not ids or not all(type(i) is int and key for key, i in ids.items()):
        raise ValueError(Errors.R107.format(path=path))
    return {i: key for key, i in ids.items()}
