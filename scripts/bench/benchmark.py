"""Time and memory beside the plain implementation → training/bench/benchmark.json and its plots.

Every case runs in a process of its own (`bench_cases.py`). What needs WebNLG or a trained pipeline
is left out, and said, where they are missing.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import typer
from tqdm import tqdm
from wasabi import msg

from spacy_rin.corpus.docbin import describe_corpus, read_docs
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.files import replacing, write_json

matplotlib.use("Agg")
from matplotlib import pyplot as plt

KINDS = ["plain", "float32", "bfloat16"]
OURS = KINDS[1:]
# What a step is measured against: values, and the batch that stands for each.
SWEEPS: dict[str, tuple[str, list[int]]] = {
    "words": ("words of each of 10 texts, n", [10, 20, 40, 80]),
    "labels": ("relation labels, l (25 texts of 22 words)", [24, 108, 216, 432]),
    "rounds": ("rounds, K (25 texts of 22 words)", [0, 1, 3, 5, 7]),
    "batch": ("texts of 22 words in a batch", [1, 10, 50, 100]),
}
COLORS = {"plain": "#8c8c8c", "float32": "#1f6fb4", "bfloat16": "#d1661b"}


def main(
    output: Annotated[Path, typer.Option(help="JSON; the plots go beside it")] = Path(
        "training/bench/benchmark.json"
    ),
    corpus: Annotated[Path, typer.Option(help="Converted WebNLG")] = Path("corpus/webnlg"),
    tagger: Annotated[Path, typer.Option(help="Trained tagger")] = Path(
        "training/tagger_webnlg/model-best"
    ),
    pipeline: Annotated[Path, typer.Option(help="Trained and assembled pipeline")] = Path(
        "training/webnlg/pipeline"
    ),
    threads: Annotated[int, typer.Option(help="Threads of torch; 0: one a core")] = 0,
    quick: Annotated[bool, typer.Option(help="Few and small cases, to see that it runs")] = False,
) -> None:
    """Measure everything, write the file, draw the plots."""
    threads = threads or os.cpu_count() or 1
    result: dict[str, Any] = {
        "hardware": describe_hardware() | {"torch_threads": threads},
        "versions": package_versions(),
        "settings": {"width": 100, "labels": 216, "rounds": 3, "threads": threads},
    }
    cases = plan(corpus, tagger, pipeline, threads, quick)
    with tqdm(cases.items(), unit="case", disable=None) as bar:
        for name, (case, arguments) in bar:
            bar.set_postfix_str(name)
            result[name] = run_case(case, arguments)
    if corpus.exists():
        result["data"] = {part: describe_corpus(corpus / part) for part in ("train", "dev", "test")}
    result["summary"] = summarise(result)
    write_json(output, result)
    plot(result, output.with_name("benchmark_time.png"), "median", "seconds a training step")
    plot(result, output.with_name("benchmark_memory.png"), "memory", "peak MB of a training step")
    for name, value in result["summary"].items():
        msg.text(f"{name}: {value:.4g}" if value is not None else f"{name}: not measured")
    msg.good(f"Wrote {output}")


def plan(
    corpus: Path, tagger: Path, pipeline: Path, threads: int, quick: bool
) -> dict[str, tuple[str, dict[str, Any]]]:
    """RETURNS (dict): Name of each measurement → its case and arguments."""
    rng = random.Random(0)
    sizes = 10 if quick else 50
    same = [[rng.randint(9, 35) for _ in range(sizes)] for _ in range(1 if quick else 3)]
    everywhere = {"threads": threads}
    cases: dict[str, tuple[str, dict[str, Any]]] = {}
    for count in sorted({1, threads}):
        cases[f"same_batches_{count}_threads"] = (
            "steps",
            {"lengths": same, "kinds": KINDS, "threads": count, "repeats": 1 if quick else 5},
        )
    for kind in OURS:
        cases[f"products_{kind}"] = (
            "products",
            {"lengths": same[0], "precision": kind, "threads": 1},
        )
        cases[f"train_memory_{kind}"] = (
            "memory",
            {"lengths": [20 if quick else 100] * sizes, "kind": kind, **everywhere},
        )
        cases[f"long_unit_{kind}"] = (
            "long_unit",
            {"lengths": [250, 500] if quick else [250, 500, 1000, 2000], "precision": kind}
            | everywhere,
        )
    for sweep, (_, values) in SWEEPS.items():
        for value in values[:2] if quick else values:
            n, b = (value, 10) if sweep == "words" else (22, 25)
            lengths = [n] * (value if sweep == "batch" else b)
            settings = {sweep: value} if sweep in ("labels", "rounds") else {}
            cases[f"sweep/{sweep}/{value}/time"] = (
                "steps",
                {"lengths": [lengths], "kinds": KINDS, **everywhere, **settings}
                | {"repeats": 1 if quick else 5},
            )
            for kind in KINDS:
                cases[f"sweep/{sweep}/{value}/memory/{kind}"] = (
                    "memory",
                    {"lengths": lengths, "kind": kind, "rounds": 3, **everywhere, **settings},
                )
    if not corpus.exists():
        msg.warn(f"No {corpus}: its epoch and the texts' words/s are not measured")
        return cases
    lengths = [len(doc) for doc in read_docs(corpus / "train")]
    for count in sorted({1, threads}):
        cases[f"epoch_{count}_threads"] = (
            "epoch",
            {"lengths": lengths, "kinds": KINDS, "sample": 2 if quick else 20, "threads": count},
        )
    if tagger.exists():
        for kind in OURS:
            cases[f"spacy_train_{kind}"] = (
                "spacy_train",
                {"train": str(corpus / "train"), "dev": str(corpus / "dev"), "epochs": 3}
                | {"tagger": str(tagger), "output": f"training/benchmark_{kind}"}
                | {"precision": kind, **everywhere},
            )
    else:
        msg.warn(f"No {tagger}: `spacy train` is not measured")
    if pipeline.exists():
        cases["pipe"] = (
            "pipe",
            {"pipeline": str(pipeline), "corpus": str(corpus / "test"), "threads": 1},
        )
    else:
        msg.warn(f"No {pipeline}: nlp.pipe is not measured")
    return cases


def run_case(case: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Run a case in a process of its own and read what it prints."""
    module = "scripts.bench.modules.cases"
    command = [sys.executable, "-W", "ignore", "-m", module, case, json.dumps(arguments)]
    # torch reads the number of threads when it starts; without it, a pool of all cores stands by.
    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments["threads"])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        msg.fail(f"{case} failed", done.stderr[-2000:], exits=1)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    shown = {k: v for k, v in arguments.items() if k != "lengths" or len(str(v)) < 1000}
    return {"case": case, "arguments": shown, **found}


