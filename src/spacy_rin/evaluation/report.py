"""A trained pipeline and gold Docs → a report: scores in all and by class, kinds of errors, speed.

For most scores the model reads each gold record as one unit. Only `joined`, `speed`, `invented` and
the additional texts of `among_others` are raw text. The whole pipeline reads them, including its
tokenizer and its sentence splitter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from spacy.language import Language
from spacy.scorer import PRFScore, Scorer
from spacy.tokens import Doc
from spacy.training import Example

from ..component import RelationExtractor, find_rin
from ..corpus.convert import UNPLACED
from ..corpus.docbin import check_docs, describe_corpus, read_docs
from ..corpus.overlap import CLASSES, overlap_classes
from ..corpus.statistics import count_labels
from ..relations import Relation, char_bounds, get_relations
from ..scorer import exact_key, keys, prf, score_relations, text_key
from ..stores import adopt_relations
from .environment import describe_hardware, measure_speed, package_versions
from .error_analysis import (
    by_frequency,
    by_label,
    by_threshold,
    find_candidates,
    missed_kinds,
    score_among_others,
    wrong_kinds,
)
from .reading import as_relations, predict_examples, whole_units
from .released_scorer import score_authors
from .reliability import measure_reliability
from .silence import score_silence

# Numbers of records that are joined to one raw text.
JOINED = (1, 2, 4)
# What is done one after the other. `evaluate` calls its `progress` with each of these.
STEPS = (
    "scores",
    "the paper's counts",
    "scores by threshold",
    "texts without a relation",
    "several sentences in one text",
    "speed",
    "texts of other data",
    "triples of train",
)


def evaluate(
    nlp: Language,
    test: str | Path,
    train: str | Path | None = None,
    others: str | Path | None = None,
    silence: str | Path | None = None,
    component: str = "",
    progress: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:
    """Score a pipeline on gold Docs.

    The scores are of one rin component. Their names are those of `doc._.relations`, whatever the
    attribute of the component is.

    The test set is read seven times: for the scores, the authors' scores, the curve, the speed, and
    the three sizes of `joined`.

    nlp (Language): A trained pipeline with a rin component.
    test (str | Path): Gold Docs, .spacy.
    train (str | Path | None): The Docs it was trained on, for `by_seen` and `by_frequency`.
    others (str | Path | None): Docs of another data set, for `among_others`.
    silence (str | Path | None): Texts that state no relation, for the score `silence` in place of
        the package's own.
    component (str): Name of the component that is scored; empty for the first one.
    progress (Callable[[str], None]): Called with the name of each of STEPS, before it.
    RETURNS (dict): `scores` (flat), `by_overlap`, `by_triples`, `by_seen`, `by_frequency`,
        `by_label`, `by_threshold`, `reliability` of the scores, `missed`, `wrong`, `per_type`,
        `joined`, `speed`, `among_others`, and `invented`, what `silence` and `silence_negated`
        among the scores are computed from.
    RAISES (ValueError): If the pipeline has no rin component, if the test set is missing or empty,
        or if one of its Docs has no relations key.
    """
    rin = find_rin(nlp, component)
    check_docs(test)  # names a file that spaCy's Corpus would leave out, or fail at
    attribute = rin.cfg["attribute"]
    with as_relations(nlp, rin):
        return _evaluate(nlp, rin, attribute, test, train, others, silence, progress)


def _evaluate(
    nlp: Language,
    rin: RelationExtractor,
    attribute: str,
    test: str | Path,
    train: str | Path | None,
    others: str | Path | None,
    silence: str | Path | None,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Score a component whose relations are those of `doc._.relations`; gold has its attribute."""
    with whole_units(nlp, rin):
        progress("scores")
        examples = predict_examples(nlp, test, attribute)
        scores = Scorer(nlp).score(examples)
        progress("the paper's counts")
        authors = score_authors(rin, examples)
        progress("scores by threshold")
        candidates = find_candidates(rin, examples)
    flat = {name: value for name, value in scores.items() if _is_ours(name, value)}
    progress("texts without a relation")
    invented = score_silence(nlp, silence)
    # Shuffled, since neighbours in a file are often about the same things. There could be true
    # triples between them, which gold lacks.
    strangers = Random(0).sample([eg.reference for eg in examples], len(examples))
    progress("several sentences in one text")
    joined = {str(size): score_joined(nlp, strangers, size) for size in JOINED}
    progress("speed")
    speed = measure_speed(nlp, [eg.reference.text for eg in examples])
    progress("texts of other data")
    among_others = score_among_others(nlp, examples, read_docs(others)) if others else {}
    progress("triples of train")
    in_train = count_labels(_read_gold(train, attribute)).relations if train else None
    return {
        "scores": {
            **flat,
            **authors,
            **_with_unplaced(examples),
            **{name: row["per_1000"] for name, row in invented.items()},
        },
        "by_overlap": _by_class(examples, CLASSES, overlap_classes),
        "by_triples": _by_class(examples, ("0", "1", "2", "3", "4", ">=5"), _number_of_triples),
        "by_seen": by_seen(examples, _read_gold(train, attribute)) if train else {},
        "by_frequency": by_frequency(examples, in_train) if in_train is not None else {},
        "by_label": by_label(examples, in_train),
        "by_threshold": by_threshold(candidates),
        "reliability": measure_reliability(candidates),
        "missed": missed_kinds(examples),
        "wrong": wrong_kinds(examples),
        "per_type": scores["rel_per_type"],
        "joined": joined,
        "speed": speed,
        "among_others": among_others,
        "invented": invented,
    }


