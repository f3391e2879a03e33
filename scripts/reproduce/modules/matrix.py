"""configs/reproduction.yml, or another matrix → its runs: a row, a data set and a seed each."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import reduce
from hashlib import md5
from pathlib import Path
from typing import Any

import srsly
from thinc.api import Config

# Each run has a folder of its own here, and the reports stand beside these.
RUNS = Path("training/reproduce")
TAGGER = Path("training/tagger_webnlg/model-best")
# Other test sets for models of a data set. Of WebNLG the authors' own file, with the full spans of
# its 703 sentences and 125 relations, of which train has 121; their train set is not public. Of
# CoNLL04 its test set as raw text, and without the sentences that stand in train, too.
FURTHER_TESTS = {
    "webnlg": {"authors": Path("corpus/webnlg_authors/test")},
    "conll04": {name: Path(f"corpus/conll04_{name}/test") for name in ("raw", "apart")},
}
# Texts that count as if they had no triple, see `evaluate --others`.
OTHERS = Path("corpus/conll04/train")

# Settings that came after the first runs, with the defaults that change nothing. At its default
# none of them is part of a run's key. So runs that were published before still count.
LATER_SETTINGS = {
    "components.rin.model.distance": 0,
    "components.rin.model.between": False,
    "components.rin.model.types": False,
    "components.rin.signatures": "off",
    "components.rin.temperature": 1.0,
    "components.rin.score_bias": 0.0,
    "training.score_weights.rel_f_best": None,
}
MISSING = object()


@dataclass(frozen=True)
class Run:
    """A row of the matrix on one data set with one seed.

    row (str): Name of the row.
    dataset (str): Name of the data set.
    seed (int): Seed of the training.
    config (str): Path of the config.
    epochs (int): Epochs of the training.
    settings (tuple): What is set otherwise in the config: names and values.
    published (tuple): Published figures: a score, and its mean and standard deviation.
    also (tuple): Keys under which published runs count for this row, besides its own.
    part (str): What is scored: "test", or "dev" where something is still to be chosen.
    """

    row: str
    dataset: str
    seed: int
    config: str
    epochs: int
    settings: tuple[tuple[str, Any], ...]
    published: tuple[tuple[str, Any], ...] = ()
    also: tuple[str, ...] = ()
    part: str = "test"

    @property
    def name(self) -> str:
        return f"{self.row}/{self.dataset}/{self.seed}"

    @property
    def key(self) -> str:
        """One key for each config, as the row's settings make it: a changed row is run anew."""
        overrides = {**dict(self.settings), "training.max_epochs": self.epochs}
        config = Config().from_disk(self.config, interpolate=False, overrides=overrides)
        for place, default in LATER_SETTINGS.items():
            *path, name = place.split(".")
            section = reduce(lambda outer, inner: outer.get(inner, {}), path, config)
            if section.get(name, MISSING) == default:
                del section[name]
        return md5(config.to_str().encode(), usedforsecurity=False).hexdigest()[:8]

    @property
    def folder(self) -> Path:
        return RUNS / self.name / self.key

    @property
    def result(self) -> Path:
        return self.folder / "result.json"

    @property
    def further(self) -> dict[str, Path]:
        """RETURNS (dict[str, Path]): The results on further test sets, by their names."""
        tests = FURTHER_TESTS.get(self.dataset, {}) if self.part == "test" else {}
        return {name: self.folder / f"further_{name}.json" for name in tests}

    @property
    def history(self) -> Path:
        return self.folder / "history.jsonl"

    @property
    def reads_tagger(self) -> bool:
        """RETURNS (bool): Whether the config reads POS tags, of a tagger that is trained before."""
        paths = Config().from_disk(self.config, interpolate=False).get("paths", {})
        return "tagger" in paths

    def needs(self) -> list[Path]:
        """RETURNS (list[Path]): Files and folders that training reads."""
        named = [
            Path(value) for name, value in self.settings if name.startswith("paths.") and value
        ]
        further = [FURTHER_TESTS[self.dataset][name] for name in self.further]
        tagger = [TAGGER] if self.reads_tagger else []
        return [*tagger, OTHERS, Path("corpus") / self.dataset, *further, *named]

    def commands(self, gpu_id: int = -1) -> list[list[str]]:
        """Training and evaluations, as one would call them by hand.

        gpu_id (int): GPU, -1 for the CPU.
        RETURNS (list[list[str]]): Arguments of Python.
        """
        corpus = Path("corpus") / self.dataset
        settings = {
            "paths.train": corpus / "train",
            "paths.dev": corpus / "dev",
            **({"paths.tagger": TAGGER} if self.reads_tagger else {}),
            "paths.history": self.history,
            "paths.watch": corpus / "test",
            "system.seed": self.seed,
            "training.max_epochs": self.epochs,
            "training.eval_frequency": 101,
            **dict(self.settings),
        }
        overrides = [
            word for name, value in settings.items() for word in (f"--{name}", _say(value))
        ]
        train = ["spacy", "train", self.config, "--output", str(self.folder), *overrides]
        evaluate = ["spacy_rin", "evaluate", str(self.folder / "model-best")]
        commands = [train]
        for name, result in self.further.items():
            test = str(FURTHER_TESTS[self.dataset][name])
            commands.append([*evaluate, test, "--output", str(result)])
        # Last, since a run with a result is done.
        known = [f"--{part}={corpus / part}" for part in ("train", "dev")]
        known += [f"--others={OTHERS}", f"--history={self.history}"]
        commands.append([*evaluate, str(corpus / self.part), *known, "--output", str(self.result)])
        return [[sys.executable, "-m", *command, "--gpu-id", str(gpu_id)] for command in commands]


def read_matrix(path: Path) -> list[Run]:
    """RETURNS (list[Run]): All runs, seed by seed, so that every row has some early."""
    runs = [
        Run(
            name,
            data,
            seed,
            row["config"],
            row["epochs"],
            tuple({**row.get("settings", {}), **(settings or {})}.items()),
            tuple((score, tuple(f)) for score, f in _of(row, "published", data, {}).items()),
            tuple(_of(row, "also", data, [])),
            row.get("part", "test"),
        )
        for name, row in srsly.read_yaml(path).items()
        for data, settings in row["datasets"].items()
        for seed in range(row["seeds"])
    ]
    return sorted(runs, key=lambda run: run.seed)


def _of(row: dict[str, Any], what: str, dataset: str, default: Any) -> Any:
    return row.get(what, {}).get(dataset, default)


def _say(value: Any) -> str:
    """As spaCy reads it on the command line: false, not False."""
    return str(value) if isinstance(value, str | Path) else srsly.json_dumps(value)
