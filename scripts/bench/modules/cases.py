"""What is measured: `python -m scripts.bench.modules.cases NAME '{"…": …}'` for one case.

A process of its own gives each case its own peak memory and number of threads. It prints one line
of JSON. Times are seconds of wall clock; memory is MB above the process as it was before.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from scripts.bench.modules.plain_rin import PlainRIN, plain_step
from scripts.bench.modules.texts import N_POS, N_WORDS, TextMaker
from spacy_rin.component import RelationExtractor, find_rin, relation_extractor
from spacy_rin.component.factory import DEFAULT_MODEL
from spacy_rin.corpus.docbin import read_docs
from spacy_rin.layers import architecture as model
from spacy_rin.nn import loss, network, row_maximum
from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.device import DTYPES, block_cells
from spacy_rin.nn.factors import Factors
from spacy_rin.nn.table import Table
from spacy_rin.training.history import read_history

WIDTH = 100
Step = Callable[[int], float]


def steps(
    lengths: list[list[int]],
    kinds: list[str],
    labels: int = 216,
    rounds: int = 3,
    repeats: int = 5,
    plain_repeats: int = 3,
) -> dict[str, Any]:
    """Training steps on the very same batches, from Docs or word numbers to the optimizer.

    lengths: Words of the texts of each batch. kinds: "plain", "float32", "bfloat16".
    RETURNS: The time of every step, by kind, in turn: plain, float32, plain, float32, …
    """
    maker = TextMaker(spacy.blank("en").vocab, labels)
    batches = [maker.batch(group) for group in lengths]
    runs = {kind: _stepper(batches, maker, rounds, kind) for kind in kinds}
    for run in runs.values():
        run(0)  # the first step makes what the later ones reuse
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for repeat in range(repeats):
        for k in range(len(batches)):
            for kind, run in runs.items():
                if kind != "plain" or repeat < plain_repeats:
                    seconds[kind].append(run(k))
    return {"seconds": seconds, "median": _medians(seconds)}


def memory(lengths: list[int], kind: str, labels: int = 216, rounds: int = 7) -> dict[str, Any]:
    """Peak of two training steps."""
    maker = TextMaker(spacy.blank("en").vocab, labels)
    small, large = maker.batch([5] * 4), maker.batch(lengths)
    run = _stepper([small, large], maker, rounds, kind)
    run(0)
    with _peak() as peak:
        seconds = [run(1) for _ in range(2)]
    return {"peak_mb": peak["mb"], "seconds": min(seconds)}


def long_unit(lengths: list[int], precision: str) -> dict[str, Any]:
    """Prediction of one long unit each, with max_length lifted."""
    maker = TextMaker(spacy.blank("en").vocab, 216)
    rin = _rin(maker, 3, precision)
    rin.cfg["max_length"] = 0
    rin.predict([maker.batch([20])[0][0].predicted])
    rows = []
    for n in lengths:
        doc = maker.batch([n])[0][0].predicted
        with _peak() as peak:
            seconds = _timed(partial(rin.predict, [doc]))
        rows.append({"words": n, "seconds": seconds, "peak_mb": peak["mb"]})
    return {"rows": rows}


def products(
    lengths: list[int], precision: str, labels: int = 216, rounds: int = 3
) -> dict[str, Any]:
    """How near the blocks of a training step come to the processor's own product rate."""
    dtype = DTYPES[precision]
    device = torch.device("cpu")
    best = 0.0
    for P in (512, 1024, 2048, 4096):
        m, W = torch.randn(P, WIDTH).to(dtype), torch.randn(WIDTH, labels).to(dtype)
        seconds = min(_timed(partial(torch.mm, m, W)) for _ in range(60))
        best = max(best, 2 * P * WIDTH * labels / seconds)
    layout = BlockPlan(lengths, device, block_cells(device, WIDTH, labels))
    W_total, cells = sum(lengths), sum(n * n for n in lengths)
    torch.manual_seed(0)
    factors = Factors(
        torch.randn(W_total, WIDTH, requires_grad=True),
        torch.randn(W_total, WIDTH, requires_grad=True),
        torch.randn(labels, WIDTH).div_(10).requires_grad_(),
        torch.full((labels,), network.RELATION_BIAS, requires_grad=True),
    )
    table = Table(factors, layout, dtype)
    gradient = torch.randn(W_total, labels)
    nothing = [(torch.zeros(0, dtype=torch.long),) * 2] * len(layout.blocks)
    product = 2 * cells * WIDTH * labels
    maximum = row_maximum.row_maximum(table)
    stages = {  # products of each cell, times a step, and what does them
        "row maximum, in prediction": (
            1,
            0,
            lambda: row_maximum.row_maximum(table.detach()),
        ),
        "row maximum, forward": (1, rounds, lambda: row_maximum.row_maximum(table)),
        "row maximum, backward": (
            0,
            rounds,
            lambda: maximum.backward(gradient, retain_graph=True),
        ),
        "loss and gradient": (
            3,
            1,
            lambda: loss.relation_loss(table.detach(), nothing, nothing),
        ),
    }
    rows = {}
    for name, (count, times, run) in stages.items():
        run()
        seconds = statistics.median(_timed(run) for _ in range(41))
        share = count * product / seconds / best
        rows[name] = {"ns_a_cell": 1e9 * seconds / cells, "times_a_step": times, "share": share}

    def share_of(names: list[str]) -> float:
        done = sum(stages[name][0] * stages[name][1] for name in names) * product
        taken = sum(rows[name]["ns_a_cell"] * stages[name][1] for name in names) * cells / 1e9
        return done / taken / best

    return {
        "gflops": best / 1e9,
        "stages": rows,
        # the backward pass of the row maximum multiplies no block: it sums over the winners
        "share": share_of(["row maximum, forward", "loss and gradient"]),
        "share_with_row_maximum_backward": share_of(list(stages)[1:]),
    }


