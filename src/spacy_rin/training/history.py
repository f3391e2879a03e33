"""`spacy-rin.HistoryLogger.v1`: what training reports → a file with a JSON line per evaluation.

`spacy train` writes the file. `spacy-rin evaluate` reads it back for its report. At the end of
training the logger prints what to change, if it knows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Any

import srsly
from spacy.language import Language
from spacy.training import Corpus
from wasabi import Printer

from ..component import find_rin
from ..evaluation.environment import describe_hardware
from ..evaluation.released_scorer import score_authors
from .advice import advise

Log = Callable[[dict[str, Any] | None], None]


def make_history_logger(
    path: Path, watch: Path | None = None
) -> Callable[..., tuple[Log, Callable[[], None]]]:
    """Construct a logger; spacy.ChainLogger.v1 runs it together with a console logger.

    path (Path): JSON-lines file to write. Each training starts it anew.
    watch (Path): Gold Docs that are scored at every evaluation as the authors' code counts. Nothing
        is chosen by these scores. They serve the protocol of that code, the best epoch on test.
    RETURNS (Callable): The function that spaCy calls when training starts.
    """
    return partial(_start, path, watch)


def read_history(path: str | Path) -> list[dict[str, Any]]:
    """Read the evaluations of a training.

    path (str | Path): The file that the logger wrote.
    RETURNS (list[dict]): The evaluations, in order; none if there is no file.
    """
    return list(srsly.read_jsonl(path)) if Path(path).is_file() else []


def _start(
    path: Path,
    watch: Path | None,
    nlp: Language,
    stdout: IO[str] | None = None,
    stderr: IO[str] | None = None,
) -> tuple[Log, Callable[[], None]]:
    writer = HistoryWriter(nlp, path, watch)
    return writer.write, lambda: writer.finish(stdout or sys.stdout)


class HistoryWriter:
    """Writes the history of one training.

    nlp (Language): The pipeline that is trained.
    path (Path): JSON-lines file to write; what it holds is deleted.
    watch (Path): Gold Docs to score at every evaluation, if any.
    """

    def __init__(self, nlp: Language, path: Path, watch: Path | None = None) -> None:
        self.nlp = nlp
        self.path = Path(path)
        self.watch = watch
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("", encoding="utf8")
        self._hardware = describe_hardware()
        self._start = time.perf_counter()
        self._looks = self._steps = 0
        self._dev: float | None = None

    def write(self, info: dict[str, Any] | None) -> None:
        """Write a line if there was an evaluation.

        info (dict): What spaCy's training loop reports of a step; None without an evaluation.
        """
        if info is None or not info.get("other_scores"):
            return
        self._looks, self._steps = self._looks + 1, info["step"]
        self._dev = info["other_scores"].get("rel_f")
        row = {
            "epoch": info["epoch"],
            "step": info["step"],
            "seconds": round(time.perf_counter() - self._start, 2),
            "score": info["score"],
            "hardware": self._hardware,
            "losses": {name: float(loss) for name, loss in info["losses"].items()},
            "scores": {k: v for k, v in info["other_scores"].items() if isinstance(v, float | int)},
        }
        if self.watch:
            row["watched"] = _score(self.nlp, self.watch)
        with self.path.open("a", encoding="utf8") as file:
            file.write(srsly.json_dumps(row) + "\n")

    def finish(self, stdout: IO[str]) -> None:
        """Print advice at the end of training, if there is any.

        stdout (IO): Where to print.
        """
        # A training that was stopped has had no chance to look at dev.
        if self._dev is not None and sys.exc_info()[0] is None:
            for advice in advise(self.nlp, self._looks, self._steps, self._dev):
                stdout.write(Printer(no_print=True).warn(advice) + "\n")


def _score(nlp: Language, path: Path) -> dict[str, float]:
    """Score a pipeline on gold Docs as the authors' code counts."""
    examples = list(Corpus(path)(nlp))
    rin = find_rin(nlp)
    # spaCy scores dev with the optimizer's averages, but logs with the parameters of the last step.
    with nlp.use_params(rin.averages):
        with nlp.select_pipes(disable=[rin.name]):
            docs = nlp.pipe([eg.predicted for eg in examples])
            for eg, doc in zip(examples, docs, strict=True):
                eg.predicted = doc
        return score_authors(rin, examples)
