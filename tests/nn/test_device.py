"""bfloat16 products against float32 ones, and how precision and block size are chosen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from processes import run_python
from reference import forward, loss, random_params
from thinc.api import Config
from torch import Tensor
from toy import SMALL_CONFIG, gold_examples, initialised, rin_of, train, trained_bytes

from spacy_rin.nn import device as hardware
from spacy_rin.nn.blocks import BlockPlan
from spacy_rin.nn.device import block_cells, product_dtype
from spacy_rin.nn.interaction import PaperInteraction
from spacy_rin.nn.loss import relation_loss
from spacy_rin.nn.network import RIN

CPU = torch.device("cpu")
WIDTH, N_TAGS, N_LABELS = 20, 5, 12
LENGTHS = [7, 4, 9]
BF16_ROUNDING = 2**-8


# The paper's form, and with all that a cell can see besides. The latter without rounds: logits of
# equal size are told apart by rounding, and their gradients go to other cells then.
CONTEXTS: list[dict[str, Any]] = [{}, {"distance": 3, "between": True, "types": True}]


@pytest.fixture(params=CONTEXTS, ids=["paper", "context"])
def context(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture
def params(context: dict[str, Any]) -> dict[str, Tensor]:
    return random_params(WIDTH, N_TAGS, N_LABELS, dtype=torch.float32, **context)


@pytest.fixture(params=["float32", "bfloat16"])
def network(
    request: pytest.FixtureRequest, context: dict[str, Any], params: dict[str, Tensor]
) -> RIN:
    network = RIN(PaperInteraction(WIDTH), 0 if context else 2, request.param, **context)
    network.initialize(WIDTH, N_TAGS, N_LABELS)
    names = {name: name.removeprefix("interaction.") for name in network.state_dict()}
    network.load_state_dict({name: params[reference] for name, reference in names.items()})
    return network


def tolerance(network: RIN) -> float:
    """The relative error to allow: a few roundings of the type, which add up over the rounds."""
    return 1e-5 if network.precision == "float32" else 4 * BF16_ROUNDING


def test_scores_are_as_close_as_the_type_allows(network: RIN, params: dict[str, Tensor]) -> None:
    torch.manual_seed(0)
    for n in LENGTHS:
        words = torch.randn(n, WIDTH)
        tags, table = network(words, BlockPlan([n], CPU, 50))
        expected_tags, expected_table = forward(params, words, network.rounds)
        found = torch.empty(n, n, N_LABELS)
        for block, z in table.blocks():
            rows = block.rows.unsqueeze(2).expand(-1, -1, n).flatten()
            cols = block.cols.unsqueeze(1).expand(-1, block.rows.shape[1], -1).flatten()
            found[rows, cols] = torch.sigmoid(z.detach())
        assert (torch.softmax(tags, 1) - expected_tags).abs().max() < tolerance(network)
        assert (found - expected_table).abs().max() < tolerance(network)


def test_losses_and_gradients_are_as_close_as_the_type_allows(
    network: RIN, params: dict[str, Tensor]
) -> None:
    torch.manual_seed(0)
    words = torch.randn(sum(LENGTHS), WIDTH)
    layout = BlockPlan(LENGTHS, CPU, 60)
    cells = np.array([(0, 1, 2, 3), (1, 0, 0, 0), (2, 8, 1, 11)])
    inputs = words.clone().requires_grad_()
    _, table = network(inputs, layout)
    found, gradients = relation_loss(
        table.detach(), layout.locate(cells), layout.locate(np.zeros((0, 4), dtype=int))
    )
    torch.autograd.backward([*table.factors.present()], [*gradients])

    params = {name: p.requires_grad_() for name, p in params.items()}
    expected_inputs = words.clone().requires_grad_()
    gold = [
        ([None] * n, {tuple(c[1:].tolist()): 1 for c in cells if c[0] == k})
        for k, n in enumerate(LENGTHS)
    ]
    _, expected = loss(params, expected_inputs.split(LENGTHS), gold, network.rounds)
    expected.backward()
    assert found == pytest.approx(expected.item(), rel=tolerance(network))
    assert_near(inputs.grad, expected_inputs.grad, tolerance(network))
    for name, parameter in network.named_parameters():
        expected_gradient = params[name.removeprefix("interaction.")].grad
        if not name.startswith("tags.") and expected_gradient is not None:
            assert_near(parameter.grad, expected_gradient, tolerance(network))


def assert_near(found: Tensor, expected: Tensor, rel: float) -> None:
    assert (found - expected).norm() <= rel * expected.norm()


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({}, torch.float32),
        ({"avx512_bf16": False, "amx_bf16": False}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_gains(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], expected: torch.dtype
) -> None:
    monkeypatch.setattr(hardware, "cpu_capabilities", lambda: capabilities)
    assert product_dtype("auto", CPU) == expected
    assert product_dtype("float32", CPU) == torch.float32
    assert product_dtype("bfloat16", CPU) == torch.bfloat16


def test_blocks_fit_the_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cpu_capabilities", lambda: {"l2_cache_size": 2**20})
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    one = block_cells(CPU, 100, 216)
    assert one * 4 * (100 + 216) <= hardware.CACHES_PER_BLOCK * 2**20
    assert block_cells(CPU, 100, 24) > one
    assert block_cells(CPU, 10**7, 10**7) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert one * 4 <= block_cells(CPU, 100, 216) <= one * 4 + 3


def test_processor_that_says_nothing_gets_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cpu_capabilities", lambda: {"l2_cache_size": 0})
    assert block_cells(CPU, 100, 216) > 100


@pytest.mark.training
def test_same_seed_gives_the_same_model_twice() -> None:
    histories = []
    for _ in range(2):
        nlp = initialised(model=small_model("bfloat16"))
        histories.append((train(nlp, 3, seed=4), nlp.get_pipe("rin").to_bytes()))
    assert histories[0] == histories[1]


@pytest.mark.training
def test_precision_of_a_saved_pipeline_can_be_set_when_it_is_loaded(tmp_path: Path) -> None:
    nlp = initialised()
    nlp.from_bytes(trained_bytes())
    nlp.to_disk(tmp_path / "pipeline")
    loaded = spacy.load(
        tmp_path / "pipeline", config={"components.rin.model.precision": "bfloat16"}
    )
    module = rin_of(loaded).model.get_ref("network").shims[0]._model
    assert module.precision == "bfloat16"
    (example,) = gold_examples(loaded)[:1]
    assert [ent.text for ent in loaded(example.text).ents] == [
        ent.text for ent in nlp(example.text).ents
    ]


def test_unknown_precision_is_an_error() -> None:
    with pytest.raises(ValueError, match="precision"):
        initialised(model=small_model("float16"))


def small_model(precision: str) -> Config:
    model = Config().from_str(SMALL_CONFIG)["model"]
    model["precision"] = precision
    return model


THREADS = """
import multiprocessing, torch

def threads():
    import spacy_rin.layers.architecture
    return torch.get_num_threads()

if __name__ == "__main__":
    before = torch.get_num_threads()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(threads), before == threads())
"""


@pytest.mark.processes
def test_spawned_workers_take_one_thread_and_nobody_else_does(tmp_path: Path) -> None:
    script = tmp_path / "threads.py"
    script.write_text(THREADS, encoding="utf8")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = run_python(script, env=environment)
    assert done.stdout.split() == ["1", "True"], done.stderr
