"""Gold that cannot be learned, or scored, is warned of before training."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from toy import as_example, blank, gold_doc, gold_docs, gold_examples, rin_of, write_corpus

from spacy_rin import Relation, set_relations


def characters(nlp: Language, text: str) -> Example:
    """Gold whose tokens are letters, as of a tokenizer of Chinese, and Docs of words."""
    reference = Doc(nlp.vocab, words=list(text), spaces=[False] * len(text))
    head, tail = Span(reference, 0, 1, "PER"), Span(reference, 2, 4, "LOC")
    reference.ents = [head, tail]
    set_relations(reference, [Relation(head, "in", tail)])
    return Example(nlp.make_doc(text), reference)


def test_gold_of_another_tokenizer_is_warned_of() -> None:
    nlp = blank()
    examples = [characters(nlp, text) for text in ("abcdef", "ghijkl", "mnopqr")]
    with pytest.warns(UserWarning, match="Only 0 of 6 gold .*now 'en'.*--lang en") as found:
        nlp.initialize(lambda: examples)
    assert len(found) == 1 and "'a' in the tokens ['abcdef']" in str(found[0].message)


@pytest.mark.parametrize(("wrong", "is_said"), [(0, False), (3, False), (9, True)])
def test_warning_starts_at_a_share_of_the_gold(wrong: int, is_said: bool) -> None:
    nlp = blank()
    examples = gold_examples(nlp)
    mentions = sum(len(eg.reference.ents) for eg in examples)
    examples += [characters(nlp, "abcdef")] * wrong
    assert (2 * wrong >= 0.1 * (mentions + 2 * wrong)) is is_said
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        nlp.initialize(lambda: examples)
    assert bool(found) is is_said


def test_misaligned_relation_ends_count_too() -> None:
    """No entity is there, and the ends of the relation lie inside a token."""
    nlp = blank()
    examples = [characters(nlp, text) for text in ("abcdef", "ghijkl")]
    for eg in examples:
        eg.reference.ents = [Span(eg.reference, 4, 6, "X")]
    with pytest.warns(UserWarning, match="Only 0 of 6 gold"):
        nlp.initialize(lambda: examples)


def test_tokens_that_differ_elsewhere_do_not_matter() -> None:
    nlp = blank()
    gold = gold_doc(nlp.vocab, "P was born in L .", [("P", "born_in", "L")])
    words = ["Ada", "Lovelace", "w", "as", "born", "in", "London", "."]
    spaces = [True, True, False, True, True, True, True, False]
    eg = Example(Doc(nlp.vocab, words=words, spaces=spaces), gold)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.initialize(lambda: [eg])


def with_dev(path: Path | None) -> Language:
    """A pipeline whose config has a dev set."""
    nlp = blank()
    config = nlp.config
    config["paths"]["dev"] = str(path) if path else None
    nlp.config = config
    return nlp


def initialize(nlp: Language) -> None:
    nlp.initialize(lambda: gold_examples(nlp))


def without_relations(doc: Doc) -> Doc:
    set_relations(doc, [])
    return doc


def with_other_labels(doc: Doc) -> Doc:
    set_relations(doc, [Relation(r.head, "other", r.tail) for r in doc._.relations])
    return doc


def test_empty_dev_set_is_warned_of(tmp_path: Path) -> None:
    nlp = with_dev(write_corpus(tmp_path / "dev.spacy", []))
    with pytest.warns(UserWarning, match=r"dev set of \[paths.dev\] has no texts"):
        initialize(nlp)


def test_dev_set_without_relations_is_warned_of(tmp_path: Path) -> None:
    docs = [without_relations(doc) for doc in gold_docs(blank().vocab)]
    nlp = with_dev(write_corpus(tmp_path / "dev.spacy", docs))
    with pytest.warns(UserWarning, match="has no relations, so"):
        initialize(nlp)


def test_dev_set_of_other_labels_is_warned_of(tmp_path: Path) -> None:
    docs = [with_other_labels(doc) for doc in gold_docs(blank().vocab)]
    nlp = with_dev(write_corpus(tmp_path / "dev.spacy", docs))
    with pytest.warns(UserWarning, match=r"no relation of train: its labels are \['other'\]"):
        initialize(nlp)


@pytest.mark.parametrize("name", ["dev.spacy", "gone.spacy", None])
def test_other_dev_sets_are_not(tmp_path: Path, name: str | None) -> None:
    write_corpus(tmp_path / "dev.spacy", gold_docs(blank().vocab))
    nlp = with_dev(tmp_path / name if name else None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        initialize(nlp)


def test_labels_with_outer_spaces_are_warned_of() -> None:
    nlp = blank()
    docs = [with_other_labels(doc) for doc in gold_docs(nlp.vocab)[:2]]
    for doc in docs:
        set_relations(doc, [Relation(r.head, " other", r.tail) for r in doc._.relations])
    examples = [*gold_examples(nlp), *(as_example(nlp, doc) for doc in docs)]
    with pytest.warns(UserWarning, match="start or end with a space: ' other'"):
        nlp.initialize(lambda: examples)
    assert " other" in rin_of(nlp).labels
