"""`Record`s → gold Docs in DocBin files (`.spacy`), and a report of what was kept and dropped.

This step lies between `readers` and spaCy's own Corpus. Overlap loses no gold: the relations hold
every triple with its true spans, nested or not. `doc.ents` holds as many mentions as flat entities
can, the longest where they overlap.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

from spacy.tokens import Doc, DocBin, Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from ..errors import Errors, check_least
from ..files import check_output, refuse_source, replacing, unchanged, write_json
from ..relations import Relation, set_relations
from .limits import MAX_LENGTH, MAX_RUN
from .readers import ENTITY, Dropped, Mention, Reason, Record, detect_format, read_records
from .readers.overlaps import find_overlaps
from .sentences import Splitter, split_records
from .tell_apart import tell_from

UNPLACED = "spacy_rin.unplaced"  # in doc.user_data, beside the relations
# What gold Docs store. Heads and sentence starts are omitted: any stored value would mark them as
# annotated.
ATTRS = ("ORTH", "TAG", "ENT_IOB", "ENT_TYPE")
SHARD = re.compile(r"\d{5}\.spacy")
MOST_EXAMPLES = 5
REASONS = {
    Reason.MENTION_NOT_FOUND: "left out: is not in the words; its triple counts as a miss",
    Reason.NESTED_MENTION: "kept, but a mention is not in doc.ents: it overlaps another "
    "(training with nested = true finds some of these), or is no entity",
    Reason.DUPLICATE: "left out: the record has the same triple already",
    Reason.UNKNOWN_LABEL: "left out: the relation has no name; its triple counts as a miss",
    Reason.MALFORMED: "left out: the record is not of this form",
    Reason.REJECTED: "left out: the annotator did not accept the record",
    Reason.UNALIGNED: "left out: its offsets fit no words; its triple counts as a miss, and its "
    "words are masked",
    Reason.DISCONTINUOUS: "left out: a mention of several parts; its triple counts as a miss, and "
    "its words are masked",
    Reason.ACROSS_SENTENCES: "left out: its ends are in two sentences; it counts as a miss",
    Reason.OTHER_ANNOTATION: "left out: another annotation of the same record was taken",
    Reason.NOT_READ: "left out: an event, which is no relation of two mentions",
    Reason.TRIMMED: "kept, without the whitespace around it",
    Reason.EXPANDED: "kept, with the rest of a word that it cuts",
    Reason.REPEATED: "kept once: the entity was listed again",
    Reason.SECOND_LABEL: "kept in relations alone: doc.ents has another label of the same words",
    Reason.OVERLAPPING: "not in doc.ents: the entity overlaps another",
    Reason.INSIDE_ANOTHER: "kept: it lies inside another mention, and the same words stand "
    "elsewhere outside of mentions",
    Reason.TOO_LONG: "left out: the record has more characters than max_length",
    Reason.IN_ANOTHER_SET: "left out: a text of the other set has the same words",
    Reason.RUN_TOO_LONG: "left out: the record has a run of more than max_run punctuation marks",
}

Kind = TypeVar("Kind")
Kept = TypeVar("Kept")


@dataclass
class Report:
    """What a conversion kept, and what it did not.

    docs (int): Docs written.
    entities (int): Entities in doc.ents of all Docs.
    triples (int): Triples in the relations of all Docs.
    unplaced (int): Gold triples that are in no Doc. The evaluation counts them as misses.
    longest (int): Number of words of the longest Doc.
    longest_source (str): The "file:line" of the longest Doc.
    dropped (Counter[Reason]): How often each reason applied (`REASONS` explains them).
    noted (Counter[Reason]): The same, of what was kept in another way than it was given.
    examples (dict[Reason, list[Dropped]]): The first few of each reason.
    most_examples (int): How many examples of each reason are kept.
    entity_labels (Counter[str]): Entities by label.
    relation_labels (Counter[str]): Triples by label.
    """

    docs: int = 0
    entities: int = 0
    triples: int = 0
    unplaced: int = 0
    longest: int = 0
    longest_source: str = ""
    dropped: Counter[Reason] = field(default_factory=Counter)
    noted: Counter[Reason] = field(default_factory=Counter)
    examples: dict[Reason, list[Dropped]] = field(default_factory=dict)
    entity_labels: Counter[str] = field(default_factory=Counter)
    relation_labels: Counter[str] = field(default_factory=Counter)
    most_examples: int = MOST_EXAMPLES

    def add(self, record: Record, doc: Doc) -> None:
        """Count a record and the Doc made of it.

        record (Record): The record.
        doc (Doc): The Doc that `make_doc` made of it.
        """
        self.docs += 1
        self.entities += len(doc.ents)
        self.triples += len(record.triples)
        self.unplaced += record.unplaced
        if len(doc) > self.longest:
            self.longest, self.longest_source = len(doc), record.source
        self.entity_labels.update(ent.label_ for ent in doc.ents)
        self.relation_labels.update(triple.label for triple in record.triples)
        flat = {(ent.start, ent.end) for ent in doc.ents}
        for dropped in record.dropped:
            self.drop(dropped)
        ents = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        for (reason, _), example in chain(record.notes.items(), find_overlaps(record, ents)):
            self._tally(self.noted, Dropped(reason, example, record.source))
        for head, label, tail in record.triples:
            if not flat >= {head[:2], tail[:2]}:
                head_text, tail_text = (
                    doc[mention.start : mention.end].text for mention in (head, tail)
                )
                example = f"{head_text} | {label} | {tail_text}"
                self.drop(Dropped(Reason.NESTED_MENTION, example, record.source))

    def drop(self, dropped: Dropped) -> None:
        """Count something that was left out, or that doc.ents does not hold.

        dropped (Dropped): What it was, and why.
        """
        self._tally(self.dropped, dropped)

    def _tally(self, counts: Counter[Reason], dropped: Dropped) -> None:
        tally(counts, self.examples, dropped.reason, dropped, self.most_examples)

    def _explain(self, counts: Counter[Reason]) -> dict[str, Any]:
        return {
            reason.value: {
                "count": count,
                "meaning": REASONS[reason],
                "examples": [
                    {"text": found.example, "source": found.source}
                    for found in self.examples[reason]
                ],
            }
            for reason, count in counts.most_common()
        }

    def as_dict(self) -> dict[str, Any]:
        """Make the report ready for JSON.

        RETURNS (dict): Its counts. Reasons and labels are sorted, the most frequent first.
        """
        return {
            "docs": self.docs,
            "entities": self.entities,
            "triples": self.triples,
            "unplaced_triples": self.unplaced,
            "longest": {"words": self.longest, "source": self.longest_source},
            "dropped": self._explain(self.dropped),
            "noted": self._explain(self.noted),
            "labels": {
                "entities": dict(self.entity_labels.most_common()),
                "relations": dict(self.relation_labels.most_common()),
            },
        }


def tally(
    counts: Counter[Kind],
    examples: dict[Kind, list[Kept]],
    kind: Kind,
    example: Kept,
    most: int = MOST_EXAMPLES,
) -> None:
    """Count one more of a kind, and keep the example if it is among the first.

    counts (Counter): How often each kind occurred.
    examples (dict): The first few of each kind.
    kind (Kind): The kind.
    example (Kept): What is kept.
    most (int): How many are kept.
    """
    counts[kind] += 1
    first = examples.setdefault(kind, [])
    if len(first) < most:
        first.append(example)


def make_doc(record: Record, vocab: Vocab, untyped: bool = False) -> Doc:
    """Make a gold Doc of a record.

    Tokens in no entity are marked as outside, unless the record masks them. Of two labels of the
    same words, doc.ents has the one that more triples have. Relations are set even if there are
    none, since that is gold, too. If triples are missing, `doc.user_data[UNPLACED]` is their
    number. Unknown spaces stay unknown; then spaCy's Corpus keeps the words as tokens.

    record (Record): The sentence.
    vocab (Vocab): Any vocabulary.
    untyped (bool): Whether all entities get the label ENTITY.
    RETURNS (Doc): The gold Doc.
    """
    doc = Doc(vocab, words=record.words, spaces=record.spaces, tags=record.tags)

    def span(mention: Mention) -> Span:
        return Span(doc, mention.start, mention.end, label=ENTITY if untyped else mention.label)

    used = Counter(end for head, _, tail in record.triples for end in (head, tail))
    mentions = [mention for mention, _ in used.most_common()] + record.entities
    entities = (mention for mention in mentions if mention[:2] not in record.ends)
    ents = filter_spans(map(span, entities))
    free = {i for words in record.masked for i in range(*words)}
    free -= {i for ent in ents for i in range(ent.start, ent.end)}
    doc.set_ents(ents, missing=[doc[i : i + 1] for i in sorted(free)], default="outside")
    set_relations(
        doc, (Relation(span(head), label, span(tail)) for head, label, tail in record.triples)
    )
    if record.unplaced:
        doc.user_data[UNPLACED] = record.unplaced
    return doc


def convert(
    input: Any,
    output: str | Path,
    *,
    format: str = "auto",
    lang: str = "en",
    untyped: bool = False,
    strict: bool = False,
    mentions: str = "free",
    alignment: str = "expand",
    sentences: str | None = None,
    max_length: int = MAX_LENGTH,
    max_run: int = MAX_RUN,
    start: int = 0,
    limit: int = 0,
    without: str | Path | None = None,
    shard_size: int = 5000,
    report_path: str | Path | None = None,
    report_all: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Turn raw files into DocBin files. Nothing has its final name before everything is written.

    input (Any): A file or folder, or a list of them, read one after the other. Or rows in memory: a
        list of dicts as a file would hold them, or a data frame.
    output (str | Path): A name that ends with .spacy is a single file, for which all Docs are held
        in memory. Any other is a directory of shards (00000.spacy, ...), held one at a time.
    format (str): One of `readers.FORMATS`, or "auto" to recognise it.
    lang (str): Language whose tokenizer splits raw text.
    untyped (bool): Whether all entities get the label ENTITY.
    strict (bool): Whether a malformed record is an error; otherwise it is counted and left out.
    mentions (str): Where a mention stands that is given as text: "free" for its first occurrence
        that no other mention covers, "first" for its first occurrence, as is usual in the field.
    alignment (str): What becomes of offsets that fit no words: "expand" to trim outer whitespace
        and take whole words, "strict" to leave the mention out.
    sentences (str | None): "sentencizer", or a pipeline that splits sentences: each becomes a Doc.
    max_length (int): Characters of the longest record that is read.
    max_run (int): Characters of the longest run of punctuation marks. A tokenizer takes a time for
        it that grows with its square.
    start (int): Number of records to skip, including malformed ones.
    limit (int): Number of records to read, including malformed ones; 0 for all.
    without (str | Path | None): A .spacy file, or a directory of them, such as the test set.
        Records with the words of one of its texts, in any case, are left out.
    shard_size (int): Number of Docs in a shard.
    report_path (str | Path | None): Where to write the report as JSON.
    report_all (bool): Whether the report lists all that was dropped, not the first of each kind.
    progress (Callable[[int], None] | None): Called after each record with the number read so far.
    RETURNS (Report): What was kept, and what was not.
    RAISES (ValueError): If a setting or file is wrong, or no record could be used.
    """
    paths, rows = _sources(input)
    output = Path(output).resolve()
    report_path = Path(report_path).resolve() if report_path else None
    for name, value, least in (
        ("max_length", max_length, 1),
        ("max_run", max_run, 1),
        ("start", start, 0),
        ("limit", limit, 0),
        ("shard_size", shard_size, 1),
    ):
        check_least(name, value, least)
    read = [*paths, *([Path(without)] if without else [])]
    _check_output(read, output, report_path)
    splitter = Splitter(sentences, lang) if sentences else None
    settings: dict[str, Any] = {"lang": lang, "mentions": mentions, "alignment": alignment}
    settings |= {"max_length": max_length, "max_run": max_run}
    sources: list[Any] = [*paths] or [rows]
    records = chain.from_iterable(
        read_records(source, format, strict=strict, **settings) for source in sources
    )
    report = Report(most_examples=sys.maxsize if report_all else MOST_EXAMPLES)
    kept = _count(islice(records, start, start + limit if limit else None), report, progress)
    if splitter:
        kept = split_records(kept, splitter)
    if without:
        kept = _count(tell_from(kept, without), report, None)
    with replacing(output) as temporary, unchanged(*read):
        if output.suffix == ".spacy":
            _write_shard(temporary, kept, report, untyped)
        else:
            _write_shards(temporary, kept, report, untyped, shard_size)
        if not report.docs:
            names = ", ".join(map(str, paths)) or "the rows"
            found = _describe_dropped(report) + _other_format(paths, format)
            raise ValueError(Errors.R120.format(paths=names, found=found))
    if report_path:
        write_json(report_path, report.as_dict())
    return report


