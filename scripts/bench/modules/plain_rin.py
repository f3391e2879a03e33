"""The Recurrent Interaction Network as the paper's text reads: what the benchmark compares with.

Equation (7) on concatenated pairs of a padded batch, dense targets, and torch's own autograd,
layers and optimizer. Nothing in it is slow on purpose, and nothing is rearranged: it is the code
that one writes from the paper, in the form of the authors' (a batch at a time, masked where it is
padding). It shares no line with the package.

Shapes: B texts; N words of the longest; W width of word vectors; H hidden width; T tags; L labels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class PlainGRU(nn.Module):
    """Equation (4)."""

    def __init__(self, width: int, n_labels: int) -> None:
        super().__init__()
        self.update = nn.Linear(width + n_labels, width, bias=False)
        self.reset = nn.Linear(width + n_labels, width, bias=False)
        self.candidate = nn.Linear(width + n_labels, width, bias=False)

    def forward(self, y: Tensor, h: Tensor) -> Tensor:
        hy = torch.cat([h, y], dim=-1)
        z = torch.sigmoid(self.update(hy))
        u = torch.sigmoid(self.reset(hy))
        candidate = torch.tanh(self.candidate(torch.cat([u * h, y], dim=-1)))
        return (1 - z) * h + z * candidate


class PlainInteraction(nn.Module):
    """Equations (2) to (7).

    width (int): H. rounds (int): K.
    """

    def __init__(self, width: int, rounds: int, n_tags: int, n_labels: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.tags = nn.Linear(width, n_tags)
        self.pair = nn.Linear(2 * width, width, bias=False)
        self.relations = nn.Linear(width, n_labels)
        self.tag_gru = PlainGRU(width, n_tags)
        self.relation_gru = PlainGRU(width, n_labels)

    def forward(self, h: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """h (Tensor): (B, N, H). mask (Tensor): (B, N) bool. RETURNS: (B, N, T), (B, N, N, L)."""
        h_e = h_r = h
        for _ in range(self.rounds):
            y_e = torch.softmax(self.tags(h_e), dim=-1)
            table = torch.sigmoid(self.table(h_r)).masked_fill(~mask[:, None, :, None], 0.0)
            y_r = table.max(dim=2).values
            h_e, h_r = self.tag_gru(y_e, h), self.relation_gru(y_r, h)
            h = h_e + h_r + h
        return self.tags(h_e), self.table(h_r)

    def table(self, h_r: Tensor) -> Tensor:
        """Equation (7): every pair concatenated."""
        B, N, H = h_r.shape
        heads = h_r.unsqueeze(2).expand(B, N, N, H)
        tails = h_r.unsqueeze(1).expand(B, N, N, H)
        m = torch.relu(self.pair(torch.cat([heads, tails], dim=-1)))
        return self.relations(m)


class PlainRIN(nn.Module):
    """Word and tag vectors, a BiLSTM and the interaction; sizes as in the paper."""

    def __init__(
        self,
        n_words: int,
        n_pos: int,
        n_tags: int,
        n_labels: int,
        rounds: int = 3,
        width: int = 100,
        tag_width: int = 10,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(n_words, width)
        self.pos = nn.Embedding(n_pos, tag_width)
        self.dropout = nn.Dropout(dropout)
        self.lstm = nn.LSTM(width + tag_width, width // 2, bidirectional=True, batch_first=True)
        self.interaction = PlainInteraction(width, rounds, n_tags, n_labels)

    def forward(self, words: Tensor, pos: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """words, pos (Tensor): (B, N). RETURNS: (B, N, T), (B, N, N, L) logits, (B, N) mask."""
        x = self.dropout(torch.cat([self.words(words), self.pos(pos)], dim=-1))
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        mask = torch.arange(words.shape[1]) < lengths.unsqueeze(1)
        return *self.interaction(h, mask), mask


def plain_loss(tags: Tensor, table: Tensor, mask: Tensor, gold: Tensor, cells: Tensor) -> Tensor:
    """Equations (8) and (9): sums within a text, a mean over the texts.

    tags (Tensor): (B, N, T) logits. table (Tensor): (B, N, N, L) logits. mask (Tensor): (B, N).
    gold (Tensor): (B, N) tags. cells (Tensor): (B, N, N, L) zeros and ones.
    """
    entity = F.cross_entropy(tags[mask], gold[mask], reduction="sum")
    pair_mask = (mask.unsqueeze(2) & mask.unsqueeze(1)).unsqueeze(3)
    relation = F.binary_cross_entropy_with_logits(
        table, cells, weight=pair_mask.to(table.dtype), reduction="sum"
    )
    return (entity + relation) / len(tags)


def plain_step(
    model: PlainRIN,
    optimizer: torch.optim.Optimizer,
    words: list[list[int]],
    pos: list[list[int]],
    tags: list[list[int]],
    triples: list[list[tuple[int, int, int]]],
) -> float:
    """One update, from the word numbers of a batch to the optimizer.

    words, pos, tags (list): Numbers of each word of each text.
    triples (list): Head word, tail word and label of each triple of each text.
    RETURNS (float): The loss.
    """
    lengths = torch.tensor([len(text) for text in words])
    n_labels = len(model.interaction.relations.bias)
    N = int(lengths.max())
    cells = torch.zeros(len(words), N, N, n_labels)
    for b, text_triples in enumerate(triples):
        for head, tail, label in text_triples:
            cells[b, head, tail, label] = 1.0
    tag_logits, table, mask = model(_pad(words, N), _pad(pos, N), lengths)
    loss = plain_loss(tag_logits, table, mask, _pad(tags, N), cells)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()


def _pad(rows: list[list[int]], width: int) -> Tensor:
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])
