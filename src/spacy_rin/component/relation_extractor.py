"""The component itself: Docs → windows → scores → `doc.ents` and `doc._.relations`.

It must not import torch when it is imported, for the reason given in `factory`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from spacy.pipeline import Tagger
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..arrays.annotate import annotate
from ..arrays.batch import WindowBatch, make_batch
from ..arrays.decode import Prediction, decode_scores
from ..arrays.gold_labels import GoldLabels
from ..arrays.rounds import Round, read_rounds
from ..arrays.signatures import list_counts, make_filter, read_signatures
from ..arrays.targets import make_targets, validate_gold
from ..errors import Errors, show_some
from ..layers.embed import TableCounts
from ..layers.finite import explain_not_finite
from ..layers.inputs import note_trained
from ..relations import get_relations, register
from .attributes import check_pipeline
from .candidate_store import CandidateStore
from .check_gold import GoldFit, check_dev
from .labels import LabelledPipe
from .settings import Settings, has_settings
from .warner import Warner

if TYPE_CHECKING:
    from ..layers.architecture import Scores
    from ..nn.loss import Loss


@has_settings
class RelationExtractor(LabelledPipe):
    """Joint entity and relation extraction with the Recurrent Interaction Network.

    vocab (Vocab): The shared vocabulary.
    model (Model): A model built by spacy-rin.RIN.v1.
    name (str): Name of the component. Its losses are `name`, `name_entities`, `name_relations`.
    scorer (Callable): The function that `score` calls.
    settings (Any): Any of `Settings`, by name. All of them are attributes of the component, and are
        in its `cfg`, to be read and changed.

    >>> doc = nlp("Alan Turing was born in London .")  # a pipeline that was trained
    >>> [(ent.text, ent.label_) for ent in doc.ents]
    [('Alan Turing', 'PER'), ('London', 'LOC')]
    >>> [relation.text for relation in doc._.relations]
    ['Alan Turing | born_in | London']
    >>> nlp.get_pipe("rin").threshold = 0.7
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[WindowBatch, Scores],
        name: str = "rin",
        *,
        scorer: Callable[..., dict[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        cfg = asdict(Settings(**settings))
        learned: dict[str, list[Any]] = {
            name: []
            for name in ("entity_labels", "relation_labels", "joint_tags", "seen_signatures")
        }
        super().__init__(vocab, model, name, **cfg, **learned)
        self.scorer = scorer
        self.candidates = CandidateStore()
        # Moving averages last passed to `use_params`; empty if the optimizer keeps none. The
        # history logger scores with them.
        self.averages: dict[Any, Any] = {}
        self._warner = Warner()
        register(cfg["attribute"])

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, list[str]] | None = None,
        signatures: str | None = None,
    ) -> None:
        """Collect labels, words and tags from the training data and make the model's parameters.

        get_examples (Callable): Returns the training Examples. It is called twice, as spaCy's own
            components do. The Examples are read as a stream, and not kept.
        nlp (Language): The pipeline. Its tagger supplies the tags if the data has none.
        labels (dict): As `spacy init labels` writes it. A missing list is read from the data.
        signatures (str): Path of JSON lines with "head", "label" and "tail", the signatures that
            `signatures = "seen"` allows in place of those of the data.
        RAISES (ValueError): If labels are missing, or gold cannot be learned from. Also if a
            component listens to another one that is not in the pipeline.
        """
        validate_get_examples(get_examples, "RelationExtractor.initialize")
        if nlp is not None:
            check_pipeline(nlp, [p for _, p in nlp.components if isinstance(p, RelationExtractor)])
        attribute = self.cfg["attribute"]
        tables, fit = TableCounts(self.model), GoldFit()
        gold = GoldLabels(self.cfg["nested"], self.cfg["anchor"], attribute)
        sample: list[Doc] = []  # The model infers its widths from these.
        for eg in validate_gold(get_examples(), attribute):
            relations = get_relations(eg.reference, attribute)
            gold.add(eg, relations)
            fit.add(eg, relations)
            tables.add(eg)
            if len(sample) < 10 and eg.predicted.text.strip():
                sample.append(eg.predicted)
        self._set_labels(labels, gold.label_data())
        if not self.labels or not self.entity_labels:
            raise ValueError(Errors.R032.format(name=self.name, labels=self.label_data))
        unseen = [label for label in self.labels if label not in gold.relations]
        if tables.tables and unseen:
            warnings.warn(Errors.R037.format(name=self.name, labels=unseen), stacklevel=2)
        self.cfg["seen_signatures"] = list_counts(
            gold.signatures,
            read_signatures(signatures, self.entity_labels, self.labels) if signatures else None,
        )
        fit.warn(self.vocab.lang)
        if nlp is not None:
            check_dev(nlp, self.labels, attribute)
        self.cfg["joint_tags"] = gold.joint_tags(list(self.entity_labels))
        tables.build(self._tagger_tags(nlp))
        from ..layers.architecture import set_output_sizes

        set_output_sizes(self.model, len(self.tag_set), len(self.labels))
        self.model.initialize(X=self._batch(sample))

    def predict(self, docs: Iterable[Doc]) -> list[Prediction]:
        """Find entities and triples without changing the Docs.

        docs (Iterable[Doc]): Any Docs, also empty ones.
        RETURNS (list[Prediction]): One for each Doc.
        RAISES (ValueError): If the component is not initialised.

        >>> rin = nlp.get_pipe("rin")
        >>> doc = nlp.make_doc("Alan Turing was born in London .")
        >>> (prediction,) = rin.predict([doc])
        >>> prediction.entities
        [(0, 2, 'PER'), (5, 6, 'LOC')]
        >>> doc.ents
        ()
        >>> rin.set_annotations([doc], [prediction])
        >>> doc.ents
        (Alan Turing, London)
        """
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        batch = self._batch(docs)
        if not batch.windows:
            return [Prediction() for _ in batch.docs]
        self._warner.check_inputs(self.name, self.model, batch.docs)
        return self._decode(self.model.predict(batch), batch)

    def predict_rounds(self, docs: Iterable[Doc]) -> list[list[Round]]:
        """Predict with each layer of the model, to show how interaction changes the prediction.

        docs (Iterable[Doc]): Any Docs. They are not changed.
        RETURNS (list[list[Round]]): For each Doc, a Round for each of the layers 0, 1, …, K.
        RAISES (ValueError): If the component is not initialised.

        >>> rin = nlp.get_pipe("rin")
        >>> (rounds,) = rin.predict_rounds([nlp.make_doc("Alan Turing was born in London .")])
        >>> [rin.tag_names[tag] for tag in rounds[-1].tags.argmax(axis=1)]
        ['B-PER', 'E-PER', 'O', 'O', 'O', 'S-LOC', 'O']
        """
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        from ..layers.architecture import predict_layers

        batch = self._batch(docs)
        return read_rounds(predict_layers(self.model, batch), batch, self._decode)

    def set_annotations(self, docs: Iterable[Doc], scores: list[Prediction]) -> None:
        """Write entities and relations to the Docs.

        docs (Iterable[Doc]): The Docs that were predicted.
        scores (list[Prediction]): The result of `predict` for these Docs.
        """
        docs, attribute = list(docs), self.cfg["attribute"]
        register(attribute)
        self._warner.check_store(self.name, attribute, docs)
        for doc, prediction in zip(docs, scores, strict=True):
            annotate(doc, prediction, not self.cfg["overwrite"], attribute, self.name)
            self.candidates.keep(doc, prediction)

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """Score predictions by the scorer.

        examples (Iterable[Example]): Examples with predictions.
        settings (Any): Settings for the scorer, besides those of the component.
        RETURNS (dict): What the scorer returns.
        """
        examples = list(examples)
        if (candidates := self.candidates.match(examples, self.cfg["attribute"])) is not None:
            settings["candidates"] = candidates
        scores: dict[str, Any] = super().score(examples, **settings)
        return scores

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch.

        examples (Iterable[Example]): Examples whose gold Docs have relations.
        drop (float): Dropout rate of the embedding.
        sgd (Optimizer): The optimizer. Without one, gradients are added up and nothing is updated.
        losses (dict): Losses so far, to which the loss and its two parts are added.
        RETURNS (dict): The updated losses.
        RAISES (ValueError): If the loss is not finite. Nothing has been updated then.
        """
        losses = {} if losses is None else losses
        self.candidates.wanted = True
        examples = list(examples)
        validate_examples(examples, "RelationExtractor.update")
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        keys = (self.name, f"{self.name}_entities", f"{self.name}_relations")
        losses.update({key: losses.get(key, 0.0) for key in keys})
        batch = self._batch(eg.predicted for eg in examples)
        if not batch.windows:
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(batch)
        total, loss = self.get_loss(examples, scores)
        if not math.isfinite(total):
            raise ValueError(
                Errors.R034.format(
                    entities=loss.entities,
                    relations=loss.relations,
                    reason=explain_not_finite(self.model, self.vocab),
                    texts=show_some(eg.reference.text[:60] for eg in examples),
                )
            )
        backprop(loss.gradient)
        note_trained(self.model, batch.docs)
        if sgd not in (None, False):
            self.finish_update(sgd)
        for key, value in zip(keys, (total, loss.entities, loss.relations), strict=True):
            losses[key] += value
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Scores) -> tuple[float, Loss]:
        """Find the loss of a batch, equation (8) + (9).

        examples (Iterable[Example]): The Examples.
        scores (Scores): The model's output for their predicted Docs.
        RETURNS (tuple[float, Loss]): The loss, and a Loss with its two parts and its gradient.
        """
        examples = list(examples)
        batch = self._batch(eg.predicted for eg in examples)
        labels = {label: k for k, label in enumerate(self.labels)}
        targets = make_targets(
            examples, batch, self.tag_set, labels, self.cfg["anchor"], self.cfg["attribute"]
        )
        # The scores compute their loss themselves, so that torch stays out of this file.
        loss = scores.loss(targets)
        return loss.entities + loss.relations, loss

    def finish_update(self, sgd: Optimizer) -> None:
        """Clip the global norm of the gradients and update the parameters.

        sgd (Optimizer): The optimizer.
        RAISES (ValueError): If the gradient is not finite.
        """
        from ..layers.architecture import clip_gradients
        from ..layers.shim import keep_tensors

        if self.cfg["max_grad_norm"]:
            clip_gradients(self.model, self.cfg["max_grad_norm"])
        with keep_tensors(self.model):
            super().finish_update(partial(sgd, lr_scale=self.cfg["learn_rate_factor"]))

    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Predict and save with other parameters for a while, such as the optimizer's averages.

        params (dict): Parameters by (model id, name).
        YIELDS (None): Once, while the other parameters are in use.
        """
        from ..layers.shim import use_averages

        self.averages = params
        # A generator, as in spaCy's own components: `nlp.use_params` steps through it.
        with self.model.use_params(params), use_averages(self.model, params):
            yield

    def _batch(self, docs: Iterable[Doc]) -> WindowBatch:
        settings = Settings.of(self.cfg)  # Raises an error at a wrong value.
        return make_batch(docs, settings.unit, settings.max_length)

    def _decode(self, scores: Scores, batch: WindowBatch) -> list[Prediction]:
        if not scores.are_finite():
            text = max((doc.text for doc in batch.docs), key=len)[:80]
            reason = explain_not_finite(self.model, self.vocab)
            raise ValueError(Errors.R191.format(name=self.name, text=text, reason=reason))
        return decode_scores(
            scores.calibrated(self.calibration),
            batch,
            self.tag_set,
            self.labels,
            threshold=self.thresholds,
            anchor=self.cfg["anchor"],
            decode=self.cfg["decode"],
            keep=not self.cfg["overwrite"],
            allows=make_filter(
                self.cfg["signatures"], self.cfg["seen_signatures"], self.entity_labels
            ),
            candidates=self.candidates.wanted,
        )

    def _tagger_tags(self, nlp: Language | None) -> Iterable[int]:
        """The tags that the pipeline's taggers can set, as hashes; for data without gold tags."""
        taggers = [p for _, p in nlp.pipeline if isinstance(p, Tagger)] if nlp else []
        return [self.vocab.strings.add(tag) for tagger in taggers for tag in tagger.labels]
