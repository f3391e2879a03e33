"""A pipeline's meta.json and test scores → its model card, in Markdown.

`write_card` puts the card into a copy of the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..arrays.calibration import UNCALIBRATED
from ..corpus.statistics import Labels
from .markdown import code, percent, plain, table
from .reliability import describe_reliability

# What must be equal in a gold triple so that a predicted triple is right.
SCORES = {
    "rel": "label and both spans: exact match",
    "rel_strict": "label, both spans and both entity labels",
    "rel_partial": "label and both anchors (last words): partial match",
    "rel_text": "label and both texts",
    "rel_with_unplaced": "as `rel`; gold triples that were not found in the text are misses too",
    "authors_partial": "cell of the table: partial match as the authors' code counts it",
    "authors_exact": "the same, and both entities are tagged right, of nested mentions those in "
    "gold's layer: their exact match",
}
# What a pipeline finds where there is nothing to find, in triples a thousand texts.
SILENCE = {
    "silence": "of unrelated names",
    "silence_negated": "that deny a relation",
}
USE = """## Use

```python
import spacy

nlp = spacy.load("{name}")  # needs the package spacy-rin
for doc in nlp.pipe(texts):
    for relation in doc._.relations:
        print(relation.head.text, relation.label, relation.tail.text, relation.score)
```
"""
PAPER = (
    "Kai Sun, Richong Zhang, Samuel Mensah, Yongyi Mao, Xudong Liu: Recurrent Interaction Network "
    "for Jointly Extracting Entities and Classifying Relations. EMNLP 2020. "
    "https://aclanthology.org/2020.emnlp-main.304"
)


def make_card(meta: dict[str, Any], result: dict[str, Any], labels: Labels) -> str:
    """Write a model card.

    meta (dict): The meta.json of the pipeline.
    result (dict): The result of `spacy-rin evaluate`.
    labels (Labels): The labels of the training data.
    RETURNS (str): The card, in Markdown.
    """
    name = f"{meta['lang']}_{meta['name']}"
    limits = "".join(f"- {limit}\n" for limit in find_limits(meta, result, labels))
    sections = [
        f"# {name}\n\n{meta['description']}\n",
        table(["", ""], _facts(meta, result, labels), "ll"),
        USE.format(name=name),
        _scores(result),
        _labels(labels, result),
        *_signatures(result["settings"]),
        f"## Limits\n\n{limits}",
        f"## Cite\n\n{PAPER}\n",
    ]
    return "\n".join(sections)


def score_names(scores: Mapping[str, float]) -> list[str]:
    """Find the scores of a result, whether or not this version knows them.

    scores (Mapping[str, float]): The "scores" of a result, by names such as "rel_p".
    RETURNS (list[str]): The names that have a precision, a recall and an F1, such as "rel". Those
        of entities come first, then those of SCORES in their order, then all others.
    """
    found = [name.removesuffix("_f") for name in scores if name.endswith("_f")]
    found = [name for name in found if {f"{name}_p", f"{name}_r"} <= scores.keys()]
    known = [name for name in ("ents", *SCORES) if name in found]
    return known + [name for name in found if name not in known]


def find_limits(meta: dict[str, Any], result: dict[str, Any], labels: Labels) -> list[str]:
    """Find what a user should not expect, as far as meta, result and labels show it.

    meta (dict): The meta.json of the pipeline; its "sources" may have "limits" of their own.
    result (dict): The result of `spacy-rin evaluate`.
    labels (Labels): The labels of the training data.
    RETURNS (list[str]): One sentence or two for each limit.
    """
    limits = [
        f"It reads texts like those it was trained on, in the language `{meta['lang']}`, and knows "
        f"no labels but theirs ({len(labels.relations)} of relations, "
        f"{len(result['settings']['entity_labels'])} of entities).",
    ]
    if result["settings"].get("joint_tags"):
        limits.append(
            "Entities do not overlap. A mention inside one can be an end of a relation, if its "
            f"{result['settings']['anchor']} word is not the entity's."
        )
    else:
        limits.append("Entities do not overlap: of nested mentions, one is found at most.")
    if result["settings"]["unit"] == "sentence":
        limits.append("It reads sentence by sentence: no triple reaches across two sentences.")
    if seen := result["by_seen"]:
        triples = {name: row["triples"] for name, row in seen.items()}
        share = triples["seen"] / max(1, sum(triples.values()))
        found = {name: f"{row['rel_r']:.0%}" for name, row in seen.items()}
        limits.append(
            f"{share:.0%} of the test triples stand as text in train. It finds {found['seen']} of "
            f"those, and {found['unseen']} of the others, which is what to expect of new facts."
        )
    if raw := result["joined"].get("1"):
        limits.append(
            f"On raw text, with spaCy's tokens and sentences, rel_f is {percent(raw['rel_f'])}; of "
            f"gold sentences, {percent(result['scores']['rel_f'])}."
        )
    sources = [source for source in meta.get("sources") or [] if isinstance(source, dict)]
    return [*limits, *(source["limits"] for source in sources if source.get("limits"))]


def _facts(meta: dict[str, Any], result: dict[str, Any], labels: Labels) -> list[tuple[str, str]]:
    """Rows of the card's first table: what the pipeline is, and how it was trained and tested."""
    components = result["config"]["components"].values()
    model = next(pipe["model"] for pipe in components if pipe.get("factory") == "rin")
    test = result["data"]["test"]
    sources = [_source(source) for source in meta.get("sources") or []]
    triples = labels.relations.total()
    facts = [
        ("version", meta["version"]),
        ("spaCy", meta["spacy_version"]),
        ("pipeline", ", ".join(f"`{name}`" for name in meta["pipeline"])),
        ("data", "; ".join(sources) or "not said"),
        ("licence", meta["license"] or "not said"),
        ("trained on", f"{labels.docs:,} sentences, {triples:,} triples"),
        ("chosen on", result["chosen_on"] or "not said"),
        ("tested on", f"{test['docs']:,} sentences, {test['triples']:,} triples"),
        ("rounds (K), seed", f"{model['rounds']}, {result['seed']}"),
        ("threshold", _thresholds(result)),
        ("scores", _describe_scores(result)),
    ]
    if speed := result.get("speed"):
        hardware = result["hardware"]
        where = f"{hardware['gpu'] or hardware['processor']}, {hardware['torch_threads']} threads"
        facts.append(("speed", f"{speed['words_per_s']:,.0f} words/s on raw text ({where})"))
    return facts


