"""Word vectors → tag logits and relation table: the Recurrent Interaction Network; torch only.

The network is that of Sun et al. (EMNLP 2020, section 4). It is given what the encoder made of a
batch; from its output, decoding finds triples and `loss` computes the loss.

Shapes: W words of all texts of a batch, one after the other, without padding; nI width of a word
vector; H hidden width; D pair width, here equal to H; T tags; L relation labels. K is the number of
rounds.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from .blocks import BlockPlan
from .device import product_dtype
from .factors import Factors, prefix_sums
from .interaction import Interaction
from .row_maximum import row_maximum
from .table import Table

# Relation logits start low, since a true cell is rare. Otherwise the first updates are spent on
# lowering them (loss of the first epoch on WebNLG: 17,000 instead of 75).
RELATION_BIAS = -6.0
# Terms of distances start small beside the terms of words.
DISTANCE_SCALE = 0.1
# The most words that are read together in prediction.
PART_WORDS = 4096


class RIN(nn.Module):
    """Tagger and relation table that read each other's predictions over K rounds.

    interaction (Interaction): How they read them. Its width is H.
    rounds (int): K, rounds of interaction; 0 is the paper's "w/o interaction".
    precision (str): Precision of the products in the blocks of the table, see `product_dtype`.
    distance (int): Words up to which distances between head and tail are told apart; 0 leaves
        distance out, as the paper does.
    between (bool): Whether a cell sees the mean of what is between head and tail.
    types (bool): Whether a cell sees the tagger's probabilities of head and tail.
    """

    def __init__(
        self,
        interaction: Interaction,
        rounds: int,
        precision: str = "float32",
        *,
        distance: int = 0,
        between: bool = False,
        types: bool = False,
    ) -> None:
        super().__init__()
        self.n_distances = 2 * distance + 1 if distance else 0  # C
        self.has_between = between
        self.has_types = types
        self.interaction = interaction
        self.width = interaction.width
        self.rounds = rounds
        self.precision = precision

    def initialize(self, nI: int, n_tags: int, n_labels: int) -> None:
        """Make the parameters, which all layers share.

        nI (int): Width of the word vectors. They are projected if the interaction reads another.
        n_tags (int): T.
        n_labels (int): L.
        """
        H, wanted = self.width, self.interaction.nI
        self.project = nn.Linear(nI, wanted) if nI != wanted else nn.Identity()
        self.tags = nn.Linear(H, n_tags)  # C_e, equation (6)
        self.pair = nn.Linear(2 * H, H, bias=False)  # W_m of equation (7)
        self.relations = nn.Linear(H, n_labels)  # W_r, b_r of equation (7)
        nn.init.constant_(self.relations.bias, RELATION_BIAS)
        if self.n_distances:
            self.distance = nn.Parameter(torch.randn(self.n_distances, H) * DISTANCE_SCALE)
            self.distance_bias = nn.Parameter(torch.zeros(self.n_distances, n_labels))
        if self.has_between:
            self.between = nn.Linear(H, H, bias=False)
        if self.has_types:
            self.types = nn.Linear(n_tags, 2 * H, bias=False)
        self.interaction.initialize(n_tags, n_labels)

    def initialize_like(self, state: dict[str, Tensor]) -> None:
        """Make parameters of the shapes that a saved state has.

        state (dict[str, Tensor]): Parameters by name.
        """
        projected = "project.weight" in state
        nI = state["project.weight"].shape[1] if projected else self.interaction.nI
        self.initialize(nI, len(state["tags.bias"]), len(state["relations.bias"]))

    def forward(self, words: Tensor, layout: BlockPlan) -> tuple[Tensor, Table]:
        """Run all layers and return the last one.

        words (Tensor): (W, nI) word vectors.
        layout (BlockPlan): The texts that the words belong to.
        RETURNS (tuple[Tensor, Table]): (W, T) tag logits and the relation table of layer K.
        """
        if torch.is_grad_enabled():
            *_, last = self.layers(words, layout)
            return last
        # Texts are independent, so predict in parts. The intermediate tensors of a part fit the
        # cache and are freed before the next part; only the output grows with the batch.
        D, T = self.width, len(self.tags.bias)
        widths = [T, D, D, *[D] * self.has_between]
        outputs = [words.new_empty(len(words), width) for width in widths]
        for part, part_layout in layout.parts(PART_WORDS):
            *_, (part_tags, table) = self.layers(words[part], part_layout)
            for output, found in zip(outputs, (part_tags, *table.factors.per_word()), strict=True):
                output[part] = found
        tags, *terms = outputs
        return tags, self._as_table(layout, *terms)

    def layers(self, words: Tensor, layout: BlockPlan) -> Iterator[tuple[Tensor, Table]]:
        """Run layer by layer, equations (2) and (3).

        words (Tensor): (W, nI) word vectors.
        layout (BlockPlan): The texts that the words belong to.
        YIELDS (tuple[Tensor, Table]): (W, T) tag logits and relation table of layers 0, 1, …, K.
        """
        features = self.interaction.start(self.project(words))  # (W, H) each
        for k in range(self.rounds + 1):
            tags = self.tags(features.tags)  # (W, T)
            y_e = torch.softmax(tags, dim=1)  # (W, T)
            table = self._table(features.relations, y_e, layout)
            yield tags, table
            if k < self.rounds:
                y_r = row_maximum(table).sigmoid_()  # (W, L), equation (5)
                features = self.interaction(features, y_e, y_r)

    def _table(self, h_r: Tensor, y_e: Tensor, layout: BlockPlan) -> Table:
        """Make the table of equation (7) in factors: W_m(h_i ⊕ h_j) = W_head h_i + W_tail h_j.

        h_r (Tensor): (W, H) the features of the relations.
        y_e (Tensor): (W, T) probabilities of the tags.
        layout (BlockPlan): The texts that the words belong to.
        RETURNS (Table): Their relation tables.
        """
        W_head, W_tail = self.pair.weight.split(self.width, dim=1)  # (D, H) each
        terms = [h_r @ W_head.T, h_r @ W_tail.T]  # (W, D) each
        if self.has_types:
            of_head, of_tail = self.types(y_e).split(self.width, dim=1)  # (W, D) each
            terms = [terms[0] + of_head, terms[1] + of_tail]
        if self.has_between:
            terms.append(prefix_sums(self.between(h_r), layout.starts()))
        return self._as_table(layout, *terms)

    def _as_table(
        self, layout: BlockPlan, heads: Tensor, tails: Tensor, prefix: Tensor | None = None
    ) -> Table:
        dtype = product_dtype(self.precision, heads.device)
        factors = Factors(
            heads,
            tails,
            self.relations.weight,
            self.relations.bias,
            self.distance if self.n_distances else None,
            self.distance_bias if self.n_distances else None,
            prefix,
        )
        return Table(factors, layout, dtype)
