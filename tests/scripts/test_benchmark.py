"""The benchmark: the plain network is the paper's, both sides read the same, cases run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import spacy
import srsly
import torch
from paths import ROOT
from reference import loss, random_params

from scripts.bench import benchmark
from scripts.bench.modules import cases as bench_cases
from scripts.bench.modules.plain_rin import PlainInteraction, plain_loss
from scripts.bench.modules.texts import TextMaker
from spacy_rin.arrays.batch import make_batch
from spacy_rin.arrays.tags import TagSet
from spacy_rin.arrays.targets import make_targets

WIDTH, N_TAGS, N_LABELS = 6, 5, 4


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_plain_network_equals_the_reference(rounds: int) -> None:
    params = random_params(WIDTH, N_TAGS, N_LABELS, dtype=torch.float64)
    plain = PlainInteraction(WIDTH, rounds, N_TAGS, N_LABELS).double()
    plain.load_state_dict(params)
    params = {name: parameter.requires_grad_() for name, parameter in params.items()}
    torch.manual_seed(0)
    lengths, N = [3, 5, 1], 5
    h = torch.randn(3, N, WIDTH, dtype=torch.float64)
    mask = torch.arange(N) < torch.tensor(lengths).unsqueeze(1)
    tags = torch.randint(0, N_TAGS, (3, N))
    gold_cells = [{(0, 2, 1): 1}, {(4, 4, 0): 1, (1, 3, 2): 1}, {}]
    cells = torch.zeros(3, N, N, N_LABELS, dtype=torch.float64)
    for b, text in enumerate(gold_cells):
        for cell in text:
            cells[(b, *cell)] = 1
    found = plain_loss(*plain(h, mask), mask, tags, cells)
    found.backward()

    texts = [h[b, :n] for b, n in enumerate(lengths)]
    gold = [(tags[b, :n].tolist(), gold_cells[b]) for b, n in enumerate(lengths)]
    expected = sum(loss(params, texts, gold, rounds))
    expected.backward()
    assert found.item() == pytest.approx(expected.item())
    for name, parameter in plain.named_parameters():
        if params[name].grad is not None:
            torch.testing.assert_close(parameter.grad, params[name].grad)


def test_both_sides_read_the_same_gold() -> None:
    maker = TextMaker(spacy.blank("en").vocab, 7, seed=3)
    examples, numbers = maker.batch([9, 4, 12])
    batch = make_batch([eg.predicted for eg in examples])
    labels = {label: k for k, label in enumerate(maker.relation_labels)}
    targets = make_targets(examples, batch, TagSet(maker.labels["entities"]), labels, "last")
    assert targets.tags.tolist() == [tag for text in numbers.tags for tag in text]
    assert {tuple(cell) for cell in targets.cells.tolist()} == {
        (b, *triple) for b, triples in enumerate(numbers.triples) for triple in triples
    }
    assert [len(eg.predicted) for eg in examples] == [len(words) for words in numbers.words]


def test_cases_give_what_the_summary_reads() -> None:
    lengths = [[3, 5]]
    steps = bench_cases.steps(lengths, benchmark.KINDS, labels=3, rounds=1, repeats=2)
    assert {kind: len(times) for kind, times in steps["seconds"].items()} == {
        "plain": 2,
        "float32": 2,
        "bfloat16": 2,
    }
    products = bench_cases.products(lengths[0], "float32", labels=3)
    assert 0 < products["share_with_row_maximum_backward"] < products["share"] < 1
    epoch = bench_cases.epoch([3, 4, 5] * 40, benchmark.KINDS, sample=2)
    assert epoch["steps"] == epoch["timed_steps"] == 3 and min(epoch["seconds"].values()) > 0
    assert epoch["seconds"].keys() == set(benchmark.KINDS)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_peak_sees_what_comes_and_goes() -> None:
    with bench_cases._peak() as peak:
        torch.ones(20_000_000)  # 80 MB
    assert 70 < peak["mb"] < 120


def test_paired_ratio_is_of_neighbours() -> None:
    assert benchmark._paired([2.0, 30.0, 8.0], [1.0, 10.0, 2.0, 1.0]) == 3.0


def test_report_and_plots_are_written_below_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = srsly.read_json(ROOT / "results" / "benchmark.json")
    cases = [name for name, found in published.items() if "case" in found]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(benchmark, "plan", lambda *_: {name: (name, {}) for name in cases})
    monkeypatch.setattr(benchmark, "run_case", lambda name, _: published[name])
    benchmark.main(threads=published["settings"]["threads"])
    written = {path.name for path in Path("training/bench").iterdir()}
    assert written == {"benchmark.json", "benchmark_time.png", "benchmark_memory.png"}
    assert [path.name for path in tmp_path.iterdir()] == ["training"]
    summary = srsly.read_json("training/bench/benchmark.json")["summary"]
    assert summary == pytest.approx(published["summary"])