def epoch(lengths: list[int], kinds: list[str], sample: int) -> dict[str, Any]:
    """A shuffled epoch in batches of 50, network only: every kind on the same batches, in turn.

    sample: Steps to time, evenly spaced; the epoch is their mean times its number of steps.
    """
    maker = TextMaker(spacy.blank("en").vocab, 216)
    fix_random_seed(0)
    order = torch.randperm(len(lengths)).tolist()
    groups = [[lengths[k] for k in order[i : i + 50]] for i in range(0, len(lengths), 50)]
    timed = groups[:: max(1, len(groups) // sample)]
    batches = [maker.batch([8] * 4), *(maker.batch(group) for group in timed)]
    runs = {kind: _stepper(batches, maker, 3, kind) for kind in kinds}
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    for k in range(len(batches)):
        for kind, run in runs.items():
            seconds[kind].append(run(k))
    epochs = {kind: statistics.mean(times[1:]) * len(groups) for kind, times in seconds.items()}
    return {
        "steps": len(groups),
        "timed_steps": len(timed),
        "seconds": epochs,
        "padded_words": statistics.mean(max(group) for group in groups),
    }


def spacy_train(
    train: str, dev: str, tagger: str, output: str, precision: str, epochs: int = 3
) -> dict[str, Any]:
    """`spacy train` itself, with the time that its parts take.

    RETURNS: When dev was evaluated, once an epoch, and the seconds spent in each part; the parts of
        rin.update are listed beside it.
    """
    from spacy.cli.train import train as run_train
    from spacy.pipeline import Tagger

    spent: dict[str, float] = defaultdict(float)
    with _timers(
        spent,
        (RelationExtractor, "update", "rin.update"),
        (relation_extractor, "make_targets", "targets"),
        (model, "_forward_windows", "embedding and encoder, forward"),
        (network.RIN, "forward", "network, forward"),
        (row_maximum._RowMaximum, "forward", "row maximum, forward"),
        (row_maximum._RowMaximum, "backward", "row maximum, backward"),
        (model, "relation_loss", "relation loss and gradient"),
        (RelationExtractor, "finish_update", "optimizer"),
        (Tagger, "predict", "tagger"),
        (Language, "evaluate", "evaluation on dev"),
        (Language, "initialize", "initialization"),
    ):
        start = time.perf_counter()
        run_train(
            Path("configs/rin.cfg"),
            Path(output),
            overrides={
                "paths.train": train,
                "paths.dev": dev,
                "paths.tagger": tagger,
                "paths.history": f"{output}/history.jsonl",
                "training.max_epochs": epochs,
                "training.eval_frequency": 101,
                "components.rin.model.precision": precision,
            },
        )
    spent["all"] = time.perf_counter() - start
    seconds = [row["seconds"] for row in read_history(Path(output, "history.jsonl"))]
    return {"evaluated_at": seconds, "spent": dict(spent)}


def pipe(pipeline: str, corpus: str, repeats: int = 5) -> dict[str, Any]:
    """Words a second of nlp.pipe on raw texts, and of rin and spaCy's ner alone, in turn."""
    nlp = spacy.load(pipeline)
    gold = list(read_docs(corpus))
    texts = [doc.text for doc in gold]
    words = sum(len(nlp.make_doc(text)) for text in texts)
    ner_nlp = _ner(gold)
    ner: Any = ner_nlp.get_pipe("ner")
    rin = find_rin(nlp)
    module = rin.model.get_ref("network").shims[0]._model
    with nlp.select_pipes(disable=rin.name):
        read = DocBin(attrs=["TAG", "SENT_START"], docs=nlp.pipe(texts)).to_bytes()
    rates: dict[str, list[float]] = defaultdict(list)
    for repeat in range(repeats + 1):
        found = {}
        for precision in ("float32", "bfloat16"):
            module.precision = precision
            found[f"pipe_{precision}"] = _timed(lambda: list(nlp.pipe(texts)))
            docs = list(DocBin().from_bytes(read).get_docs(nlp.vocab))
            found[f"rin_{precision}"] = _timed(partial(_run, rin, docs))
        docs = [ner_nlp.make_doc(text) for text in texts]
        found["ner"] = _timed(partial(_run, ner, docs))
        if repeat:  # the first round warms up
            for name, seconds in found.items():
                rates[name].append(words / seconds)
    over_ner = {
        name: statistics.median(a / b for a, b in zip(rates[name], rates["ner"], strict=True))
        for name in ("rin_float32", "rin_bfloat16")
    }
    return {
        "docs": len(texts),
        "words": words,
        "pipes": nlp.pipe_names,
        "words_per_s": _medians(rates),
        "over_ner": over_ner,
    }


def _run(pipe: Any, docs: list[Doc]) -> None:
    for _ in pipe.pipe(docs, batch_size=256):
        pass


def _ner(gold: list[Doc]) -> Language:
    """spaCy's ner with its default CNN, after a few updates on the gold entities."""
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in gold[:200]]
    fix_random_seed(0)
    nlp.initialize(lambda: examples)
    for _ in range(5):
        for start in range(0, len(examples), 50):
            nlp.update(examples[start : start + 50])
    return nlp


def _stepper(batches: list[Any], maker: TextMaker, rounds: int, kind: str) -> Step:
    """A network and its optimizer: makes a step with the k-th batch and gives its seconds."""
    if kind == "plain":
        return _plain_stepper(batches, maker, rounds)
    rin = _rin(maker, rounds, kind)
    optimizer = Adam(1e-3, L2=0.0, grad_clip=0.0)
    return lambda k: _timed(lambda: rin.update(batches[k][0], drop=0.1, sgd=optimizer))


def _plain_stepper(batches: list[Any], maker: TextMaker, rounds: int) -> Step:
    torch.manual_seed(0)
    plain = PlainRIN(N_WORDS, N_POS, len(maker.tag_set), len(maker.relation_labels), rounds)
    torch.nn.init.constant_(plain.interaction.relations.bias, network.RELATION_BIAS)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-3)

    def step(k: int) -> float:
        numbers = batches[k][1]
        batch = (numbers.words, numbers.pos, numbers.tags, numbers.triples)
        return _timed(lambda: plain_step(plain, optimizer, *batch))

    return step


