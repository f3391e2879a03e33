"""A trained pipeline at work: batches, threads, processes, Docs after prediction, long texts."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import run_python
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.vocab import Vocab
from thinc.api import Adam
from toy import (
    ENTITY_LABELS,
    RELATION_LABELS,
    as_example,
    assert_same,
    blank,
    entities,
    gold_examples,
    initialised,
    rin_of,
    scores,
    texts,
    trained,
    triple_texts,
    triples,
)

from spacy_rin import Relation, get_relations, has_relations, set_relations

pytestmark = pytest.mark.training

TEXTS = texts()
ENDING_IN_A_STOP = [text for text in TEXTS if text.endswith(".")]
SOME_WORDS = ["Ada", "Lovelace", "was", "born", "in", "London", ",", "."]
SHORT = ["", " ", "London", "?", "\n"]


@pytest.fixture(scope="module")
def nlp() -> Language:
    return trained()


@pytest.fixture(scope="module")
def splitting() -> Language:
    """The same pipeline with a sentence splitter."""
    nlp = trained()
    nlp.add_pipe("sentencizer", first=True)
    return nlp


@pytest.fixture(scope="module")
def windows() -> Language:
    """The same pipeline, for a test that sets its `max_length`."""
    return trained()


@pytest.fixture(scope="module")
def alone(nlp: Language) -> dict[str, Doc]:
    """The Doc of each text, read alone."""
    return {text: nlp(text) for text in TEXTS}


def assert_as_alone(doc: Doc, start: int, alone: Doc) -> None:
    """Check that a part of a Doc has the entities and triples of its text read alone.

    The part starts at the character `start` and is as long as the text of `alone`.
    """
    end = start + len(alone.text)
    assert [(a - start, b - start, c) for a, b, c in entities(doc) if start <= a < end] == (
        entities(alone)
    )
    found = [
        ((h[0] - start, h[1] - start), label, (t[0] - start, t[1] - start))
        for h, label, t in triples(doc)
        if start <= h[0] < end
    ]
    assert found == triples(alone)


# -- batches, threads, processes -------------------------------------------------------------------


@settings(max_examples=20)
@given(
    batch=st.lists(st.sampled_from([*TEXTS, *SHORT]), max_size=20),
    batch_size=st.sampled_from([1, 3, 64]),
)
def test_pipe_equals_one_at_a_time_in_the_same_order(
    nlp: Language, batch: list[str], batch_size: int
) -> None:
    found = list(nlp.pipe(batch, batch_size=batch_size))
    assert [doc.text for doc in found] == batch
    for doc in found:
        assert_same(doc, nlp(doc.text))


def test_pipe_of_all_texts_in_one_batch_equals_one_at_a_time(
    nlp: Language, alone: dict[str, Doc]
) -> None:
    many = TEXTS * 4
    for doc, text in zip(nlp.pipe(many, batch_size=len(many)), many, strict=True):
        assert_same(doc, alone[text])


def test_pipe_keeps_the_context_of_each_text(nlp: Language, alone: dict[str, Doc]) -> None:
    found = list(nlp.pipe([(text, k) for k, text in enumerate(TEXTS)], as_tuples=True))
    assert [k for _, k in found] == list(range(len(TEXTS)))
    assert_same(found[3][0], alone[TEXTS[3]])


def test_pipe_takes_a_stream(nlp: Language, alone: dict[str, Doc]) -> None:
    stream = nlp.pipe((text for text in TEXTS), batch_size=3)
    assert_same(next(stream), alone[TEXTS[0]])


@pytest.mark.parametrize("workers", [2, 4])
def test_threads_at_once_give_what_one_gives(
    nlp: Language, alone: dict[str, Doc], workers: int
) -> None:
    many = TEXTS * 10
    with ThreadPoolExecutor(workers) as pool:
        for doc, text in zip(pool.map(nlp, many), many, strict=True):
            assert_same(doc, alone[text])


def test_threads_that_each_run_a_pipe_give_what_one_gives(
    nlp: Language, alone: dict[str, Doc]
) -> None:
    def run(k: int) -> list[Doc]:
        return list(nlp.pipe(TEXTS * 3, batch_size=5 + k))

    with ThreadPoolExecutor(3) as pool:
        for docs in pool.map(run, range(6)):
            for doc in docs:
                assert_same(doc, alone[doc.text])


PROCESSES = """
import json, sys
import spacy, torch
torch.set_num_threads(2)
nlp = spacy.load(sys.argv[1])
texts = json.load(open(sys.argv[2]))
def rows(docs):
    return [
        [[r.text, round(r.score, 3)] for r in doc._.relations] + [e.text for e in doc.ents]
        for doc in docs
    ]
if __name__ == "__main__":
    one = rows(nlp.pipe(texts, batch_size=4))
    two = rows(nlp.pipe(texts, batch_size=4, n_process=2))
    print(json.dumps([len(one), one == two, sum(map(len, one))]))
