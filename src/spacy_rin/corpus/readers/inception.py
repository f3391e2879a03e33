"""INCEpTION's and WebAnno's TSV 3 → a `Record` a sentence.

A column is a feature of a layer, as the header says. A value may have a number in brackets, which
tells annotations of several words, or of the same word, from others. A relation stands at its
target, and names its source: `1-2[3_4]` is the source 3 at word 1-2, and the target 4 here; 0
stands for the only one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ...errors import Errors
from .arrow import magic
from .checks import MalformedError, check_text, wrong
from .jsonstream import open_text
from .linking import Linked
from .placing import WordMap
from .records import Opened, RawRow, Reading, Reason, Record, Span

HEADER = "#FORMAT=WebAnno TSV 3"
SPAN_LAYER, RELATION_LAYER = "#T_SP=", "#T_RL="
LAYERS = (SPAN_LAYER, RELATION_LAYER, "#T_CH=")
# Layers of DKPro are linguistic, and no entities: tokens, lemmas, tags. But for this one.
LINGUISTIC, NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.", "ner.type.NamedEntity"
NUMBERED = re.compile(r"(.*?)(?:\[(\d{1,15})\])?", re.DOTALL)
SOURCE = re.compile(r"(\d+-\d+(?:\.\d+)?)(?:\[(\d{1,15})_(\d{1,15})\])?")
# Python refuses to read numbers of thousands of digits.
OFFSET = re.compile(r"\d{1,15}")
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
BAR = re.compile(r"(?<!\\)\|")
# Features that hold the label, where a layer has several.
LABEL_FEATURES = ("value", "label")
NO_VALUE = ("", "*", "_")
ROLE = "ROLE_"  # a slot, whose targets stand in the column behind it


@dataclass(frozen=True)
class Layer:
    """One layer of a file.

    kind (str): One of `LAYERS`.
    name (str): Its name.
    features (dict[str, int]): The columns of its plain features.
    base (str): For a relation, the layer of the spans that it relates.
    source (int): For a relation, the column of its sources.
    """

    kind: str
    name: str
    features: dict[str, int]
    base: str = ""
    source: int = 0

    @property
    def short(self) -> str:
        """The last part of the name, as a label where there is no other.

        RETURNS (str): Such as "Span" for "webanno.custom.Span".
        """
        return self.name.rpartition(".")[2]

    def label(self, values: dict[str, str]) -> str:
        """Choose the label of an annotation among its values.

        values (dict[str, str]): The values by feature.
        RETURNS (str): The value of a feature that is called "value" or "label", else the first that
            there is; without one, the short name of the layer.
        """
        values = {name: value for name, value in values.items() if name}
        order = [name for name in LABEL_FEATURES if name in values]
        order += [name for name in values if name not in order]
        return next((values[name] for name in order if values[name] not in NO_VALUE), self.short)


class TsvSentence(NamedTuple):
    """One sentence of a file.

    layers (list[Layer]): The layers of the file.
    rows (list[list[str]]): The cells of its tokens and parts of tokens.
    """

    layers: list[Layer]
    rows: list[list[str]]


@dataclass
class _Annotation:
    """A span of a layer, while its rows are read."""

    first: str
    start: int
    end: int
    values: dict[str, str] = field(default_factory=dict)


def open_inception(path: Path, reading: Reading) -> Opened:
    """Open a file, or all files of a folder.

    path (Path): The file or folder.
    reading (Reading): What is done with spans that cut words.
    RETURNS (Opened): The sentences and their parser.
    """
    files = sorted(filter(_is_file, path.rglob("*.tsv"))) if path.is_dir() else [path]
    return (row for file in files for row in _sentences(file)), partial(parse_inception, reading)


def parse_inception(reading: Reading, sentence: TsvSentence, source: str) -> Record:
    """Parse a sentence.

    reading (Reading): What is done with spans that cut words.
    sentence (TsvSentence): The sentence.
    source (str): Its "file:line".
    RETURNS (Record): The record.
    RAISES (MalformedError): If a row is not of this form.
    """
    tokens = [row for row in sentence.rows if "." not in row[0]]
    offsets = [_offsets(row) for row in tokens]
    words = [check_text(_unescape(row[2]), "the token") for row in tokens]
    after = [*offsets[1:], offsets[-1][1:] * 2]
    spaces = [one[1] < two[0] for one, two in zip(offsets, after, strict=True)]
    word_map = WordMap(words, spaces, reading)
    linked = Linked(word_map.record(source), word_map)
    for layer in sentence.layers:
        if layer.kind == SPAN_LAYER and _is_entity(layer.name):
            for name, found in _annotations(sentence.rows, layer).items():
                _add_annotation(linked, name, found, layer.label(found.values), tokens)
    for layer in sentence.layers:
        if layer.kind == RELATION_LAYER and _is_entity(layer.base):
            for row in sentence.rows:
                _add_relations(linked, layer, row)
    return linked.record


def is_inception(path: Path) -> bool:
    """Recognise a file, or a folder with such files.

    path (Path): Any file or folder.
    RETURNS (bool): Whether a file begins with the header of TSV 3.
    """
    return any(map(_is_file, path.rglob("*.tsv"))) if path.is_dir() else _is_file(path)


def _is_file(path: Path) -> bool:
    if not magic(path).removeprefix(b"\xef\xbb\xbf").startswith(b"#FOR"):
        return False
    with open_text(path) as handle:
        return handle.readline().startswith(HEADER)


def _is_entity(layer: str) -> bool:
    return not layer.startswith(LINGUISTIC) or layer.endswith(NAMED_ENTITY)


def _annotations(rows: list[list[str]], layer: Layer) -> dict[tuple[str, str, int], _Annotation]:
    """The annotations of a layer by the layer, their row and their number, 0 if they have none."""
    found: dict[tuple[str, str, int], _Annotation] = {}
    numbered: dict[int, tuple[str, str, int]] = {}
    for row in rows:
        start, end = _offsets(row)
        for feature, column in layer.features.items():
            for value, number in _values(row, column):
                name = (layer.name, row[0], number)
                if number:
                    name = numbered.setdefault(number, name)
                known = found.setdefault(name, _Annotation(row[0], start, end))
                known.values.setdefault(feature, value)
                known.start, known.end = min(known.start, start), max(known.end, end)
    return found


def _add_annotation(
    linked: Linked,
    name: tuple[str, str, int],
    found: _Annotation,
    label: str,
    tokens: list[list[str]],
) -> None:
    """Add a span. If it ends within a token, it takes the token."""
    bounds = [_offsets(row) for row in tokens]
    touched = [
        i for i, (start, end) in enumerate(bounds) if start < found.end and found.start < end
    ]
    span: Span | None = (touched[0], touched[-1] + 1) if touched else None
    exact = span and (bounds[span[0]][0], bounds[span[1] - 1][1]) == (found.start, found.end)
    strict = linked.word_map.reading.alignment == "strict"
    if not span or (strict and not exact):
        linked.leave_out(name, linked.word_map.missing, f"{label} at {found.first}")
        return
    if not exact:
        shown = linked.word_map.text(*span)
        linked.record.note(Reason.EXPANDED, (found.start, found.end), f"part of {shown} → {shown}")
    linked.add_span(name, span, label)


def _add_relations(linked: Linked, layer: Layer, row: list[str]) -> None:
    """Add the relations whose target is in this row."""
    sources = BAR.split(row[layer.source]) if row[layer.source] != "_" else []
    values = {name: BAR.split(row[column]) for name, column in layer.features.items()}
    for number, source in enumerate(sources):
        if not (match := SOURCE.fullmatch(source)):
            expected = "a word such as 1-2 or 1-2[3_0]"
            raise wrong(f"column {layer.source + 1} of {row[0]}", expected, source)
        named = {name: _unescape(all[number]) for name, all in values.items() if number < len(all)}
        label = layer.label(named)
        place, from_number, to_number = match[1], int(match[2] or 0), int(match[3] or 0)
        if place.partition("-")[0] != row[0].partition("-")[0]:
            shown, reason = f"{place} | {label} | {row[0]}", Reason.ACROSS_SENTENCES
            linked.record.add_triple(None, label, None, shown, reason)
        else:
            head, tail = (layer.base, place, from_number), (layer.base, row[0], to_number)
            linked.add_link(head, label, tail)


def _values(row: list[str], column: int) -> Iterator[tuple[str, int]]:
    """The values of a cell, and their numbers."""
    if row[column] == "_":
        return
    for value in BAR.split(row[column]):
        match = NUMBERED.fullmatch(value)
        if match:
            yield _unescape(match[1]), int(match[2] or 0)


def _offsets(row: list[str]) -> Span:
    start, _, end = row[1].partition("-")
    if not (OFFSET.fullmatch(start) and OFFSET.fullmatch(end)):
        raise wrong("offsets", "two numbers such as 0-4", row[1])
    return int(start), int(end)


def _unescape(text: str) -> str:
    return ESCAPE.sub(lambda match: {"t": "\t", "n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def _sentences(path: Path) -> Iterator[RawRow]:
    layers: list[Layer] = []
    rows: list[list[str]] = []
    place, width = "", 3
    with open_text(path) as handle:
        for number, line in enumerate(handle, 1):
            line = line.rstrip("\r\n")
            if line.startswith(LAYERS) and not rows:
                layers.append(_layer(path, line, width))
                width += line.count("|")
            elif line.startswith("#") or not line.strip():
                if rows:
                    yield place, _checked(layers, rows, width)
                    rows = []
            else:
                place = place if rows else f"{path}:{number}"
                rows.append(line.split("\t"))
    if rows:
        yield place, _checked(layers, rows, width)


def _layer(path: Path, line: str, column: int) -> Layer:
    kind, rest = line[:6], line[6:]
    name, *features = rest.split("|")
    columns = dict(zip(features, range(column, column + len(features)), strict=True))
    slots = [place for feature, place in columns.items() if feature.startswith(ROLE)]
    plain = {
        feature: place for feature, place in columns.items() if not {place, place - 1} & set(slots)
    }
    if kind != RELATION_LAYER:
        return Layer(kind, name, plain or {"": column})
    if not plain:
        reason = f"{line!r} names no layer whose spans are related"
        raise ValueError(Errors.R100.format(path=path, reason=reason))
    base, source = plain.popitem()
    return Layer(kind, name, plain, base.removeprefix("BT_"), source)


def _checked(
    layers: list[Layer], rows: list[list[str]], width: int
) -> TsvSentence | MalformedError:
    """The sentence, or what is wrong with its rows."""
    for row in rows:
        if len(row) < width:
            return wrong(f"row {row[0]}", f"{width} columns", f"{len(row)} columns")
    if "." in rows[0][0]:
        return wrong("the first row", "a token", rows[0][0])
    return TsvSentence(layers, rows)
