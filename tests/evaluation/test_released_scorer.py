"""The scores of the authors' code against a count over the dense table."""

from __future__ import annotations

import numpy as np
import pytest
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from toy import as_example, gold_docs, gold_examples, trained

from spacy_rin import get_relations
from spacy_rin.arrays.batch import make_batch
from spacy_rin.arrays.tags import MASKED, TagSet
from spacy_rin.component import find_rin
from spacy_rin.evaluation.released_scorer import _tagged_right, score_authors


@pytest.fixture(scope="module")
def nlp() -> Language:
    return trained()


def predicted(nlp: Language) -> list[Example]:
    examples = gold_examples(nlp)
    for eg in examples:
        eg.predicted = nlp(eg.predicted)
    return examples


@pytest.mark.training
def test_authors_scores_equal_a_count_over_the_dense_table(nlp: Language) -> None:
    examples = predicted(nlp)
    rin = find_rin(nlp)
    counts = np.zeros(4)  # right under partial match, under exact match, predicted, gold
    for eg in examples:
        batch = make_batch([eg.predicted], unit="doc")
        if not batch.windows:
            continue
        scores = rin.model.predict(batch)
        n = len(eg.predicted)
        tags = [scores_to_name(rin.entity_labels, t) for t in scores.tags().argmax(1)]
        gold_tags = iob_to_bioes(eg.reference)
        rows, cols, labels, _ = scores.all_cells_over(rin.cfg["threshold"])
        table = np.zeros((n, n, len(rin.labels)), dtype=bool)
        table[rows, cols, labels] = True
        gold = np.zeros_like(table)
        right_entity = np.zeros(n, dtype=bool)
        for ent in eg.reference.ents:
            span = slice(ent.start, ent.end)
            right_entity[ent.end - 1] = [t[0] for t in tags[span]] == gold_tags[span]
        for r in get_relations(eg.reference):
            gold[r.head.end - 1, r.tail.end - 1, rin.labels.index(r.label)] = True
        right = table & gold
        both = right_entity[:, None] & right_entity[None, :] & ~np.eye(n, dtype=bool)
        counts += right.sum(), (right & both[:, :, None]).sum(), table.sum(), gold.sum()
    found = score_authors(rin, examples)
    partial, exact, n_predicted, n_gold = counts
    assert partial > 0
    assert found["authors_partial_p"] == pytest.approx(partial / n_predicted)
    assert found["authors_partial_r"] == pytest.approx(partial / n_gold)
    assert found["authors_exact_p"] == pytest.approx(exact / n_predicted)
    assert found["authors_exact_r"] == pytest.approx(exact / n_gold)


def scores_to_name(entity_labels: tuple[str, ...], tag: int) -> str:
    names = ["O", *(f"{p}-{label}" for label in entity_labels for p in "BIES")]
    return names[tag]


def iob_to_bioes(doc: Doc) -> list[str]:
    tags = ["O"] * len(doc)
    for ent in doc.ents:
        tags[ent.start : ent.end] = ["B", *"I" * (len(ent) - 2), "E"] if len(ent) > 1 else ["S"]
    return tags


@pytest.mark.training
def test_gold_label_outside_the_model_is_a_miss(nlp: Language) -> None:
    examples = predicted(nlp)
    before = score_authors(find_rin(nlp), examples)
    gold = gold_docs(nlp.vocab)[0]
    for row in gold.user_data["spacy_rin.relations"]:
        row[3] = "never_seen"
    extra = as_example(nlp, gold)
    extra.predicted = nlp(extra.predicted)
    after = score_authors(find_rin(nlp), [*examples, extra])
    assert after["authors_partial_r"] < before["authors_partial_r"]


def test_masked_gold_is_no_entity_for_the_authors() -> None:
    tag_set = TagSet(["X"])
    single = tag_set.names.index("S-X")  # the last tag, where a negative number would point
    gold, found = np.array([single, MASKED]), np.array([single, single])
    prefixes = tag_set.prefixes_by_layer[:, found]
    right = _tagged_right(tag_set, gold, prefixes, np.array([0, 2]), [2], "last")
    assert right.tolist() == [True, False]
