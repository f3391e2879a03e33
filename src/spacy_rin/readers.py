"""Raw data files -> a stream of `Record`s: the words, entity mentions and triples of one sentence.

The first step of the data's way, before `convert`. One parser per format; all of them stream, so
memory does not grow with the file. A JSON file may be a list or have one record a line, whatever
the format. What cannot be used is not lost without a word: it comes out as a `Dropped`.

- A mention given as text stands at its first occurrence, as the field does; an entity that is
  listed k times takes the first k. Words that differ only in accents match when no others do:
  NYT's relations say "Bogotá" where its sentences say "Bogota".
- Penn Treebank escapes (-LRB-, \\/, ``) are undone in words and mentions of the research formats.
- A mention without a type of its own has the label ENTITY.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache, partial
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

import spacy
from spacy.tokens import Doc
from spacy.util import get_lang_class

from .errors import Errors

ENTITY = "ENTITY"
PEEK = 100  # records read ahead, to see what form a file has
CHUNK = 1 << 16  # characters
MAX_RECORD = 1 << 24  # characters; beyond that a JSON list is broken, not long
NO_TYPE = "None-label"  # JointER's
NO_RELATION = "None"  # CopyRE's
ESCAPES = {"LRB": "(", "RRB": ")", "LSB": "[", "RSB": "]", "LCB": "{", "RCB": "}"}
ESCAPED = re.compile(r"-(LRB|RRB|LSB|RSB|LCB|RCB)-|\\([/*])")

NOT_WHITESPACE = re.compile(r"[^ \t\r\n]")
SURROGATE = re.compile("[\ud800-\udfff]")
WORD_IDS, RELATION_IDS = "words2id.json", "relations2id.json"
KINDS: dict[type, str] = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}

T = TypeVar("T")
Span = tuple[int, int]
Row = tuple[str, Any]  # "file:line", the JSON value or what is wrong with it
Parse = Callable[[Any, str], "Record"]


class Reason(str, Enum):
    """Why something of the source is not, or not fully, in the Docs."""

    MENTION_NOT_FOUND = "mention_not_found"
    NESTED_MENTION = "nested_mention"
    DUPLICATE = "duplicate"
    UNKNOWN_LABEL = "unknown_label"
    MALFORMED = "malformed"
    REJECTED = "rejected"


class Dropped(NamedTuple):
    """Something left out: why, what it was, and its "file:line"."""

    reason: Reason
    example: str
    source: str


class Mention(NamedTuple):
    """An entity: words start to end (exclusive), and its type."""

    start: int
    end: int
    label: str = ENTITY


class Triple(NamedTuple):
    """Two mentions and the relation from the first to the second."""

    head: Mention
    label: str
    tail: Mention


@dataclass
class Record:
    """One sentence of a source, checked.

    words (list[str]): Its tokens, at least one.
    spaces (list[bool] | None): Whether a space follows each; None if the source does not say.
    tags (list[str] | None): Part-of-speech tags, for token.tag_.
    entities (list[Mention]): Distinct; all mentions of the triples are among them.
    triples (list[Triple]): Distinct by spans and label.
    dropped (list[Dropped]): What else stood in the source.
    unplaced (int): Triples that are gold, but have no place in the words or no known label.
    source (str): "file:line".
    """

    words: list[str]
    spaces: list[bool] | None = None
    tags: list[str] | None = None
    entities: list[Mention] = field(default_factory=list)
    triples: list[Triple] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    unplaced: int = 0
    source: str = ""
    _types: dict[Span, str] = field(default_factory=dict, repr=False, compare=False)
    _seen: set[Any] = field(default_factory=set, repr=False, compare=False)

    def mention(self, span: Span | None, label: str | None = None) -> Mention | None:
        """RETURNS (Mention | None): The span with its own label, or that of the entity there."""
        return span and Mention(*span, label or self._types.get(span, ENTITY))

    def add_entity(self, mention: Mention | None, example: str = "") -> None:
        """Add a mention once; None is one that was not found."""
        if mention is None:
            self._drop(Reason.MENTION_NOT_FOUND, example)
        elif mention not in self._seen:
            self._seen.add(mention)
            self._types.setdefault(mention[:2], mention.label)
            self.entities.append(mention)

    def add_triple(
        self, head: Mention | None, label: str | None, tail: Mention | None, example: str
    ) -> None:
        """Add a triple and its mentions once; None is a mention not found or an unknown label."""
        key = (head[:2], label, tail[:2]) if head and label and tail else example
        if key in self._seen:
            self._drop(Reason.DUPLICATE, example)
        elif head and label and tail:
            self.add_entity(head)
            self.add_entity(tail)
            self.triples.append(Triple(head, label, tail))
        else:
            self.unplaced += 1
            self._drop(Reason.MENTION_NOT_FOUND if label else Reason.UNKNOWN_LABEL, example)
        self._seen.add(key)

    def _drop(self, reason: Reason, example: str) -> None:
        self.dropped.append(Dropped(reason, example, self.source))


def read_records(
    path: str | Path, format: str = "auto", *, lang: str = "en", strict: bool = False
) -> Iterator[Record | Dropped]:
    """Read a file record by record.

    path (str | Path): The file.
    format (str): One of `FORMATS`, or "auto" to tell it from the first records.
    lang (str): Language whose tokenizer splits raw text ("rin", "casrel").
    strict (bool): Whether a malformed record is an error; else it comes out as a Dropped.
    YIELDS (Record | Dropped): One for each record of the file, in its order.
    RAISES (ValueError): If the file cannot be read or, if strict, at the first malformed record.
    """
    path = Path(path)
    name = detect_format(path) if format == "auto" else format
    if name not in FORMATS:
        raise ValueError(Errors.R102.format(found=name, expected=", ".join(FORMATS)))
    rows, parse = FORMATS[name](path, lang)
    for source, row in rows:
        try:
            if isinstance(row, _MalformedError):
                raise row
            yield parse(row, source)
        except _RejectedError as err:
            yield Dropped(Reason.REJECTED, str(err), source)
        except _MalformedError as err:
            if strict:
                raise ValueError(Errors.R106.format(source=source, reason=err)) from err
            yield Dropped(Reason.MALFORMED, str(err), source)


def detect_format(path: str | Path) -> str:
    """Tell a file's format from its first records.

    path (str | Path): The file.
    RETURNS (str): One of `FORMATS`.
    RAISES (ValueError): If they have none of the known forms; it lists them.
    """
    path = Path(path)
    with _open(path) as handle:
        stream = _JsonStream(handle, path)
        if stream.skip("[") and stream.peek() == "[":
            return "copymtl"
    found = "no record"
    undecided = False
    for _, row in islice(_rows(path), PEEK):
        if not isinstance(row, dict):
            found = str(row) if isinstance(row, _MalformedError) else _show(row)
        elif name := _form(row):
            return name
        elif row.get("tokens"):
            undecided = True
        else:
            found = f"fields {', '.join(map(repr, row))}"
    if undecided:
        # Tokens and nothing that is labelled: all formats read such records in the same way.
        return "rin"
    raise ValueError(Errors.R103.format(path=path, found=found))


def _form(row: dict[str, Any]) -> str | None:
    for key, name in (
        ("spo_details", "jointer"),
        ("sentText", "copyre"),
        ("triple_list", "casrel"),
    ):
        if key in row:
            return name
    tokens = row.get("tokens")
    if not isinstance(tokens, list):
        return "rin" if "text" in row else None
    if tokens and isinstance(tokens[0], dict):
        return "prodigy"
    lists = [row[key] for key in ("entities", "relations") if isinstance(row.get(key), list)]
    names = {key for item in chain(*lists) if isinstance(item, dict) for key in item}
    return "spert" if "type" in names else "rin" if names else None


# The formats, one function a record


def _jointer(row: Any, source: str) -> Record:
    words = _words(row, "tokens")
    record = Record(words, tags=_tags(row, "pos_tags", words), source=source)
    for number, spo in enumerate(_get(row, "spo_details", list)):
        name = f"spo_details[{number}]"
        if not isinstance(spo, list) or len(spo) != 7:
            raise _wrong(name, "[start, end, type, relation, start, end, type]", spo)
        types = [ENTITY if spo[i] == NO_TYPE else _string(spo[i], name) for i in (2, 6)]
        head = Mention(*_range(spo[0], spo[1], len(words), name), types[0])
        tail = Mention(*_range(spo[4], spo[5], len(words), name), types[1])
        label = _string(spo[3], name)
        record.add_triple(head, label, tail, _example(words, head, label, tail))
    return record


def _spert(row: Any, source: str) -> Record:
    words = _words(row, "tokens")
    record = Record(words, source=source)
    mentions = []
    for ent in _get(row, "entities", list):
        span = _range(_get(ent, "start", int), _get(ent, "end", int), len(words), "entities")
        mentions.append(Mention(*span, _string(_get(ent, "type", str), "type")))
        record.add_entity(mentions[-1])
    for rel in _get(row, "relations", list):
        head, tail = (mentions[_index(rel, key, len(mentions))] for key in ("head", "tail"))
        label = _string(_get(rel, "type", str), "type")
        record.add_triple(head, label, tail, _example(words, head, label, tail))
    return record


def _copyre(row: Any, source: str) -> Record:
    if isinstance(row, dict) and isinstance(row.get("sentText"), list):
        return _copyre_tokens(row, source)
    layout = _split(_string(_get(row, "sentText", str), "sentText"))
    record = Record(layout.words, tags=_tags(row, "pos", layout.words), source=source)
    listed: dict[str, int] = {}
    types: dict[tuple[str, ...], str] = {}
    for ent in _get(row, "entityMentions", list, []):
        text = _string(_get(ent, "text", str), "text")
        label = _string(_get(ent, "label", str), "label")
        listed[text] = listed.get(text, 0) + 1
        span = layout.find(text, listed[text])
        record.add_entity(record.mention(span, label), text)
        if span:
            types.setdefault(tuple(layout.words[slice(*span)]), label)
    for rel in _get(row, "relationMentions", list):
        head, tail = (_string(_get(rel, key, str), key) for key in ("em1Text", "em2Text"))
        ends = []
        for text in (head, tail):
            span = layout.find(text)
            # By text: an entity's type holds for all its occurrences.
            kind = types.get(tuple(layout.words[slice(*span)])) if span else None
            ends.append(record.mention(span, kind))
        _add_relation(record, ends, rel, f"{head} | {{}} | {tail}")
    return record


def _copyre_tokens(row: Any, source: str) -> Record:
    # The RIN authors' form: mentions are lists that hold the last word only, en_list the entities.
    words = _words(row, "sentText")
    record = Record(words, tags=_tags(row, "pos", words), source=source)
    entities = [
        [_unescape(_string(word, "en_list")) for word in _check(entity, "en_list", list)]
        for entity in _get(row, "en_list", list, [])
    ]
    for entity in entities:
        record.add_entity(record.mention(_find(words, entity)), " ".join(entity))
    for rel in _get(row, "relationMentions", list):
        ends, texts = [], []
        for key in ("em1Text", "em2Text"):
            mention = _words(rel, key)
            # An entity of just these words is meant itself, before a longer one that ends so.
            whole = [e for e in entities if e == mention] or sorted(
                (e for e in entities if e[-len(mention) :] == mention), key=len, reverse=True
            )
            ends.append(record.mention(_find(words, whole[0] if whole else mention)))
            texts.append(" ".join(mention))
        _add_relation(record, ends, rel, f"{texts[0]} | {{}} | {texts[1]}")
    return record


def _add_relation(record: Record, ends: list[Mention | None], rel: Any, example: str) -> None:
    label = _string(_get(rel, "label", str), "label")
    if label != NO_RELATION:
        record.add_triple(ends[0], label, ends[1], example.replace("{}", label))


def _casrel(layout_of: Callable[[str], _Layout], row: Any, source: str) -> Record:
    layout = layout_of(_string(_get(row, "text", str), "text"))
    record = Record(layout.words, layout.spaces, source=source)
    for number, triple in enumerate(_get(row, "triple_list", list)):
        name = f"triple_list[{number}]"
        if not isinstance(triple, list) or len(triple) != 3:
            raise _wrong(name, "[head text, relation, tail text]", triple)
        head, label, tail = (_string(item, name) for item in triple)
        ends = [record.mention(layout.find(text)) for text in (head, tail)]
        record.add_triple(ends[0], label, ends[1], f"{head} | {label} | {tail}")
    return record


def _prodigy(row: Any, source: str) -> Record:
    answer = _get(row, "answer", str, "accept")
    if answer != "accept":
        raise _RejectedError(f"answer: {answer}")
    tokens = _list(row, "tokens", dict)
    words = [_string(_get(token, "text", str), "tokens", blank=True) for token in tokens]
    if not words:
        raise _wrong("tokens", "at least one token", tokens)
    spaces = [
        _get(token, "ws", bool, _get(after, "start", int, 0) > _get(token, "end", int, 0))
        for token, after in zip(tokens, [*tokens[1:], {}], strict=True)
    ]
    record = Record(words, spaces, source=source)
    ends: dict[int, Mention] = {}
    for span in _get(row, "spans", list, []):
        mention = _prodigy_span(span, len(words))
        ends.setdefault(mention.end - 1, mention)
        record.add_entity(mention)
    for rel in _get(row, "relations", list):
        pair = []
        for key in ("head", "child"):
            # A relation may start at a token that is in no span: that token is the mention.
            last = _index(rel, key, len(words))
            mention = ends.get(last, Mention(last, last + 1))
            whole = _get(rel, f"{key}_span", dict, {})
            pair.append(_prodigy_span(whole, len(words)) if whole else mention)
        label = _string(_get(rel, "label", str), "label")
        record.add_triple(pair[0], label, pair[1], _example(words, pair[0], label, pair[1]))
    return record


def _prodigy_span(span: Any, size: int) -> Mention:
    start, last = _get(span, "token_start", int), _get(span, "token_end", int)
    return Mention(*_range(start, last + 1, size, "span"), _get(span, "label", str, "") or ENTITY)


def _rin(lang: str, row: Any, source: str) -> Record:
    if not isinstance(row, dict) or ("text" in row) == ("tokens" in row):
        raise _wrong("the record", "an object with either 'text' or 'tokens'", row)
    if "text" in row:
        layout = _tokenise(lang, _string(row["text"], "text"))
        record = Record(layout.words, layout.spaces, source=source)
    else:
        words = _words(row, "tokens", escaped=False)
        spaces = _list(row, "spaces", bool, len(words)) if row.get("spaces") is not None else None
        layout = _Layout(words, spaces)
        record = Record(words, spaces, _tags(row, "tags", words), source=source)
    mentions = []
    for ent in _get(row, "entities", list, []):
        mentions.append(_rin_span(record, layout, ent))
        record.add_entity(*mentions[-1])
    for rel in _get(row, "relations", list, []):
        label = _string(_get(rel, "label", str), "label")
        pair = []
        for key in ("head", "tail"):
            end = _get(rel, key, object)
            if isinstance(end, str):
                pair.append((record.mention(layout.find(_string(end, key))), end))
            elif isinstance(end, dict):
                pair.append(_rin_span(record, layout, end))
            else:
                pair.append(mentions[_index(rel, key, len(mentions))])
        (head, before), (tail, after) = pair
        record.add_triple(head, label, tail, f"{before} | {label} | {after}")
    return record


def _rin_span(record: Record, layout: _Layout, item: Any) -> tuple[Mention | None, str]:
    start, end = _get(item, "start", int), _get(item, "end", int)
    span = _range(start, end, layout.size, "start, end")
    label = _get(item, "label", str, "") or None
    return record.mention(layout.at(*span), label), layout.text(*span)


def _copymtl(words: dict[int, str], labels: dict[int, str], row: Any, source: str) -> Record:
    ids, flat = row
    if not isinstance(ids, list) or not ids or any(type(i) is not int for i in ids):
        raise _wrong("the sentence", "a list of word ids", ids)
    if not isinstance(flat, list) or len(flat) % 3:
        raise _wrong("the triples", "a flat list [head, tail, relation, ...]", flat)
    if unknown := [i for i in ids if i not in words]:
        raise _wrong("word id", f"one of {WORD_IDS}", unknown[0])
    sentence = [_unescape(words[i]) for i in ids]
    record = Record(sentence, source=source)
    for first, second, relation in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        head, tail = (Mention(*_range(i, None, len(ids), "word index")) for i in (first, second))
        label = labels.get(_check(relation, "relation id", int))
        if label != NO_RELATION:
            example = _example(sentence, head, label or f"relation {relation}", tail)
            record.add_triple(head, label, tail, example)
    return record


# Where each format's rows come from, and which parser takes them


def _plain(parse: Parse) -> Callable[[Path, str], tuple[Iterator[Row], Parse]]:
    return lambda path, lang: (_rows(path), parse)


def _open_rin(path: Path, lang: str) -> tuple[Iterator[Row], Parse]:
    return _rows(path), partial(_rin, lang)


def _open_casrel(path: Path, lang: str) -> tuple[Iterator[Row], Parse]:
    # One decision for the whole file: record by record, a file would get mixed tokens.
    rows = _rows(path)
    first = list(islice(rows, PEEK))
    texts = [row["text"] for _, row in first if isinstance(row, dict) and "text" in row]
    split = _is_tokenised([text for text in texts if isinstance(text, str)])
    layout_of = _split if split else partial(_tokenise, lang)
    return chain(first, rows), partial(_casrel, layout_of)


def _open_copymtl(path: Path, lang: str) -> tuple[Iterator[Row], Parse]:
    words, labels = (_ids(path.parent / name) for name in (WORD_IDS, RELATION_IDS))
    return _pairs(path), partial(_copymtl, words, labels)


def _ids(path: Path) -> dict[int, str]:
    with _open(path) as handle:
        stream = _JsonStream(handle, path)
        ids = stream.value() if stream.peek() == "{" else None
    if not ids or not all(type(i) is int and key for key, i in ids.items()):
        raise ValueError(Errors.R107.format(path=path))
    return {i: key for key, i in ids.items()}


FORMATS: dict[str, Callable[[Path, str], tuple[Iterator[Row], Parse]]] = {
    "jointer": _plain(_jointer),
    "copymtl": _open_copymtl,
    "copyre": _plain(_copyre),
    "casrel": _open_casrel,
    "spert": _plain(_spert),
    "prodigy": _plain(_prodigy),
    "rin": _open_rin,
}


# Where mentions stand in the words


class _Layout:
    """Words, and where a mention stands in them; offsets are those of words."""

    def __init__(self, words: list[str], spaces: list[bool] | None = None) -> None:
        self.words = words
        self.spaces = spaces
        self.size = len(words)

    def find(self, text: str, nth: int = 1) -> Span | None:
        return _find(self.words, text.split(), nth)

    def at(self, start: int, end: int) -> Span | None:
        return start, end

    def text(self, start: int, end: int) -> str:
        return " ".join(self.words[start:end])


class _EscapedLayout(_Layout):
    """The same for words, and mentions, with Penn Treebank escapes."""

    def find(self, text: str, nth: int = 1) -> Span | None:
        return _find(self.words, [_unescape(word) for word in text.split()], nth)


class _TextLayout(_Layout):
    """The same for a text; offsets are those of characters, and must be those of words too."""

    def __init__(self, doc: Doc) -> None:
        super().__init__([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        self.raw = doc.text
        self.size = len(doc.text)
        self.starts = {token.idx: token.i for token in doc}
        self.ends = {token.idx + len(token): token.i + 1 for token in doc}

    def find(self, text: str, nth: int = 1) -> Span | None:
        hits = (self.at(*match.span()) for match in re.finditer(re.escape(text), self.raw))
        return next(islice(filter(None, hits), nth - 1, None), None)

    def at(self, start: int, end: int) -> Span | None:
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def text(self, start: int, end: int) -> str:
        return self.raw[start:end]


def _split(text: str) -> _Layout:
    return _EscapedLayout([_unescape(word) for word in text.split()])


def _tokenise(lang: str, text: str) -> _Layout:
    return _TextLayout(_tokenizer(lang)(text))


@lru_cache(maxsize=4)
def _tokenizer(lang: str) -> Callable[[str], Doc]:
    try:
        get_lang_class(lang)
    except ImportError as err:
        raise ValueError(Errors.R108.format(lang=lang)) from err
    return spacy.blank(lang).tokenizer


def _is_tokenised(texts: Sequence[str]) -> bool:
    # Commas and the last mark of a sentence stand alone in tokenised text, and never in other text.
    alone = glued = 0
    for words in filter(None, map(str.split, texts)):
        marks = [word for word in words if word.endswith(",")]
        marks += [words[-1]] * words[-1].endswith((".", "?", "!"))
        alone += sum(len(mark) == 1 for mark in marks)
        glued += sum(len(mark) > 1 for mark in marks)
    return alone > glued


def _find(words: Sequence[str], mention: Sequence[str], nth: int = 1) -> Span | None:
    for fold in (list, _fold):
        here, wanted = fold(words), fold(mention)
        size = len(wanted)
        starts = (i for i in range(len(here)) if size and here[i : i + size] == wanted)
        start = next(islice(starts, nth - 1, None), None)
        if start is not None:
            return start, start + size
    return None


def _fold(words: Sequence[str]) -> list[str]:
    parts = (unicodedata.normalize("NFKD", word) for word in words)
    return ["".join(char for char in part if not unicodedata.combining(char)) for part in parts]


def _unescape(word: str) -> str:
    if word in ("``", "''"):
        return '"'
    return ESCAPED.sub(lambda match: ESCAPES.get(match[1], match[2]), word)


def _example(words: Sequence[str], head: Mention, label: str, tail: Mention) -> str:
    before, after = (" ".join(words[mention.start : mention.end]) for mention in (head, tail))
    return f"{before} | {label} | {after}"


# Checks of what a record holds; each says what was expected and found


class _MalformedError(ValueError):
    pass


class _RejectedError(ValueError):
    pass


def _wrong(name: str, expected: str, found: Any) -> _MalformedError:
    return _MalformedError(Errors.R110.format(name=name, expected=expected, found=_show(found)))


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check(value: Any, name: str, kind: type[T]) -> T:
    # A boolean is an int to Python, but no offset.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(name, KINDS.get(kind, kind.__name__), value)
    return value


def _get(row: Any, name: str, kind: type[T], default: T | None = None) -> T:
    if not isinstance(row, dict):
        raise _wrong("the record, or a part of it", "an object", row)
    value = row.get(name)
    if value is not None:
        return _check(value, name, kind)
    if default is None:
        raise _MalformedError(Errors.R109.format(name=name, found=", ".join(row) or "no fields"))
    return default


def _string(value: Any, name: str, blank: bool = False) -> str:
    text = _check(value, name, str)
    if not (text if blank else text.strip()) or SURROGATE.search(text):
        raise _wrong(name, "text that is not empty and has no lone surrogates", text)
    return text


def _list(row: Any, name: str, kind: type[T], size: int | None = None) -> list[T]:
    values = [_check(value, name, kind) for value in _get(row, name, list)]
    if size is not None and len(values) != size:
        raise _wrong(name, f"one for each of {size} tokens", f"{len(values)} of them")
    return values


def _words(row: Any, name: str, escaped: bool = True) -> list[str]:
    words = [_string(word, name, blank=True) for word in _get(row, name, list)]
    if not words:
        raise _wrong(name, "at least one token", words)
    return [_unescape(word) for word in words] if escaped else words


def _tags(row: Any, name: str, words: list[str]) -> list[str] | None:
    if row.get(name) is None:
        return None
    return [_string(tag, name) for tag in _list(row, name, str, len(words))]


def _range(start: Any, end: Any, size: int, name: str) -> Span:
    start = _check(start, name, int)
    end = start + 1 if end is None else _check(end, name, int)
    if not 0 <= start < end <= size:
        raise _wrong(name, f"start < end within 0 to {size}", f"{start}, {end}")
    return start, end


def _index(row: Any, name: str, size: int) -> int:
    return _range(_get(row, name, int), None, size, name)[0]


# JSON, read as it comes


def _rows(path: Path) -> Iterator[Row]:
    with _open(path) as handle:
        stream = _JsonStream(handle, path)
        if stream.peek() == "[":
            for line, number, value in stream.items():
                yield f"{path}:{line} (record {number})", value
            stream.end()
            return
        handle.seek(0)
        for line, text in enumerate(handle, 1):
            if text.strip():
                yield f"{path}:{line}", _loads(text)


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as err:
        return _MalformedError(Errors.R111.format(reason=err))


def _pairs(path: Path) -> Iterator[Row]:
    # Two arrays one after the other, walked side by side: nothing of the first is kept.
    with _open(path) as one, _open(path) as two:
        first, second = _JsonStream(one, path), _JsonStream(two, path)
        # The second reader goes ahead to the second array.
        first.expect("[")
        second.expect("[")
        sentences = sum(1 for _ in second.items())
        second.expect(",")
        for one_item, other_item in zip_longest(first.items(), second.items()):
            if not one_item or not other_item:
                raise ValueError(Errors.R112.format(path=path, sentences=sentences))
            line, number, flat = other_item
            yield f"{path}:{line} (record {number})", (one_item[2], flat)
        second.expect("]")
        second.end()


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig") as handle:
            yield handle
    except UnicodeDecodeError as err:
        byte = f"0x{err.object[err.start]:02x}"
        raise ValueError(Errors.R100.format(path=path, reason=f"not UTF-8, byte {byte}")) from err
    except OSError as err:
        raise ValueError(Errors.R100.format(path=path, reason=err.strerror)) from err


class _JsonStream:
    """JSON values of a file, one after the other; holds the text of one at a time."""

    def __init__(self, handle: TextIO, path: Path) -> None:
        self.handle, self.path = handle, path
        self.text, self.pos, self.line, self.number = "", 0, 1, 0
        self.decoder = json.JSONDecoder()
        if not self.peek():
            raise ValueError(Errors.R101.format(path=path))

    def items(self) -> Iterator[tuple[int, int, Any]]:
        """YIELDS (tuple[int, int, Any]): Line, number from 1 and value of each item of a list."""
        self.expect("[")
        self.number = 0
        while self.number or not self.skip("]"):
            self.number += 1
            self.peek()
            line = self.line
            yield line, self.number, self.value()
            if self.skip("]"):
                return
            self.expect(",")

    def peek(self) -> str:
        """RETURNS (str): The next character that is no whitespace; "" at the end of the file."""
        while True:
            found = NOT_WHITESPACE.search(self.text, self.pos)
            self._advance(found.start() if found else len(self.text))
            if self.pos < len(self.text) or not self._fill():
                return self.text[self.pos : self.pos + 1]

    def skip(self, char: str) -> bool:
        """RETURNS (bool): Whether the next character was this one, which is now passed."""
        found = self.peek() == char
        self._advance(self.pos + found)
        return found

    def expect(self, char: str) -> None:
        if not self.skip(char):
            raise self._broken(f"expected {char!r}, found {self.peek() or 'the end'!r}")

    def end(self) -> None:
        if self.peek():
            raise self._broken("something follows its end")

    def value(self) -> Any:
        """RETURNS (Any): The next value, whole."""
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.pos)
            except json.JSONDecodeError as err:
                # An error far from the end of what was read is not for want of more.
                cut = err.msg.startswith("Unterminated") or err.pos > len(self.text) - 16
                if not cut or len(self.text) - self.pos > MAX_RECORD or not self._fill():
                    raise self._broken(err.msg) from err
            except (ValueError, RecursionError) as err:
                raise self._broken(str(err)) from err
            else:
                # A number that ends where the text read so far ends may go on.
                if self.text[end : end + 3].strip(".eE+-") or not self._fill():
                    self._advance(end)
                    return value

    def _fill(self) -> bool:
        rest = self.text[self.pos :]
        more = self.handle.read(max(CHUNK, len(rest)))
        self.text, self.pos = rest + more, 0
        return bool(more)

    def _advance(self, pos: int) -> None:
        self.line += self.text.count("\n", self.pos, pos)
        self.pos = pos

    def _broken(self, reason: str) -> ValueError:
        return ValueError(
            Errors.R105.format(path=self.path, line=self.line, record=self.number, reason=reason)
        )
