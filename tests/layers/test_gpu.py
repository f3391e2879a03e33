"""On a pretended GPU no array and no tensor is read where it is not, and results are the CPU's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from paths import ROOT
from pretended_gpu import GPU, GpuArray, PretendedOps, pretended_gpu
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import fix_random_seed
from thinc.api import Adam, Config, get_current_ops, torch2xp, xp2torch
from tiny_bert import make_bert, toy_pieces
from toy import (
    SMALL_CONFIG,
    blank,
    gold_examples,
    initialised,
    network,
    rin_of,
    small_config,
)

from spacy_rin.evaluation.environment import describe_hardware

CONTEXT = {"distance": 3, "between": True, "types": True}
EMBED: dict[str, Any] = {
    "@architectures": "spacy-rin.Concatenate.v1",
    "*": {
        "words": {"@architectures": "spacy-rin.WordTagEmbed.v1", "word_width": 24, "tag_width": 4},
        "characters": {"@architectures": "spacy-rin.CharacterCNN.v1", "width": 8, "char_width": 4},
        "vectors": {"@architectures": "spacy-rin.StaticVectors.v1", "width": 12},
    },
}
DROPOUT = {
    "@architectures": "spacy-rin.WithDropout.v1",
    "layer": {"@architectures": "spacy-rin.BiLSTMEncoder.v1", "width": 32, "depth": 2},
}


def model(**settings: Any) -> Config:
    return Config().from_str(SMALL_CONFIG)["model"] | settings


def with_embed(embed: dict[str, Any], encode: dict[str, Any]) -> Config:
    return model(tok2vec={"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode})


CASES: dict[str, dict[str, Any]] = {
    "context": {"model": model(**CONTEXT)},
    "separate": {"model": small_config("separate", rounds=0)},
    "bfloat16": {"model": model(precision="bfloat16")},
    "partial": {"decode": "partial", "label_thresholds": {"born_in": 0.3}, "signatures": "seen"},
    "embeddings": {"model": with_embed(EMBED, DROPOUT)},
}


def make(**settings: Any) -> Language:
    """A small pipeline with word vectors, which some of the cases read."""
    nlp = spacy.blank("en")
    nlp.add_pipe("rin", config=Config().from_str(SMALL_CONFIG) | settings)
    rng = np.random.default_rng(0)
    for word in ("born", "london", "zanzibar"):
        nlp.vocab.set_vector(word, rng.standard_normal(24).astype("float32"))
    return nlp


def learn(nlp: Language) -> list[float]:
    """Initialise a pipeline; RETURNS the losses of a few steps."""
    fix_random_seed(1)
    examples = gold_examples(nlp)
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01, L2=0.0, grad_clip=0.0, use_averages=True)
    losses = []
    for _ in range(2):
        losses.append(nlp.update(examples[:8], sgd=False, drop=0.1, losses={})["rin"])
        for _, pipe in nlp.pipeline:
            pipe.finish_update(optimizer)  # type: ignore[attr-defined]
    nlp.get_pipe("rin").averages = optimizer.averages  # type: ignore[attr-defined]
    return losses


def read(nlp: Language) -> list[np.ndarray]:
    """What a trained pipeline finds: the tags of every round, scores with the averages."""
    examples, rin = gold_examples(nlp)[:6], rin_of(nlp)
    docs = [nlp.make_doc(eg.reference.text) for eg in examples]
    for name, pipe in nlp.pipeline:
        docs = list(pipe.pipe(docs)) if name != "rin" else docs
    with nlp.use_params(rin.averages):
        found = nlp.evaluate(examples)["ents_f"]
    assert rin.predict([Doc(nlp.vocab)])[0].triples == []
    assert sum(len(doc) for doc in nlp.pipe(eg.reference.text for eg in examples))
    return [np.array(found), *(r.tags for rounds in rin.predict_rounds(docs) for r in rounds)]


def assert_near(found: list[np.ndarray], expected: list[np.ndarray], atol: float) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=atol)


@pytest.mark.training
@pytest.mark.parametrize("case", CASES)
def test_learns_and_reads_as_on_the_cpu(case: str) -> None:
    cpu = make(**CASES[case])
    losses, expected = learn(cpu), read(cpu)
    with pretended_gpu() as marks:
        nlp = make(**CASES[case])
        on_gpu, found = learn(nlp), read(nlp)
        assert all(marks.has(p) for p in network(nlp).parameters())
    # The products of the two are of the same type, but the GPU's blocks are larger.
    tolerance = 2e-2 if case == "bfloat16" else 1e-4
    np.testing.assert_allclose(on_gpu, losses, rtol=tolerance)
    assert_near(found, expected, tolerance)


@pytest.mark.training
def test_transformer_learns_and_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    bert = make_bert(tmp_path / "bert", toy_pieces())
    config = Config().from_disk(ROOT / "configs" / "rin_trf.cfg")["components"]
    config["transformer"]["model"]["name"] = str(bert)
    config["transformer"]["model"]["get_spans"]["unit"] = "sentence"
    config["rin"]["model"]["precision"] = "float32"

    def build() -> Language:
        nlp = spacy.blank("en")
        for name in ("transformer", "rin"):
            nlp.add_pipe(name, config={k: v for k, v in config[name].items() if k != "factory"})
        return nlp

    cpu = build()
    losses, expected = learn(cpu), read(cpu)
    with pretended_gpu() as marks:
        nlp = build()
        on_gpu, found = learn(nlp), read(nlp)
        shim = nlp.get_pipe("transformer").model.layers[0].shims[0]  # type: ignore[attr-defined]
        assert all(marks.has(p) for p in shim._model.parameters())
    np.testing.assert_allclose(on_gpu, losses, rtol=1e-4)
    assert_near(found, expected, 1e-4)


@pytest.mark.training
def test_pipeline_of_one_device_is_read_on_the_other(tmp_path: Path) -> None:
    cpu = blank()
    learn(cpu)
    rin_of(cpu).averages = {}
    expected = read(cpu)
    with pretended_gpu():
        nlp = blank().from_bytes(cpu.to_bytes())
        assert_near(read(nlp), expected, 1e-4)
        nlp.to_disk(tmp_path / "pipeline")
    assert_near(read(spacy.load(tmp_path / "pipeline")), expected, 1e-4)


@pytest.mark.training
def test_loss_that_is_not_finite_is_explained() -> None:
    with pretended_gpu():
        nlp = initialised()
        network(nlp).relations.weight.data[0, 0] = torch.nan  # type: ignore[union-attr,index]
        with pytest.raises(ValueError, match=r"relations\.weight"):
            nlp.update(gold_examples(nlp)[:2])


def test_hardware_names_the_gpu() -> None:
    assert describe_hardware()["gpu"] is None
    with pretended_gpu():
        found = describe_hardware()
    assert found["gpu"] == "pretended" and found["auto_precision"] == "bfloat16"
    with pretended_gpu(capability=(7, 5)):
        assert describe_hardware()["auto_precision"] == "float32"


MISTAKES: dict[str, Callable[[Any, torch.Tensor], object]] = {
    "array read by numpy": lambda array, tensor: np.asarray(array),
    "array beside one of numpy's": lambda array, tensor: array + np.ones(3),
    "array joined with one of numpy's": lambda array, tensor: np.concatenate([array, np.ones(3)]),
    "product with one of numpy's": lambda array, tensor: get_current_ops().gemm(
        array.reshape(1, 3), np.ones((3, 2), dtype="float32")
    ),
    "lengths of int64": lambda array, tensor: get_current_ops().reduce_sum(
        array.reshape(3, 1), get_current_ops().asarray([2, 1], dtype="int64")
    ),
    "tensor read by numpy": lambda array, tensor: tensor.numpy(),
    "tensor made an array": lambda array, tensor: np.asarray(tensor),
    "tensor beside one of the CPU": lambda array, tensor: tensor + torch.ones(3),
    "tensor of an array of numpy's": lambda array, tensor: tensor * torch.from_numpy(np.ones(3)),
    "index_select by one of the CPU": lambda array, tensor: tensor.index_select(
        0, torch.tensor([0])
    ),
    "product with one of the CPU": lambda array, tensor: tensor @ torch.ones(3, 2),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mixed_devices_are_an_error_as_on_a_gpu(mistake: str) -> None:
    with pretended_gpu():
        array = get_current_ops().asarray([1.0, 2.0, 3.0], dtype="float32")
        tensor = torch.tensor([1.0, 2.0, 3.0], device=GPU)
        with pytest.raises((TypeError, RuntimeError)):
            MISTAKES[mistake](array, tensor)


def test_gradient_of_mixed_devices_is_an_error_too() -> None:
    class Mixes(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.kept = torch.ones(3)
            return x * 2

        @staticmethod
        def backward(ctx: Any, d_y: torch.Tensor) -> torch.Tensor:
            return d_y * ctx.kept

    with pretended_gpu():
        x = torch.ones(3, device=GPU).requires_grad_()
        with pytest.raises(RuntimeError, match="on the CPU those of shape"):
            torch.autograd.backward(Mixes.apply(x).sum())


def test_arrays_and_tensors_share_their_memory() -> None:
    with pretended_gpu() as marks:
        array = get_current_ops().alloc1f(3)
        tensor = xp2torch(array)
        assert isinstance(array, GpuArray) and marks.has(tensor) and tensor.device == GPU
        tensor += 1
        assert array.tolist() == [1, 1, 1]
        again = torch2xp(tensor)
        again[0] = 5
        assert tensor.tolist() == [5, 1, 1]
        assert tensor.cpu().numpy().tolist() == [5, 1, 1] and not marks.has(tensor.cpu())
    assert not isinstance(get_current_ops(), PretendedOps)
