"""The demo corpus: what `make_demo_corpus.py` promises of its records, on a small one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

from scripts.data.make_demo_corpus import MAX_TOKENS, MIN_TOKENS, make_corpus, write_corpus
from scripts.data.modules import demo_templates as templates
from scripts.data.modules.demo_composer import FILLER, SLOT

Record = dict[str, Any]

SIZES = {"train": 600, "dev": 80, "test": 150}


@pytest.fixture(scope="module")
def corpus() -> dict[str, list[Record]]:
    return make_corpus(0, SIZES)


@pytest.fixture(scope="module")
def records(corpus: dict[str, list[Record]]) -> list[Record]:
    return [record for split in SIZES for record in corpus[split]]


def text_of(record: Record) -> str:
    pairs = zip(record["tokens"], record["spaces"], strict=True)
    return "".join(token + " " * space for token, space in pairs)


def spans_of(record: Record) -> list[tuple[int, int]]:
    return [(entity["start"], entity["end"]) for entity in record["entities"]]


def triples_of(record: Record) -> list[tuple[str, str, str]]:
    names = [" ".join(record["tokens"][start:end]) for start, end in spans_of(record)]
    return [(names[r["head"]], r["label"], names[r["tail"]]) for r in record["relations"]]


def overlap_classes(record: Record) -> Counter[str]:
    """Count the classes of a record's triples; all but Normal may hold at once."""
    spans = spans_of(record)
    pairs = [(r["head"], r["tail"]) for r in record["relations"]]
    classes: Counter[str] = Counter()
    for nth, (head, tail) in enumerate(pairs):
        others = pairs[:nth] + pairs[nth + 1 :]
        found = {
            "SOO": spans[head][0] < spans[tail][1] and spans[tail][0] < spans[head][1],
            "EPO": (head, tail) in others,
            "SEO": any(pair != (head, tail) and {*pair} & {head, tail} for pair in others),
        }
        classes.update([name for name, holds in found.items() if holds] or ["Normal"])
    return classes


def test_same_seed_same_corpus() -> None:
    sizes = {"train": 15, "test": 5}
    assert make_corpus(3, sizes) == make_corpus(3, sizes)
    assert make_corpus(3, sizes) != make_corpus(4, sizes)


def test_files_are_complete(tmp_path: Path) -> None:
    write_corpus(tmp_path / "out", make_corpus(0, {"train": 5, "dev": 2, "test": 2}))
    lines = {path.name: len(path.read_text().splitlines()) for path in (tmp_path / "out").iterdir()}
    assert lines == {"train.jsonl": 5, "dev.jsonl": 2, "test.jsonl": 2, "texts.jsonl": 7}


def test_sizes(corpus: dict[str, list[Record]]) -> None:
    assert {split: len(corpus[split]) for split in SIZES} == SIZES
    assert len(corpus["texts"]) == 7


def test_tokens_are_those_of_spacy(records: list[Record]) -> None:
    nlp = spacy.blank("en")
    for record in records:
        doc = nlp.make_doc(text_of(record))
        assert [token.text for token in doc] == record["tokens"]
        assert [bool(token.whitespace_) for token in doc] == record["spaces"]
        assert len(record["tags"]) == len(doc)
        assert MIN_TOKENS <= len(doc) <= MAX_TOKENS


def test_every_word_of_the_templates_has_a_tag() -> None:
    tables = [templates.PREDICATES, templates.APPOSITIONS, templates.HEADS, templates.PARTICIPLES]
    phrases = [phrase for table in tables for rows in table.values() for phrase, _ in rows]
    phrases += [phrase for phrase, _ in templates.WHOLES]
    phrases += [*templates.LEADS, *templates.LEAD_TIMES, *templates.DOCUMENT]
    phrases += [phrase for fillers in templates.FILLERS.values() for phrase in fillers]
    words = {word for phrase in phrases for word in phrase.split()} - {"{S}"}
    plain = {w for w in words if not SLOT.fullmatch(w) and not FILLER.fullmatch(w)}
    forms = {form for word in plain if "/" not in word for form in word.split("|")}
    assert not {form for form in forms if form.lower() not in templates.LEXICON}