def _rin(maker: TextMaker, rounds: int, precision: str) -> RelationExtractor:
    fix_random_seed(0)
    nlp = Language(maker.vocab)
    settings = {**DEFAULT_MODEL, "rounds": rounds, "precision": precision}
    rin: Any = nlp.add_pipe("rin", config={"model": settings})
    examples = maker.batch([20] * 200)[0]
    rin.initialize(lambda: examples, labels=maker.labels)
    return cast(RelationExtractor, rin)


def _timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _medians(values: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(v) for name, v in values.items()}


@contextmanager
def _timers(spent: dict[str, float], *targets: tuple[Any, str, str]) -> Iterator[None]:
    """Sum the time that functions take, under a name each."""
    originals = [(owner, attribute, vars(owner)[attribute]) for owner, attribute, _ in targets]

    def timed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - start

        return call

    for owner, attribute, name in targets:
        replaced = timed(getattr(owner, attribute), name)
        static = isinstance(vars(owner)[attribute], staticmethod)
        setattr(owner, attribute, staticmethod(replaced) if static else replaced)
    try:
        yield
    finally:
        for owner, attribute, original in originals:
            setattr(owner, attribute, original)


@contextmanager
def _peak() -> Iterator[dict[str, float]]:
    """Highest resident memory inside the block above that at its start, in MB; Linux."""
    import gc

    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="utf8")  # the high-water mark, anew
    start, peak = _status("VmRSS"), {"mb": 0.0}
    yield peak
    peak["mb"] = _status("VmHWM") - start


def _status(field: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf8").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024 / 1e6
    raise ValueError(f"No {field} in /proc/self/status: memory is measured on Linux only.")


CASES = {f.__name__: f for f in (steps, memory, long_unit, products, epoch, spacy_train, pipe)}


def main() -> None:
    name, arguments = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(arguments.pop("threads"))
    print(json.dumps(CASES[name](**arguments)))


if __name__ == "__main__":
    main()
