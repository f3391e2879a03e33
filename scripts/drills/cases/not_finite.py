"""A pipeline with parameters or vectors that are not finite does not load, or says so."""

from __future__ import annotations

import shutil

import numpy as np

from scripts.drills.modules.drill import SENTENCES, Drill, Finding
from spacy_rin.component import find_rin, load_pipeline


def run(drill: Drill) -> Finding:
    """RETURNS (Finding): Which values were read without a word."""
    faults, tried = [], 0
    for value in (np.nan, np.inf):
        nlp = load_pipeline(str(drill.pipeline))
        nodes = [node for node in find_rin(nlp).model.walk() if node.param_names]
        for number, node in enumerate(nodes):
            name = node.param_names[0]
            whole = node.get_param(name).copy()
            changed = whole.copy()
            changed.reshape(-1)[-1] = value
            node.set_param(name, changed)
            folder = drill.work / f"{value}{number}"
            tried += 1
            try:
                nlp.to_disk(folder)
                list(load_pipeline(str(folder)).pipe(SENTENCES))
                faults.append(f"{value} in {node.name}.{name}")
            except ValueError as error:
                if "finite" not in str(error):
                    faults.append(f"{value} in {node.name}.{name}: {error}")
            node.set_param(name, whole)
            shutil.rmtree(folder, ignore_errors=True)
    figure = f"{tried} parameters, {len(faults)} without a word"
    return Finding("; ".join([figure, *faults]), not faults)
