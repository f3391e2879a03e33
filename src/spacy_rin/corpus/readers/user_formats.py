"""Rows of the forms for own data → `Record`s: Prodigy's, and this package's own ("rin").

Unlike most research formats, they say where the spaces are, so the text comes back as it was.
"""

from __future__ import annotations

from typing import Any

from .checks import (
    RejectedError,
    annotation_fields,
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
from .placing import WordMap, show_triple, tokenise
from .records import Mention, Reading, Reason, Record, Span


def parse_prodigy(row: Any, source: str) -> Record:
    """Parse an answer in Prodigy's form: "tokens", labelled "spans" and "relations".

    `exchange.prodigy` describes the form.

    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
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
            # A relation may start or end at a token that is in no span. That token is the mention.
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


def is_prodigy(row: dict[str, Any]) -> bool:
    """Recognise Prodigy's form: by the interface that it names, or by tokens that are objects.

    row (dict): The JSON object.
    RETURNS (bool): Whether it is of this form.
    """
    tokens = row.get("tokens")
    has_objects = isinstance(tokens, list) and bool(tokens) and isinstance(tokens[0], dict)
    return row.get("_view_id") == "relations" or has_objects


def parse_rin(reading: Reading, row: Any, source: str) -> Record:
    """Parse this package's own form: a "text" or "tokens", "entities" and "relations".

    A mention is given by its offsets, by its place among the entities, or by its text.

    reading (Reading): How "text" is split, and mentions placed.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
    if not isinstance(row, dict) or (row.get("text") is None) == (row.get("tokens") is None):
        raise wrong("the record", "an object with either 'text' or 'tokens'", row)
    if row.get("text") is not None:
        word_map = tokenise(check_text(row["text"], "text"), reading)
        record = word_map.record(source)
    else:
        words = get_words(row, "tokens", escaped=False)
        spaces = (
            get_list(row, "spaces", bool, len(words)) if row.get("spaces") is not None else None
        )
        word_map = WordMap(words, spaces, reading)
        record = word_map.record(source, get_tags(row, "tags", words))
    entities = [_rin_offsets(word_map, ent) for ent in get_field(row, "entities", list, [])]
    relations = [
        (get_field(rel, "head", object), get_field(rel, "tail", object), rel)
        for rel in get_field(row, "relations", list)
    ]
    places = [word_map.at(*offsets) for offsets, _ in entities]
    ends = (end for *pair, _ in relations for end in pair if isinstance(end, str))
    word_map.expect(
        (check_text(end, "mention") for end in dict.fromkeys(ends)),
        [span for span in places if span],
    )
    mentions = []
    for (offsets, label), span in zip(entities, places, strict=True):
        mentions.append((record.mention(span, label), word_map.text(*offsets)))
        record.add_entity(*mentions[-1], word_map.missing)
    for first, second, rel in relations:
        label = check_text(get_field(rel, "label", str), "label")
        pair: list[tuple[Mention | None, str]] = []
        missing = Reason.MENTION_NOT_FOUND
        for key, end in (("head", first), ("tail", second)):
            if isinstance(end, str):
                pair.append((record.mention(word_map.find(end)), end))
                continue
            if isinstance(end, dict):
                offsets, kind = _rin_offsets(word_map, end)
                pair.append((record.mention(word_map.at(*offsets), kind), word_map.text(*offsets)))
            else:
                pair.append(mentions[get_index(rel, key, len(mentions))])
            missing = missing if pair[-1][0] else word_map.missing
        (head, head_text), (tail, tail_text) = pair
        record.add_triple(head, label, tail, f"{head_text} | {label} | {tail_text}", missing)
    return record


def is_rin(row: dict[str, Any]) -> bool:
    """Recognise this package's own form, among what no other format recognises.

    row (dict): The JSON object.
    RETURNS (bool): Whether it has a text, or tokens and something that is labelled.
    """
    if not isinstance(row.get("tokens"), list):
        return "text" in row
    return bool(annotation_fields(row))


def _prodigy_tokens(row: Any, source: str) -> Record:
    """Read the tokens. Without "ws", a space is where a token begins after the end of the last."""
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
    known = known and all(token.keys() & {"ws", "start"} for token in tokens)
    return Record(words, spaces if known else None, tags if any(tags) else None, source=source)


def _prodigy_span(record: Record, span: Any) -> Mention:
    start, last = get_field(span, "token_start", int), get_field(span, "token_end", int)
    bounds = check_range(start, last + 1, len(record.words), "span")
    return Mention(*bounds, get_label(span, "label") or record.label_at(bounds))


def _rin_offsets(word_map: WordMap, item: Any) -> tuple[Span, str | None]:
    """Read a mention that is given by its offsets → the offsets, and its label if there is one."""
    start, end = get_field(item, "start", int), get_field(item, "end", int)
    return check_range(start, end, word_map.size, "start, end"), get_label(item, "label") or None
