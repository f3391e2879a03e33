"""Word features of a sentence → tags, relation table and losses: the network, slowly.

This is the network of Sun et al. (EMNLP 2020, section 4), one word, one pair and one cell at a
time. The tests compare the package with it. So it shares no code with the package and copies the
equations as they are printed, without factors, batches, padding or in-place operations. torch is
used for tensors and autograd only. The dtype of the inputs is kept: float64 in, float64 out.

Shapes: N words of the one sentence (the paper's n), I input width, H width (the paper's d),
T tags, L relation labels, B sentences. K is the number of rounds. ⊕ is concatenation, ∗ the product
element by element. Tables are indexed (head, tail, label).

Parameters, by name (`Params`):
    project.weight (H, I), project.bias (H)     optional: H⁰ = X Wᵀ + b; without them H⁰ = X
    tags.weight (T, H), tags.bias (T)           W_e and b_e of C_e, eq. (6)
    pair.weight (H, 2H)                         W_m of C_r, eq. (7)
    relations.weight (L, H), relations.bias (L) W_r and b_r of C_r, eq. (7)
    tag_gru.{update,reset,candidate}.weight (H, H + T)       W_z, W_u, W_o of GRU_e, eq. (4)
    relation_gru.{update,reset,candidate}.weight (H, H + L)  W_z, W_u, W_o of GRU_r, eq. (4)

Beside the paper's form, each only if it is given (C = 2 · clip + 1 distances):
    distance (C, H), distance_bias (C, L)       terms of m and of the logit by clip(j − i)
    between.weight (H, H)                       of the mean of what is between head and tail
    types.weight (2H, T)                        of the tags of head (first H rows) and tail
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

Params = Mapping[str, Tensor]
Cells = Mapping[tuple[int, int, int], int | None]
Gold = tuple[Sequence[int | None], Cells]
# Output of the two classifiers before softmax and σ: (T) per word, and (L) per head and tail.
Layer = tuple[list[Tensor], list[list[Tensor]]]
Context = tuple[Tensor, Tensor]


def forward(
    params: Params,
    sentence: Tensor,
    rounds: int,
    use_entities: bool = True,
    use_relations: bool = True,
) -> tuple[Tensor, Tensor]:
    """Compute Y_e^K and Y_r^K, the probabilities of the last layer.

    params (Params): the parameters, see the head of this file.
    sentence (Tensor): (N, I) the words' features, or (N, H) if they are not projected.
    rounds (int): K; 0 is "RIN w/o interaction".
    use_entities (bool): False is "w/o ER": Hᵏ = H_rᵏ + Hᵏ⁻¹.
    use_relations (bool): False is "w/o RC": Hᵏ = H_eᵏ + Hᵏ⁻¹.
    RETURNS (tuple[Tensor, Tensor]): (N, T) tags, whose rows sum to 1; (N, N, L) table.
    """
    logits = _layers(params, sentence, rounds, use_entities, use_relations)[-1]
    tags, table = _probabilities(logits)
    n = len(tags)
    if n == 0:
        n_tags, n_labels = len(params["tags.bias"]), len(params["relations.bias"])
        return sentence.new_zeros(0, n_tags), sentence.new_zeros(0, 0, n_labels)
    return torch.stack(tags), torch.stack([torch.stack(table[i]) for i in range(n)])


def all_rounds(
    params: Params,
    sentence: Tensor,
    rounds: int,
    use_entities: bool = True,
    use_relations: bool = True,
) -> list[tuple[Tensor, Tensor]]:
    """Compute Y_eᵏ and Ŷ_rᵏ, the probabilities of every layer k = 0, 1, …, K.

    params, sentence, rounds, use_entities, use_relations: as for `forward`.
    RETURNS (list[tuple[Tensor, Tensor]]): K + 1 pairs of (N, T) tags and (N, L) row maximum.
    """
    pairs = []
    for logits in _layers(params, sentence, rounds, use_entities, use_relations):
        tags, table = _probabilities(logits)
        n = len(tags)
        if n == 0:
            n_tags, n_labels = len(params["tags.bias"]), len(params["relations.bias"])
            pairs.append((sentence.new_zeros(0, n_tags), sentence.new_zeros(0, n_labels)))
        else:
            pairs.append((torch.stack(tags), torch.stack([row_maximum(row) for row in table])))
    return pairs


def loss(
    params: Params,
    sentences: Sequence[Tensor],
    gold: Sequence[Gold],
    rounds: int,
    use_entities: bool = True,
    use_relations: bool = True,
) -> tuple[Tensor, Tensor]:
    """Compute the two losses of the last layer: sums in a sentence, means over the sentences.

        L_e = −Σ_i log y_i[gold tag of i]                                               (8)
        L_r = −Σ_i Σ_j Σ_t  g log y(i, j)[t] + (1 − g) log(1 − y(i, j)[t])              (9)

    with g = 1 if the cell is a gold triple, else 0. Both logarithms are computed from the
    logits: log softmax(x)[t] = x[t] − log Σ exp x, and log(1 − σ(x)) = log σ(−x).

    params (Params): the parameters, see the head of this file.
    sentences (Sequence[Tensor]): B times (N, I); N may differ.
    gold (Sequence[Gold]): B pairs of tags and cells. Tags: N tag numbers; None for a masked word,
        which adds nothing. Cells: {(head, tail, label): 1 or None}; 1 is positive, None is
        ignored, and a cell that is not named is negative.
    rounds, use_entities, use_relations: as for `forward`.
    RETURNS (tuple[Tensor, Tensor]): () entity loss; () relation loss.
    RAISES (ValueError): if there are no sentences, or gold does not fit its sentence.
    """
    if len(sentences) == 0 or len(sentences) != len(gold):
        raise ValueError(
            f"Expected at least one sentence and as many gold pairs, "
            f"found {len(sentences)} sentences and {len(gold)} gold pairs."
        )
    n_tags, n_labels = len(params["tags.bias"]), len(params["relations.bias"])
    entity_loss = params["tags.bias"].new_zeros(())
    relation_loss = params["tags.bias"].new_zeros(())
    for sentence, (gold_tags, gold_cells) in zip(sentences, gold, strict=True):
        n = len(sentence)
        _check_gold(n, n_tags, n_labels, gold_tags, gold_cells)
        tags, table = _layers(params, sentence, rounds, use_entities, use_relations)[-1]
        for i in range(n):
            gold_tag = gold_tags[i]
            if gold_tag is not None:
                log_y = tags[i][gold_tag] - torch.logsumexp(tags[i], dim=0)
                entity_loss = entity_loss - log_y
        for i in range(n):
            for j in range(n):
                for t in range(n_labels):
                    g = gold_cells.get((i, j, t), 0)
                    # Not softplus: torch cuts it off at 20, which is an error of 2e-9.
                    if g == 1:
                        relation_loss = relation_loss - logsigmoid(table[i][j][t])
                    elif g == 0:
                        relation_loss = relation_loss - logsigmoid(-table[i][j][t])
    return entity_loss / len(sentences), relation_loss / len(sentences)


def gru(params: Params, name: str, y: Tensor, h: Tensor) -> Tensor:
    """Compute GRU_e or GRU_r for one word, without biases.

        z = σ(W_z(h ⊕ y))    u = σ(W_u(h ⊕ y))    ȟ = tanh(W_o((u ∗ h) ⊕ y))
        GRU(y, h) = (1 − z) ∗ h + z ∗ ȟ                                                 (4)

    params (Params): the parameters, see the head of this file.
    name (str): "tag_gru" or "relation_gru".
    y (Tensor): (T) or (L) what the classifier predicted for the word.
    h (Tensor): (H) the word's shared features.
    RETURNS (Tensor): (H)
    """
    z = torch.sigmoid(params[f"{name}.update.weight"] @ torch.cat([h, y]))
    u = torch.sigmoid(params[f"{name}.reset.weight"] @ torch.cat([h, y]))
    candidate = torch.tanh(params[f"{name}.candidate.weight"] @ torch.cat([u * h, y]))
    return (1 - z) * h + z * candidate


def row_maximum(row: Sequence[Tensor]) -> Tensor:
    """Compute Ŷ_r of one head word i: per label, the highest probability of any tail j.

    The head word itself is one of the tails.

        Ŷ_r(i)[t] = max_j Y_r(i, j)[t]                                                  (5)

    The first of equal cells wins, and takes all of the gradient.

    row (Sequence[Tensor]): N times (L), the head's cells Y_r(i, 1), …, Y_r(i, N).
    RETURNS (Tensor): (L)
    """
    highest = []
    for t in range(len(row[0])):
        winner = row[0][t]
        for cell in row[1:]:
            if cell[t] > winner:
                winner = cell[t]
        highest.append(winner)
    return torch.stack(highest)


def tag_logits(params: Params, h: Tensor) -> Tensor:
    """Compute C_e for one word, before its softmax.

        Y_e(i) = softmax(W_e h_i + b_e)                                                 (6)

    params (Params): the parameters, see the head of this file.
    h (Tensor): (H)
    RETURNS (Tensor): (T)
    """
    return params["tags.weight"] @ h + params["tags.bias"]


def pair_logits(
    params: Params, h_head: Tensor, h_tail: Tensor, context: Context | None = None
) -> Tensor:
    """Compute C_r for one pair of words, before its σ. Each label has a σ of its own.

        m = relu(W_m(h_i ⊕ h_j))    Y_r(i, j) = σ(W_r m + b_r)                          (7)

    params (Params): the parameters, see the head of this file.
    h_head (Tensor): (H)
    h_tail (Tensor): (H)
    context (Context): (H) and (L) further terms, of m before its relu and of the logit.
    RETURNS (Tensor): (L)
    """
    inner, outer = context if context else (torch.zeros_like(h_head), 0)
    m = torch.relu(params["pair.weight"] @ torch.cat([h_head, h_tail]) + inner)
    return params["relations.weight"] @ m + params["relations.bias"] + outer


def pair_context(
    params: Params, H_r: Sequence[Tensor], tags: Sequence[Tensor], i: int, j: int
) -> Context:
    """Compute what a cell sees of its pair beside the two words: the options beyond the paper.

    params (Params): the parameters, see the head of this file.
    H_r (Sequence[Tensor]): N times (H) features of the relations.
    tags (Sequence[Tensor]): N times (T) logits of the tags of the same layer.
    i (int): the head word.
    j (int): the tail word.
    RETURNS (Context): (H) term of m before its relu, (L) term of the logit.
    """
    inner = torch.zeros_like(H_r[0])
    outer = torch.zeros_like(params["relations.bias"])
    if "distance" in params:
        clip = (len(params["distance"]) - 1) // 2
        place = max(-clip, min(clip, j - i)) + clip
        inner = inner + params["distance"][place]
        outer = outer + params["distance_bias"][place]
    if "between.weight" in params and i != j:
        words = H_r[min(i, j) : max(i, j)]
        mean = sum(params["between.weight"] @ h for h in words) / len(words)
        inner = inner + (mean if i < j else -mean)
    if "types.weight" in params:
        of_head, of_tail = params["types.weight"].chunk(2)
        inner = inner + of_head @ torch.softmax(tags[i], dim=0)
        inner = inner + of_tail @ torch.softmax(tags[j], dim=0)
    return inner, outer


def random_params(
    d: int,
    n_tags: int,
    n_labels: int,
    nI: int | None = None,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
    distance: int = 0,
    between: bool = False,
    types: bool = False,
) -> dict[str, Tensor]:
    """Draw parameters from a seed, none of them zero. They do not require a gradient yet.

    The numbers are drawn in float64 and then rounded, so each dtype gets the same network.

    d (int): H.
    n_tags (int): T.
    n_labels (int): L.
    nI (int | None): I; None leaves out the projection, so that sentences are (N, H).
    seed (int): Seed of a generator of its own; torch's global state is not touched.
    dtype (torch.dtype): Type of every parameter.
    distance (int): The clip, or 0 for no distances.
    between (bool): Whether there is a term of what is between.
    types (bool): Whether there is a term of the tags.
    RETURNS (dict[str, Tensor]): Parameters by name, see the head of this file.
    """
    shapes: dict[str, tuple[int, ...]] = {
        "tags.weight": (n_tags, d),
        "tags.bias": (n_tags,),
        "pair.weight": (d, 2 * d),
        "relations.weight": (n_labels, d),
        "relations.bias": (n_labels,),
    }
    for gate in ("update", "reset", "candidate"):
        shapes[f"tag_gru.{gate}.weight"] = (d, d + n_tags)
        shapes[f"relation_gru.{gate}.weight"] = (d, d + n_labels)
    if nI is not None:
        shapes["project.weight"] = (d, nI)
        shapes["project.bias"] = (d,)
    if distance:
        shapes["distance"] = (2 * distance + 1, d)
        shapes["distance_bias"] = (2 * distance + 1, n_labels)
    if between:
        shapes["between.weight"] = (d, d)
    if types:
        shapes["types.weight"] = (2 * d, n_tags)
    generator = torch.Generator().manual_seed(seed)
    params = {}
    for name, shape in shapes.items():
        values = torch.randn(shape, generator=generator, dtype=torch.float64)
        # Scaling by fan-in keeps gates and σ out of saturation, where a wrong gradient would not
        # show.
        params[name] = (values / math.sqrt(shape[-1])).to(dtype)
    return params


def _layers(
    params: Params, sentence: Tensor, rounds: int, use_entities: bool, use_relations: bool
) -> list[Layer]:
    """Compute every layer k = 0, 1, …, K, as logits.

        Y_e⁰ = C_e(H⁰)                      Y_r⁰ = C_r(H⁰)
        H_eᵏ = GRU_e(Y_eᵏ⁻¹, Hᵏ⁻¹)          H_rᵏ = GRU_r(Ŷ_rᵏ⁻¹, Hᵏ⁻¹)                  (2)
        Y_eᵏ = C_e(H_eᵏ)                    Y_rᵏ = C_r(H_rᵏ)                            (3)
        Hᵏ = H_eᵏ + H_rᵏ + Hᵏ⁻¹

    params, sentence, rounds, use_entities, use_relations: as for `forward`.
    RETURNS (list[Layer]): K + 1 layers.
    RAISES (ValueError): if rounds is negative.
    """
    if rounds < 0:
        raise ValueError(f"Expected rounds of 0 or more, found {rounds}.")
    n = len(sentence)
    H = [_shared(params, sentence[i]) for i in range(n)]
    layers = [_classify(params, H, H)]
    for _ in range(rounds):
        tags, table = _probabilities(layers[-1])
        H_e = [gru(params, "tag_gru", tags[i], H[i]) for i in range(n)]
        H_r = [gru(params, "relation_gru", row_maximum(table[i]), H[i]) for i in range(n)]
        layers.append(_classify(params, H_e, H_r))
        if use_entities and use_relations:
            H = [H_e[i] + H_r[i] + H[i] for i in range(n)]
        elif use_entities:
            H = [H_e[i] + H[i] for i in range(n)]
        elif use_relations:
            H = [H_r[i] + H[i] for i in range(n)]
    return layers


def _shared(params: Params, x: Tensor) -> Tensor:
    """Compute H⁰ of one word: x (I) → (H)."""
    if "project.weight" in params:
        return params["project.weight"] @ x + params["project.bias"]
    return x


def _classify(params: Params, H_e: Sequence[Tensor], H_r: Sequence[Tensor]) -> Layer:
    """Compute C_e of every word and C_r of every pair: N times (H) each → one layer."""
    tags = [tag_logits(params, h) for h in H_e]
    table = [
        [
            pair_logits(params, h_head, h_tail, pair_context(params, H_r, tags, i, j))
            for j, h_tail in enumerate(H_r)
        ]
        for i, h_head in enumerate(H_r)
    ]
    return tags, table


def _probabilities(logits: Layer) -> Layer:
    """Apply the softmax of eq. (6) to every word, and the σ of eq. (7) to every pair."""
    tags, table = logits
    return (
        [torch.softmax(tag, dim=0) for tag in tags],
        [[torch.sigmoid(cell) for cell in row] for row in table],
    )


def _check_gold(
    n: int, n_tags: int, n_labels: int, gold_tags: Sequence[int | None], gold_cells: Cells
) -> None:
    """Check that gold points inside its sentence. Otherwise it would be ignored silently."""
    if len(gold_tags) != n:
        raise ValueError(f"Expected {n} gold tags, found {len(gold_tags)}.")
    for tag in gold_tags:
        if tag is not None and not 0 <= tag < n_tags:
            raise ValueError(f"Expected gold tags from 0 to {n_tags - 1}, or None, found {tag}.")
    for (i, j, t), value in gold_cells.items():
        if not (0 <= i < n and 0 <= j < n and 0 <= t < n_labels):
            raise ValueError(f"Expected cells within {(n, n, n_labels)}, found {(i, j, t)}.")
        if value is not None and value != 1:
            raise ValueError(f"Expected 1 or None for cell {(i, j, t)}, found {value}.")


def _check_shapes() -> None:
    """Check shapes and dtypes, with and without projection, down to the empty sentence."""
    d, n_tags, n_labels = 4, 5, 3
    for nI, dtype in ((6, torch.float64), (None, torch.float32)):
        params = random_params(d, n_tags, n_labels, nI, dtype=dtype)
        for n in (0, 1, 3):
            generator = torch.Generator().manual_seed(n)
            sentence = torch.randn(n, nI or d, generator=generator, dtype=dtype)
            for rounds in (0, 1, 2):
                tags, table = forward(params, sentence, rounds)
                assert tags.shape == (n, n_tags) and table.shape == (n, n, n_labels)
                assert tags.dtype == dtype and table.dtype == dtype
                assert torch.allclose(tags.sum(dim=1), torch.ones(n, dtype=dtype))
                per_round = all_rounds(params, sentence, rounds)
                assert len(per_round) == rounds + 1
                assert torch.equal(per_round[-1][0], tags)
                assert per_round[-1][1].shape == (n, n_labels)
                if n > 0:
                    assert torch.equal(per_round[-1][1], table.amax(dim=1))


def _toy_params() -> dict[str, Tensor]:
    """Parameters for H = 1, T = 2, L = 1; no two weights are alike."""
    values = {
        "tags.weight": [[0.7], [-0.4]],
        "tags.bias": [0.1, 0.2],
        "pair.weight": [[1.5, -0.6]],
        "relations.weight": [[0.8]],
        "relations.bias": [-0.3],
        "tag_gru.update.weight": [[0.5, -0.9, 1.1]],
        "tag_gru.reset.weight": [[-0.7, 0.3, 0.6]],
        "tag_gru.candidate.weight": [[1.2, 0.4, -0.8]],
        "relation_gru.update.weight": [[0.9, -1.3]],
        "relation_gru.reset.weight": [[0.2, 1.4]],
        "relation_gru.candidate.weight": [[-1.1, 0.65]],
    }
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


def _sigma(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _cell_by_hand(h_head: float, h_tail: float) -> float:
    """Compute eq. (7) with the toy numbers."""
    return _sigma(0.8 * max(0.0, 1.5 * h_head - 0.6 * h_tail) - 0.3)


def _relation_gru_by_hand(y: float, h: float) -> float:
    """Compute eq. (4) with the toy numbers."""
    z = _sigma(0.9 * h - 1.3 * y)
    u = _sigma(0.2 * h + 1.4 * y)
    return (1 - z) * h + z * math.tanh(-1.1 * u * h + 0.65 * y)


def _check_one_word() -> None:
    """Check one word, H = 1, K = 2, in plain numbers: both ablations and both losses."""
    params = _toy_params()
    x = 0.9

    def classify(h_e: float, h_r: float) -> tuple[float, float, float]:
        e0, e1 = math.exp(0.7 * h_e + 0.1), math.exp(-0.4 * h_e + 0.2)
        return e0 / (e0 + e1), e1 / (e0 + e1), _cell_by_hand(h_r, h_r)

    for use_e, use_r in ((True, True), (False, True), (True, False), (False, False)):
        h = x
        y0, y1, y_r = classify(h, h)
        for _ in range(2):
            z = _sigma(0.5 * h - 0.9 * y0 + 1.1 * y1)
            u = _sigma(-0.7 * h + 0.3 * y0 + 0.6 * y1)
            h_e = (1 - z) * h + z * math.tanh(1.2 * u * h + 0.4 * y0 - 0.8 * y1)
            h_r = _relation_gru_by_hand(y_r, h)
            h = h + (h_e if use_e else 0) + (h_r if use_r else 0)
            y0, y1, y_r = classify(h_e, h_r)
        sentence = torch.tensor([[x]], dtype=torch.float64)
        tags, table = forward(params, sentence, 2, use_e, use_r)
        _close(tags[0, 0], y0)
        _close(tags[0, 1], y1)
        _close(table[0, 0, 0], y_r)
        gold: list[Gold] = [([1], {(0, 0, 0): 1}), ([0], {}), ([None], {(0, 0, 0): None})]
        entity_loss, relation_loss = loss(params, [sentence] * 3, gold, 2, use_e, use_r)
        _close(entity_loss, -(math.log(y1) + math.log(y0)) / 3)
        _close(relation_loss, -(math.log(y_r) + math.log(1 - y_r)) / 3)


def _check_two_words() -> None:
    """Check two words: the head comes first in pair and table; the maximum is over the tails."""
    params = _toy_params()
    x = [0.9, 0.2]
    sentence = torch.tensor([[x[0]], [x[1]]], dtype=torch.float64)
    cells = [[_cell_by_hand(i, j) for j in x] for i in x]
    tags, table = forward(params, sentence, 0)
    highest = all_rounds(params, sentence, 0)[0][1]
    for i in range(2):
        _close(highest[i, 0], max(cells[i]))
        for j in range(2):
            _close(table[i, j, 0], cells[i][j])
    h_r = [_relation_gru_by_hand(max(cells[i]), x[i]) for i in range(2)]
    next_table = forward(params, sentence, 1)[1]
    for i in range(2):
        for j in range(2):
            _close(next_table[i, j, 0], _cell_by_hand(h_r[i], h_r[j]))
    gold: list[Gold] = [([None, 0], {(0, 1, 0): 1, (1, 1, 0): None})]
    entity_loss, relation_loss = loss(params, [sentence], gold, 0)
    _close(entity_loss, -math.log(float(tags[1, 0])))
    negatives = math.log(1 - cells[0][0]) + math.log(1 - cells[1][0])
    _close(relation_loss, -math.log(cells[0][1]) - negatives)


def _check_gradients() -> None:
    """Check that autograd reaches every parameter and agrees with finite differences."""
    params = random_params(2, 3, 2, nI=3, seed=1)
    names = list(params)
    sentence = torch.randn(3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    gold: list[Gold] = [([0, None, 2], {(0, 2, 1): 1, (1, 1, 0): 1, (2, 0, 0): None})]

    def total(*values: Tensor) -> Tensor:
        entity_loss, relation_loss = loss(
            dict(zip(names, values, strict=True)), [sentence], gold, 2
        )
        return entity_loss + relation_loss

    leaves = tuple(params[name].clone().requires_grad_() for name in names)
    for name, gradient in zip(names, torch.autograd.grad(total(*leaves), leaves), strict=True):
        assert bool(gradient.abs().sum() > 0), name
    assert torch.autograd.gradcheck(total, leaves)


def _close(found: Tensor, expected: float) -> None:
    assert math.isclose(float(found), expected, rel_tol=1e-12), (float(found), expected)


if __name__ == "__main__":
    _check_shapes()
    _check_one_word()
    _check_two_words()
    _check_gradients()
    print("reference.py: shapes, hand-computed cases and gradients agree")
