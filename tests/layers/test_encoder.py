"""The BiLSTM encoder against torch's own LSTM, run on each text alone."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from thinc.api import Model
from torch import Tensor, nn

from spacy_rin.layers.encoder import BiLSTM, build_bilstm_encoder, group_texts, round_up
from spacy_rin.layers.shim import deserialize_module, serialize_module

INPUT, WIDTH = 5, 6


def make_encoder(depth: int = 1, seed: int = 0) -> Model[list[np.ndarray], list[np.ndarray]]:
    torch.manual_seed(seed)
    encoder = build_bilstm_encoder(WIDTH, depth)
    encoder.initialize(X=[np.zeros((2, INPUT), dtype="f")])
    return encoder


def make_texts(lengths: list[int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, INPUT)).astype("f") for n in lengths]


def module_of(encoder: Model) -> BiLSTM:
    module: BiLSTM = encoder.shims[0]._model
    return module


def reference(encoder: Model, depth: int = 1) -> nn.LSTM:
    """A batch-first torch LSTM with the same parameters."""
    lstm = nn.LSTM(INPUT, WIDTH // 2, depth, bidirectional=True, batch_first=True)
    state = module_of(encoder).state_dict()
    lstm.load_state_dict({torch_name(name): value for name, value in state.items()})
    return lstm


def torch_name(name: str) -> str:
    """ahead.1.bias_hh_l0 → bias_hh_l1, back.1.bias_hh_l0 → bias_hh_l1_reverse."""
    direction, layer, parameter = name.split(".")
    return parameter[:-1] + layer + ("_reverse" if direction == "back" else "")


def alone(lstm: nn.LSTM, text: Tensor) -> Tensor:
    """(n, WIDTH) vectors of one text; an empty one is not put through the LSTM."""
    return lstm(text.unsqueeze(0))[0][0] if len(text) else torch.zeros(0, WIDTH)


some_words = st.lists(st.integers(0, 7), min_size=1, max_size=8).filter(any)


@settings(max_examples=60, deadline=None)
@given(lengths=some_words, depth=st.integers(1, 2), is_train=st.booleans())
def test_batch_equals_texts_alone(lengths: list[int], depth: int, is_train: bool) -> None:
    encoder = make_encoder(depth)
    lstm = reference(encoder, depth)
    texts = make_texts(lengths)
    found, _ = encoder(texts, is_train=is_train)
    assert len(found) == len(texts)
    for text, array in zip(texts, found, strict=True):
        expected = alone(lstm, torch.from_numpy(text)).detach().numpy()
        assert array.shape == expected.shape
        assert np.allclose(array, expected, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(lengths=some_words, depth=st.integers(1, 2))
def test_gradients_equal_texts_alone(lengths: list[int], depth: int) -> None:
    encoder = make_encoder(depth)
    lstm = reference(encoder, depth)
    texts = make_texts(lengths)
    Y, backprop = encoder(texts, is_train=True)
    rng = np.random.default_rng(1)
    dY = [rng.normal(size=array.shape).astype("f") for array in Y]
    d_texts = backprop(dY)

    inputs = [torch.from_numpy(text).clone().requires_grad_() for text in texts]
    for tensor, gradient in zip(inputs, dY, strict=True):
        if len(tensor):
            alone(lstm, tensor).backward(torch.from_numpy(gradient))
    for found, tensor in zip(d_texts, inputs, strict=True):
        assert found.shape == tuple(tensor.shape)
        if len(tensor):
            assert np.allclose(found, tensor.grad.numpy(), atol=1e-5)
    for name, parameter in module_of(encoder).named_parameters():
        expected = getattr(lstm, torch_name(name)).grad
        assert torch.allclose(parameter.grad, expected, atol=1e-4), name


@pytest.mark.parametrize("lengths", [[], [0], [0, 0]])
def test_no_words_have_no_vectors(lengths: list[int]) -> None:
    found = make_encoder().predict(make_texts(lengths))
    assert [array.shape for array in found] == [(0, WIDTH)] * len(lengths)


@pytest.mark.parametrize("lengths", [[0], [0, 0]])
def test_no_words_can_be_trained_on(lengths: list[int]) -> None:
    encoder = make_encoder()
    Y, backprop = encoder(make_texts(lengths), is_train=True)
    assert [array.shape for array in backprop(Y)] == [(0, INPUT)] * len(lengths)
    for parameter in module_of(encoder).parameters():
        assert parameter.grad is None or not parameter.grad.any()


def test_prediction_needs_no_gradient() -> None:
    encoder = make_encoder()
    encoder.predict(make_texts([3, 2]))
    assert all(parameter.grad is None for parameter in module_of(encoder).parameters())


@pytest.mark.parametrize("nI", [1, 5, 12])
def test_any_input_width_fits(nI: int) -> None:
    encoder = build_bilstm_encoder(WIDTH)
    encoder.initialize(X=[np.zeros((2, nI), dtype="f")])
    assert (encoder.get_dim("nI"), encoder.get_dim("nO")) == (nI, WIDTH)
    assert encoder.predict([np.zeros((3, nI), dtype="f")])[0].shape == (3, WIDTH)


def test_output_width_is_known_before_it_is_initialised() -> None:
    assert build_bilstm_encoder(WIDTH).get_dim("nO") == WIDTH


@pytest.mark.parametrize("width", [5, 0, -2])
def test_width_that_has_no_half_is_an_error(width: int) -> None:
    with pytest.raises(ValueError, match=str(width)):
        build_bilstm_encoder(width)


@pytest.mark.parametrize("depth", [1, 3])
def test_saved_and_loaded_gives_the_same(depth: int) -> None:
    encoder = make_encoder(depth)
    texts = make_texts([4, 0, 1])
    loaded = build_bilstm_encoder(WIDTH, depth).from_bytes(encoder.to_bytes())
    for found, expected in zip(loaded.predict(texts), encoder.predict(texts), strict=True):
        assert np.array_equal(found, expected)


def test_loading_replaces_what_was_initialised() -> None:
    encoder, other = make_encoder(seed=0), make_encoder(seed=1)
    texts = make_texts([4, 2])
    assert not np.array_equal(other.predict(texts)[0], encoder.predict(texts)[0])
    other.from_bytes(encoder.to_bytes())
    assert np.array_equal(other.predict(texts)[0], encoder.predict(texts)[0])


def test_loaded_encoder_can_be_trained_on() -> None:
    encoder = make_encoder()
    loaded = build_bilstm_encoder(WIDTH).from_bytes(encoder.to_bytes())
    texts = make_texts([4, 2])
    gradients = []
    for model in (encoder, loaded):
        Y, backprop = model(texts, is_train=True)
        gradients.append(backprop([np.ones_like(array) for array in Y]))
    for found, expected in zip(*gradients, strict=True):
        assert np.array_equal(found, expected) and found.any()


def test_encoder_without_parameters_can_be_saved_and_loaded() -> None:
    loaded = build_bilstm_encoder(WIDTH).from_bytes(build_bilstm_encoder(WIDTH).to_bytes())
    assert not list(module_of(loaded).parameters())
    loaded.initialize(X=make_texts([2]))
    assert loaded.predict(make_texts([3]))[0].shape == (3, WIDTH)


def test_parameters_are_saved_as_safetensors() -> None:
    module = module_of(make_encoder())
    state = safetensors.torch.load(serialize_module(module))
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == {
        name: tuple(tensor.shape) for name, tensor in module.state_dict().items()
    }


def test_module_is_loaded_in_place() -> None:
    module, fresh = module_of(make_encoder()), BiLSTM(WIDTH, 1)
    loaded = deserialize_module(fresh, serialize_module(module), torch.device("cpu"))
    assert loaded is fresh
    for name, tensor in module.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], tensor), name


@settings(max_examples=100, deadline=None)
@given(lengths=st.lists(st.integers(0, 40), max_size=12))
def test_groups_hold_every_word_once_and_little_padding(lengths: list[int]) -> None:
    starts = np.cumsum([0, *lengths])
    text_of = np.repeat(np.arange(len(lengths)), lengths)
    seen: list[int] = []
    for group in group_texts(lengths):
        words, b = group.words.reshape(-1, group.n_texts), group.n_texts
        real = np.isin(np.arange(words.size), group.real_places).reshape(words.shape)
        # Texts are more than half as long as the longest. Steps and texts are rounded up, each to
        # less than 1.25 times.
        assert real.sum() > words.size / 2 / 1.25**2
        backwards = group.words[group.reversed_places].reshape(words.shape)
        for k in range(b):
            length = int(real[:, k].sum())
            start = starts[text_of[words[0, k]]]
            assert words[:length, k].tolist() == list(range(start, start + length))
            assert backwards[:length, k].tolist() == words[:length, k].tolist()[::-1]
            seen += words[:length, k].tolist()
        assert (group.reversed_places[group.reversed_places] == np.arange(words.size)).all()
    assert sorted(seen) == list(range(sum(lengths)))


def test_sizes_are_rounded_to_few() -> None:
    sizes = np.arange(1, 4097)
    rounded = np.array([round_up(size) for size in sizes])
    assert (rounded >= sizes).all() and (rounded < 1.25 * sizes).all()
    assert len(set(rounded.tolist())) == 8 + 4 * 9
    assert [round_up(size) for size in rounded] == rounded.tolist()
