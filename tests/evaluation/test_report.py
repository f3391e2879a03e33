"""The report of `spacy-rin evaluate`: each figure against a count made another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc, Span
from toy import PATTERNS, gold_docs, gold_examples, texts, trained, write_corpus

from spacy_rin import Relation, get_relations, set_relations
from spacy_rin.component import find_rin
from spacy_rin.corpus.convert import UNPLACED
from spacy_rin.evaluation.report import STEPS, evaluate, score_joined

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def nlp() -> Language:
    return trained()


def test_report_has_every_section(nlp: Language, tmp_path: Path) -> None:
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    steps: list[str] = []
    result = evaluate(nlp, test, test, test, progress=steps.append)
    assert tuple(steps) == STEPS
    tables = {"by_overlap", "by_triples", "by_seen", "by_frequency", "by_threshold", "per_type"}
    tables.add("by_label")
    others = {"scores", "missed", "wrong", "joined", "speed", "among_others", "invented"}
    others.add("reliability")
    assert set(result) == tables | others
    assert result["speed"]["words"] == sum(len(nlp.make_doc(text)) for text in texts())
    for name in ("ents", "rel", "rel_strict", "rel_partial", "rel_text", "authors_exact"):
        assert isinstance(result["scores"][f"{name}_f"], float)
    n_triples = sum(len(get_relations(doc)) for doc in gold_docs(nlp.vocab))
    assert sum(row["triples"] for row in result["by_triples"].values()) == n_triples
    assert result["by_seen"]["seen"]["triples"] == n_triples
    assert result["by_seen"]["unseen"]["triples"] == 0
    assert result["joined"]["4"]["triples"] == n_triples


def test_neighbours_in_the_file_are_not_joined(
    nlp: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    joined: list[list[str]] = []
    monkeypatch.setattr(
        "spacy_rin.evaluation.report.score_joined",
        lambda nlp, docs, size: joined.append([doc.text for doc in docs]),
    )
    evaluate(nlp, test)
    evaluate(nlp, test)
    assert all(order == joined[0] for order in joined)
    assert joined[0] != texts() and sorted(joined[0]) == sorted(texts())


def test_scores_are_those_of_the_component(nlp: Language, tmp_path: Path) -> None:
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    expected = nlp.evaluate(gold_examples(nlp))
    found = evaluate(nlp, test)["scores"]
    assert found["rel_f"] == expected["rel_f"] > 0.5
    assert found["ents_f"] == expected["ents_f"]


def test_unseen_triples_are_told_apart(nlp: Language, tmp_path: Path) -> None:
    docs = gold_docs(nlp.vocab)
    first, rest = docs[: len(PATTERNS)], docs[len(PATTERNS) :]
    train, test = (
        write_corpus(tmp_path / "train.spacy", first),
        write_corpus(tmp_path / "test.spacy", rest),
    )
    seen_text = {r.text for doc in first for r in get_relations(doc)}
    expected = sum(r.text in seen_text for doc in rest for r in get_relations(doc))
    result = evaluate(nlp, test, train)["by_seen"]
    assert result["seen"]["triples"] == expected
    assert result["unseen"]["triples"] > 0


def test_unplaced_triples_count_as_misses(nlp: Language, tmp_path: Path) -> None:
    docs = gold_docs(nlp.vocab)
    n_triples = sum(len(get_relations(doc)) for doc in docs)
    docs[0].user_data[UNPLACED] = n_triples
    scores = evaluate(nlp, write_corpus(tmp_path / "test.spacy", docs))["scores"]
    assert scores["rel_with_unplaced_r"] == pytest.approx(scores["rel_r"] / 2)
    assert scores["rel_with_unplaced_p"] == scores["rel_p"]


def test_gold_records_are_read_as_one_unit(nlp: Language, tmp_path: Path) -> None:
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab))
    expected = evaluate(nlp, test)["scores"]
    split = trained()
    split.add_pipe("sentencizer", first=True, config={"punct_chars": [",", "in"]})
    assert evaluate(split, test)["scores"] == expected
    assert find_rin(split).cfg["unit"] == "sentence"


class Oracle:
    """A pipeline that finds every gold triple of joined texts; it counts in tokens."""

    def __init__(self, docs: Sequence[Doc], size: int) -> None:
        self.groups = [docs[k : k + size] for k in range(0, len(docs), size)]

    def pipe(self, texts: list[str]) -> Iterator[Doc]:
        for text, group in zip(texts, self.groups, strict=True):
            joined = Doc(group[0].vocab, words=[t.text for doc in group for t in doc])
            assert joined.text.strip() == text
            relations, shift = [], 0
            for doc in group:
                for r in get_relations(doc):
                    head, tail = (
                        Span(joined, span.start + shift, span.end + shift)
                        for span in (r.head, r.tail)
                    )
                    relations.append(Relation(head, r.label, tail))
                shift += len(doc)
            set_relations(joined, relations)
            yield joined


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_joined_texts_shift_gold_offsets(nlp: Language, size: int) -> None:
    docs = gold_docs(nlp.vocab)
    scores = score_joined(Oracle(docs, size), docs, size)  # type: ignore[arg-type]
    assert scores["rel_f"] == 1.0
    assert scores["triples"] == scores["predicted"] == sum(len(get_relations(d)) for d in docs)


def test_pipeline_without_rin_is_an_error() -> None:
    with pytest.raises(ValueError, match="rin"):
        find_rin(Language())


def test_joined_text_may_start_with_a_space(nlp: Language) -> None:
    plain = gold_docs(nlp.vocab)[:2]
    spaced = Doc(
        nlp.vocab, words=[" ", *(t.text for t in plain[0])], spaces=[False, *[True] * len(plain[0])]
    )
    relations = [
        Relation(
            Span(spaced, r.head.start + 1, r.head.end + 1, label=r.head.label_),
            r.label,
            Span(spaced, r.tail.start + 1, r.tail.end + 1, label=r.tail.label_),
        )
        for r in get_relations(plain[0])
    ]
    set_relations(spaced, relations)
    expected = score_joined(nlp, plain, 2)
    assert score_joined(nlp, [spaced, plain[1]], 2) == expected
    assert expected["rel_f"] > 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x.txt", "Expected a .spacy file.*found another file"),
        ("folder", "found no such file in it"),
        ("nothing", "found none"),
        ("empty.spacy", "holds no Docs"),
    ],
)
def test_what_is_no_corpus_is_said(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "x.txt").touch()
    (tmp_path / "folder").mkdir()
    write_corpus(tmp_path / "empty.spacy", [])
    with pytest.raises(ValueError, match=message):
        evaluate(trained(), tmp_path / name)