def summarise(result: dict[str, Any]) -> dict[str, float | None]:
    """RETURNS (dict): The flat figures, None for what was not measured.

    All are there for both types of products, name_fp32 and name_bf16. A name without a type is the
    larger peak of memory, else the figure of bfloat16. `epoch_speedup` is on one thread.
    """
    found: dict[str, float | None] = {}
    for short, kind in (("fp32", "float32"), ("bf16", "bfloat16")):
        found |= {f"{name}_{short}": value for name, value in _figures(result, kind).items()}
    for name in ("epoch_speedup", "webnlg_epoch_s", "share_outside_network", "pipe_words_per_s"):
        found[name] = found[f"{name}_bf16"]
    for name in ("train_peak_mb", "long_doc_peak_mb"):
        found[name] = max(found[f"{name}_fp32"] or 0, found[f"{name}_bf16"] or 0)
    return found


def _figures(result: dict[str, Any], kind: str) -> dict[str, float | None]:
    same = result[f"same_batches_{result['settings']['threads']}_threads"]["seconds"]
    epochs = {
        count: result.get(f"epoch_{count}_threads", {}).get("seconds")
        for count in (1, result["settings"]["threads"])
    }
    pipe, products = result.get("pipe"), result[f"products_{kind}"]
    return {
        "step_speedup_same_batches": _paired(same["plain"], same[kind]),
        "epoch_speedup": _ratio(epochs[1], kind),
        "epoch_speedup_all_threads": _ratio(epochs[result["settings"]["threads"]], kind),
        **_shares(result.get(f"spacy_train_{kind}")),
        "train_peak_mb": result[f"train_memory_{kind}"]["peak_mb"],
        "long_doc_peak_mb": max(row["peak_mb"] for row in result[f"long_unit_{kind}"]["rows"]),
        "pipe_words_per_s": pipe["words_per_s"][f"pipe_{kind}"] if pipe else None,
        "rin_over_ner": pipe["over_ner"][f"rin_{kind}"] if pipe else None,
        "gemm_share": products["share"],
        "gemm_share_with_row_maximum_backward": products["share_with_row_maximum_backward"],
    }


def _paired(slow: list[float], fast: list[float]) -> float:
    """Median of the ratios; the plain network has fewer steps, each beside one of ours."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=False))


def _ratio(epochs: dict[str, float] | None, kind: str) -> float | None:
    return epochs["plain"] / epochs[kind] if epochs else None


def _shares(trained: dict[str, Any] | None) -> dict[str, float | None]:
    if trained is None:
        return dict.fromkeys(("webnlg_epoch_s", "tagger_share", "share_outside_network"))
    at, spent = trained["evaluated_at"], trained["spent"]
    training = spent["all"] - spent["initialization"]
    return {
        "webnlg_epoch_s": statistics.median(b - a for a, b in pairwise(at)),
        "tagger_share": spent["tagger"] / training,
        "share_outside_network": 1 - (spent["rin.update"] - spent["targets"]) / training,
    }


def plot(result: dict[str, Any], path: Path, what: str, title: str) -> None:
    """Draw a panel for each sweep, all kinds in one."""
    figure, panels = plt.subplots(1, len(SWEEPS), figsize=(16, 4), layout="constrained")
    for panel, (sweep, (label, values)) in zip(panels, SWEEPS.items(), strict=True):
        for kind in KINDS:
            points = []
            for value in values:
                found = result.get(f"sweep/{sweep}/{value}/time")
                if found and what == "median":
                    points.append((value, found["median"][kind]))
                elif found:
                    memory = result[f"sweep/{sweep}/{value}/memory/{kind}"]["peak_mb"]
                    points.append((value, max(memory, 1)))
            panel.plot(*zip(*points, strict=True), marker="o", color=COLORS[kind], label=kind)
        panel.set(xlabel=label, yscale="log")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel(title)
    panels[0].legend()
    hardware = result["hardware"]
    figure.suptitle(
        f"d 100, l 216, K 3 unless varied; {hardware['processor']}, "
        f"{hardware['torch_threads']} threads",
        fontsize=9,
    )
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


if __name__ == "__main__":
    typer.run(main)
