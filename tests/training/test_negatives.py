"""Texts that are added to train: they state no relation, and are made of what train has."""

from __future__ import annotations

import json
import pickle
import random
import warnings
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from paths import ROOT
from spacy.cli.train import train
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example
from spacy.util import load_config, registry
from toy import RELATION_LABELS, as_example, gold_docs, rin_of, write_corpus

from spacy_rin import Relation, get_relations, has_relations, set_relations
from spacy_rin.arrays.targets import validate_gold
from spacy_rin.training import negatives
from spacy_rin.training.augment import Augmenter
from spacy_rin.training.negatives import join_halves, replace_ends
from spacy_rin.training.templates import Template, read_templates

NLP = spacy.blank("en")
EXAMPLES = [as_example(NLP, doc) for doc in gold_docs(NLP.vocab)]
OFF = {"halves_level": 0.0, "replaced_level": 0.0, "texts_level": 0.0, "templates_level": 0.0}
LABELS = ("PER", "LOC", "ORG", "DATE")


def make(**settings: Any) -> Augmenter:
    """The augmenter with all kinds off but those that are given."""
    found: Augmenter = registry.resolve(
        {"augmenter": {"@augmenters": "spacy-rin.negatives.v1", **OFF, **settings}}
    )["augmenter"]
    return found


def run(augmenter: Augmenter, examples: list[Example]) -> list[Example]:
    """Check that every Example stays, in order, and return the Examples that are added."""
    found = [eg for example in examples for eg in augmenter(NLP, example)]
    assert [eg for eg in found if eg in examples] == examples
    return [eg for eg in found if eg not in examples]


def described(examples: list[Example]) -> list[Any]:
    return [
        (eg.text, [token.text for token in eg.predicted], [str(ent) for ent in eg.reference.ents])
        for eg in examples
    ]


@st.composite
def gold(draw: Callable[..., Any]) -> Doc:
    """A gold Doc of up to 12 words: entities of one to three, and triples between some of them."""
    length = draw(st.integers(2, 12))
    words = [f"w{draw(st.integers(0, 30))}" for _ in range(length)]
    spaces = draw(st.lists(st.booleans(), min_size=length, max_size=length))
    doc = Doc(NLP.vocab, words=words, spaces=spaces, tags=[f"T{word}" for word in words])
    spans, start = list[Span](), 0
    while start < length:
        size = draw(st.integers(1, 3))
        if draw(st.booleans()) and start + size <= length:
            spans.append(Span(doc, start, start + size, draw(st.sampled_from(LABELS))))
            start += size
        else:
            start += 1
    doc.ents = spans
    pairs = (
        draw(st.sets(st.sampled_from([*combinations(range(len(spans)), 2)])))
        if (len(spans) > 1)
        else set()
    )
    set_relations(doc, [Relation(spans[h], "r", spans[t]) for h, t in pairs])
    return doc


def types(doc: Doc) -> list[Counter[str]]:
    return [Counter((r.head.label_, r.tail.label_)) for r in get_relations(doc)]


def check_negative(doc: Doc, sources: list[Doc]) -> None:
    """No relation is left, and every word and entity is one of the sources', with its tag."""
    assert has_relations(doc) and not get_relations(doc)
    assert all(token.tag_ == f"T{token.text}" for token in doc)
    assert {token.text for token in doc} <= {token.text for source in sources for token in source}
    known = {
        (ent.label_, tuple(token.text for token in ent))
        for source in sources
        for ent in source.ents
    }
    assert {(ent.label_, tuple(token.text for token in ent)) for ent in doc.ents} <= known
    assert all(token.ent_iob_ in ("B", "I", "O") for token in doc)


