"""`spacy-rin.RIN.v1`: Docs → vectors → the network's scores, as a thinc model.

The model is a chain: a tok2vec reads the windows of a batch, and the torch network of `nn` reads
its vectors. The output is `Scores`. They hold the network's tensors and return numpy arrays, so
that the component gets predictions and losses without importing torch.

Shapes: W words of all windows of a batch, one after the other; T tags; L relation labels; C given
cells; F found cells.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, chain, noop
from thinc.types import Floats2d
from torch import Tensor

from ..arrays.batch import WindowBatch
from ..arrays.calibration import UNCALIBRATED, Calibration
from ..arrays.targets import Targets
from ..errors import Errors
from ..nn.blocks import BlockPlan
from ..nn.device import block_cells
from ..nn.interaction import Interaction, PaperInteraction, SeparateTasks, SlidesInteraction
from ..nn.loss import Loss, relation_loss, tag_loss
from ..nn.network import RIN
from ..nn.row_maximum import row_maximum
from ..nn.table import Table
from .listeners import find_listeners
from .shim import texts_to_torch, wrap_module

# The model's own probability that a triple has at least, whatever the threshold: at 0 every cell of
# the table would be a triple.
MIN_THRESHOLD = 1e-3

# Which part of a tok2vec reads whole Docs; the other part reads each window alone. Pipelines are
# saved with these values.
NOTHING, EMBED, EVERYTHING = "nothing", "embed", "all"

# A worker of nlp.pipe(n_process) computes on one thread, as the workers of torch's own DataLoader
# do. A forked worker inherits torch's thread pool without its threads and would wait for them for
# ever; spawned workers would each take all cores. The same holds for every other process that is
# forked off one with rin in it, such as a web server's. torch.set_num_threads, called in the
# worker, overrules this.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
if multiprocessing.parent_process() is not None and "OMP_NUM_THREADS" not in os.environ:
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Scores:
    """The network's output for a batch: what the component reads predictions and losses from.

    tag_logits (Tensor): (W, T) logits of the tags, rows in the order of the batch's windows.
    table (Table): The factored relation table, with the same rows.
    calibration (Calibration): How the probabilities of triples are made of the table's logits. What
        the rounds of the network read, and the loss, are not calibrated.
    """

    tag_logits: Tensor
    table: Table
    calibration: Calibration = UNCALIBRATED

    def calibrated(self, calibration: Calibration) -> Scores:
        """Calibrate the probabilities of triples.

        calibration (Calibration): How they are made of the table's logits.
        RETURNS (Scores): The same scores, with these probabilities of triples.
        """
        return replace(self, calibration=calibration)

    def are_finite(self) -> bool:
        """Find out whether all scores are finite.

        RETURNS (bool): False if a tag or a factor of the table is NaN or infinite.
        """
        parts = [part.detach() for part in (self.tag_logits, *self.table.factors.present())]
        # A sum is faster than a mask. It is finite only if all terms are; it may overflow, though.
        return all(bool(part.sum().isfinite()) or bool(part.isfinite().all()) for part in parts)

    def tags(self) -> np.ndarray:
        """Compute the log-probabilities of the tags.

        RETURNS (ndarray): (W, T) log-probabilities.
        """
        return _numpy(torch.log_softmax(self.tag_logits.detach(), dim=1))

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find triples in the given cells.

        rows (ndarray): (C,) head word of each cell.
        cols (ndarray): (C,) tail word of each cell.
        threshold (float | ndarray): The least probability of a triple, or (L,) those of the labels.
        RETURNS (tuple[ndarray, ndarray, ndarray]): (F,) place in `rows`, label and probability of
            each triple.
        """
        place, label, logit = self.table.detach().cells_between(
            self._tensor(rows), self._tensor(cols), self._logit(threshold)
        )
        return _numpy(place), _numpy(label), self._probabilities(logit)

    def all_cells_over(
        self, threshold: float | np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Find triples in the whole table.

        threshold (float | ndarray): The least probability of a triple, or (L,) those of the labels.
        RETURNS (tuple[ndarray, ndarray, ndarray, ndarray]): (F,) head word, tail word, label and
            probability of each triple.
        """
        rows, cols, label, logit = self.table.detach().cells_over(self._logit(threshold))
        return _numpy(rows), _numpy(cols), _numpy(label), self._probabilities(logit)

    def row_maximum(self) -> np.ndarray:
        """Compute the highest probability over the tails, equation (5).

        RETURNS (ndarray): (W, L) probabilities, by head word and label.
        """
        return _numpy(torch.sigmoid(row_maximum(self.table.detach())))

    def loss(self, targets: Targets) -> Loss:
        """Compute the losses of equations (8) and (9), and their gradient.

        targets (Targets): Gold of the same batch.
        RETURNS (Loss): The two losses and the gradient of the network's output.
        """
        layout = self.table.layout
        entities, d_tags = tag_loss(
            self.tag_logits.detach(), self._tensor(targets.tags), len(layout.lengths)
        )
        relations, d_factors = relation_loss(
            self.table.detach(),
            layout.locate(targets.cells[targets.known]),
            layout.locate(targets.cells[~targets.known]),
        )
        return Loss(entities, relations, (d_tags, *d_factors))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.tag_logits.device)

    def _logit(self, threshold: float | np.ndarray) -> Tensor:
        """Turn probabilities into logits of the table; no cell reaches a threshold of 1."""
        logit = torch.logit(torch.as_tensor(threshold, dtype=torch.float64))
        least = math.log(MIN_THRESHOLD / (1 - MIN_THRESHOLD))
        logit = self.calibration.unscale(logit).clamp(min=least)
        return logit.to(self.tag_logits.device, torch.float32)

    def _probabilities(self, logit: Tensor) -> np.ndarray:
        return _numpy(torch.sigmoid(self.calibration.scale(logit)))


def build_rin_model(
    tok2vec: Model[list[Doc], list[Floats2d]],
    hidden_width: int = 100,
    rounds: int = 4,
    use_entities: bool = True,
    use_relations: bool = True,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    interaction: Literal["paper", "slides", "separate"] = "paper",
    distance: int = 0,
    between: bool = False,
    types: bool = False,
) -> Model[WindowBatch, Scores]:
    """Construct the Recurrent Interaction Network over any tok2vec.

    tok2vec (Model): Any of spaCy's, a listener, or spacy-rin's own. Its vectors are projected to
        `hidden_width` if they have another width.
    hidden_width (int): H, width of the hidden and the pair features.
    rounds (int): K, rounds of interaction; 0 for the paper's "w/o interaction".
    use_entities (bool): False for the paper's "w/o ER".
    use_relations (bool): False for the paper's "w/o RC".
    precision (str): Precision of the products in the blocks of the relation table, which take most
        of the time. "bfloat16" rounds what is multiplied, not the sums. "auto" does so on
        processors that are faster with it.
    interaction (str): "paper"; "slides" for the earlier form of the model; "separate" for the
        slides' baseline "BiLSTM". That has no rounds, and an encoder for each task (`copies = 2` of
        spacy-rin.BiLSTMEncoder.v1).
    distance (int): Words up to which distances between head and tail are told apart, in the pair
        features and in the logit; 0 leaves distance out, as the paper does.
    between (bool): Whether a cell sees the mean of what is between head and tail.
    types (bool): Whether a cell sees the tagger's probabilities of head and tail.
    RETURNS (Model): The model. `set_output_sizes` has to be called before it is initialised.
    RAISES (ValueError): If the settings do not go together.
    """
    ablated = not (use_entities and use_relations)
    if (ablated and interaction != "paper") or (rounds and interaction == "separate"):
        raise ValueError(Errors.R024.format(interaction=interaction, rounds=rounds))
    reader: Interaction
    if interaction == "paper":
        reader = PaperInteraction(hidden_width, use_entities, use_relations)
    elif interaction == "slides":
        reader = SlidesInteraction(hidden_width)
    else:
        reader = SeparateTasks(hidden_width)
    network: Model[list[Floats2d], Scores] = wrap_module(
        RIN(reader, rounds, precision, distance=distance, between=between, types=types),
        _convert_inputs,
        _convert_outputs,
        sizes=("n_tags", "n_labels"),
    )
    model: Model[WindowBatch, Scores] = chain(_read_windows(tok2vec), network)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("network", network)
    return model


def predict_layers(model: Model[WindowBatch, Scores], batch: WindowBatch) -> list[Scores]:
    """Compute the scores of every layer; `predict` returns those of the last.

    model (Model): A model of `build_rin_model`, initialised.
    batch (WindowBatch): The windows to read.
    RETURNS (list[Scores]): Scores of layers 0, 1, …, K.
    """
    windows2vecs, network = model.layers
    # Not every tok2vec accepts a batch without texts.
    vectors = windows2vecs.predict(batch) if batch.windows else []
    inputs, _ = _convert_inputs(network, vectors, False)
    with torch.no_grad():
        return [Scores(*layer) for layer in network.shims[0]._model.layers(*inputs.args)]


def set_output_sizes(model: Model, n_tags: int, n_labels: int) -> None:
    """Tell a model how many tags and relation labels to make parameters for.

    model (Model): A model of `build_rin_model`, not initialised.
    n_tags (int): T.
    n_labels (int): L.
    """
    network = model.get_ref("network")
    network.attrs["n_tags"] = n_tags
    network.attrs["n_labels"] = n_labels


def clip_gradients(model: Model, max_norm: float) -> None:
    """Scale all gradients of a model so that their global norm is at most `max_norm`.

    thinc's own grad_clip clips each array by itself; the authors' code clips globally. Layers of
    mixed precision are left out: their gradients are scaled up until they are used, and thinc skips
    a step in which they overflow.

    model (Model): Any model.
    max_norm (float): The largest norm.
    RAISES (ValueError): If the norm is not finite.
    """
    arrays, tensors = [], []
    for node in model.walk():
        arrays += [node.get_grad(name) for name in node.param_names if node.has_grad(name)]
        for shim in (shim for shim in node.shims if not shim._mixed_precision):
            tensors += [p.grad for p in shim._model.parameters() if p.grad is not None]
    squares = [float((a * a).sum()) for a in arrays] + [float((t * t).sum()) for t in tensors]
    norm = sum(squares) ** 0.5
    if not math.isfinite(norm):
        raise ValueError(Errors.R036)
    if norm > max_norm:
        for array in arrays:
            array *= max_norm / norm
        for tensor in tensors:
            tensor *= max_norm / norm


def _read_windows(tok2vec: Model[list[Doc], list[Floats2d]]) -> Model[WindowBatch, list[Floats2d]]:
    """Construct the layer that runs a tok2vec on the windows of a batch."""
    return Model(
        "windows2vecs",
        _forward_windows,
        init=_init_windows,
        layers=[tok2vec],
        attrs={"on_docs": _part_on_docs(tok2vec)},
    )


def _part_on_docs(tok2vec: Model[list[Doc], list[Floats2d]]) -> str:
    """Decide which part of a tok2vec has to read whole Docs.

    Each window is read alone, as each training record was. Only listeners and transformers have to
    see whole Docs: a listener gets its vectors from another component, which has read Docs, and a
    transformer cuts Docs itself. Their vectors are then cut into windows. There are three cases:

    - NOTHING, if the tok2vec has no listener or transformer.
    - EMBED, if it has one and is a chain of `embed` and `encode`, as spaCy's Tok2Vec is. On whole
      Docs, `encode` would read across windows. So it gets the vectors of each window alone.
    - EVERYTHING, if it has one and is no such chain.

    tok2vec (Model): Any tok2vec.
    RETURNS (str): NOTHING, EMBED or EVERYTHING.
    """
    # spacy-transformers has this word in the names of its layers.
    is_transformer = any("transformer" in node.name for node in tok2vec.walk())
    if not (is_transformer or find_listeners(tok2vec)):
        return NOTHING
    return EMBED if tok2vec.has_ref("embed") and tok2vec.has_ref("encode") else EVERYTHING


def _init_windows(model: Model, X: WindowBatch | None = None, Y: object = None) -> None:
    model.layers[0].initialize(X=X.docs if X else None)


def _forward_windows(
    model: Model, batch: WindowBatch, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], object]]:
    """Run a tok2vec on a batch: its windows → a (words, width) array for each."""
    tok2vec = model.layers[0]
    # Loading a pipeline restores the value that it was saved with. So what takes a listener's place
    # (`nlp.replace_listeners`) goes on reading what the listener read.
    on_docs = model.attrs["on_docs"]
    if on_docs == NOTHING:
        return tok2vec(batch.texts(), is_train)
    if on_docs == EMBED:
        return _forward_docs(tok2vec.get_ref("embed"), tok2vec.get_ref("encode"), batch, is_train)
    return _forward_docs(tok2vec, noop(), batch, is_train)


def _forward_docs(
    on_docs: Model, on_windows: Model, batch: WindowBatch, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], None]]:
    """Run one model on whole Docs, and another on the vectors of each window."""
    ops = on_docs.ops
    vectors, backprop_docs = on_docs(list(batch.docs), is_train)
    places = [(w.doc, ops.asarray1i(batch.tokens(w))) for w in batch.windows]
    Y, backprop_windows = on_windows([vectors[doc][tokens] for doc, tokens in places], is_train)

    def backprop(dY: list[Floats2d]) -> None:
        d_vectors = [ops.alloc2f(*array.shape) for array in vectors]
        for (doc, tokens), d_window in zip(places, backprop_windows(dY), strict=True):
            d_vectors[doc][tokens] += d_window  # Windows can overlap.
        backprop_docs(d_vectors)

    return Y, backprop


def _convert_inputs(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    """Turn the arrays of windows into the arguments of `RIN.forward`, and gradients into arrays.

    A torch encoder already had the words in one tensor. It returns arrays all the same, so that any
    tok2vec can take its place.
    """
    words, lengths, unflatten = texts_to_torch(model, X, is_train)
    network = model.shims[0]._model
    n_labels = len(network.relations.bias)
    layout = BlockPlan(lengths, words.device, block_cells(words.device, network.width, n_labels))
    return ArgsKwargs(args=(words, layout), kwargs={}), unflatten


def _convert_outputs(
    model: Model, X_Y: tuple[list[Floats2d], tuple[Tensor, Table]], is_train: bool
) -> tuple[Scores, Callable[[tuple[Tensor, ...]], ArgsKwargs]]:
    """Turn the output of `RIN.forward` into Scores, and the gradient of a Loss into torch's."""
    _, (tag_logits, table) = X_Y

    def backprop_args(gradients: tuple[Tensor, ...]) -> ArgsKwargs:
        # W_r and b_r are outputs as well as parameters: torch adds the gradients given here to
        # those that come through the interaction.
        outputs = (tag_logits, *table.factors.present())
        return ArgsKwargs(args=(outputs,), kwargs={"grad_tensors": gradients})

    return Scores(tag_logits, table), backprop_args


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.cpu().numpy()
    return array
