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
from .interaction import Interaction
from .row_maximum import row_maximum
from .table import Table

# Relation logits start low, since a true cell is rare. Otherwise the first updates are spent on
# lowering them (loss of the first epoch on WebNLG: 17,000 instead of 75).
RELATION_BIAS = -6.0
# The most words that are read together in prediction.
PART_WORDS = 4096


class RIN(nn.Module):
    """Tagger and relation table that read each other's predictions over K rounds.

    interaction (Interaction): How they read them. Its width is H.
    rounds (int): K, rounds of interaction; 0 is the paper's "w/o interaction".
    precision (str): Precision of the products in the blocks of the table, see `product_dtype`.
    """

    def __init__(
        self,
        interaction: Interaction,
        rounds: int,
        precision: str = "float32",
    ) -> None:
        super().__init__()
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
        heads, tails, tags = (words.new_empty(len(words), width) for width in (D, D, T))
        for part, part_layout in layout.parts(PART_WORDS):
            *_, (part_tags, table) = self.layers(words[part], part_layout)
            tags[part], heads[part], tails[part] = part_tags, table.heads, table.tails
        return tags, self._as_table(heads, tails, layout)

    def layers(self, words: Tensor, layout: BlockPlan) -> Iterator[tuple[Tensor, Table]]:
        """Run layer by layer, equations (2) and (3).

        words (Tensor): (W, nI) word vectors.
        layout (BlockPlan): The texts that the words belong to.
        YIELDS (tuple[Tensor, Table]): (W, T) tag logits and relation table of layers 0, 1, …, K.
        """
        features = self.interaction.start(self.project(words))  # (W, H) each
        for k in range(self.rounds + 1):
            tags, table = self.tags(features.tags), self._table(features.relations, layout)
            yield tags, table
            if k < self.rounds:
                y_e = torch.softmax(tags, dim=1)  # (W, T)
                y_r = row_maximum(table).sigmoid_()  # (W, L), equation (5)
                features = self.interaction(features, y_e, y_r)

    def _table(self, h_r: Tensor, layout: BlockPlan) -> Table:
        """Make the table of equation (7) in factors: W_m(h_i ⊕ h_j) = W_head h_i + W_tail h_j.

        h_r (Tensor): (W, H) the features of the relations.
        """
        W_head, W_tail = self.pair.weight.split(self.width, dim=1)  # (D, H) each
        return self._as_table(h_r @ W_head.T, h_r @ W_tail.T, layout)

    def _as_table(self, heads: Tensor, tails: Tensor, layout: BlockPlan) -> Table:
        dtype = product_dtype(self.precision, heads.device)
        return Table(heads, tails, self.relations.weight, self.relations.bias, layout, dtype)
