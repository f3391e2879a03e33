"""The parts of the GPU check, each in a process of its own; see `scripts/gpu/check.py`.

Every part is a function of a `Part`, into which it writes what it finds as it goes. What it finds
is compared with the CPU of the same machine. `holds` is None where nothing was promised.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import spacy
import torch
from spacy.language import Language
from spacy.util import fix_random_seed
from thinc.api import Adam, require_cpu

from scripts.bench.modules.texts import TextMaker
from scripts.gpu.modules.equality import difference, max_by_kind, step
from scripts.gpu.modules.places import CARRIED, HOME, find_corpus, find_transformer
from scripts.gpu.modules.training import (
    LOSS_TOLERANCE,
    begin,
    finish,
    folder_of,
    is_same_curve,
)
from scripts.reproduce.reproduce import GPU_MEMORY
from spacy_rin import get_relations
from spacy_rin.component import RelationExtractor
from spacy_rin.component.factory import DEFAULT_MODEL
from spacy_rin.corpus.docbin import describe_corpus, read_docs
from spacy_rin.evaluation.environment import describe_hardware, measure_speed, package_versions
from spacy_rin.files import write_json
from spacy_rin.layers import architecture
from spacy_rin.nn import device as block_sizes
from spacy_rin.nn import network

CONFIG = Path("configs/own.cfg")
TRANSFORMER_CONFIG = Path("configs/rin_trf.cfg")
# Of the largest value of each tensor, in float32.
TOLERANCE = 1e-4
# Texts whose triples are the CPU's. Scores near the threshold may round to its other side.
SAME_TEXTS = 0.99
LABELS = 216
BESIDE = "cpu beside"


@dataclass
class Part:
    """A part that is at work.

    device (str): "cuda" or "cpu".
    steps (int): Updates of a training.
    path (Path): The JSON file of what it has found.
    found (dict): What it has found so far.
    """

    device: str
    steps: int
    path: Path
    found: dict[str, Any] = field(default_factory=lambda: {"holds": None})

    @property
    def gpu_id(self) -> int:
        """RETURNS (int): As spaCy's commands take it."""
        return 0 if self.device == "cuda" else -1

    def keep(self, **values: Any) -> None:
        """Write what has been found, so that it outlives this process."""
        self.found |= values
        write_json(self.path, self.found)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Compute on the device, inside a `with` block."""
        if self.device == "cuda":
            spacy.require_gpu()
        try:
            yield
        finally:
            require_cpu()


def machine(part: Part) -> None:
    """Which machine, versions and data these are, and whether spaCy sees the GPU."""
    with part.in_use():
        hardware = describe_hardware()
    versions = package_versions()
    if part.device == "cuda":
        import cupy

        versions |= {"cupy": cupy.__version__, "cuda": str(torch.version.cuda)}
    folders = {name: find_corpus(name) for name in ("demo", "webnlg")}
    data = {name: describe_corpus(path / "train") for name, path in folders.items() if path}
    settings: dict[str, Any] = {
        "config": CONFIG.as_posix(),
        "transformer_config": TRANSFORMER_CONFIG.as_posix(),
    }
    settings |= {"tolerance": TOLERANCE, "labels": LABELS, "carried": CARRIED.is_dir()}
    holds = hardware["gpu"] is not None if part.device == "cuda" else True
    part.keep(holds=holds, hardware=hardware, versions=versions, data=data, settings=settings)


FORMS: dict[str, dict[str, Any]] = {
    "paper": {},
    "context": {"distance": 8, "between": True, "types": True},
    "slides": {"interaction": "slides"},
}


def equal(part: Part) -> None:
    """Scores, losses and gradients of the network beside the CPU's, in float32."""
    # cuDNN's LSTM rounds to TF32 unless it is told not to.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    rng = random.Random(0)
    lengths = [rng.randint(1, 40) for _ in range(50)]
    forms = {}
    for name, form in FORMS.items():
        maker = TextMaker(spacy.blank("en").vocab, 24)
        examples = maker.batch(lengths)[0]
        cpu = make_rin(maker, precision="float32", **form)
        expected = step(cpu, examples)
        with part.in_use():
            rin = make_rin(maker, precision="float32", **form)
            rin.from_bytes(cpu.to_bytes())
            found = step(rin, examples)
        differences = {key: difference(found[key], value) for key, value in expected.items()}
        forms[name] = max_by_kind(differences)
        holds = all(d <= TOLERANCE for form in forms.values() for d in form.values())
        part.keep(holds=holds, forms=forms)