def make_record(
    nlp: Language,
    result: dict[str, Any],
    corpora: dict[str, Path],
    history: list[dict[str, Any]],
    component: str = "",
) -> dict[str, Any]:
    """Add to a report what is needed to trust and to repeat it.

    nlp (Language): The pipeline that was scored.
    result (dict): What `evaluate` returned.
    corpora (dict): The paths of train, dev and test, as far as they are known.
    history (list): The evaluations during the training.
    component (str): Name of the component that was scored; empty for the first one.
    RETURNS (dict): The report with versions, hardware, settings, data, and history, for
        results/<dataset>/<run>.json.
    """
    trained = history[-1] if history else {}
    config = nlp.config.interpolate()
    rin = find_rin(nlp, component)
    return {
        **result,
        "model": f"{nlp.meta['lang']}_{nlp.meta['name']}-{nlp.meta['version']}",
        "config": config,
        # The component's own settings are in force, even if the config has others.
        "settings": dict(rin.cfg),
        "component": rin.name,
        "seed": config["training"]["seed"],
        "chosen_on": "dev" if "dev" in corpora else None,
        "versions": package_versions(),
        "data": {part: describe_corpus(path) for part, path in corpora.items()},
        "train_seconds": trained.get("seconds"),
        "train_hardware": trained.get("hardware"),
        "history": [{k: v for k, v in row.items() if k != "hardware"} for row in history],
        "hardware": describe_hardware(),
    }


def by_seen(examples: Iterable[Example], train: Iterable[Doc]) -> dict[str, dict[str, float]]:
    """Score the exact match of the triples whose texts are a triple in train, and of the others.

    Gold and predicted triples are each assigned by their own texts.

    examples (Iterable[Example]): Scored examples.
    train (Iterable[Doc]): The gold Docs that the model was trained on.
    RETURNS (dict): "seen" and "unseen", each with "rel_p", "rel_r", "rel_f", and the numbers of
        gold "triples" and of "predicted" triples.
    """
    in_train = {text for doc in train for text in keys(doc, text_key)}
    totals = {"seen": PRFScore(), "unseen": PRFScore()}
    for eg in examples:
        predicted, gold = (_keys_by_seen(doc, in_train) for doc in (eg.predicted, eg.reference))
        for name, total in totals.items():
            total.score_set(predicted[name], gold[name])
    return {name: _counted(total) for name, total in totals.items()}


