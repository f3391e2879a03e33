"""`spacy-rin.BiLSTMEncoder.v1`: word vectors → vectors in context, by a torch BiLSTM.

The backward direction is an LSTM that reads each text in reverse, so that padding comes after the
words in both: spaCy's own TorchBiLSTMEncoder lets the padding into the backward direction, and a
text's vectors change with the batch it is in. Texts of similar length are padded together; packed
sequences, which have no padding, take torch twice as long (measured, see CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from thinc.api import ArgsKwargs, Model, PyTorchWrapper_v3, concatenate, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn

from ..errors import Errors
from .shim import deserialize_module, flatten_texts, serialize_module, texts_to_torch


class Group(NamedTuple):
    """Texts that are padded together: b texts of n words, at n · b places.

    n_texts (int): b, with the texts that only fill up.
    words (ndarray): (n · b,) word at each place, step by step; in padding the last one again.
    mirror (ndarray): (n · b,) the place that holds a place's word when each text is reversed.
    real (ndarray): (w,) places that are no padding.
    """

    n_texts: int
    words: np.ndarray
    mirror: np.ndarray
    real: np.ndarray


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
        widths = [nI] + [self.width] * (self.depth - 1)
        self.ahead = nn.ModuleList(nn.LSTM(width, self.width // 2) for width in widths)
        self.back = nn.ModuleList(nn.LSTM(width, self.width // 2) for width in widths)

    def initialize_like(self, state: dict[str, Tensor]) -> None:
        """Make the parameters of the shapes of a saved state."""
        self.initialize(state["ahead.0.weight_ih_l0"].shape[1])

    def forward(self, words: Tensor, groups: list[Group]) -> Tensor:
        """Encode a batch of texts.

        words (Tensor): (W, nI) the texts one after the other.
        groups (list[Group]): The places at which they are read.
        RETURNS (Tensor): (W, width), in the order of `words`.
        """
        if not groups:
            return words[:, :1].expand(0, self.width)
        encoded = torch.cat([self._encode(words, group) for group in groups])
        order = np.concatenate([group.words[group.real] for group in groups])
        return encoded.index_select(0, _tensor(np.argsort(order), words))

    def _encode(self, words: Tensor, group: Group) -> Tensor:
        mirror = _tensor(group.mirror, words)
        places = words.index_select(0, _tensor(group.words, words))
        for ahead, back in zip(self.ahead, self.back, strict=True):
            onward = _run(ahead, places, group.n_texts)
            reverse = _run(back, places.index_select(0, mirror), group.n_texts)
            places = torch.cat([onward, reverse.index_select(0, mirror)], dim=1)
        return places.index_select(0, _tensor(group.real, words))


def _run(lstm: nn.Module, places: Tensor, n_texts: int) -> Tensor:
    output: Tensor = lstm(places.view(-1, n_texts, places.shape[1]))[0]
    return output.flatten(0, 1)


def _tensor(indices: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(indices).to(like.device)


def build_bilstm_encoder(
    width: int = 100, depth: int = 1, copies: int = 1
) -> Model[list[Floats2d], list[Floats2d]]:
    """Construct a BiLSTM encoder, for the `encode` slot of spacy.Tok2Vec.v2.

    width (int): Output width, an even number; any input width fits.
    depth (int): Number of layers; the paper has 1.
    copies (int): BiLSTMs side by side, each of this width: 2 where the tasks have encoders of
        their own (`interaction = "separate"` of spacy-rin.RIN.v1).
    RETURNS (Model): Takes a (words, nI) array for each text and gives a (words, copies · width)
        one; empty texts are fine.
    """
    if width % 2 or width <= 0:
        raise ValueError(Errors.R023.format(width=width))
    if copies > 1:
        return concatenate(*(build_bilstm_encoder(width, depth) for _ in range(copies)))
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


def group_texts(lengths: list[int]) -> list[Group]:
    """Put texts together that are more than half as long as the longest of their group.

    lengths (list[int]): Words of each text.
    RETURNS (list[Group]): They hold every word once; empty texts are in none.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    offsets = np.cumsum(sizes) - sizes
    groups = []
    waiting = np.argsort(-sizes, kind="stable")
    waiting = waiting[sizes[waiting] > 0]
    while len(waiting):
        together = sizes[waiting] > sizes[waiting[0]] // 2
        texts, waiting = waiting[together], waiting[~together]
        n, b = round_up(sizes[texts[0]]), round_up(len(texts))
        step, text = np.indices((n, b))
        filled = texts[np.minimum(np.arange(b), len(texts) - 1)]
        last = sizes[filled] - 1
        within = step <= last
        groups.append(
            Group(
                b,
                (offsets[filled] + np.minimum(step, last)).ravel(),
                (np.where(within, last - step, step) * b + text).ravel(),
                np.flatnonzero(within & (text < len(texts))),
            )
        )
    return groups


def round_up(size: int) -> int:
    """The next size of four an octave (8, 10, 12, 14, 16, 20, …), so that there are few.

    oneDNN compiles and keeps an LSTM for every shape it meets, which takes as long as running it
    and some 0.1 MB.
    """
    step = 1 << max(0, int(size - 1).bit_length() - 3)
    return -(-int(size) // step) * step


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
    return ArgsKwargs(args=(words, group_texts(lengths)), kwargs={}), unflatten


def _convert_outputs(
    model: Model, X_Y: tuple[list[Floats2d], Tensor], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], ArgsKwargs]]:
    X, Y = X_Y
    lengths = model.ops.asarray1i([len(x) for x in X])

    def flatten(dYs: list[Floats2d]) -> ArgsKwargs:
        dY = xp2torch(flatten_texts(model.ops, dYs, Y.shape[1]), device=Y.device)
        return ArgsKwargs(args=((Y,),), kwargs={"grad_tensors": (dY,)})

    return model.ops.unflatten(torch2xp(Y), lengths), flatten
