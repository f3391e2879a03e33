"""`spacy-rin.RIN.v1`: Docs → vectors → the network's scores; thinc's side of the torch network."""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, PyTorchWrapper_v3, chain, noop
from thinc.types import Floats2d
from torch import Tensor

from ..arrays.batch import WindowBatch
from ..arrays.targets import Targets
from ..errors import Errors
from ..nn.blocks import BlockPlan
from ..nn.device import block_cells
from ..nn.interaction import Interaction, PaperInteraction, SeparateTasks, SlidesInteraction
from ..nn.loss import Loss, relation_loss, tag_loss
from ..nn.network import RIN
from ..nn.row_maximum import row_maximum
from ..nn.table import Table
from .shim import deserialize_module, serialize_module, texts_to_torch

# A lower threshold is read as this one: at 0 every cell of the table would be a triple.
MIN_THRESHOLD = 1e-3

# A worker of nlp.pipe(n_process) computes on one thread, as those of torch's own DataLoader do: a
# forked one inherits torch's thread pool without its threads and would wait for them for ever, and
# spawned ones would each take all cores. So does every other process that is forked off one with
# rin in it, as a web server's; torch.set_num_threads, called there, has the last word.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
if multiprocessing.parent_process() is not None and "OMP_NUM_THREADS" not in os.environ:
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Scores:
    """The network's output for a batch: what the component reads predictions and losses from.

    tag_logits (Tensor): (W, T), rows in the order of the batch's windows.
    table (Table): The factored relation table, with the same rows.
    """

    tag_logits: Tensor
    table: Table

    def tags(self) -> np.ndarray:
        """RETURNS (ndarray): (W, T) log-probabilities of the tags."""
        return _numpy(torch.log_softmax(self.tag_logits.detach(), dim=1))

    def cells_over(
        self, rows: np.ndarray, cols: np.ndarray, threshold: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read the given cells.

        rows, cols (ndarray): (C,) head and tail words.
        RETURNS (tuple): (F,) place in `rows`, label and probability of each triple found.
        """
        place, label, logit = self.table.detach().cells_between(
            self._tensor(rows), self._tensor(cols), _logit(threshold)
        )
        return _numpy(place), _numpy(label), _numpy(torch.sigmoid(logit))

    def all_cells_over(
        self, threshold: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Scan the whole table.

        RETURNS (tuple): (F,) head word, tail word, label and probability of each triple found.
        """
        rows, cols, label, logit = self.table.detach().cells_over(_logit(threshold))
        return _numpy(rows), _numpy(cols), _numpy(label), _numpy(torch.sigmoid(logit))

    def row_maximum(self) -> np.ndarray:
        """RETURNS (ndarray): (W, L) highest probability over the tails, equation (5)."""
        return _numpy(torch.sigmoid(row_maximum(self.table.detach())))

    def loss(self, targets: Targets) -> Loss:
        """RETURNS (Loss): Loss and gradient against gold (equations (8) and (9))."""
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


def build_rin_model(
    tok2vec: Model[list[Doc], list[Floats2d]],
    hidden_width: int = 100,
    rounds: int = 4,
    use_entities: bool = True,
    use_relations: bool = True,
    precision: Literal["auto", "float32", "bfloat16"] = "auto",
    interaction: Literal["paper", "slides", "separate"] = "paper",
) -> Model[WindowBatch, Scores]:
    """Construct the Recurrent Interaction Network over any tok2vec.

    tok2vec (Model): Any of spaCy's, a listener, or spacy-rin's own; of any width, which is
        projected to `hidden_width` if it is another.
    hidden_width (int): H, width of the hidden and the pair features.
    rounds (int): K, rounds of interaction; 0 for "w/o interaction".
    use_entities (bool): False for the paper's "w/o ER".
    use_relations (bool): False for the paper's "w/o RC".
    precision (str): Of the products in the blocks of the relation table, where most of the time
        goes. "bfloat16" rounds what is multiplied, not the sums; "auto" does so on processors
        that gain from it.
    interaction (str): "paper"; "slides" for the earlier form of the model; "separate" for the
        slides' baseline "BiLSTM", whose tasks have an encoder each (`copies = 2` of
        spacy-rin.BiLSTMEncoder.v1) and no round.
    RETURNS (Model): Its `n_tags` and `n_labels` attributes are to be set before it is initialised.
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
    network: Model[list[Floats2d], Scores] = PyTorchWrapper_v3(
        RIN(reader, rounds, precision),
        convert_inputs=_convert_inputs,
        convert_outputs=_convert_outputs,
        serialize_model=serialize_module,
        deserialize_model=deserialize_module,
    )
    network.init = _init_network
    model: Model[WindowBatch, Scores] = chain(_read_windows(tok2vec), network)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("network", network)
    return model


def predict_layers(model: Model[WindowBatch, Scores], batch: WindowBatch) -> list[Scores]:
    """RETURNS (list[Scores]): What every layer says, 0 to K; `predict` gives the last."""
    windows2vecs, network = model.layers
    # Without windows there is nothing to read, which not every tok2vec can stand.
    vectors = windows2vecs.predict(batch) if batch.windows else []
    inputs, _ = _convert_inputs(network, vectors, False)
    with torch.no_grad():
        return [Scores(*layer) for layer in network.shims[0]._model.layers(*inputs.args)]


def set_output_sizes(model: Model, n_tags: int, n_labels: int) -> None:
    """Tell a model how many tags and relation labels to make parameters for."""
    network = model.get_ref("network")
    network.attrs["n_tags"] = n_tags
    network.attrs["n_labels"] = n_labels


def clip_gradients(model: Model, max_norm: float) -> None:
    """Scale all gradients of a model so that their global norm is at most `max_norm`.

    thinc's own grad_clip clips each array by itself, and the authors' code clips globally. Layers
    of mixed precision stay out of it: their gradients are scaled up until they are used, and a step
    in which they overflow is left out by thinc.
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
    """Run a tok2vec on the windows of a batch.

    Each window is read alone, as each training record was. Only a listener or a transformer has to
    see whole Docs, whose vectors are then cut; what encodes these still reads each window alone.
    What takes a listener's place (`nlp.replace_listeners`) goes on reading as it did.
    """
    listens = any("listener" in n.name or "transformer" in n.name for n in tok2vec.walk())
    # spaCy's Tok2Vec is a chain of the two; by itself it would encode whole Docs too.
    is_chain = tok2vec.has_ref("embed") and tok2vec.has_ref("encode")
    on_docs = ("embed" if is_chain else "all") if listens else "nothing"
    return Model(
        "windows2vecs",
        _forward_windows,
        init=_init_windows,
        layers=[tok2vec],
        attrs={"on_docs": on_docs},  # saved with the model
    )


def _init_windows(model: Model, X: WindowBatch | None = None, Y: object = None) -> None:
    model.layers[0].initialize(X=X.docs if X else None)


def _forward_windows(
    model: Model, batch: WindowBatch, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], None]]:
    forward = _forward_texts if model.attrs["on_docs"] == "nothing" else _forward_docs
    return forward(model, batch, is_train)