@given(gold(), st.lists(gold(), max_size=3), st.integers(0, 100))
def test_joined_halves_have_no_pair_of_types_of_a_triple(
    doc: Doc, others: list[Doc], seed: int
) -> None:
    random.seed(seed)
    joined = join_halves(doc, others)
    if joined is None:
        return
    check_negative(joined, [doc, *others])
    found = Counter(ent.label_ for ent in joined.ents)
    fitting = [
        other
        for other in others
        for end in range(1, len(doc))
        for start in range(1, len(other))
        if [t.text for t in (*doc[:end], *other[start:])] == [t.text for t in joined]
        and not any(pair <= found for pair in types(doc) + types(other))
        and len(doc[:end].ents) + len(other[start:].ents) == len(joined.ents)
        and doc[:end].ents
        and other[start:].ents
    ]
    assert fitting


@given(gold(), st.lists(gold(), max_size=3), st.integers(0, 100))
def test_replaced_ends_are_of_types_that_are_not_related(
    doc: Doc, others: list[Doc], seed: int
) -> None:
    random.seed(seed)
    related = {frozenset(pair) for source in (doc, *others) for pair in types(source)}
    made = replace_ends(doc, others, related)
    if made is None:
        return
    check_negative(made, [doc, *others])
    assert len(made.ents) == len(doc.ents)  # each stays, or another stands in its place
    kept = [
        old.label_ == new.label_ and [t.text for t in old] == [t.text for t in new]
        for old, new in zip(doc.ents, made.ents, strict=True)
    ]
    place = {ent.start: k for k, ent in enumerate(doc.ents)}
    for relation in get_relations(doc):
        ends = place[relation.head.start], place[relation.tail.start]
        assert not all(kept[k] for k in ends)
        assert frozenset(made.ents[k].label_ for k in ends) not in related
    outside = [[t.text for t in d if not t.ent_type_] for d in (doc, made)]
    assert outside[0] == outside[1]


