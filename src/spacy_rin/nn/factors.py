"""The factors that describe a relation table, and what a cell sees of its pair; torch only.

`network` makes them, and `table` computes logits from them. Equation (7) has four: the terms of
head and tail, W_r and b_r. Three more are options beside the paper's form. They keep the table
factored: each is a term per word, or depends on j − i alone.

    m[i, j]        = relu(heads_i + tails_j + distance_c + (prefix_j − prefix_i) / |j − i|)
    logit[i, j, t] = weight_t · m[i, j] + bias_t + distance_bias_ct        c = clip(j − i)

With prefix sums of a projection of each word, the last term of m is the mean of what is between the
two words (the head's anchor included, the tail's not), negative where the tail comes first.

Shapes: W words of all texts of a batch, one after the other; D pair width; L relation labels; C the
distances told apart, 2 · clip + 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Factors(NamedTuple):
    """What describes the relation tables of a batch. The last three may be None.

    heads (Tensor): (W, D) head terms of W_m(h_i ⊕ h_j).
    tails (Tensor): (W, D) tail terms of W_m(h_i ⊕ h_j).
    weight (Tensor): (L, D) W_r of equation (7).
    bias (Tensor): (L,) b_r of equation (7).
    distance (Tensor): (C, D) term of the pair features by distance.
    distance_bias (Tensor): (C, L) term of the logits by distance.
    prefix (Tensor): (W, D) prefix sums, which begin anew in each text.
    """

    heads: Tensor
    tails: Tensor
    weight: Tensor
    bias: Tensor
    distance: Tensor | None = None
    distance_bias: Tensor | None = None
    prefix: Tensor | None = None

    @property
    def has_context(self) -> bool:
        """Whether a cell depends on more than its two words.

        RETURNS (bool): True if it also depends on their distance or on what is between them.
        """
        return self.distance is not None or self.prefix is not None

    def map(self, function: Callable[[Tensor], Tensor]) -> Factors:
        """Apply a function to each factor that there is.

        function (Callable[[Tensor], Tensor]): The function.
        RETURNS (Factors): Its results.
        """
        return Factors._make(None if factor is None else function(factor) for factor in self)

    def per_word(self) -> tuple[Tensor, ...]:
        """List the factors that have a row per word.

        RETURNS (tuple[Tensor, ...]): (W, D) heads, tails, and prefix if there is one.
        """
        return (self.heads, self.tails, *(() if self.prefix is None else (self.prefix,)))

    def present(self) -> tuple[Tensor, ...]:
        """List the factors that there are.

        RETURNS (tuple[Tensor, ...]): In order, without None.
        """
        return tuple(factor for factor in self if factor is not None)


def clip_distance(distance: Tensor, n_distances: int) -> Tensor:
    """Number distances between words.

    distance (Tensor): Any shape, j − i of each pair of words.
    n_distances (int): C.
    RETURNS (Tensor): The same shape, from 0 to C − 1. Long distances share the two ends.
    """
    clip = n_distances // 2
    return distance.clamp(-clip, clip) + clip


def inverse_distance(distance: Tensor) -> Tensor:
    """Compute what a difference of prefix sums is multiplied with to make a mean.

    distance (Tensor): Any shape, j − i of each pair of words.
    RETURNS (Tensor): The same shape, 1 / |j − i|, and 1 for a word and itself.
    """
    return 1 / distance.abs().clamp(min=1).float()


def prefix_sums(terms: Tensor, starts: Tensor) -> Tensor:
    """Sum the terms of all words before each word, text by text.

    terms (Tensor): (W, D) a term for each word.
    starts (Tensor): (W,) the first word of each word's text.
    RETURNS (Tensor): (W, D), 0 for the first word of a text.
    """
    # In float64: the sum runs through all texts, and what one text gets must not depend on others.
    before = terms.double().cumsum(0) - terms
    return (before - before.index_select(0, starts)).to(terms.dtype)
