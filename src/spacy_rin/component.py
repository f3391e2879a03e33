"""The pipeline component `rin`: Docs → doc.ents and doc._.relations.

torch is imported by the model, which a config names, and never here: every spaCy pipeline on a
machine imports this file, and most do without it.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from spacy.language import Language
from spacy.pipeline import Tagger
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.ty import ListenedToComponent
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from .arrays.batch import WindowBatch, make_batch
from .arrays.decode import Prediction, decode_scores, find_blocked
from .arrays.rounds import Round, read_rounds
from .arrays.tags import TagSet, joint_tags
from .arrays.targets import aligned_nested, make_targets, validate_gold
from .errors import Errors
from .layers.embed import build, count, find_tables
from .relations import ATTRIBUTE, Relation, get_relations, register, set_relations

if TYPE_CHECKING:
    from .layers.architecture import Scores
    from .nn.loss import Loss

DEFAULT_CONFIG = """
[model]
@architectures = "spacy-rin.RIN.v1"
hidden_width = 100
rounds = 4
use_entities = true
use_relations = true
precision = "auto"
interaction = "paper"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy-rin.WordTagEmbed.v1"
word_width = 100
tag_width = 10
word_dropout = 0.25

[model.tok2vec.encode]
@architectures = "spacy-rin.BiLSTMEncoder.v1"
width = 100
depth = 1
copies = 1
"""
DEFAULT_MODEL = Config().from_str(DEFAULT_CONFIG)["model"]


@Language.factory(
    "rin",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc._.relations"],
    default_config={
        "model": DEFAULT_MODEL,
        "threshold": 0.5,
        "decode": "exact",
        "anchor": "last",
        "unit": "sentence",
        "max_length": 200,
        "overwrite": False,
        "nested": False,
        "attribute": ATTRIBUTE,
        "max_grad_norm": 5.0,
        "learn_rate_factor": 1.0,
        "scorer": {"@scorers": "spacy-rin.rin_scorer.v1"},
    },
    default_score_weights={
        "rel_f": 1.0,
        "rel_p": 0.0,
        "rel_r": 0.0,
        "rel_partial_f": 0.0,
        "ents_f": 0.0,
    },
)
def make_rin(
    nlp: Language,
    name: str,
    model: Model[WindowBatch, Scores],
    threshold: float,
    decode: Literal["exact", "partial"],
    anchor: Literal["last", "first"],
    unit: Literal["sentence", "doc"],
    max_length: int,
    overwrite: bool,
    nested: bool,
    attribute: str,
    max_grad_norm: float,
    learn_rate_factor: float,
    scorer: Callable[..., dict[str, Any]] | None,
) -> RelationExtractor:
    """Construct the component; the settings are those of `RelationExtractor`."""
    return RelationExtractor(
        nlp.vocab,
        model,
        name,
        threshold=threshold,
        decode=decode,
        anchor=anchor,
        unit=unit,
        max_length=max_length,
        overwrite=overwrite,
        nested=nested,
        attribute=attribute,
        max_grad_norm=max_grad_norm,
        learn_rate_factor=learn_rate_factor,
        scorer=scorer,
    )


class RelationExtractor(TrainablePipe):
    """Joint entity and relation extraction with the Recurrent Interaction Network.

    vocab (Vocab): The shared vocabulary.
    model (Model): spacy-rin.RIN.v1.
    name (str): Name of the component; its losses are `name`, `name_entities`, `name_relations`.
    threshold (float): Least probability of a triple.
    decode (str): "exact": triples between recognised entities. "partial": every cell of the
        relation table over the threshold, whether or not its anchors are recognised.
    anchor (str): Token that stands for an entity in the table, "last" or "first".
    unit (str): "sentence": read sentence by sentence where sentence starts are set; "doc": whole.
    max_length (int): Words above which a unit is read in windows that overlap by half; 0 for never.
        Two entities are related if some window holds both.
    overwrite (bool): Whether entities already on a Doc are replaced, or kept and related.
        Relations are always replaced.
    nested (bool): Whether it learns to find mentions inside an entity, where gold relates them;
        they are ends of relations and not in doc.ents. Fixed once it is initialised.
    attribute (str): Name of the extension that reads the relations, `doc._.<attribute>`.
    max_grad_norm (float): Global norm above which gradients are scaled down; 0 for never.
    learn_rate_factor (float): Times the optimizer's learning rate, for this component's layers:
        fresh ones learn at a rate that would spoil a transformer that they listen to.
    scorer (Callable): Called by `score`.

    >>> doc = nlp("Alan Turing was born in London .")  # a pipeline that was trained
    >>> [(ent.text, ent.label_) for ent in doc.ents]
    [('Alan Turing', 'PER'), ('London', 'LOC')]
    >>> [relation.text for relation in doc._.relations]
    ['Alan Turing | born_in | London']
    >>> nlp.get_pipe("rin").cfg["threshold"] = 0.7
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[WindowBatch, Scores],
        name: str = "rin",
        *,
        threshold: float = 0.5,
        decode: str = "exact",
        anchor: str = "last",
        unit: str = "sentence",
        max_length: int = 200,
        overwrite: bool = False,
        nested: bool = False,
        attribute: str = ATTRIBUTE,
        max_grad_norm: float = 5.0,
        learn_rate_factor: float = 1.0,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            vocab,
            model,
            name,
            threshold=threshold,
            decode=decode,
            anchor=anchor,
            unit=unit,
            max_length=max_length,
            overwrite=overwrite,
            nested=nested,
            attribute=attribute,
            max_grad_norm=max_grad_norm,
            learn_rate_factor=learn_rate_factor,
            entity_labels=[],
            relation_labels=[],
            joint_tags=[],
        )
        self.scorer = scorer
        # The optimizer's, where it makes them: what dev was last scored with.
        self.averages: dict[Any, Any] = {}
        self._check_settings()
        register(attribute)

    @property
    def labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): The relation labels."""
        return tuple(self.cfg["relation_labels"])

    @property
    def entity_labels(self) -> tuple[str, ...]:
        """RETURNS (tuple[str]): The entity labels."""
        return tuple(self.cfg["entity_labels"])

    @property
    def tag_set(self) -> TagSet:
        """RETURNS (TagSet): The tags of the entity labels, and of what is nested in entities."""
        return TagSet(self.entity_labels, self.cfg["joint_tags"])

    @property
    def tag_names(self) -> list[str]:
        """RETURNS (list[str]): O, and B-, I-, E- and S- of each entity label; then joint tags, such
        as B-ORG|S-LOC, of words that are also in a nested mention.
        """
        return self.tag_set.names

    @property
    def label_data(self) -> dict[str, list[str]]:
        """RETURNS (dict): Both label sets, as `spacy init labels` writes them."""
        return {"entities": list(self.entity_labels), "relations": list(self.labels)}

    def add_label(self, label: str, kind: Literal["relation", "entity"] = "relation") -> int:
        """Add a label before the component is initialised.

        kind (str): "relation" or "entity".
        RETURNS (int): 0 if the label is there already, else 1.
        RAISES (ValueError): If the model already has its parameters, which grow with no label.

        >>> import spacy
        >>> rin = spacy.blank("en").add_pipe("rin")
        >>> rin.add_label("born_in"), rin.add_label("PER", "entity"), rin.add_label("born_in")
        (1, 1, 0)
        >>> rin.labels, rin.entity_labels, rin.tag_names
        (('born_in',), ('PER',), ['O', 'B-PER', 'I-PER', 'E-PER', 'S-PER'])
        """
        if kind not in ("relation", "entity"):
            raise ValueError(
                Errors.R030.format(setting="kind", value=kind, expected="'relation' or 'entity'")
            )
        labels: list[str] = self.cfg[f"{kind}_labels"]
        if label in labels:
            return 0
        if self._is_initialized:
            raise ValueError(Errors.R031.format(label=label, name=self.name))
        labels.append(label)
        self.vocab.strings.add(label)
        return 1

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, list[str]] | None = None,
    ) -> None:
        """Collect labels, words and tags from the training data and make the model's parameters.

        get_examples (Callable): Returns the training Examples. It is called twice, as spaCy's own
            components do; what it returns is read as a stream, and not kept.
        nlp (Language): The pipeline, whose tagger names the tags where the data has none.
        labels (dict): "entities" and "relations", as `spacy init labels` writes them; where
            missing they are read from the data.
        RAISES (ValueError): If the data has no relation labels, or its gold cannot be learned from,
            or a component of the pipeline listens to one that is not there.
        """
        validate_get_examples(get_examples, "RelationExtractor.initialize")
        if nlp is not None:
            _check_listeners(nlp)
        tables = find_tables(self.model)
        counts: list[Counter[int]] = [Counter() for _ in tables]
        entities, relations = Counter[str](), Counter[str]()
        joint: set[tuple[str, str]] = set()
        sample: list[Doc] = []
        for eg in validate_gold(get_examples()):
            if len(sample) < 10 and eg.predicted.text.strip():
                sample.append(eg.predicted)
            relations.update(relation.label for relation in get_relations(eg.reference))
            entities.update(ent.label_ for ent in eg.reference.ents)
            if self.cfg["nested"]:
                for ent, mention in aligned_nested(eg, self.cfg["anchor"]):
                    entities.update([mention[2]])
                    joint.update(joint_tags(ent, mention))
            for counter, table in zip(counts, tables, strict=True):
                count(
                    counter, table, eg.reference if table.attrs["attr"] == "TAG" else eg.predicted
                )
        self._set_labels(labels, {"entities": sorted(entities), "relations": sorted(relations)})
        if not self.labels or not self.entity_labels:
            raise ValueError(Errors.R032.format(name=self.name, labels=self.label_data))
        unseen = [label for label in self.labels if label not in relations]
        if tables and unseen:
            warnings.warn(Errors.R037.format(name=self.name, labels=unseen), stacklevel=2)
        known = set(TagSet(self.entity_labels).names)
        self.cfg["joint_tags"] = sorted(pair for pair in joint if known.issuperset(pair))
        for counter, table in zip(counts, tables, strict=True):
            if table.attrs["attr"] == "TAG":
                counter.update(dict.fromkeys(self._tagger_tags(nlp), 1))
            build(table, counter)
        from .layers.architecture import set_output_sizes

        set_output_sizes(self.model, len(self.tag_set), len(self.labels))
        self.model.initialize(X=self._batch(sample))

    def predict(self, docs: Iterable[Doc]) -> list[Prediction]:
        """Find entities and triples without changing the Docs.

        docs (Iterable[Doc]): Any Docs, also empty ones.
        RETURNS (list[Prediction]): One for each Doc.

        >>> rin = nlp.get_pipe("rin")
        >>> doc = nlp.make_doc("Alan Turing was born in London .")
        >>> (prediction,) = rin.predict([doc])
        >>> prediction.entities
        [(0, 2, 'PER'), (5, 6, 'LOC')]
        >>> doc.ents
        ()
        """
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        batch = self._batch(docs)
        if not batch.windows:
            return [Prediction() for _ in batch.docs]
        return self._decode(self.model.predict(batch), batch)

    def predict_rounds(self, docs: Iterable[Doc]) -> list[list[Round]]:
        """Find what each layer says of Docs, to see how interaction changes the model's mind.

        docs (Iterable[Doc]): Any Docs; they are not changed.
        RETURNS (list[list[Round]]): For each Doc, rounds 0, 1, …, K: probabilities of tags and of
            relations by head, and the entities and triples that would be found.

        >>> rin = nlp.get_pipe("rin")
        >>> (rounds,) = rin.predict_rounds([nlp.make_doc("Alan Turing was born in London .")])
        >>> [rin.tag_names[tag] for tag in rounds[-1].tags.argmax(axis=1)]
        ['B-PER', 'E-PER', 'O', 'O', 'O', 'S-LOC', 'O']
        >>> len(rounds[-1].prediction.triples)
        1
        """
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        from .layers.architecture import predict_layers

        batch = self._batch(docs)
        return read_rounds(predict_layers(self.model, batch), batch, self._decode)

    def set_annotations(self, docs: Iterable[Doc], scores: list[Prediction]) -> None:
        """Write entities and relations to the Docs.

        docs (Iterable[Doc]): The Docs that were predicted.
        scores (list[Prediction]): What `predict` returned for them.

        >>> rin = nlp.get_pipe("rin")
        >>> doc = nlp.make_doc("Alan Turing was born in London .")
        >>> rin.set_annotations([doc], rin.predict([doc]))
        >>> doc.ents
        (Alan Turing, London)
        """
        for doc, prediction in zip(docs, scores, strict=True):
            # Kept as they are, an entity linker's ids among them.
            keep = not self.cfg["overwrite"]
            kept = {(e.start, e.end): e for e in doc.ents} if keep else {}
            blocked = find_blocked(doc).nonzero()[0].tolist() if keep else []
            doc.set_ents(
                [
                    kept.get((start, end)) or Span(doc, start, end, label)
                    for start, end, label in prediction.entities
                ],
                blocked=[doc[i : i + 1] for i in blocked],
            )
            set_relations(
                doc,
                (
                    Relation(Span(doc, *t.head), t.label, Span(doc, *t.tail), t.score)
                    for t in prediction.triples
                ),
            )

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
        sgd (Optimizer): Makes the update, if given.
        losses (dict): Updated with the loss, and its entity and relation parts.
        RETURNS (dict): The updated losses.
        RAISES (ValueError): If the loss is not finite; nothing has been updated then.
        """
        losses = {} if losses is None else losses
        examples = list(examples)
        validate_examples(examples, "RelationExtractor.update")
        if not self._is_initialized:
            raise ValueError(Errors.R033.format(name=self.name))
        keys = (self.name, f"{self.name}_entities", f"{self.name}_relations")
        for key in keys:
            losses.setdefault(key, 0.0)
        batch = self._batch(eg.predicted for eg in examples)
        if not batch.windows:
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(batch)
        loss = self._loss(examples, batch, scores)
        total = loss.entities + loss.relations
        if not math.isfinite(total):
            texts = [eg.reference.text[:60] for eg in examples]
            raise ValueError(
                Errors.R034.format(entities=loss.entities, relations=loss.relations, texts=texts)
            )
        backprop(loss.gradient)
        if sgd not in (None, False):
            self.finish_update(sgd)
        for key, value in zip(keys, (total, loss.entities, loss.relations), strict=True):
            losses[key] += value
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Scores) -> tuple[float, Any]:
        """Find the loss of a batch, equation (8) + (9), and its gradient.

        examples (Iterable[Example]): The Examples.
        scores (Scores): The model's output for their predicted Docs.
        RETURNS (tuple[float, tuple]): Loss, and gradient for each of the network's outputs.
        """
        examples = list(examples)
        loss = self._loss(examples, self._batch(eg.predicted for eg in examples), scores)
        return loss.entities + loss.relations, loss.gradient

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the parameters, with the global norm of their gradients clipped."""
        from .layers.shim import keep_tensors

        if self.cfg["max_grad_norm"]:
            from .layers.architecture import clip_gradients

            clip_gradients(self.model, self.cfg["max_grad_norm"])
        with keep_tensors(self.model):
            super().finish_update(partial(sgd, lr_scale=self.cfg["learn_rate_factor"]))

    def use_params(self, params: dict[Any, Any]) -> Iterator[None]:
        """Predict and save with other parameters, as with the optimizer's averages.

        params (dict): Parameters by (model id, name).
        """
        from .layers.shim import use_averages

        self.averages = params
        # A generator, as spaCy's own: `nlp.use_params` steps through it.
        with self.model.use_params(params), use_averages(self.model, params):
            yield

    @property
    def _is_initialized(self) -> bool:
        network = self.model.get_ref("network")
        return any(True for shim in network.shims for _ in shim._model.parameters())

    def _check_settings(self) -> None:
        """Settings can be changed in `cfg` at any time; a wrong one is said, not worked around."""
        cfg = self.cfg
        for setting, expected, is_right in (
            ("threshold", "a number from 0 to 1", _is_number(cfg["threshold"], 0, 1)),
            ("decode", "'exact' or 'partial'", cfg["decode"] in ("exact", "partial")),
            ("anchor", "'last' or 'first'", cfg["anchor"] in ("last", "first")),
            ("unit", "'sentence' or 'doc'", cfg["unit"] in ("sentence", "doc")),
            ("max_length", "0 or more words", _is_number(cfg["max_length"], 0)),
            ("max_grad_norm", "0 or more", _is_number(cfg["max_grad_norm"], 0)),
            ("learn_rate_factor", "0 or more", _is_number(cfg["learn_rate_factor"], 0)),
        ):
            if not is_right:
                raise ValueError(
                    Errors.R030.format(setting=setting, value=cfg[setting], expected=expected)
                )

    def _set_labels(self, given: dict[str, list[str]] | None, found: dict[str, list[str]]) -> None:
        """Take labels as given, else as found; a model that is initialised anew forgets its own."""
        given = {} if given is None else given
        if not isinstance(given, dict) or not given.keys() <= found.keys():
            raise ValueError(Errors.R035.format(found=given))
        for kind, key in (("entity", "entities"), ("relation", "relations")):
            added = [] if self._is_initialized else self.cfg[f"{kind}_labels"]
            labels = list(dict.fromkeys([*added, *given.get(key, found[key])]))
            self.cfg[f"{kind}_labels"] = labels
            for label in labels:
                self.vocab.strings.add(label)

    def _batch(self, docs: Iterable[Doc]) -> WindowBatch:
        self._check_settings()
        return make_batch(docs, self.cfg["unit"], self.cfg["max_length"])

    def _decode(self, scores: Scores, batch: WindowBatch) -> list[Prediction]:
        return decode_scores(
            scores,
            batch,
            self.tag_set,
            self.labels,
            threshold=self.cfg["threshold"],
            anchor=self.cfg["anchor"],
            partial=self.cfg["decode"] == "partial",
            keep=not self.cfg["overwrite"],
        )

    def _loss(self, examples: list[Example], batch: WindowBatch, scores: Scores) -> Loss:
        labels = {label: k for k, label in enumerate(self.labels)}
        return scores.loss(make_targets(examples, batch, self.tag_set, labels, self.cfg["anchor"]))

    def _tagger_tags(self, nlp: Language | None) -> Iterable[int]:
        """Tags that a tagger in the pipeline can set, for data without gold tags."""
        taggers = [] if nlp is None else [p for _, p in nlp.pipeline if isinstance(p, Tagger)]
        return [self.vocab.strings.add(tag) for tagger in taggers for tag in tagger.labels]


def find_rin(nlp: Language) -> RelationExtractor:
    """RETURNS (RelationExtractor): The pipeline's rin component, whatever its name."""
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, RelationExtractor):
            return pipe
    raise ValueError(Errors.R051.format(pipes=nlp.pipe_names))


def _check_listeners(nlp: Language) -> None:
    """A tagger from another pipeline that shared a tok2vec there finds nothing here, and spaCy lets
    it say anything: rin would learn from that."""
    upstream = {name for name, pipe in nlp.components if isinstance(pipe, ListenedToComponent)}
    for name, pipe in nlp.components:
        model = getattr(pipe, "model", None)
        for node in model.walk() if isinstance(model, Model) else ():
            wanted = getattr(node, "upstream_name", None)
            if wanted is not None and wanted not in ({*upstream, "*"} if upstream else ()):
                raise ValueError(Errors.R038.format(name=name, upstream=wanted))


def _is_number(value: object, least: float, most: float = math.inf) -> bool:
    return isinstance(value, int | float) and least <= value <= most
