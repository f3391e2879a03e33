"""Rows of annotation tools → `Record`s: Label Studio's and doccano's.

Both tools run in a browser, where a character beyond U+FFFF, such as an emoji, counts twice. Label
Studio has counted it once since 2022, but its exports keep what was stored before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .checks import (
    RejectedError,
    check_range,
    check_text,
    check_type,
    get_field,
    get_label,
    wrong,
)
from .linking import Linked
from .placing import WordMap, tokenise
from .records import Reading, Reason, Record, Span

# How a tool may count: offset in its own count → offset in Python's, which counts code points.
Count = Callable[[str, int], int]


def parse_label_studio(reading: Reading, row: Any, source: str) -> Record:
    """Parse a task of Label Studio's JSON export: regions and relations stand in one "result" list.

    Of several annotations one is taken: ground truth if there is any, and the newest of these. The
    others are counted.

    reading (Reading): How the text is split, and mentions placed.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    RAISES (RejectedError): If it was not annotated, or all annotations were cancelled.
    """
    data = get_field(row, "data", dict)
    chosen, others = _choose_annotation(
        get_field(row, "annotations", list, get_field(row, "completions", list, []))
    )
    result = [check_type(item, "result", dict) for item in get_field(chosen, "result", list)]
    regions = [item for item in result if _is_region(item)]
    text = _find_text(data, regions)
    word_map = tokenise(text, reading)
    linked = Linked(word_map.record(source), word_map)
    for other in others:
        linked.record.drop(Reason.OTHER_ANNOTATION, f"annotation {other.get('id', 'without id')}")
    # A region that is rated or described stands in the list again, without its labels.
    for region in sorted(regions, key=lambda item: not _region_labels(item)):
        name, value = get_label(region, "id"), region["value"]
        if not _region_labels(region) and name in linked.names:
            continue
        offsets = _find_offsets(text, value)
        shown = get_field(value, "text", str, "") or text[value["start"] : value["end"]]
        for label in _region_labels(region) or [""]:
            linked.add_span(name, offsets, label or None, shown)
    for item in result:
        if item.get("type") == "relation":
            _add_relation(linked, item)
    return linked.record


def is_label_studio(row: dict[str, Any]) -> bool:
    """Recognise Label Studio's export, which has the annotations beside the data.

    row (dict): The JSON object.
    RETURNS (bool): Whether it is of this form.
    """
    has_annotations = isinstance(row.get("annotations", row.get("completions")), list)
    return isinstance(row.get("data"), dict) and has_annotations


def parse_doccano(reading: Reading, row: Any, source: str) -> Record:
    """Parse doccano's JSONL of relations: entities have ids, and "start_offset" and "end_offset".

    Offsets count as a browser does, unless more of them fit the words in Python's count.

    reading (Reading): How the text is split, and mentions placed.
    row (Any): The JSON value.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If the row is not of this form.
    """
    # Before version 1.7 the text was "data", and the rest stood in "label".
    text = check_text(
        get_field(row, "text", str, row.get("data") if type(row) is dict else ""), "text"
    )
    body = row["label"] if isinstance(row.get("label"), dict) else row
    word_map = tokenise(text, reading)
    linked = Linked(word_map.record(source), word_map)
    entities = get_field(body, "entities", list)
    relations = get_field(body, "relations", list)
    spans = [
        tuple(get_field(ent, f"{side}_offset", int) for side in ("start", "end"))
        for ent in entities
    ]
    count = _best_count(word_map, text, spans)
    for ent, span in zip(entities, spans, strict=True):
        start, end = (count(text, offset) for offset in span)
        offsets = check_range(start, end, len(text), "offsets")
        linked.add_span(_id(ent, "id"), offsets, get_label(ent, "label") or None)
    for rel in relations:
        label = get_label(rel, "type") or None
        linked.add_link(_id(rel, "from_id"), label, _id(rel, "to_id"))
    return linked.record


def is_doccano(row: dict[str, Any]) -> bool:
    """Recognise doccano's form, by what only its entities and relations have.

    row (dict): The JSON object.
    RETURNS (bool): Whether it is of this form.
    """
    body = row["label"] if isinstance(row.get("label"), dict) else row
    items = [body.get(name) for name in ("entities", "relations")]
    found = (item for part in items if isinstance(part, list) for item in part)
    return any(
        isinstance(item, dict) and item.keys() & {"start_offset", "from_id"} for item in found
    )


def _choose_annotation(annotations: list[Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The annotation to take, and the others that were not cancelled."""
    answers = [check_type(answer, "annotations", dict) for answer in annotations]
    kept = [a for a in answers if not (a.get("was_cancelled") or a.get("skipped"))]
    if not kept:
        raise RejectedError("cancelled" if answers else "not annotated")
    chosen = sorted(kept, key=lambda a: (bool(a.get("ground_truth")), _date(a)))[-1]
    return chosen, [answer for answer in kept if answer is not chosen]


