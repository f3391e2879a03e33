"""A flipped bit or a cut in any file of a pipeline is said in one line, or changes nothing."""

from __future__ import annotations

import shutil
from collections import Counter
from typing import Any

from scripts.drills.modules.damage import damage
from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.component import find_rin, load_pipeline
from spacy_rin.relations import get_relations

TIMES = 60
OTHER = "other results"
REASON = "spaCy keeps no checksums: other weights or tables of its components are read as such"


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): How often loading raised anything but an error, or found something else.

    Only the second is spaCy's, and only where the file is none of rin's.
    """
    nlp = load_pipeline(str(drill.pipeline))
    own, expected = find_rin(nlp).name, _find(nlp)
    folder, kinds = drill.work / "pipeline", Counter[str]()
    shutil.copytree(drill.pipeline, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number in range(TIMES):
        path = files[number % len(files)]
        whole = path.read_bytes()
        path.write_bytes(damage(drill.random, whole or b"\0"))
        try:
            found = _find(load_pipeline(str(folder)))
            is_own = own in path.relative_to(folder).parts
            other = "other results by a file of rin" if is_own else OTHER
            kinds["read" if found == expected else other] += 1
        except (ValueError, OSError) as error:
            said = str(folder) in str(error) and "\n" not in str(error)
            kinds["said" if said else "said without the file"] += 1
        except Exception as error:
            kinds[type(error).__name__] += 1
        path.write_bytes(whole)
    bad = kinds.total() - kinds["read"] - kinds["said"]
    figure = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    reason = REASON if 0 < bad == kinds[OTHER] else ""
    return Finding(f"{kinds.total()} mutations: {figure}", bad == 0, reason)


def _find(nlp: Any) -> list[list[str]]:
    return [[relation.text for relation in get_relations(doc)] for doc in nlp.pipe(SENTENCES)]