def test_every_phrase_binds_the_names_of_its_triples() -> None:
    tables = [templates.PREDICATES, templates.APPOSITIONS, templates.HEADS, templates.PARTICIPLES]
    rows = [row for table in tables for rows in table.values() for row in rows] + templates.WHOLES
    for phrase, stated in rows:
        slots = {word.strip("{+}") for word in phrase.split() if SLOT.fullmatch(word)} | {"S"}
        for triple in filter(None, stated.split("; ")):
            head, _, tail = triple.split()
            assert {head, tail} <= slots, phrase


def test_entities_and_relations_are_in_range(records: list[Record]) -> None:
    for record in records:
        spans = spans_of(record)
        assert spans == sorted(spans)
        assert len(set(spans)) == len(spans)
        assert all(0 <= start < end < len(record["tokens"]) for start, end in spans)
        names = [" ".join(record["tokens"][start:end]) for start, end in spans]
        assert len(set(names)) == len(names)
        for relation in record["relations"]:
            assert relation["head"] != relation["tail"]
            assert {relation["head"], relation["tail"]} <= set(range(len(spans)))
        assert len(set(triples_of(record))) == len(record["relations"])


def test_a_spouse_named_first_is_the_head(records: list[Record]) -> None:
    married = [r for record in records for r in record["relations"] if r["label"] == "married_to"]
    assert married
    assert all(relation["head"] < relation["tail"] for relation in married)


def test_words_of_names_are_proper_nouns(records: list[Record]) -> None:
    for record in records:
        for start, end in spans_of(record):
            pairs = zip(record["tokens"][start:end], record["tags"][start:end], strict=True)
            assert {word for word, tag in pairs if tag != "NNP"} <= {"of", "the", "from", "&", "-"}


def test_every_overlap_class_is_there(records: list[Record]) -> None:
    classes = sum((overlap_classes(record) for record in records), Counter[str]())
    n_triples = sum(len(record["relations"]) for record in records)
    assert min(classes[name] for name in ("Normal", "SEO", "EPO", "SOO")) > 0
    assert classes["SOO"] <= 0.02 * n_triples


def test_share_without_triples(corpus: dict[str, list[Record]]) -> None:
    for split in SIZES:
        empty = [record for record in corpus[split] if not record["relations"]]
        assert 0.15 <= len(empty) / len(corpus[split]) <= 0.20
        assert all(record["entities"] for record in empty)


def test_test_is_mostly_unseen(corpus: dict[str, list[Record]]) -> None:
    seen = {triple for record in corpus["train"] for triple in triples_of(record)}
    test = {triple for record in corpus["test"] for triple in triples_of(record)}
    assert 0.5 <= len(test - seen) / len(test) < 1
    train_texts = {text_of(record) for record in corpus["train"]}
    assert not train_texts & {text_of(record) for record in corpus["dev"] + corpus["test"]}


def test_half_of_the_names_are_unseen(corpus: dict[str, list[Record]]) -> None:
    names = {
        split: {
            " ".join(record["tokens"][start:end])
            for record in corpus[split]
            for start, end in spans_of(record)
        }
        for split in SIZES
    }
    for split in ("dev", "test"):
        assert len(names[split] - names["train"]) >= 0.5 * len(names[split])
    for item in corpus["texts"]:
        assert not [name for name in names["train"] if " " in name and name in item["text"]]


def test_labels_of_dev_and_test_are_in_train(corpus: dict[str, list[Record]]) -> None:
    for key in ("relations", "entities"):
        labels = {
            split: {item["label"] for record in corpus[split] for item in record[key]}
            for split in SIZES
        }
        assert labels["dev"] | labels["test"] <= labels["train"]
    assert 6 <= len({r["label"] for record in corpus["train"] for r in record["relations"]}) <= 10


def test_facts_agree(records: list[Record]) -> None:
    birthplaces: dict[str, str] = {}
    for record in records:
        for head, label, tail in triples_of(record):
            if label == "born_in":
                assert birthplaces.setdefault(head, tail) == tail


def test_a_record_is_one_sentence(corpus: dict[str, list[Record]], records: list[Record]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")

    def count(text: str) -> int:
        doc: Doc = nlp(text)
        return sum(1 for _ in doc.sents)

    assert all(count(text_of(record)) == 1 for record in records)
    assert all(record["tokens"][-1] == "." for record in records)
    assert [count(item["text"]) for item in corpus["texts"]] == [1] * 6 + [6]