def _date(annotation: dict[str, Any]) -> str:
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _is_region(item: dict[str, Any]) -> bool:
    """Whether an item of a result is a part of a text. Texts that are pages have paths instead."""
    value = item.get("value")
    if item.get("type") == "relation" or not isinstance(value, dict) or "start" not in value:
        return False
    if type(value["start"]) is not int or type(value.get("end")) is not int:
        raise wrong("start, end", "characters of a plain text", value["start"])
    return True


def _region_labels(region: dict[str, Any]) -> list[str]:
    """The labels of a region. Their key is the name of the tag: "labels", "paragraphlabels", ..."""
    kind = get_label(region, "type")
    if not kind.endswith("labels"):
        return []
    return [check_text(label, kind) for label in get_field(region["value"], kind, list, [])]


def _find_text(data: dict[str, Any], regions: list[dict[str, Any]]) -> str:
    """The text that was annotated. Its key is known to the project alone, and not to the export."""
    texts = {name: text for name, text in data.items() if isinstance(text, str) and text.strip()}
    if not texts:
        raise wrong("data", "a text", data)

    def rank(name: str) -> tuple[int, bool, int]:
        held = sum(_find_offsets(texts[name], region["value"]) is not None for region in regions)
        return held, name == "text", len(texts[name])

    return check_text(texts[max(texts, key=rank)], "data")


def _find_offsets(text: str, value: dict[str, Any]) -> Span | None:
    """The offsets of a region, in the count in which they are those of its text."""
    start, end = value["start"], value["end"]
    shown = value.get("text")
    for count in (_code_points, _utf16, _without_returns):
        offsets = count(text, start), count(text, end)
        if not 0 <= offsets[0] < offsets[1] <= len(text):
            continue
        if not isinstance(shown, str) or _squeezed(text[slice(*offsets)]) == _squeezed(shown):
            return offsets
    return None


def _squeezed(text: str) -> str:
    """A text without whitespace. Line breaks of a region were once exported as "\\n"."""
    return "".join(text.replace("\\n", " ").split())


def _add_relation(linked: Linked, item: dict[str, Any]) -> None:
    """Add a relation, in the direction of its arrow."""
    head, tail = _id(item, "from_id"), _id(item, "to_id")
    direction = get_label(item, "direction") or "right"
    for label in get_field(item, "labels", list, []) or [None]:
        name = None if label is None else check_text(label, "labels")
        if direction != "left":
            linked.add_link(head, name, tail)
        if direction in ("left", "bi"):
            linked.add_link(tail, name, head)


def _id(item: Any, name: str) -> int | str:
    value = get_field(item, name, object)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise wrong(name, "an id", value)
    return value


def _best_count(word_map: WordMap, text: str, spans: Iterable[tuple[int, ...]]) -> Count:
    """The count in which most offsets are the bounds of words; a browser's if none is better."""
    spans = list(spans)
    if text.isascii():
        return _code_points

    def fitting(count: Count) -> int:
        return sum(word_map.fits(*(count(text, offset) for offset in span)) for span in spans)

    return max((_utf16, _code_points), key=fitting)


def _code_points(text: str, offset: int) -> int:
    return offset


def _utf16(text: str, offset: int) -> int:
    """A browser's count: characters beyond U+FFFF count twice."""
    units = text.encode("utf-16-le", "surrogatepass")
    if not 0 <= offset <= len(units) // 2:
        return offset
    return len(units[: 2 * offset].decode("utf-16-le", "ignore"))


def _without_returns(text: str, offset: int) -> int:
    """The count of a text field in a page, where a line ends with one character."""
    place = 0
    while offset > 0 and place < len(text):
        place += 2 if text.startswith("\r\n", place) else 1
        offset -= 1
    return place + offset