def _forward_texts(
    model: Model, batch: WindowBatch, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], None]]:
    Y, backprop_texts = model.layers[0](batch.texts(), is_train)

    def backprop(dY: list[Floats2d]) -> None:
        backprop_texts(dY)

    return Y, backprop


def _forward_docs(
    model: Model, batch: WindowBatch, is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], None]]:
    tok2vec = model.layers[0]
    embed, encode = tok2vec, noop()
    if model.attrs["on_docs"] == "embed":
        embed, encode = tok2vec.get_ref("embed"), tok2vec.get_ref("encode")
    vectors, backprop_docs = embed(list(batch.docs), is_train)
    places = [(w.doc, model.ops.asarray1i(batch.tokens(w))) for w in batch.windows]
    Y, backprop_windows = encode([vectors[doc][tokens] for doc, tokens in places], is_train)

    def backprop(dY: list[Floats2d]) -> None:
        d_vectors = [model.ops.alloc2f(*array.shape) for array in vectors]
        for (doc, tokens), d_window in zip(places, backprop_windows(dY), strict=True):
            d_vectors[doc][tokens] += d_window
        backprop_docs(d_vectors)

    return Y, backprop


def _init_network(model: Model, X: list[Floats2d] | None = None, Y: object = None) -> None:
    shim = model.shims[0]
    nI = X[0].shape[1] if X else model.get_dim("nI")
    model.set_dim("nI", nI, force=True)
    device = shim.device
    shim._model.initialize(nI, model.attrs["n_tags"], model.attrs["n_labels"])
    shim._model.to(device)


def _convert_inputs(
    model: Model, X: list[Floats2d], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Floats2d]]]:
    words, lengths, unflatten = texts_to_torch(model, X, is_train)
    network = model.shims[0]._model
    n_labels = len(network.relations.bias)
    layout = BlockPlan(lengths, words.device, block_cells(words.device, network.width, n_labels))
    return ArgsKwargs(args=(words, layout), kwargs={}), unflatten


def _convert_outputs(
    model: Model, X_Y: tuple[list[Floats2d], tuple[Tensor, Table]], is_train: bool
) -> tuple[Scores, Callable[[tuple[Tensor, ...]], ArgsKwargs]]:
    _, (tag_logits, table) = X_Y

    def backprop_args(gradients: tuple[Tensor, ...]) -> ArgsKwargs:
        # W_r and b_r are outputs as well as parameters: torch adds what comes in here to what
        # comes through the interaction.
        outputs = (tag_logits, *table.factors())
        return ArgsKwargs(args=(outputs,), kwargs={"grad_tensors": gradients})

    return Scores(tag_logits, table), backprop_args


def _logit(threshold: float) -> float:
    if threshold >= 1:
        return float("inf")
    threshold = max(threshold, MIN_THRESHOLD)
    return float(np.log(threshold / (1 - threshold)))


def _numpy(tensor: Tensor) -> np.ndarray:
    array: np.ndarray = tensor.cpu().numpy()
    return array
