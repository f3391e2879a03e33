"""How the two tasks read each other's predictions, round by round; torch only.

Two forms of the model, the paper's (Sun et al., EMNLP 2020, section 4) and the earlier one of its
authors' slides, and none. All start from the word features h and give the tasks' features of a
layer.

Shapes: W words; H hidden width; T tags; L relation labels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Features(NamedTuple):
    """What a layer is computed from, each (W, H).

    shared (Tensor): H of equation (2). tags (Tensor): H_e. relations (Tensor): H_r.
    """

    shared: Tensor
    tags: Tensor
    relations: Tensor


class InteractionGRU(nn.Module):
    """The gated update of equation (4), without biases, as in the paper.

        z = σ(W_z(h ⊕ y))   u = σ(W_u(h ⊕ y))   ȟ = tanh(W_o((u ∗ h) ⊕ y))
        (1 − z) ∗ h + z ∗ ȟ

    width (int): H. nI (int): Width of y.
    """

    def __init__(self, width: int, nI: int) -> None:
        super().__init__()
        self.update = nn.Linear(width + nI, width, bias=False)
        self.reset = nn.Linear(width + nI, width, bias=False)
        self.candidate = nn.Linear(width + nI, width, bias=False)

    def forward(self, y: Tensor, h: Tensor) -> Tensor:
        """y (Tensor): (W, nI) predictions. h (Tensor): (W, H). RETURNS (Tensor): (W, H).

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


class PaperInteraction(nn.Module):
    """Each task reads its own predictions, equation (2); they meet in the shared features.

    width (int): H.
    use_entities (bool): False for "w/o ER": H_e is left out of the update of H.
    use_relations (bool): False for "w/o RC": H_r is left out of the update of H.
    """

    def __init__(self, width: int, use_entities: bool = True, use_relations: bool = True) -> None:
        super().__init__()
        self.nI = self.width = width
        self.use_entities = use_entities
        self.use_relations = use_relations

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """n_tags (int): T. n_labels (int): L."""
        self.tag_gru = InteractionGRU(self.width, n_tags)
        self.relation_gru = InteractionGRU(self.width, n_labels)

    def start(self, h: Tensor) -> Features:
        """h (Tensor): (W, H) word features."""
        return Features(h, h, h)

    def forward(self, features: Features, y_e: Tensor, y_r: Tensor) -> Features:
        """y_e (Tensor): (W, T) tags. y_r (Tensor): (W, L) row maximum of the table."""
        h = features.shared
        h_e, h_r = self.tag_gru(y_e, h), self.relation_gru(y_r, h)
        if self.use_entities:
            h = h + h_e
        if self.use_relations:
            h = h + h_r
        return Features(h, h_e, h_r)


class SlidesInteraction(nn.Module):
    """The earlier form: both tasks read one interaction feature x.

        h_r = relu(W_r h + b_r)   h_e = relu(W_e h + b_e)
        x = relu(W_a(ŷ_r ⊕ y_e ⊕ h) + b_a)   h_r ← GRU(x, h_r)   h_e ← GRU(x, h_e)

    width (int): H.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.nI = self.width = width

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """n_tags (int): T. n_labels (int): L."""
        H = self.width
        self.relation_features = nn.Linear(H, H)
        self.tag_features = nn.Linear(H, H)
        self.feature = nn.Linear(n_labels + n_tags + H, H)
        self.relation_gru = InteractionGRU(H, H)
        self.tag_gru = InteractionGRU(H, H)

    def start(self, h: Tensor) -> Features:
        """h (Tensor): (W, H) word features."""
        h_r = torch.relu(self.relation_features(h))
        return Features(h, torch.relu(self.tag_features(h)), h_r)

    def forward(self, features: Features, y_e: Tensor, y_r: Tensor) -> Features:
        """y_e (Tensor): (W, T) tags. y_r (Tensor): (W, L) row maximum of the table."""
        h, h_e, h_r = features
        x = torch.relu(self.feature(torch.cat([y_r, y_e, h], dim=1)))
        return Features(h, self.tag_gru(x, h_e), self.relation_gru(x, h_r))


class SeparateTasks(nn.Module):
    """The slides' baseline "BiLSTM": each task has an encoder of its own, and no round.

    (With one encoder, it is "BiLSTM_s": the earlier form with K = 0.)

    width (int): H.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.nI = 2 * width

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """There is nothing to make."""

    def start(self, h: Tensor) -> Features:
        """h (Tensor): (W, 2H) the tasks' features side by side, first the relations'."""
        h_r, h_e = h.split(self.width, dim=1)
        return Features(h, h_e, h_r)


Interaction = PaperInteraction | SlidesInteraction | SeparateTasks
