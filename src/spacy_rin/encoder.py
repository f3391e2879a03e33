"""`spacy-rin.BiLSTMEncoder.v1`: word vectors → vectors in context, by a torch BiLSTM.

It runs over packed sequences: spaCy's own TorchBiLSTMEncoder lets the padding into the backward
direction, so that a text's vectors change with the batch it is in.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from thinc.api import ArgsKwargs, Model, PyTorchWrapper_v3, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .errors import Errors
from .shim import deserialize_module, flatten_texts, serialize_module, texts_to_torch


class BiLSTM(nn.Module):
    """A BiLSTM whose input width is known only when it is initialised.

    width (int): Output width; half of it is each direction's.
    depth (int): Number of layers.
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.width = width
        self.depth = depth

    def initialize(self, nI: int) -> None:
        """Make the parameters for inputs of width nI."""
        self.lstm = nn.LSTM(nI, self.width // 2, self.depth, bidirectional=True)

    def initialize_like(self, state: dict[str, Tensor]) -> None:
        """Make the parameters of the shapes of a saved state."""
        self.initialize(state["lstm.weight_ih_l0"].shape[1])

    def forward(self, words: Tensor, order: Tensor, batch_sizes: Tensor) -> Tensor:
        """Encode a batch of texts, none of whose words is padding.

        words (Tensor): (W, nI) the texts one after the other.
        order (Tensor): (W,) the rows of `words` in the order of a packed sequence.
        batch_sizes (Tensor): (longest text,) texts that are still going on at each step.
        RETURNS (Tensor): (W, width), in the order of `words`.
        """
        if not len(words):
            return words[:, :1].expand(0, self.width)
        packed, _ = self.lstm(PackedSequence(words[order], batch_sizes))
        return torch.empty_like(packed.data).index_copy(0, order, packed.data)


def build_bilstm_encoder(width: int = 100, depth: int = 1) -> Model[list[Floats2d], list[Floats2d]]:
    """Construct a BiLSTM encoder, for the `encode` slot of spacy.Tok2Vec.v2.

    width (int): Output width, an even number; any input width fits.
    depth (int): Number of layers; the paper has 1.
    RETURNS (Model): Takes and gives a (words, width) array for each text; empty texts are fine.
    """
    if width % 2 or width <= 0:
        raise ValueError(Errors.R023.format(width=width))
    encoder: Model[list[Floats2d], list[Floats2d]] = PyTorchWrapper_v3(
        BiLSTM(width, depth),
        convert_inputs=_convert_inputs,
        convert_outputs=_convert_outputs,
        serialize_model=serialize_module,
        deserialize_model=deserialize_module,
    )
    encoder.init = _init
    encoder.set_dim("nO", width)
    return encoder


def packed_order(lengths: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """How rows of texts laid end to end stand in a packed sequence: by step, longest text first.

    lengths (list[int]): Words of each text.
    RETURNS (tuple[ndarray, ndarray]): (W,) row at each place, (longest,) texts at each step.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    ranks = np.empty_like(sizes)
    ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    rank = np.repeat(ranks, sizes)
    step = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.lexsort((rank, step)), np.bincount(step)


def _init(model: Model, X: list[Floats2d] | None = None, Y: object = None) -> None:
    module = model.shims[0]._model
    nI = X[0].shape[1] if X else model.get_dim("nI")
    model.set_dim("nI", nI, force=True)
    device = model.shims[0].device
    module.initialize(nI)
    module.to(device)


def _convert_inputs(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    words, lengths, unflatten = texts_to_torch(model, X, is_train)
    order, batch_sizes = packed_order(lengths)
    args = (words, torch.from_numpy(order).to(words.device), torch.from_numpy(batch_sizes))
    return ArgsKwargs(args=args, kwargs={}), unflatten


def _convert_outputs(
    model: Model, X_Y: tuple[list[Floats2d], Tensor], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], ArgsKwargs]]:
    X, Y = X_Y
    lengths = model.ops.asarray1i([len(x) for x in X])

    def flatten(dYs: list[Floats2d]) -> ArgsKwargs:
        dY = xp2torch(flatten_texts(model.ops, dYs, Y.shape[1]), device=Y.device)
        return ArgsKwargs(args=((Y,),), kwargs={"grad_tensors": (dY,)})

    return model.ops.unflatten(torch2xp(Y), lengths), flatten