def test_each_kind_is_made_of_the_toy_texts(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("{head} left {tail} .", encoding="utf8")
    (tmp_path / "own.txt").write_text("Plato sleeps .", encoding="utf8")
    files = {"texts": str(tmp_path / "own.txt"), "templates": str(tmp_path / "t.txt")}
    random.seed(0)
    for kind in OFF:
        added = run(make(**{kind: 1.0}, **files), EXAMPLES * 2)
        assert added, kind
        assert [*validate_gold(added)] == added
        assert all(not get_relations(eg.reference) for eg in added)
        assert all(not eg.predicted.ents for eg in added)
    assert len(added) >= 2 * len(EXAMPLES) - 2  # templates, of nearly every text


def test_a_level_is_the_share_of_texts(tmp_path: Path) -> None:
    random.seed(0)
    added = run(make(replaced_level=0.3), EXAMPLES * 10)
    possible = run(make(replaced_level=1.0), EXAMPLES * 10)
    assert 0.2 * len(possible) < len(added) < 0.4 * len(possible)


def test_the_same_seed_makes_the_same_texts() -> None:
    made = []
    for seed in (1, 1, 2):
        random.seed(seed)
        made.append(described(run(make(halves_level=0.5, replaced_level=0.5), EXAMPLES * 2)))
    assert made[0] == made[1] != made[2]


def test_what_is_off_draws_nothing() -> None:
    before = random.getstate()
    assert run(make(), EXAMPLES) == []
    # without files there are neither texts nor templates
    assert run(make(texts_level=1.0, templates_level=1.0), EXAMPLES) == []
    assert random.getstate() == before


def test_a_pickled_augmenter_goes_on_as_the_first() -> None:
    first = make(halves_level=0.5, replaced_level=0.5)
    random.seed(0)
    run(first, EXAMPLES)
    second = pickle.loads(pickle.dumps(first))
    made = []
    for augmenter in (first, second):
        random.seed(1)
        made.append(described(run(augmenter, EXAMPLES)))
    assert made[0] == made[1] and made[0]


def test_untyped_data_has_no_negatives_of_types() -> None:
    docs = gold_docs(NLP.vocab)
    for doc in docs:
        spans = {(r.start, r.end) for r in doc.ents}
        relations = get_relations(doc)
        doc.ents = [Span(doc, *bounds, "ENTITY") for bounds in sorted(spans)]
        plain = {(e.start, e.end): e for e in doc.ents}
        ends = [
            (plain[r.head.start, r.head.end], plain[r.tail.start, r.tail.end]) for r in relations
        ]
        set_relations(
            doc, [Relation(h, r.label, t) for (h, t), r in zip(ends, relations, strict=True)]
        )
    related = [as_example(NLP, doc) for doc in docs if get_relations(doc)]
    random.seed(0)
    assert run(make(halves_level=1.0, replaced_level=1.0), related * 2) == []


def test_a_name_that_comes_twice_is_not_replaced() -> None:
    doc = Doc(
        NLP.vocab, words=["Ann", "Lee", "slept", ".", "Lee", "was", "born", "in", "Rome", "."]
    )
    ann, lee, rome = (Span(doc, *b) for b in ((0, 2, "PER"), (4, 5, "PER"), (8, 9, "LOC")))
    doc.ents = [ann, lee, rome]
    set_relations(doc, [Relation(lee, "born_in", rome)])
    other = Doc(NLP.vocab, words=["1999", "now"])
    other.ents = [Span(other, 0, 1, "DATE")]
    for seed in range(10):
        random.seed(seed)
        made = replace_ends(doc, [other], {frozenset(("PER", "LOC"))})
        assert made is not None and made.text.endswith("Lee was born in 1999 .")


def test_tokens_are_those_of_the_tokenizer_where_train_has_its_tokens() -> None:
    reference = gold_docs(NLP.vocab)[0]
    words = [*reference.text]  # a word for each letter
    spelled = Doc(NLP.vocab, words=words, spaces=[False] * len(words))
    relations = get_relations(reference)
    spans = [spelled.char_span(e.start_char, e.end_char, e.label_) for e in reference.ents]
    spelled.ents = spans
    set_relations(spelled, [Relation(spans[0], r.label, spans[1]) for r in relations])
    example = Example(NLP.make_doc(spelled.text), spelled)
    dates = Doc(NLP.vocab, words=["1999", "now"])
    dates.ents = [Span(dates, 0, 1, "DATE")]
    set_relations(dates, [])
    added = run(make(replaced_level=1.0), [as_example(NLP, dates), example])
    (made,) = added
    assert [t.text for t in made.predicted] == [t.text for t in NLP.make_doc(made.text)]


def test_templates_are_filled_with_ends_and_entities() -> None:
    docs = [eg.reference for eg in EXAMPLES]
    known = {
        (r.head.text, r.tail.text) for d in docs for r in get_relations(d) if r.label == "based_in"
    }
    for seed in range(20):
        random.seed(seed)
        doc = Template("{head} is not in {tail}.", "based_in").fill(NLP, docs)
        assert doc is not None
        head, tail = doc.ents
        assert (head.text, tail.text) in known and (head.label_, tail.label_) == ("ORG", "LOC")
        assert doc.text == f"{head.text} is not in {tail.text}." and not get_relations(doc)
        doc = Template("Neither {PER} nor {PER}").fill(NLP, docs)
        assert doc is not None
        assert len({ent.text for ent in doc.ents}) == 2 and {e.label_ for e in doc.ents} == {"PER"}
        assert doc[0].ent_iob_ == "O"
    assert Template("{DATE} is not {PER}.").fill(NLP, docs) is None
    assert Template("{head} and {tail}", "no_such_label").fill(NLP, docs) is None


def test_template_with_an_unknown_label_is_warned_of_once(tmp_path: Path) -> None:
    rows = [
        {"text": "{head} did not see {tail}.", "relation": "no_such"},
        {"text": "{PRE} left {LOC}."},
        {"text": "{head} of {ORG}", "relation": "based_in"},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf8")
    augmenter = make(templates_level=1.0, templates=str(path))
    run(augmenter, EXAMPLES[:2])  # before the labels are known
    nlp = spacy.blank("en")
    rin = nlp.add_pipe("rin")
    for label in RELATION_LABELS:
        rin.add_label(label)
    for label in LABELS:
        rin.add_label(label, "entity")
    examples = [as_example(nlp, doc) for doc in gold_docs(nlp.vocab)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for example in examples:
            list(augmenter(nlp, example))
    said = [str(warning.message) for warning in caught if "can't be filled" in str(warning.message)]
    assert [text.rpartition("no such label: ")[2].split(".")[0] for text in said] == [
        "no_such",
        "PRE",
    ]


@pytest.mark.parametrize("name", ["t.txt", "t.jsonl"])
def test_templates_are_read_line_by_line(tmp_path: Path, name: str) -> None:
    texts = ["{head} is not {tail}.", "{PER} sleeps."]
    lines = [json.dumps({"text": text}) for text in texts] if name == "t.jsonl" else texts
    (tmp_path / name).write_text("\n".join(lines) + "\n\n", encoding="utf8")
    assert read_templates(tmp_path / name) == [Template(text) for text in texts]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("no.txt", None, "There is no file"),
        ("t.txt", "", "holds no template"),
        ("t.txt", "{PER} sleeps.\nno slot", "record 2: expected a template"),
        ("t.txt", "{PER sleeps.", "expected a template"),
        ("t.txt", "{head}, {head} and {tail}", "expected a template"),
        ("t.jsonl", '{"text": 3}', "record 1: expected a template"),
        ("t.jsonl", '{"text": ', "Can't read"),
    ],
)
def test_what_is_no_template_is_said(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=message):
        make(templates=str(tmp_path / name))


@pytest.mark.parametrize("level", OFF)
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_level_out_of_range_is_an_error(level: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"`{level}` of rin takes"):
        make(**{level: value})


def test_own_texts_are_looked_for_before_training(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        make(texts=str(tmp_path / "no.txt"), texts_level=0.5)


def test_texts_of_train_without_a_relation_keep_their_entities(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "train.spacy", gold_docs(NLP.vocab))
    augmenter = make(texts=str(path), texts_level=1.0)
    examples = [*Corpus(path)(NLP)]
    added = run(augmenter, examples)
    silent = {eg.text: len(eg.reference.ents) for eg in examples if not get_relations(eg.reference)}
    assert len(added) == len(examples) and {eg.text for eg in added} <= silent.keys()
    assert all(len(eg.reference.ents) == silent[eg.text] for eg in added)


def test_the_pool_of_earlier_texts_does_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(negatives, "POOL", 3)
    augmenter = make(halves_level=0.5)
    run(augmenter, EXAMPLES)
    assert len(augmenter.pool) == 3  # type: ignore[attr-defined]


@pytest.mark.training
def test_spacy_trains_with_it(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "train.spacy", gold_docs(NLP.vocab))
    settings = {
        "paths.train": str(path),
        "paths.dev": str(path),
        "paths.history": str(tmp_path / "history.jsonl"),
        "components.rin.model.hidden_width": 16,
        "training.max_epochs": 1,
        "training.eval_frequency": 100,
        "training.logger.logger1.progress_bar": False,
    }
    config = load_config(ROOT / "configs" / "own.cfg", settings)
    config["corpora"]["train"]["augmenter"] = {
        "@augmenters": "spacy-rin.negatives.v1",
        "halves_level": 1.0,
        "replaced_level": 1.0,
    }
    config.to_disk(tmp_path / "mine.cfg")
    train(tmp_path / "mine.cfg", tmp_path / "out")
    rin = rin_of(spacy.load(tmp_path / "out" / "model-last"))
    assert set(rin.labels) == set(RELATION_LABELS)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_another_augmenter_changes_the_texts_before(level: float) -> None:
    """With no level of its own it is that augmenter alone."""
    gold = Doc(NLP.vocab, words=["A", "well-read", "man."])
    set_relations(gold, [])
    other = {"@augmenters": "spacy-rin.retokenize.v1", "level": 1.0}
    first, *_ = make(replaced_level=level, augmenter=other)(NLP, as_example(NLP, gold))
    assert [token.text for token in first.predicted] == ["A", "well", "-", "read", "man", "."]
    assert [token.text for token in first.reference] == [token.text for token in first.predicted]