def train(part: Part) -> None:
    """`spacy train` beside the same on the CPU, on each corpus that is there."""
    names = [name for name in ("demo", "webnlg") if find_corpus(name)]
    if not names:
        raise FileNotFoundError("no corpus: neither carried nor in corpus/, see docs/gpu.md")
    # All at once: the CPU's trainings take longer than the GPU's, and disturb them little.
    jobs = {
        (name, device): begin(CONFIG, name, device, device == "cuda", part.steps)
        for name in names
        for device in (part.device, BESIDE)
    }
    runs: dict[str, Any] = {name: {} for name in names}
    for (name, device), job in jobs.items():
        runs[name][device] = finish(job)
        part.keep(runs=runs)
    memory = read_memory(names)
    holds = all(is_same_curve(run[part.device], run[BESIDE]) for run in runs.values())
    part.keep(holds=holds, memory_mb=memory, memory_guess_mb=round(GPU_MEMORY / 1e6))


def read_memory(names: list[str]) -> dict[str, float | None]:
    """RETURNS (dict): Peak of the GPU's memory of each training in MB, with its context."""
    found = {}
    for name in names:
        path = folder_of(name, "cuda") / "memory.json"
        found[name] = json.loads(path.read_text(encoding="utf8")) if path.is_file() else None
    return found


def speed(part: Part) -> None:
    """`nlp.pipe` and `spacy-rin extract` in words a second, with triples beside the CPU's."""
    name = "webnlg" if find_corpus("webnlg") else "demo"
    corpus = find_corpus(name)
    pipeline = folder_of(name, part.device) / "model-last"
    if corpus is None or not pipeline.is_dir():
        raise FileNotFoundError(f"no {pipeline}: the part `train` has to come first")
    texts = [doc.text for doc in read_docs(corpus / "test")]
    many = texts * (20 if part.device == "cuda" else 1)
    cpu = spacy.load(pipeline)
    part.keep(texts=len(texts), cpu_words_per_s=measure_speed(cpu, texts)["words_per_s"])
    with part.in_use():
        nlp = spacy.load(pipeline)
        rates = {}
        for size in (128, 512, 2048):
            nlp.batch_size = size
            measured = measure_speed(nlp, many)
            rates[size] = measured["words_per_s"]
            part.keep(words_per_s=rates)
        read = zip(list(cpu.pipe(texts)), nlp.pipe(texts), strict=True)
        same = [triples(a) == triples(b) for a, b in read]
    part.keep(same_texts=statistics.mean(same))
    source, output = HOME / "texts.txt", HOME / "triples.jsonl"
    source.write_text("".join(" ".join(t.split()) + "\n" for t in many), encoding="utf8")
    command = [sys.executable, "-m", "spacy_rin", "extract", str(source), "--overwrite"]
    command += ["--model", str(pipeline), "--output", str(output), "--by", "document"]
    command += ["--gpu-id", str(part.gpu_id), "--batch-size", "512"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"spacy-rin extract: {done.stderr.strip().splitlines()[-1]}")
    rows = [json.loads(line) for line in output.read_text(encoding="utf8").splitlines()]
    extract: dict[str, float] = {"documents": len(rows), "seconds": round(seconds, 1)}
    # The whole command: it starts Python, loads the pipeline, and checks its inputs.
    extract["words_per_s"] = round(measured["words"] / seconds)
    holds = (
        statistics.mean(same) >= SAME_TEXTS
        and len(rows) == len(many)
        and all("error" not in row for row in rows)
    )
    part.keep(holds=holds, extract=extract)


def triples(doc: Any) -> set[tuple[int, str, int]]:
    """RETURNS (set): Triples by their places."""
    return {(r.head.start, r.label, r.tail.start) for r in get_relations(doc)}