def _count(
    records: Iterator[Record | Dropped], report: Report, progress: Callable[[int], None] | None
) -> Iterator[Record]:
    """Pass on the records that are used, and count those that are not."""
    for number, record in enumerate(records, 1):
        if isinstance(record, Record):
            yield record
        else:
            report.drop(record)
        if progress:
            progress(number)


def _write_shards(
    path: Path, records: Iterator[Record], report: Report, untyped: bool, size: int
) -> None:
    """Write a directory of DocBin files, `size` Docs in each."""
    path.mkdir()
    for number, first in enumerate(records):
        shard = chain([first], islice(records, size - 1))
        _write_shard(path / f"{number:05}.spacy", shard, report, untyped)


def _write_shard(path: Path, records: Iterator[Record], report: Report, untyped: bool) -> None:
    # Each shard has a vocabulary of its own. A single one would grow with the number of words.
    vocab = Vocab()
    shard = DocBin(attrs=ATTRS, store_user_data=True)
    for record in records:
        doc = make_doc(record, vocab, untyped)
        report.add(record, doc)
        shard.add(doc)
    shard.to_disk(path)


def _check_output(paths: Sequence[Path], output: Path, report_path: Path | None) -> None:
    """Refuse an output that would overwrite what was not written by a conversion."""
    refuse_source(output, *paths)
    wrong = None
    if output.suffix == ".spacy" and output.is_dir():
        wrong = "it is a directory; for a directory of shards give a name without .spacy"
    elif output.suffix != ".spacy" and output.exists() and not output.is_dir():
        wrong = "it is a file; for a single file give a name that ends with .spacy"
    elif output.is_dir() and not all(SHARD.fullmatch(path.name) for path in output.iterdir()):
        wrong = "it would be replaced, but has files that are not shards; give another one"
    if wrong:
        raise ValueError(Errors.R121.format(path=output, reason=wrong))
    if report_path:
        check_output(report_path, *paths)
        if output in (report_path, *report_path.parents):
            wrong = "it is the output, or lies inside it; give another name"
            raise ValueError(Errors.R121.format(path=report_path, reason=wrong))


def _sources(input: Any) -> tuple[list[Path], list[Any]]:
    """Tell paths from rows in memory. A data frame has its rows as dicts."""
    if isinstance(input, str | Path):
        return [Path(input)], []
    rows = list(input.to_dict("records") if hasattr(input, "to_dict") else input)
    if not rows:
        raise ValueError(Errors.R122)
    if all(isinstance(row, str | Path) for row in rows):
        return [Path(row) for row in rows], []
    return [], rows


def _other_format(paths: Sequence[Path], format: str) -> str:
    """Advise to read a file in its own form, where another one was given."""
    for path in paths:
        try:
            name = detect_format(path)
        except ValueError:
            continue
        if format not in ("auto", name):
            return f". It looks like {name}: read it with --format {name}"
    return ""


def _describe_dropped(report: Report) -> str:
    """Describe what was dropped: the number for each reason, and its first example."""
    counts = [f"{count} {reason.value}" for reason, count in report.dropped.items()]
    firsts = [f"{each[0].source}: {each[0].example}" for each in report.examples.values()]
    return "; ".join(counts + firsts) or "none between start and limit"