def _source(source: dict[str, str] | str) -> str:
    """One of meta["sources"] in Markdown: spaCy allows names, and dicts of strings."""
    if isinstance(source, str):
        return source
    name = source.get("name") or source.get("url") or "unnamed"
    name = f"[{name}]({source['url']})" if source.get("url") else name
    return f"{name} ({source['author']})" if source.get("author") else name


def _scores(result: dict[str, Any]) -> str:
    """The section on the test scores: a table of all scores, and one of each kind of class."""
    meanings = {"ents": "entities: span and label", **SCORES}
    names = score_names(result["scores"])
    rows = [
        [
            f"`{name}`",
            *(percent(result["scores"][f"{name}_{x}"]) for x in "prf"),
            meanings.get(name, ""),
        ]
        for name in names
    ]
    classes = {
        "triples that stand in train as text, or not": result["by_seen"],
        "unrelated test sentences in one raw text": result["joined"],
    }
    tables = [table(["score", "P", "R", "F1", "right if it has the gold triple's"], rows, "lrrrl")]
    if missing := [f"`{name}`" for name in SCORES if name not in names]:
        tables.append(f"Not in this result: {', '.join(missing)}.\n")
    for title, found in classes.items():
        body = [
            [name, *(percent(row[f"rel_{x}"]) for x in "prf"), row["triples"]]
            for name, row in found.items()
        ]
        if body:
            tables.append(table([title, "P", "R", "F1", "gold triples"], body))
    found_in = [
        f"{row['per_1000']:.0f} in 1,000 texts {SILENCE[name]} (`{name}`, {row['texts']} texts)"
        for name, row in result.get("invented", {}).items()
    ]
    if found_in:
        tables.append(f"Triples where none is stated: {', '.join(found_in)}. The best is 0.\n")
    intro = (
        "Of gold sentences, each read as one unit. Triples are counted over sets, micro-averaged; "
        "a missed entity makes its triples misses. Published figures of the model stand beside "
        "`authors_*`."
    )
    return "\n".join([f"## Scores on test\n\n{intro}\n", *tables])


def _labels(labels: Labels, result: dict[str, Any]) -> str:
    """The section on the labels: those of entities, and a table of the relations."""
    rows = [
        [code(label), count, _f1(result["per_type"].get(label)), plain(labels.examples[label])]
        for label, count in labels.relations.most_common()
    ]
    header = ["relation", "triples in train", "F1 on test", "one of them"]
    names = sorted(result["settings"]["entity_labels"], key=lambda name: -labels.entities[name])
    entities = ", ".join(f"{code(name)} ({labels.entities[name]:,})" for name in names)
    return "\n".join(
        [
            f"## Labels\n\nEntities, with mentions in train: {entities}.\n",
            f"<details>\n<summary>{len(rows)} relations</summary>\n",
            table(header, rows, "lrrl"),
            "</details>\n",
        ]
    )


def _thresholds(result: dict[str, Any]) -> str:
    """The least probability of a triple, where it comes from, and that of single labels."""
    settings, training = result["settings"], result["config"].get("training", {})
    callback = (training.get("before_to_disk") or {}).get("@callbacks")
    said = f"{settings.get('threshold', 0.5):.3g}"
    if own := settings.get("label_thresholds"):
        said += "; " + ", ".join(f"{code(name)} {value:.3g}" for name, value in own.items())
    return said + (" (the best on dev)" if callback == "spacy-rin.thresholds.v1" else "")


def _describe_scores(result: dict[str, Any]) -> str:
    """Whether scores were calibrated, and how far they can be trusted, if it was measured."""
    temperature, bias = (
        result["settings"].get(name, plain)
        for name, plain in zip(("temperature", "score_bias"), UNCALIBRATED, strict=True)
    )
    said = (
        "as the model gives them"
        if (temperature, bias) == UNCALIBRATED
        else f"calibrated: temperature {temperature:.3g}, bias {bias:.3g}"
    )
    if reliability := result.get("reliability"):
        said += f"; on test, {describe_reliability(reliability)}"
    return said


def _signatures(settings: dict[str, Any]) -> list[str]:
    """The section on type signatures; none of a pipeline that has none."""
    seen = settings.get("seen_signatures")
    if not seen:
        return []
    rule = (
        "Only triples of these types are found, as far as both entities have labels of the model."
        if settings["signatures"] == "seen"
        else "Triples of other types are found too."
    )
    rows = [[*(code(name) if name else "–" for name in names), count] for *names, count in seen]
    header = ["head", "relation", "tail", "triples in train"]
    return [
        "\n".join(
            [
                f"## Type signatures\n\n{rule}\n",
                f"<details>\n<summary>{len(rows)} type signatures</summary>\n",
                table(header, rows, "lllr"),
                "</details>\n",
            ]
        )
    ]


def _f1(score: dict[str, float] | None) -> str:
    """The F1 of a label; a label without a triple in test has no score."""
    return percent(score["f"]) if score else "–"