def blocks(part: Part) -> None:
    """Other sizes of the table's blocks, and of the parts in prediction, than those of today."""
    rng = random.Random(0)
    maker = TextMaker(spacy.blank("en").vocab, LABELS)
    on_gpu = part.device == "cuda"
    count = 50 if on_gpu else 10
    examples = maker.batch([rng.randint(9, 35) for _ in range(count)])[0]
    docs = [eg.predicted for eg in maker.batch([rng.randint(9, 60) for _ in range(10 * count)])[0]]
    today = block_sizes.GPU_BLOCK_BYTES if on_gpu else 2**22
    rows: list[dict[str, Any]] = []
    with part.in_use():
        rin = make_rin(maker)
        optimizer = Adam(1e-3, L2=0.0, grad_clip=0.0)
        for n_bytes in sorted({today, *(2**k for k in (range(22, 31, 2) if on_gpu else (20, 22)))}):
            with patch.object(architecture, "block_cells", cells_of(n_bytes)):
                seconds = timed(lambda: rin.update(examples, sgd=optimizer), on_gpu)
                row = {"block_mb": n_bytes / 2**20, "step_ms": 1000 * seconds}
                row["words_per_s"] = words(docs) / timed(lambda: rin.predict(docs), on_gpu)
            if on_gpu:
                row["peak_mb"] = torch.cuda.max_memory_allocated() / 1e6
                torch.cuda.reset_peak_memory_stats()
            rows.append(row)
            part.keep(block_sizes=rows, today_mb=today / 2**20)
        parts = {}
        for size in (4096, 16384, 65536):
            with patch.object(network, "PART_WORDS", size):
                parts[size] = words(docs) / timed(lambda: rin.predict(docs), on_gpu)
            part.keep(words_per_s_by_part=parts, today_part=network.PART_WORDS)
    mine = next(row for row in rows if row["block_mb"] == today / 2**20)
    best = min(row["step_ms"] for row in rows)
    part.keep(step_over_best=mine["step_ms"] / best)
    if on_gpu:
        part.keep(holds=mine["step_ms"] <= 1.15 * best)


def cells_of(n_bytes: int) -> Callable[..., int]:
    """RETURNS (Callable): What takes the place of `block_cells`."""
    return lambda device, width, labels: max(1, n_bytes // (4 * (width + labels)))


def transformer(part: Part) -> None:
    """`configs/rin_trf.cfg` with and without mixed precision, if a transformer was carried."""
    found = find_transformer()
    corpus = find_corpus("webnlg") or find_corpus("demo")
    if found is None or corpus is None:
        part.keep(left_out="no transformer was carried: see scripts/gpu/pack.py")
        return
    runs: dict[str, Any] = {}
    # torch scales the gradients of mixed precision on a GPU alone.
    for mixed in (False, True) if part.device == "cuda" else (False,):
        name = "mixed" if mixed else "float32"
        settings = {
            "paths.transformer": str(found.resolve()),
            "components.transformer.model.mixed_precision": mixed,
        }
        steps = max(2, part.steps // 5)
        job = begin(TRANSFORMER_CONFIG, corpus.name, name, part.gpu_id == 0, steps, settings)
        runs[name] = finish(job)
        texts = [doc.text for doc in read_docs(corpus / "test")][: None if part.gpu_id == 0 else 60]
        with part.in_use():
            nlp = spacy.load(job.folder / "model-last")
            runs[name]["words_per_s"] = measure_speed(nlp, texts)["words_per_s"]
        part.keep(runs=runs)
    losses = [run["loss"] for run in runs.values()]
    falls = all(np.isfinite(loss).all() and loss[-1] < loss[0] for loss in losses)
    sums = [sum(loss) for loss in losses]
    part.keep(holds=bool(falls and max(sums) <= (1 + LOSS_TOLERANCE) * min(sums)))


def make_rin(maker: TextMaker, **settings: Any) -> RelationExtractor:
    """RETURNS (RelationExtractor): A component with the default model, on the device in use."""
    fix_random_seed(0)
    model = json.loads(json.dumps(DEFAULT_MODEL)) | settings
    model["tok2vec"]["embed"]["word_dropout"] = 0.0
    rin: Any = Language(maker.vocab).add_pipe("rin", config={"model": model})
    examples = maker.batch([20] * 100)[0]
    rin.initialize(lambda: examples, labels=maker.labels)
    return cast(RelationExtractor, rin)


def words(docs: list[Any]) -> int:
    """RETURNS (int): Words of Docs."""
    return sum(map(len, docs))


def timed(run: Callable[[], Any], on_gpu: bool, repeats: int = 5) -> float:
    """RETURNS (float): Median seconds of a run, after one that warms up."""
    seconds = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        run()
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


PARTS = {f.__name__: f for f in (machine, equal, train, speed, blocks, transformer)}


def main() -> None:
    """Run the part that the command line names."""
    name, device, steps, path = sys.argv[1:]
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    part = Part(device, int(steps), Path(path))
    try:
        PARTS[name](part)
    except Exception as error:
        # One line, as the last of the log: the report has it. The traceback stands above it.
        import traceback

        traceback.print_exc()
        message = " ".join(str(error).split())
        sys.exit(f"{type(error).__name__}: {message}")


if __name__ == "__main__":
    main()
