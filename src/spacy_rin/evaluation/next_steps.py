"""The numbers of a report → what to change next, in a few lines.

Each line names the number that it follows from, and the command or setting to change. It says
nothing that the report does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from shlex import join
from typing import Any

from spacy.util import walk_dict

from ..scorer import score_name
from .markdown import percent

# The most lines of advice.
MOST = 4
# A kind of error that is rarer is no reason to change anything, whatever its share.
MANY = 10
# The least gain in F1 for which another threshold is worth a try.
CLEAR = 0.01
# How much lower the F1 of new triples, or of several sentences at once, is where it is a problem.
GAP = 0.15
# Triples of a label in train, or in the test set, below which its score is mostly chance.
RARE = 20
# Triples in 1,000 texts without any.
NOISY = 100
# Dropout that is advised where a model knows names by heart.
MUCH = 0.4
# Names of labels in a line, and letters of a name.
NAMES, LETTERS = 5, 40


def next_steps(
    result: Mapping[str, Any], model: str = "MODEL", test: str = "TEST", dev: str = "DEV"
) -> list[str]:
    """Say what to change next, by the numbers of a report alone.

    result (Mapping): What `make_record` returned. Parts that it lacks are not spoken of.
    model (str): The pipeline, as it stands in a command.
    test (str): The gold Docs that it was scored on.
    dev (str): The gold Docs that a threshold is chosen on.
    RETURNS (list[str]): At most four lines, the most useful first; at least one.
    """
    draw = join(["spacy-rin", "render", test, "page.html", "--model", model])
    steps = (
        line
        for found in (
            _threshold(result, model, dev),
            _errors(result, draw),
            _unseen(result),
            _rare_labels(result),
            _several_sentences(result),
            _silence(result),
        )
        for line in found
    )
    lines = list(islice(steps, MOST))
    rel_f = percent(result["scores"]["rel_f"])
    return lines or [f"rel_f is {rel_f}, and no other number stands out. See the errors: {draw}"]


def _threshold(result: Mapping[str, Any], model: str, dev: str) -> Iterator[str]:
    """Another threshold: higher, by the best score, or any of the curve."""
    scores, settings = result["scores"], result.get("settings", {})
    least = scores["rel_f"] + CLEAR
    best = max(result.get("by_threshold", ()), key=lambda row: row["rel_f"], default=None)
    if best and best["rel_f"] >= least:
        found = f"{percent(best['rel_f'])} with threshold = {best['threshold']:g}"
        if settings.get("label_thresholds"):
            found += " for all labels (label_thresholds = {})"
    elif scores.get("rel_f_best", 0.0) >= least:
        found = f"rel_f_best is {percent(scores['rel_f_best'])}, with a higher threshold"
    else:
        return
    name = score_name("rel_f", settings.get("attribute", "relations"))
    pipe = result.get("component", "rin")
    command = join(["spacy", "find-threshold", model, dev, pipe, "threshold", name])
    yield f"rel_f is {percent(scores['rel_f'])}; {found}. Choose it on dev: {command}"


def _errors(result: Mapping[str, Any], draw: str) -> Iterator[str]:
    """The greater part of the missed triples, and that of the wrong ones."""
    missed, wrong = result.get("missed", {}), result.get("wrong", {})
    labels = result.get("by_label", {})
    gold = sum(row["triples"] for row in labels.values())
    found = sum(row["predicted"] for row in labels.values())
    recall = {label: row["rel_r"] for label, row in labels.items() if row["triples"]}
    ends = {kind: missed.get(kind, 0) for kind in ("entity missed", "span wrong")}
    pairs = {kind: missed.get(kind, 0) for kind in ("pair missed", "label wrong")}
    if _is_most(ends, missed):
        counts = f"{_counts(ends)} of {gold} gold triples"
        yield f"{counts}: entities are the bottleneck. {_better_words(result)}"
    elif recall and _is_most(pairs, missed):
        weakest = min(recall, key=lambda label: recall[label])
        yield (
            f"{_counts(pairs)} of {gold} gold triples, though both entities were found. Annotate "
            f"more of labels such as {_name(weakest)} (R {percent(recall[weakest])}). See them: "
            f"{draw}"
        )
    turned = wrong.get("direction wrong", 0)
    if turned >= MANY and turned >= 0.2 * sum(wrong.values()):
        yield (
            f"direction wrong: {turned} of {found} found triples. See whether gold takes head and "
            f"tail the same way everywhere: {draw}"
        )
    apart = {"no such pair": wrong.get("no such pair", 0)}
    if _is_most(apart, wrong) and sum(wrong.values()) > sum(missed.values()):
        yield (
            f"{_counts(apart)} of {found} found triples. Add sentences without a relation to "
            'train, or let training make some: @augmenters = "spacy-rin.negatives.v1"'
        )


def _unseen(result: Mapping[str, Any]) -> Iterator[str]:
    """Triples that train has are found, and others are not."""
    seen, unseen = (result.get("by_seen", {}).get(name) for name in ("seen", "unseen"))
    if not seen or not unseen or min(seen["triples"], unseen["triples"]) < MANY:
        return
    if seen["rel_f"] - unseen["rel_f"] >= GAP:
        dropout = result.get("config", {}).get("training", {}).get("dropout", 0.0)
        more = f", or train with more dropout (--training.dropout {MUCH})" if dropout < MUCH else ""
        yield (
            f"rel_f of triples that train has: {percent(seen['rel_f'])}, of others: "
            f"{percent(unseen['rel_f'])}. It knows names by heart: annotate sentences with other "
            f"names{more}."
        )


def _rare_labels(result: Mapping[str, Any]) -> Iterator[str]:
    """Labels with too few triples: in train if that is known, else in the test set."""
    labels = result.get("by_label", {})
    is_known = any("in_train" in row for row in labels.values())
    counts = {
        label: row["in_train"] if is_known else row["triples"]
        for label, row in labels.items()
        if row["triples"]
    }
    rare = sorted((count, label) for label, count in counts.items() if count < RARE)
    if not rare:
        return
    names = ", ".join(f"{_name(label)} ({count})" for count, label in rare[:NAMES])
    more = f" and {len(rare) - NAMES} more" if len(rare) > NAMES else ""
    if is_known:
        yield (
            f"Labels with fewer than {RARE} triples in train: {names}{more}. Annotate more of "
            "them, or leave them out of gold: spacy-rin inspect counts them."
        )
    else:
        yield (
            f"Labels with fewer than {RARE} triples in the test set: {names}{more}. Their scores "
            "are mostly chance. How many train has is shown with --train."
        )


def _several_sentences(result: Mapping[str, Any]) -> Iterator[str]:
    """Far less is found in a text of several records than in each by itself."""
    joined = result.get("joined", {})
    if not joined:
        return
    one, (size, several) = joined["1"]["rel_f"], max(joined.items(), key=lambda row: int(row[0]))
    if one - several["rel_f"] >= GAP:
        yield (
            f"rel_f of one record as raw text: {percent(one)}, of {size} in one text: "
            f"{percent(several['rel_f'])}. Split sentences before it reads: "
            'nlp.add_pipe("sentencizer", first=True)'
        )


def _silence(result: Mapping[str, Any]) -> Iterator[str]:
    """Triples are found in texts that state none."""
    rows = result.get("invented", {})
    noisy = {name: round(row["per_1000"]) for name, row in rows.items()}
    if max(noisy.values(), default=0) >= NOISY:
        yield (
            f"{_counts(noisy)} triples in 1,000 texts that state none. Add such texts to train, or "
            'let training make some: @augmenters = "spacy-rin.negatives.v1"'
        )


def _is_most(part: Mapping[str, int], whole: Mapping[str, int]) -> bool:
    return sum(part.values()) >= max(MANY, 0.5 * sum(whole.values()))


def _counts(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {count}" for kind, count in kinds.items())


def _name(label: str) -> str:
    """A label on one line. It can be any text."""
    name = " ".join(label.split())
    return name if len(name) <= LETTERS else f"{name[:LETTERS]}..."


def _better_words(result: Mapping[str, Any]) -> str:
    """What knows more of words than what the pipeline reads now, by its config."""
    components = result.get("config", {}).get("components", {})
    values = [(path[-1], value) for path, value in walk_dict(components)]
    names = [str(value) for key, value in values if key == "@architectures"]
    if any("transformer" in name.lower() for name in names):
        return "It has a transformer already: annotate more sentences, or take a larger one."
    if any("StaticVectors" in name for name in names) or ("include_static_vectors", True) in values:
        return "It has word vectors: try a transformer (spacy-rin init --transformer)."
    return "Try word vectors or a transformer (spacy-rin init --vectors, or --transformer)."
