"""A flipped bit or a cut in a file of rin is said in a line that names it, or changes nothing."""

from __future__ import annotations

import shutil
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.drills.modules.damage import damage
from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.component import find_rin, load_pipeline
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.extract.outputs import read_output
from spacy_rin.relations import get_relations

TIMES = 300  # for each of four kinds of files


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How often reading raised anything but an error, or read other relations.

    Other bits of a corpus or of triples are another text, and rightly read as such. The files of
    the component have checksums.
    """
    corpus, triples = drill.corpus(), drill.work / "triples.jsonl"
    outcome = drill.call("extract", drill.texts(60), "--model", drill.pipeline, "--output", triples)
    if outcome.code:
        return Finding(outcome.show(), False)
    kinds = Counter[str]()
    for inside in (False, True):
        kinds += _damage_often(drill, corpus, lambda path: list(read_docs(path)), inside)
    # A pipeline that finds nothing writes an empty file, in which nothing can be damaged.
    if triples.stat().st_size:
        kinds += _damage_often(drill, triples, lambda path: list(read_output(path)))
    kinds += _damage_component(drill)
    bad = kinds.total() - kinds["read"] - kinds["said"]
    return Finding(f"{kinds.total()} mutations: {_show(kinds)}", bad == 0)


def _damage_often(
    drill: Drill, path: Path, read: Callable[[Path], Any], inside: bool = False
) -> Counter[str]:
    """Damage one file, each time in another way; `inside` is what zlib has packed."""
    whole, kinds = path.read_bytes(), Counter[str]()
    data = zlib.decompress(whole) if inside else whole
    for _ in range(TIMES):
        changed = damage(drill.random, data)
        path.write_bytes(zlib.compress(changed, 1) if inside else changed)
        kinds[_outcome(path, read)] += 1
    path.write_bytes(whole)
    return kinds


def _damage_component(drill: Drill) -> Counter[str]:
    """Damage the files of the component, which are to be read as they were, or not at all.

    How the errors are said is `damaged_components` to see, which loads whole pipelines.
    """
    nlp = load_pipeline(str(drill.pipeline))
    rin, folder, kinds = find_rin(nlp), drill.work / "rin", Counter[str]()
    shutil.copytree(drill.pipeline / rin.name, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())

    def find() -> list[list[tuple[str, float]]]:
        rin.from_disk(folder, exclude=["vocab"])
        docs = nlp.pipe(SENTENCES)
        return [[(rel.text, round(rel.score, 4)) for rel in get_relations(doc)] for doc in docs]

    expected = find()
    for number in range(TIMES):
        # Small files are damaged as often as large ones.
        path = files[number % len(files)]
        whole = path.read_bytes()
        path.write_bytes(damage(drill.random, whole))
        try:
            kinds["read" if find() == expected else "other results"] += 1
        except Exception:
            kinds["said"] += 1
        path.write_bytes(whole)
    return kinds


def _outcome(path: Path, read: Callable[[Path], Any]) -> str:
    try:
        read(path)
    except (ValueError, OSError) as error:
        return "said" if str(path) in str(error) else "said without the file"
    except Exception as error:
        return type(error).__name__
    return "read"


def _show(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