"""


@pytest.mark.processes
def test_two_processes_after_a_prediction_end_and_give_what_one_gives(
    nlp: Language, tmp_path: Path
) -> None:
    nlp.to_disk(tmp_path / "model")
    (tmp_path / "texts.json").write_text(json.dumps(TEXTS * 2))
    (tmp_path / "script.py").write_text(PROCESSES)
    found = run_python(*(tmp_path / name for name in ("script.py", "model", "texts.json")))
    assert found.returncode == 0, found.stderr
    n, same, n_rows = json.loads(found.stdout)
    assert n == 2 * len(TEXTS) and same and n_rows > n


# -- Docs after prediction -------------------------------------------------------------------------


def test_exact_relations_are_between_entities_of_the_doc(alone: dict[str, Doc]) -> None:
    for doc in alone.values():
        ends = {(ent.start, ent.end, ent.label_) for ent in doc.ents}
        for r in get_relations(doc):
            assert {(r.head.start, r.head.end, r.head.label_)} <= ends
            assert {(r.tail.start, r.tail.end, r.tail.label_)} <= ends


@settings(max_examples=60)
@given(text=st.text(max_size=40) | st.lists(st.sampled_from(SOME_WORDS)).map(" ".join))
def test_any_text_is_normal_input(splitting: Language, text: str) -> None:
    doc = splitting(text)
    assert doc.text == text and has_relations(doc)
    assert {ent.label_ for ent in doc.ents} <= set(ENTITY_LABELS)
    assert {r.label for r in get_relations(doc)} <= set(RELATION_LABELS)


@pytest.mark.parametrize("text", TEXTS[:6])
def test_relations_survive_to_bytes(nlp: Language, alone: dict[str, Doc], text: str) -> None:
    assert_same(Doc(Vocab()).from_bytes(nlp(text).to_bytes()), alone[text])


def test_relations_survive_a_docbin_of_another_vocab(nlp: Language, alone: dict[str, Doc]) -> None:
    data = DocBin(docs=list(nlp.pipe(TEXTS)), store_user_data=True).to_bytes()
    found = list(DocBin().from_bytes(data).get_docs(Vocab()))
    assert len(found) == len(TEXTS)
    for doc in found:
        assert_same(doc, alone[doc.text])


def test_relations_survive_copy_and_pickle(nlp: Language) -> None:
    doc = nlp(TEXTS[3])
    assert_same(doc.copy(), doc)
    assert_same(pickle.loads(pickle.dumps(doc)), doc)


@pytest.mark.parametrize("text", TEXTS)
def test_relations_survive_merge_entities(nlp: Language, alone: dict[str, Doc], text: str) -> None:
    merged = nlp(text)
    n_words = len(merged)
    merged = spacy.blank("en").create_pipe("merge_entities")(merged)
    assert len(merged) < n_words or all(len(e) == 1 for e in alone[text].ents)
    assert_same(merged, alone[text])
    assert all(len(r.head) == len(r.tail) == 1 for r in get_relations(merged))


def test_component_reads_a_doc_whose_entities_were_merged() -> None:
    nlp = trained()
    nlp.add_pipe("merge_entities", first=True)
    doc = nlp.make_doc("Plato was born in London .")
    doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 4, 5, "LOC")]
    assert triple_texts(nlp(doc)) == {("Plato", "born_in", "London")}


def test_entities_of_an_entity_ruler_are_kept_and_related() -> None:
    nlp = trained()
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "CITY", "pattern": "London"}])  # type: ignore[attr-defined]
    doc = nlp("Plato was born in London .")
    assert [ent.label_ for ent in doc.ents] == ["PER", "CITY"]
    assert [r.tail.label_ for r in get_relations(doc)] == ["CITY"]


def test_disabled_component_writes_nothing(nlp: Language) -> None:
    with nlp.select_pipes(disable=["rin"]):
        assert not has_relations(nlp(TEXTS[0]))
    assert has_relations(nlp(TEXTS[0]))


# -- sentences -------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(sentences=st.lists(st.sampled_from(ENDING_IN_A_STOP), min_size=1, max_size=8))
def test_sentences_of_a_doc_are_read_as_they_are_alone(
    splitting: Language, alone: dict[str, Doc], sentences: list[str]
) -> None:
    doc = splitting(" ".join(sentences))
    start = 0
    for sentence in sentences:
        assert_as_alone(doc, start, alone[sentence])
        start += len(sentence) + 1


def test_probability_of_a_sentence_is_that_of_it_alone(
    splitting: Language, alone: dict[str, Doc]
) -> None:
    doc = splitting(" ".join(ENDING_IN_A_STOP))
    expected = [score for text in ENDING_IN_A_STOP for score in scores(alone[text])]
    np.testing.assert_allclose(scores(doc), expected, atol=1e-4)


def test_docs_with_and_without_sentences_share_a_batch(
    nlp: Language, splitting: Language, alone: dict[str, Doc]
) -> None:
    texts_in_sentences = [" ".join(ENDING_IN_A_STOP[:2]), "", ENDING_IN_A_STOP[2]]
    docs = [splitting.make_doc(text) for text in texts_in_sentences]
    docs = [splitting.get_pipe("sentencizer")(docs[0]), *docs[1:]]
    found = list(nlp.pipe(docs))
    assert_as_alone(found[0], 0, alone[ENDING_IN_A_STOP[0]])
    assert_as_alone(found[0], len(ENDING_IN_A_STOP[0]) + 1, alone[ENDING_IN_A_STOP[1]])
    assert_as_alone(found[2], 0, alone[ENDING_IN_A_STOP[2]])


def test_gold_of_several_sentences_is_trained_as_its_sentences_are() -> None:
    nlp = initialised()
    rin = rin_of(nlp)
    examples = gold_examples(nlp)[:2]
    golds = [eg.reference for eg in examples]
    gold = Doc.from_docs(golds, exclude=["user_data"])
    together = as_example(nlp, gold)
    relations, start = [], 0
    for doc in golds:
        for k in range(len(doc)):
            together.predicted[start + k].is_sent_start = k == 0
        for r in get_relations(doc):
            head, tail = (
                Span(gold, start + span.start, start + span.end, span.label_)
                for span in (r.head, r.tail)
            )
            relations.append(Relation(head, r.label, tail))
        start += len(doc)
    set_relations(gold, relations)
    expected = rin.update(examples)
    assert rin.update([together]) == pytest.approx(expected, rel=1e-4)


# -- long texts ------------------------------------------------------------------------------------

N_WORDS = 10_000
MIDDLE = "Ada Lovelace was born in London"


def long_words() -> list[str]:
    words = " ".join(ENDING_IN_A_STOP).split()
    return (words * (N_WORDS // len(words) + 1))[:N_WORDS]


def count_cells(nlp: Language, doc: Doc) -> int:
    """Cells of the relation tables that a Doc is read in: what time and memory grow with."""
    return sum(length**2 for length in rin_of(nlp)._batch([doc]).lengths)


def test_ten_thousand_words_without_sentence_starts(nlp: Language) -> None:
    doc = nlp(Doc(nlp.vocab, words=long_words()))
    # windows of which each word is in two; the whole table has 100,000,000 cells
    assert count_cells(nlp, doc) <= 2 * rin_of(nlp).cfg["max_length"] * N_WORDS
    assert len(doc) == N_WORDS and len(doc.ents) > 100


def test_ten_thousand_words_by_sentence(splitting: Language, alone: dict[str, Doc]) -> None:
    doc = splitting(Doc(splitting.vocab, words=long_words()))
    assert count_cells(splitting, doc) <= max(map(len, doc.sents)) * N_WORDS
    assert_as_alone(doc, 0, alone[ENDING_IN_A_STOP[0]])
    per_round = sum(len(get_relations(alone[text])) for text in ENDING_IN_A_STOP)
    rounds = N_WORDS // len(" ".join(ENDING_IN_A_STOP).split())
    assert len(get_relations(doc)) >= rounds * per_round


@settings(max_examples=30)
@given(before=st.integers(0, 90), after=st.integers(0, 90), max_length=st.integers(16, 24))
def test_triple_is_found_wherever_it_is_in_a_long_unit(
    windows: Language, before: int, after: int, max_length: int
) -> None:
    rin_of(windows).cfg["max_length"] = max_length
    words = ["um"] * before + MIDDLE.split() + ["um"] * after
    doc = windows(Doc(windows.vocab, words=words))
    assert [(e.start, e.end, e.label_) for e in doc.ents] == [
        (before, before + 2, "PER"),
        (before + 5, before + 6, "LOC"),
    ]
    assert triple_texts(doc) == {("Ada Lovelace", "born_in", "London")}
    assert len(get_relations(doc)) == 1


def test_unit_as_long_as_a_window_is_read_as_without_windows(
    nlp: Language, alone: dict[str, Doc]
) -> None:
    text = TEXTS[3]
    nlp = trained(max_length=len(nlp.make_doc(text)))
    assert_same(nlp(text), alone[text])


@pytest.mark.parametrize("max_length", [0, 1, 2, 3, 7, 1000])
def test_any_window_length_works(alone: dict[str, Doc], max_length: int) -> None:
    nlp = trained(max_length=max_length)
    for text in TEXTS[:6]:
        assert len(nlp(text)) == len(alone[text])
        assert scores_are_probabilities(nlp(text))


def scores_are_probabilities(doc: Doc) -> bool:
    return all(0 <= score <= 1 for score in scores(doc))


def test_training_on_units_longer_than_a_window_lowers_the_loss() -> None:
    nlp = blank(max_length=5)
    examples = gold_examples(nlp)[:8]
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01, L2=0.0, grad_clip=0.0)
    losses = [nlp.update(examples, sgd=optimizer, losses={})["rin"] for _ in range(20)]
    assert losses[-1] < losses[0] / 2
