"""`spacy-rin.BiLSTMEncoder.v1`: word vectors → vectors in context, by a torch BiLSTM.

It is the `encode` part of the paper's tok2vec, between `embed` and the network. The backward
direction is an LSTM that reads each text in reverse, so that padding comes after the words in both
directions. spaCy's own TorchBiLSTMEncoder lets padding into the backward direction; there, a text's
vectors change with the batch it is in.

Texts of similar length are padded together. Packed sequences have no padding, but take torch twice
as long (measured, see CONTRIBUTING.md).

Shapes: W words of all texts of a batch, one after the other; nI width of a word vector; b texts and
n steps of a group of texts; w words of a group.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from thinc.api import ArgsKwargs, Model, concatenate, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn

from ..errors import Errors
from .shim import flatten_texts, texts_to_torch, wrap_module


class Group(NamedTuple):
    """Texts that are padded together: b texts of n words each, at n · b places.

    Places are numbered step by step: place (step · b + text) is that of a text's word at that step.
    See `group_texts` for an example.

    n_texts (int): b. To fill up, the last text may be there several times, as padding.
    words (ndarray): (n · b,) word at each place. A shorter text repeats its last word.
    reversed_places (ndarray): (n · b,) place of the same word when each text is reversed. Padding
        stays where it is. Reversing twice changes nothing.
    real_places (ndarray): (w,) places that are not padding.
    """

    n_texts: int
    words: np.ndarray
    reversed_places: np.ndarray
    real_places: np.ndarray


class BiLSTM(nn.Module):
    """A BiLSTM whose input width is known only when it is initialised.

    width (int): Output width. Each direction has half of it.
    depth (int): Number of layers.
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.width = width
        self.depth = depth

    def initialize(self, nI: int) -> None:
        """Make the parameters.

        nI (int): Width of the inputs.
        """
        widths = [nI] + [self.width] * (self.depth - 1)
        self.ahead = nn.ModuleList(nn.LSTM(width, self.width // 2) for width in widths)
        self.back = nn.ModuleList(nn.LSTM(width, self.width // 2) for width in widths)

    def initialize_like(self, state: dict[str, Tensor]) -> None:
        """Make parameters of the shapes that a saved state has.

        state (dict[str, Tensor]): Parameters by name.
        """
        self.initialize(state["ahead.0.weight_ih_l0"].shape[1])

    def forward(self, words: Tensor, groups: list[Group]) -> Tensor:
        """Encode a batch of texts.

        words (Tensor): (W, nI) word vectors, the texts one after the other.
        groups (list[Group]): The groups in which the texts are read.
        RETURNS (Tensor): (W, width) vectors in context, in the order of `words`.
        """
        if not groups:
            # No rows, but made from `words`: autograd has to find a way back to them.
            return words[:, :1].expand(0, self.width)
        encoded = torch.cat([self._encode(words, group) for group in groups])  # (W, width)
        order = np.concatenate([group.words[group.real_places] for group in groups])
        return encoded.index_select(0, _tensor(np.argsort(order), words))

    def _encode(self, words: Tensor, group: Group) -> Tensor:
        """Encode the texts of a group: (W, nI) vectors of all words → (w, width) of the group's."""
        reverse = _tensor(group.reversed_places, words)
        places = words.index_select(0, _tensor(group.words, words))  # (n · b, nI)
        for ahead, back in zip(self.ahead, self.back, strict=True):
            onward = _run(ahead, places, group.n_texts)  # (n · b, width / 2)
            backward = _run(back, places.index_select(0, reverse), group.n_texts)
            places = torch.cat([onward, backward.index_select(0, reverse)], dim=1)
        return places.index_select(0, _tensor(group.real_places, words))


def build_bilstm_encoder(
    width: int = 100, depth: int = 1, copies: int = 1
) -> Model[list[Floats2d], list[Floats2d]]:
    """Construct a BiLSTM encoder, for the `encode` slot of spacy.Tok2Vec.v2.

    width (int): Output width, an even number. The input may have any width.
    depth (int): Number of layers; the paper has 1.
    copies (int): BiLSTMs side by side, each of this width. 2 gives each task an encoder of its own
        (`interaction = "separate"` of spacy-rin.RIN.v1).
    RETURNS (Model): Turns a (words, nI) array for each text into a (words, copies · width) array.
        Texts may be empty.
    RAISES (ValueError): If `width` is not an even number above 0.
    """
    if width % 2 or width <= 0:
        raise ValueError(Errors.R023.format(width=width))
    if copies > 1:
        return concatenate(*(build_bilstm_encoder(width, depth) for _ in range(copies)))
    encoder: Model[list[Floats2d], list[Floats2d]] = wrap_module(
        BiLSTM(width, depth), _convert_inputs, _convert_outputs
    )
    encoder.set_dim("nO", width)
    return encoder


def group_texts(lengths: list[int]) -> list[Group]:
    """Put texts together that are more than half as long as the longest of their group.

    lengths (list[int]): Words of each text.
    RETURNS (list[Group]): Groups that hold every word once. Empty texts are in none.

    A text of three words (0, 1 and 2) and one of two (3 and 4) make three steps of two texts. The
    last place is padding:

    >>> (group,) = group_texts([3, 2])
    >>> group.words.reshape(3, 2).tolist()
    [[0, 3], [1, 4], [2, 4]]
    >>> group.words[group.reversed_places].reshape(3, 2).tolist()
    [[2, 4], [1, 3], [0, 4]]
    >>> group.reversed_places.tolist(), group.real_places.tolist()
    ([4, 3, 2, 1, 0, 5], [0, 1, 2, 3, 4])
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    offsets = np.cumsum(sizes) - sizes  # first word of each text
    groups = []
    waiting = np.argsort(-sizes, kind="stable")
    waiting = waiting[sizes[waiting] > 0]
    while len(waiting):
        together = sizes[waiting] > sizes[waiting[0]] // 2
        texts, waiting = waiting[together], waiting[~together]
        n, b = round_up(sizes[texts[0]]), round_up(len(texts))
        step, text = np.indices((n, b))  # (n, b) each
        filled = texts[np.minimum(np.arange(b), len(texts) - 1)]  # (b,) text of each column
        last = sizes[filled] - 1  # (b,) last step of each column
        within = step <= last  # (n, b)
        words = offsets[filled] + np.minimum(step, last)
        reversed_places = np.where(within, last - step, step) * b + text
        real_places = np.flatnonzero(within & (text < len(texts)))
        groups.append(Group(b, words.ravel(), reversed_places.ravel(), real_places))
    return groups


def round_up(size: int) -> int:
    """Round a size up to one of four in each octave: 8, 10, 12, 14, 16, 20, 24, …

    So there are few shapes of groups. oneDNN compiles an LSTM for every shape it meets, and keeps
    it. That takes as long as running it, and some 0.1 MB.

    size (int): Steps or texts of a group.
    RETURNS (int): The size itself or the next one of these.
    """
    step = 1 << max(0, int(size - 1).bit_length() - 3)
    return -(-int(size) // step) * step


def _run(lstm: nn.Module, places: Tensor, n_texts: int) -> Tensor:
    """Run one direction of a layer: (n · b, width in) → (n · b, width out)."""
    output: Tensor = lstm(places.view(-1, n_texts, places.shape[1]))[0]  # (n, b, width out)
    return output.flatten(0, 1)


def _tensor(indices: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(indices).to(like.device)


def _convert_inputs(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    """Turn arrays of texts into the arguments of `BiLSTM.forward`, and gradients into arrays."""
    words, lengths, unflatten = texts_to_torch(model, X, is_train)
    return ArgsKwargs(args=(words, group_texts(lengths)), kwargs={}), unflatten


def _convert_outputs(
    model: Model, X_Y: tuple[list[Floats2d], Tensor], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], ArgsKwargs]]:
    """Turn the output of `BiLSTM.forward` into arrays of texts, and gradients into torch's."""
    X, Y = X_Y
    lengths = model.ops.asarray1i([len(x) for x in X])

    def flatten(dYs: list[Floats2d]) -> ArgsKwargs:
        dY = xp2torch(flatten_texts(model.ops, dYs, Y.shape[1]), device=Y.device)
        return ArgsKwargs(args=((Y,),), kwargs={"grad_tensors": (dY,)})

    return model.ops.unflatten(torch2xp(Y), lengths), flatten
