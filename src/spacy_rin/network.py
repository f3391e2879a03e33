"""The Recurrent Interaction Network (Sun et al., EMNLP 2020, section 4); torch only.

Shapes: W words of all texts of a batch, one after the other (no padding); H hidden width;
T tags; L relation labels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .hardware import product_dtype
from .layout import Layout
from .row_maximum import row_maximum
from .table import Table

# A true cell is rare: starting the relation logits low keeps the first updates from going into
# that alone (first epoch's loss on WebNLG 75 instead of 17,000).
RELATION_BIAS = -6.0
# Words that are read together in prediction.
PART_WORDS = 4096


class InteractionGRU(nn.Module):
    """The gated update of equation (4), without biases, as in the paper.

        z = σ(W_z(h ⊕ y))   u = σ(W_u(h ⊕ y))   ȟ = tanh(W_o((u ∗ h) ⊕ y))
        (1 − z) ∗ h + z ∗ ȟ

    width (int): H. n_labels (int): Width of y.
    """

    def __init__(self, width: int, n_labels: int) -> None:
        super().__init__()
        self.update = nn.Linear(width + n_labels, width, bias=False)
        self.reset = nn.Linear(width + n_labels, width, bias=False)
        self.candidate = nn.Linear(width + n_labels, width, bias=False)

    def forward(self, y: Tensor, h: Tensor) -> Tensor:
        """y (Tensor): (W, n_labels) predictions. h (Tensor): (W, H). RETURNS (Tensor): (W, H).

        W(h ⊕ y) is computed as W_y y + W_h h, in place: little more than z, u and ȟ is kept for the
        gradient.
        """
        H = h.shape[1]
        update, reset, W_o = self.update.weight, self.reset.weight, self.candidate.weight
        W_zu = torch.cat([update, reset])
        zu = (y @ W_zu[:, H:].T).addmm_(h, W_zu[:, :H].T).sigmoid_()
        z, u = zu.split(H, dim=1)
        candidate = (y @ W_o[:, H:].T).addmm_(u * h, W_o[:, :H].T).tanh_()
        return torch.lerp(h, candidate, z)


class RIN(nn.Module):
    """Tagger and relation table that read each other's predictions over K rounds.

    width (int): H, width of the hidden and of the pair features.
    rounds (int): K, layers of interaction; 0 is the paper's "w/o interaction".
    use_entities (bool): False for "w/o ER": H_e is left out of the update of H.
    use_relations (bool): False for "w/o RC": H_r is left out of the update of H.
    precision (str): Of the products in the blocks of the table, see `product_dtype`.
    """

    def __init__(
        self,
        width: int,
        rounds: int,
        use_entities: bool = True,
        use_relations: bool = True,
        precision: str = "float32",
    ) -> None:
        super().__init__()
        self.width = width
        self.rounds = rounds
        self.use_entities = use_entities
        self.use_relations = use_relations
        self.precision = precision

    def initialize(self, nI: int, n_tags: int, n_labels: int) -> None:
        """Make the parameters, all shared by the layers.

        nI (int): Width of the word vectors; projected to H if it is another.
        n_tags (int): T. n_labels (int): L.
        """
        H = self.width
        self.project = nn.Linear(nI, H) if nI != H else nn.Identity()
        self.tags = nn.Linear(H, n_tags)  # C_e, equation (6)
        self.pair = nn.Linear(2 * H, H, bias=False)  # W_m of equation (7)
        self.relations = nn.Linear(H, n_labels)  # W_r, b_r of equation (7)
        nn.init.constant_(self.relations.bias, RELATION_BIAS)
        self.tag_gru = InteractionGRU(H, n_tags)
        self.relation_gru = InteractionGRU(H, n_labels)

    def initialize_like(self, state: dict[str, Tensor]) -> None:
        """Make the parameters of the shapes of a saved state."""
        projected = "project.weight" in state
        nI = state["project.weight"].shape[1] if projected else self.width
        self.initialize(nI, len(state["tags.bias"]), len(state["relations.bias"]))

    def forward(self, words: Tensor, layout: Layout) -> tuple[Tensor, Table]:
        """Run all layers.

        words (Tensor): (W, nI) word vectors.
        layout (Layout): The texts they are of.
        RETURNS (tuple[Tensor, Table]): (W, T) logits of the tags and the relation table of layer K.
        """
        if torch.is_grad_enabled():
            return self.interact(words, layout)
        # Texts know nothing of each other. Read part by part, what a part needs on its way is in
        # the cache, and of a large batch no more is kept than what comes out.
        D, T = self.width, len(self.tags.bias)
        heads, tails, tags = (words.new_empty(len(words), width) for width in (D, D, T))
        for part, part_layout in layout.parts(PART_WORDS):
            part_tags, table = self.interact(words[part], part_layout)
            tags[part], heads[part], tails[part] = part_tags, table.heads, table.tails
        return tags, self._as_table(heads, tails, layout)

    def interact(self, words: Tensor, layout: Layout) -> tuple[Tensor, Table]:
        """Equations (2) and (3); shapes as in `forward`."""
        h = h_e = h_r = self.project(words)  # H⁰
        for _ in range(self.rounds):
            y_e = torch.softmax(self.tags(h_e), dim=1)
            y_r = row_maximum(self.table(h_r, layout)).sigmoid_()  # equation (5)
            h_e, h_r = self.tag_gru(y_e, h), self.relation_gru(y_r, h)  # equation (2)
            if self.use_entities:
                h = h + h_e
            if self.use_relations:
                h = h + h_r
        return self.tags(h_e), self.table(h_r, layout)

    def table(self, h_r: Tensor, layout: Layout) -> Table:
        """Equation (7), factored: W_m(h_i ⊕ h_j) = W_m1 h_i + W_m2 h_j.

        h_r (Tensor): (W, H).
        """
        W_head, W_tail = self.pair.weight.split(self.width, dim=1)
        return self._as_table(h_r @ W_head.T, h_r @ W_tail.T, layout)

    def _as_table(self, heads: Tensor, tails: Tensor, layout: Layout) -> Table:
        dtype = product_dtype(self.precision, heads.device)
        return Table(heads, tails, self.relations.weight, self.relations.bias, layout, dtype)
