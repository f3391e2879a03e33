"""Word features and a layer's predictions → the features of the next layer; torch only.

This is how the two tasks read each other's predictions, round by round. `network` calls `start`
once and then `forward` in each round. There are three forms: the paper's (Sun et al., EMNLP 2020,
section 4), the earlier one of its authors' slides, and separate tasks without any interaction.

Shapes: W words of all texts of a batch; H hidden width; T tags; L relation labels; nI width of what
a module reads. ⊕ is concatenation, ∗ the product element by element.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Features(NamedTuple):
    """The features that a layer is computed from.

    shared (Tensor): (W, H) H of equation (2).
    tags (Tensor): (W, H) H_e of equation (2).
    relations (Tensor): (W, H) H_r of equation (2).
    """

    shared: Tensor
    tags: Tensor
    relations: Tensor


class InteractionGRU(nn.Module):
    """The gated update of equation (4), without biases, as in the paper.

        z = σ(W_z(h ⊕ y))   u = σ(W_u(h ⊕ y))   ȟ = tanh(W_o((u ∗ h) ⊕ y))
        GRU(y, h) = (1 − z) ∗ h + z ∗ ȟ

    width (int): H, the width of h and of the output.
    nI (int): Width of y.
    """

    def __init__(self, width: int, nI: int) -> None:
        super().__init__()
        self.update = nn.Linear(width + nI, width, bias=False)
        self.reset = nn.Linear(width + nI, width, bias=False)
        self.candidate = nn.Linear(width + nI, width, bias=False)

    def forward(self, y: Tensor, h: Tensor) -> Tensor:
        """Update the features of each word by what was predicted for it.

        W(h ⊕ y) is computed as W_h h + W_y y, in place. For the gradient little more is kept than
        z, u and ȟ.

        y (Tensor): (W, nI) predictions.
        h (Tensor): (W, H) features.
        RETURNS (Tensor): (W, H) updated features.
        """
        H = h.shape[1]
        update, reset, W_o = self.update.weight, self.reset.weight, self.candidate.weight
        W_zu = torch.cat([update, reset])  # (2H, H + nI)
        zu = (y @ W_zu[:, H:].T).addmm_(h, W_zu[:, :H].T).sigmoid_()  # (W, 2H)
        z, u = zu.split(H, dim=1)  # (W, H) each
        candidate = (y @ W_o[:, H:].T).addmm_(u * h, W_o[:, :H].T).tanh_()  # (W, H)
        return torch.lerp(h, candidate, z)


class PaperInteraction(nn.Module):
    """The paper's form, equation (2): each task reads its own predictions.

    The tasks meet in the shared features.

    width (int): H.
    use_entities (bool): False for the paper's "w/o ER": H_e is left out of the update of H.
    use_relations (bool): False for the paper's "w/o RC": H_r is left out of the update of H.
    """

    def __init__(self, width: int, use_entities: bool = True, use_relations: bool = True) -> None:
        super().__init__()
        self.nI = self.width = width
        self.use_entities = use_entities
        self.use_relations = use_relations

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """Make the parameters.

        n_tags (int): T.
        n_labels (int): L.
        """
        self.tag_gru = InteractionGRU(self.width, n_tags)
        self.relation_gru = InteractionGRU(self.width, n_labels)

    def start(self, h: Tensor) -> Features:
        """Make the features of layer 0: the word features for all three.

        h (Tensor): (W, H) word features.
        RETURNS (Features): Features of layer 0.
        """
        return Features(h, h, h)

    def forward(self, features: Features, y_e: Tensor, y_r: Tensor) -> Features:
        """Make the features of the next layer.

        features (Features): Features of a layer.
        y_e (Tensor): (W, T) its tag probabilities.
        y_r (Tensor): (W, L) the row maximum of its table, as probabilities.
        RETURNS (Features): Features of the next layer.
        """
        h = features.shared
        h_e, h_r = self.tag_gru(y_e, h), self.relation_gru(y_r, h)
        if self.use_entities:
            h = h + h_e
        if self.use_relations:
            h = h + h_r
        return Features(h, h_e, h_r)


class SlidesInteraction(nn.Module):
    """The slides' form: both tasks read one interaction feature x.

        h_r = relu(W_r h + b_r)   h_e = relu(W_e h + b_e)
        x = relu(W_a(ŷ_r ⊕ y_e ⊕ h) + b_a)   h_r ← GRU(x, h_r)   h_e ← GRU(x, h_e)

    width (int): H.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.nI = self.width = width

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """Make the parameters.

        n_tags (int): T.
        n_labels (int): L.
        """
        H = self.width
        self.relation_features = nn.Linear(H, H)  # W_r, b_r
        self.tag_features = nn.Linear(H, H)  # W_e, b_e
        self.feature = nn.Linear(n_labels + n_tags + H, H)  # W_a, b_a
        self.relation_gru = InteractionGRU(H, H)
        self.tag_gru = InteractionGRU(H, H)

    def start(self, h: Tensor) -> Features:
        """Make the features of layer 0: each task has its own view of the word features.

        h (Tensor): (W, H) word features.
        RETURNS (Features): Features of layer 0.
        """
        h_r = torch.relu(self.relation_features(h))
        return Features(h, torch.relu(self.tag_features(h)), h_r)

    def forward(self, features: Features, y_e: Tensor, y_r: Tensor) -> Features:
        """Make the features of the next layer. The shared features stay the word features.

        features (Features): Features of a layer.
        y_e (Tensor): (W, T) its tag probabilities.
        y_r (Tensor): (W, L) the row maximum of its table, as probabilities.
        RETURNS (Features): Features of the next layer.
        """
        h, h_e, h_r = features
        x = torch.relu(self.feature(torch.cat([y_r, y_e, h], dim=1)))  # (W, H)
        return Features(h, self.tag_gru(x, h_e), self.relation_gru(x, h_r))


class SeparateTasks(nn.Module):
    """The slides' baseline "BiLSTM": each task has an encoder of its own, and there is no round.

    (Their "BiLSTM_s" has one encoder for both tasks: that is `SlidesInteraction` with K = 0.)

    width (int): H.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.nI = 2 * width

    def initialize(self, n_tags: int, n_labels: int) -> None:
        """Make no parameters: there is nothing to learn without interaction.

        n_tags (int): T.
        n_labels (int): L.
        """

    def start(self, h: Tensor) -> Features:
        """Make the features of layer 0, the only layer.

        h (Tensor): (W, 2H) the tasks' features side by side, those of the relations first.
        RETURNS (Features): Features of layer 0.
        """
        h_r, h_e = h.split(self.width, dim=1)  # (W, H) each
        return Features(h, h_e, h_r)


Interaction = PaperInteraction | SlidesInteraction | SeparateTasks
