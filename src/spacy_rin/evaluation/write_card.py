"""A scored pipeline → a copy that describes itself: a README.md (model card) and a full meta.json.

`spacy package` uses the README.md of the pipeline's directory for the package. `spacy info` prints
the meta without "performance" and "labels", so that "notes" repeats the scores.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ..corpus.docbin import read_docs
from ..corpus.statistics import Labels, count_labels
from ..errors import Errors
from ..files import replacing, write_json, write_text
from .card import PAPER, find_limits, make_card, score_names
from .markdown import percent

# What a card needs of a result. It shows other scores if the result has them.
NEEDED = (
    *("scores.rel_f", "per_type", "by_seen", "joined", "model", "settings.entity_labels"),
    *("settings.unit", "config.components", "data.test", "seed", "chosen_on", "hardware"),
)
# The files that `spacy train` and this module write, beside the folders of the components.
PARTS = {"config.cfg", "meta.json", "README.md", "tokenizer", "vocab"}
# Files that a user may have added, since `spacy package` copies them into the package.
PARTS |= {"LICENSE", "LICENSES_SOURCES"}


def write_card(
    pipeline: str | Path, output: str | Path, result: str | Path, train: str | Path
) -> None:
    """Copy a pipeline, with a README.md and a meta.json that describe it.

    pipeline (str | Path): The directory of a trained pipeline, which is not changed.
    output (str | Path): The directory to write, for `spacy package`. If an earlier call has written
        it, it is replaced.
    result (str | Path): What `spacy-rin evaluate --output` wrote about this pipeline.
    train (str | Path): The gold Docs that the pipeline was trained on.
    RAISES (ValueError): If one of these is missing, if the result belongs to another pipeline, or
        if the output would replace anything but a described pipeline.
    """
    pipeline, output = Path(pipeline), Path(output)
    if not (pipeline / "meta.json").is_file():
        raise ValueError(Errors.R097.format(path=pipeline))
    _check_directory(pipeline.resolve(), output.resolve())
    meta = _read_object(pipeline / "meta.json")
    scored = _read_result(Path(result))
    if not meta.keys() >= {"lang", "name", "version"}:
        raise ValueError(Errors.R097.format(path=pipeline))
    model = f"{meta['lang']}_{meta['name']}-{meta['version']}"
    if scored["model"] != model:
        raise ValueError(Errors.R096.format(path=result, found=scored["model"], expected=model))
    labels = count_labels(read_docs(train))
    try:
        described, card = describe(meta, scored, labels), make_card(meta, scored, labels)
    except (LookupError, TypeError, AttributeError, ValueError, StopIteration) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.R166.format(path=result, reason=reason)) from error
    with replacing(output) as temporary:
        shutil.copytree(pipeline, temporary)
        write_json(temporary / "meta.json", described)
        write_text(temporary / "README.md", card)


def _check_directory(pipeline: Path, output: Path) -> None:
    """Make sure that the output replaces nothing but a described pipeline."""
    wrong = None
    if output in (pipeline, *pipeline.parents) or pipeline in output.parents:
        wrong = "it is the pipeline to describe, or one lies inside the other"
    elif output.exists() and not output.is_dir():
        wrong = "it is a file"
    elif output.is_dir() and any(output.iterdir()) and not _is_described(output):
        wrong = "it is replaced as a whole, but has other things in it"
    if wrong:
        raise ValueError(Errors.R121.format(path=output, reason=f"{wrong}; give another name"))


def _is_described(path: Path) -> bool:
    """Whether a directory holds a described pipeline, and nothing else."""
    found = {part.name for part in path.iterdir()}
    if not {"meta.json", "README.md"} <= found:
        return False
    meta = _read_object(path / "meta.json")
    parts = PARTS | {*meta.get("components", meta.get("pipeline", []))}
    # Some components are a file, and not a folder: a sentencizer is in sentencizer.json.
    return all(name in parts or Path(name).stem in parts for name in found)


def describe(meta: dict[str, Any], result: dict[str, Any], labels: Labels) -> dict[str, Any]:
    """Add the test scores to a pipeline's meta.

    meta (dict): The pipeline's meta, as `spacy train` or scripts/package/assemble.py wrote it.
    result (dict): The result of `spacy-rin evaluate`.
    labels (Labels): The labels of the training data.
    RETURNS (dict): The meta with "performance" and "notes"; all other entries are kept.
    """
    scores = ", ".join(f"{name} {_prf(result, name)}" for name in score_names(result["scores"]))
    speed = {"speed": result["speed"]["words_per_s"]} if result.get("speed") else {}
    notes = [f"Test scores (P / R / F1): {scores}.", *find_limits(meta, result, labels)]
    return {
        **meta,
        "performance": {**result["scores"], "rel_per_type": result["per_type"], **speed},
        "notes": " ".join([*notes, f"Please cite {PAPER}"]),
    }


def _read_result(path: Path) -> dict[str, Any]:
    """Read a result, and check that it has everything that a card needs."""
    result = _read_object(path)
    missing = [name for name in NEEDED if not _has(result, name)]
    if missing:
        raise ValueError(Errors.R095.format(path=path, missing=", ".join(missing)))
    return result


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; an empty one if the file holds anything else."""
    try:
        data = json.loads(path.read_text(encoding="utf8"))
    except (ValueError, RecursionError):
        data = None
    return data if isinstance(data, dict) else {}


def _has(result: Any, name: str) -> bool:
    """Whether a result has an entry, of which "data.test" is one inside another."""
    for part in name.split("."):
        if not isinstance(result, dict) or part not in result:
            return False
        result = result[part]
    return True


def _prf(result: dict[str, Any], name: str) -> str:
    return " / ".join(percent(result["scores"][f"{name}_{x}"]) for x in "prf")
