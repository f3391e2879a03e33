"""`spacy-rin.HistoryLogger.v1`: what training reports → JSON lines, one an evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import srsly
from spacy.language import Language
from spacy.training import Corpus

from ..evaluation.released_scorer import score_authors
from ..component import find_rin
from ..evaluation.environment import describe_hardware

Log = Callable[[dict[str, Any] | None], None]


def make_history_logger(
    path: Path, watch: Path | None = None
) -> Callable[..., tuple[Log, Callable[[], None]]]:
    """Construct a logger, to be chained with a console logger by spacy.ChainLogger.v1.

    path (Path): JSON-lines file; a new training starts it anew.
    watch (Path): Gold Docs that are scored at every evaluation as the authors' code counts. Nothing
        is chosen on them; it is for the protocol of that code, the best epoch on test.
    RETURNS (Callable): Sets the logger up when training starts.
    """

    def setup(
        nlp: Language, stdout: IO[str] | None = None, stderr: IO[str] | None = None
    ) -> tuple[Log, Callable[[], None]]:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("", encoding="utf8")
        hardware = describe_hardware()
        start = time.perf_counter()

        def log(info: dict[str, Any] | None) -> None:
            if info is None or not info.get("other_scores"):
                return
            row = {
                "epoch": info["epoch"],
                "step": info["step"],
                "seconds": round(time.perf_counter() - start, 2),
                "score": info["score"],
                "hardware": hardware,
                "losses": {name: float(loss) for name, loss in info["losses"].items()},
                "scores": {
                    k: v for k, v in info["other_scores"].items() if isinstance(v, float | int)
                },
            }
            if watch:
                row["watched"] = _score(nlp, watch)
            with target.open("a", encoding="utf8") as file:
                file.write(srsly.json_dumps(row) + "\n")

        return log, lambda: None

    return setup


def _score(nlp: Language, path: Path) -> dict[str, float]:
    examples = list(Corpus(path)(nlp))
    rin = find_rin(nlp)
    # spaCy scores dev with the optimizer's averages, but logs with the last step's parameters.
    with nlp.use_params(rin.averages):
        with nlp.select_pipes(disable=[rin.name]):
            docs = nlp.pipe([eg.predicted for eg in examples])
            for eg, doc in zip(examples, docs, strict=True):
                eg.predicted = doc
        return score_authors(rin, examples)


def read_history(path: str | Path) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The evaluations of a training, in order; none if it left no file."""
    return list(srsly.read_jsonl(path)) if Path(path).is_file() else []