def score_joined(nlp: Language, docs: Sequence[Doc], size: int) -> dict[str, float]:
    """Score raw texts of one or several sentences, which the whole pipeline reads.

    nlp (Language): The pipeline.
    docs (Sequence[Doc]): Gold Docs, whose texts are joined in this order.
    size (int): The number of Docs that are joined to one text.
    RETURNS (dict): "rel_p", "rel_r", "rel_f" of the exact match, and the numbers of gold "triples"
        and of "predicted" triples.
    """
    groups = [docs[k : k + size] for k in range(0, len(docs), size)]
    texts = [" ".join(doc.text.strip() for doc in group) for group in groups]
    total = PRFScore()
    for group, predicted in zip(groups, nlp.pipe(texts), strict=True):
        total.score_set(keys(predicted, exact_key), _joined_keys(group))
    return _counted(total)


def _read_gold(path: str | Path, attribute: str) -> Iterator[Doc]:
    """Gold Docs whose relations of an attribute are those of `doc._.relations`."""
    return (adopt_relations(doc, attribute) for doc in read_docs(path))


def _keys_by_seen(doc: Doc, in_train: set[Hashable]) -> dict[str, set[Hashable]]:
    """Exact-match keys of the relations whose texts are in train, and of the others."""
    groups: dict[str, set[Hashable]] = {"seen": set(), "unseen": set()}
    for relation in get_relations(doc):
        name = "seen" if text_key(relation) in in_train else "unseen"
        groups[name].add(exact_key(relation))
    return groups


def _joined_keys(docs: Sequence[Doc]) -> set[Hashable]:
    """Exact-match keys of all gold relations, in the text that `score_joined` makes of the Docs.

    An offset moves by where its own text starts, less the leading spaces that this text has lost.
    " Ada met Bob" and " Eve left" become "Ada met Bob Eve left". The second text starts at 12, so
    Eve moves from 1 to 1 + 12 - 1 = 12.
    """
    found: set[Hashable] = set()
    start = 0
    for doc in docs:
        shift = start - (len(doc.text) - len(doc.text.lstrip()))
        for relation in get_relations(doc):
            head, tail = (
                tuple(offset + shift for offset in char_bounds(span))
                for span in (relation.head, relation.tail)
            )
            found.add((*head, relation.label, *tail))
        start += len(doc.text.strip()) + 1
    return found


def _is_ours(name: str, value: Any) -> bool:
    return isinstance(value, float) and name.startswith(("rel_", "ents_", "tag_"))


def _with_unplaced(examples: Iterable[Example]) -> dict[str, float]:
    """Score the exact match, with the gold triples that were not found in the text as misses."""
    score = score_relations(examples, exact_key)
    score.fn += sum(eg.reference.user_data.get(UNPLACED, 0) for eg in examples)
    return prf("rel_with_unplaced", score)


def _by_class(
    examples: Iterable[Example],
    names: Sequence[str],
    classes_of: Callable[[list[Relation]], set[str]],
) -> dict[str, dict[str, float]]:
    """Score the exact match of the sentences in each class, as in the tables of the field.

    `classes_of` finds the classes of a sentence from its gold triples; it may be in several.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for eg in examples:
        for name in classes_of(get_relations(eg.reference)):
            groups[name].append(eg)
    return {
        name: {
            **_counted(score_relations(groups[name], exact_key)),
            "docs": len(groups[name]),
        }
        for name in names
        if groups[name]
    }


def _number_of_triples(relations: list[Relation]) -> set[str]:
    return {str(len(relations)) if len(relations) < 5 else ">=5"}


def _counted(score: PRFScore) -> dict[str, float]:
    return {**prf("rel", score), "triples": score.tp + score.fn, "predicted": score.tp + score.fp}
