"""Rows of the formats for own data -> `Record`s: Prodigy's, and this package's own.

Unlike the research formats, they say where spaces stand, so the text comes back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .checks import (
    RejectedError,
    check_range,
    check_text,
    get_field,
    get_index,
    get_label,
    get_list,
    get_tags,
    get_words,
    wrong,
)
from .jsonstream import read_rows
from .placing import WordMap, show_triple, tokenise
from .records import JsonRow, Mention, Parse, Record


def parse_prodigy(row: Any, source: str) -> Record:
    """Parse an answer in Prodigy's form (`exchange.prodigy` says which): "tokens", labelled "spans"
    and "relations".

    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (RejectedError): If the annotator did not accept it.
    """
    answer = get_field(row, "answer", str, "accept")
    if answer != "accept":
        raise RejectedError(f"answer: {answer}")
    record = _prodigy_tokens(row, source)
    ends: dict[int, Mention] = {}
    for span in get_field(row, "spans", list, []):
        mention = _prodigy_span(record, span)
        ends.setdefault(mention.end - 1, mention)
        record.add_entity(mention)
    entities = {mention[:2] for mention in record.entities}
    for rel in get_field(row, "relations", list):
        pair = []
        for key in ("head", "child"):
            # A relation may start at a token that is in no span: that token is the mention.
            last = get_index(rel, key, len(record.words))
            mention = ends.get(last, Mention(last, last + 1))
            if whole := get_field(rel, f"{key}_span", dict, {}):
                mention = _prodigy_span(record, whole)
                if not get_field(whole, "entity", bool, True) and mention[:2] not in entities:
                    record.ends.add(mention[:2])
            pair.append(mention)
        label = get_label(rel, "label", blank=True)
        example = show_triple(record.words, pair[0], label, pair[1])
        record.add_triple(pair[0], label if label.strip() else None, pair[1], example)
    return record


def parse_rin(lang: str, row: Any, source: str) -> Record:
    """Parse this package's own form: "text" or "tokens", and spans or texts for the rest.

    lang (str): Language whose tokenizer splits "text".
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    """
    if not isinstance(row, dict) or ("text" in row) == ("tokens" in row):
        raise wrong("the record", "an object with either 'text' or 'tokens'", row)
    if "text" in row:
        layout = tokenise(lang, check_text(row["text"], "text"))
        record = Record(layout.words, layout.spaces, source=source)
    else:
        words = get_words(row, "tokens", escaped=False)
        spaces = (
            get_list(row, "spaces", bool, len(words)) if row.get("spaces") is not None else None
        )
        layout = WordMap(words, spaces)
        record = Record(words, spaces, get_tags(row, "tags", words), source=source)
    mentions = []
    for ent in get_field(row, "entities", list, []):
        mentions.append(_rin_span(record, layout, ent))
        record.add_entity(*mentions[-1])
    for rel in get_field(row, "relations", list):
        label = check_text(get_field(rel, "label", str), "label")
        pair = []
        for key in ("head", "tail"):
            end = get_field(rel, key, object)
            if isinstance(end, str):
                pair.append((record.mention(layout.find(check_text(end, key))), end))
            elif isinstance(end, dict):
                pair.append(_rin_span(record, layout, end))
            else:
                pair.append(mentions[get_index(rel, key, len(mentions))])
        (head, before), (tail, after) = pair
        record.add_triple(head, label, tail, f"{before} | {label} | {after}")
    return record


def open_rin(path: Path, lang: str) -> tuple[Iterator[JsonRow], Parse]:
    """RETURNS (tuple[Iterator[JsonRow], Parse]): The file's rows, and its language's parser."""
    return read_rows(path), partial(parse_rin, lang)


def _prodigy_tokens(row: Any, source: str) -> Record:
    tokens = get_list(row, "tokens", dict)
    words = [check_text(get_field(token, "text", str), "tokens", blank=True) for token in tokens]
    spaces = [
        get_field(
            token, "ws", bool, get_field(after, "start", int, 0) > get_field(token, "end", int, 0)
        )
        for token, after in zip(tokens, [*tokens, {}][1:], strict=True)
    ]
    tags = [get_label(token, "tag", blank=True) for token in tokens]
    known = not get_field(row, "has_unknown_spaces", bool, False)
    return Record(words, spaces if known else None, tags if any(tags) else None, source=source)


def _prodigy_span(record: Record, span: Any) -> Mention:
    start, last = get_field(span, "token_start", int), get_field(span, "token_end", int)
    bounds = check_range(start, last + 1, len(record.words), "span")
    return Mention(*bounds, get_label(span, "label") or record.label_at(bounds))


def _rin_span(record: Record, layout: WordMap, item: Any) -> tuple[Mention | None, str]:
    start, end = get_field(item, "start", int), get_field(item, "end", int)
    span = check_range(start, end, layout.size, "start, end")
    label = get_label(item, "label") or None
    return record.mention(layout.at(*span), label), layout.text(*span)
