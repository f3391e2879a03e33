"""rin over other encoders: a transformer, a shared tok2vec, or spaCy's CNN inside the model.

rin reads the first two by a listener. "transformer" is built as in `configs/rin_trf_alone.cfg`,
"transformer and words" as in `configs/rin_trf.cfg`. The transformer is made here, with random
weights and the vocabulary of the toy corpus.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from paths import ROOT
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed, registry
from thinc.api import Adam, Config, Model
from tiny_bert import make_bert, toy_pieces
from toy import (
    ENTITY_LABELS,
    PATTERNS,
    as_example,
    assert_same,
    gold_doc,
    gold_docs,
    gold_examples,
    rin_of,
    texts,
    triple_texts,
    write_corpus,
)

from spacy_rin import has_relations, set_relations
from spacy_rin.component import RelationExtractor
from spacy_rin.evaluation.report import evaluate
from spacy_rin.extract.engines.worker import BatchReader

pytestmark = pytest.mark.training

RIN = {"@architectures": "spacy-rin.RIN.v1", "hidden_width": 32, "rounds": 2}
CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 32,
    "depth": 2,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
    "pretrained_vectors": None,
}
WORDS = {"@architectures": "spacy-rin.WordTagEmbed.v1", "word_width": 16, "tag_width": 0}
# The pooling is that of the shipped config.
ALONE = ROOT / "configs" / "rin_trf_alone.cfg"
POOLING = Config().from_disk(ALONE)["components"]["rin"]["model"]["tok2vec"]["pooling"]
AUTOCAST = {"after_init": {"@callbacks": "spacy-rin.autocast.v1", "precision": "bfloat16"}}
UPSTREAM = ["transformer", "transformer and words", "tok2vec"]
ENCODERS = [*UPSTREAM, "cnn"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers of width 32 and its tokenizer, as a local folder."""
    return make_bert(tmp_path_factory.mktemp("bert"), toy_pieces())


@pytest.fixture
def make(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Language]:
    """Builds a pipeline with the encoder of that name, initialised on the corpus."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def build(encoder: str, **settings: Any) -> Language:
        nlp = spacy.blank("en")
        tok2vec: dict[str, Any] = CNN
        if encoder.startswith("transformer"):
            nlp.add_pipe("transformer", config={"model": transformer(bert_path())})
            tok2vec = {
                "@architectures": "spacy-transformers.TransformerListener.v1",
                "grad_factor": 1.0,
                "pooling": POOLING,
            }
        elif encoder.startswith("tok2vec"):
            nlp.add_pipe("tok2vec", config={"model": CNN})
            tok2vec = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "*"}
        if encoder.endswith("and words"):
            tok2vec = {
                "@architectures": "spacy.Tok2Vec.v2",
                "embed": {
                    "@architectures": "spacy-rin.Concatenate.v1",
                    "*": {"listener": tok2vec, "words": WORDS},
                },
                "encode": {"@architectures": "spacy-rin.BiLSTMEncoder.v1", "width": 32},
            }
        nlp.add_pipe("rin", config={"model": {**RIN, "tok2vec": tok2vec}, **settings})
        fix_random_seed(0)
        examples = gold_examples(nlp)
        nlp.initialize(lambda: examples)
        return nlp

    def bert_path() -> Path:
        path: Path = request.getfixturevalue("bert")
        return path

    return build


def transformer(path: Path) -> dict[str, Any]:
    return {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(path),
        "tokenizer_config": {"use_fast": True},
        "get_spans": {"@span_getters": "spacy-rin.unit_spans.v1", "max_length": 64},
    }


def train(nlp: Language, steps: int, n_docs: int = 8) -> list[float]:
    """Update as `spacy train` does: components learn after all of them have backpropagated."""
    examples = gold_examples(nlp)[:n_docs]
    optimizer = Adam(0.005, L2=0.0, grad_clip=0.0)
    history = []
    for _ in range(steps):
        history.append(nlp.update(examples, sgd=False, losses={})["rin"])
        for _, pipe in nlp.pipeline:
            if getattr(pipe, "is_trainable", False):
                pipe.finish_update(optimizer)  # type: ignore[attr-defined]
    return history


def empty_example(nlp: Language) -> Example:
    doc = Doc(nlp.vocab)
    set_relations(doc, [])
    return Example(Doc(nlp.vocab), doc)


def parameters(model: Model) -> list[np.ndarray]:
    """Copies of all parameters, thinc's and torch's."""
    found = [node.get_param(n).copy() for node in model.walk() for n in node.param_names]
    for node in model.walk():
        for shim in node.shims:
            found += [p.detach().numpy().copy() for p in shim._model.parameters()]
    return found


@pytest.mark.parametrize(
    ("encoder", "on_docs"),
    [
        ("cnn", "nothing"),
        ("tok2vec", "all"),
        ("tok2vec and words", "embed"),
        ("transformer", "all"),
        ("transformer and words", "embed"),
    ],
)
def test_part_of_the_encoder_that_reads_whole_docs(
    make: Callable[..., Language], encoder: str, on_docs: str
) -> None:
    model = rin_of(make(encoder)).model
    assert [n.attrs["on_docs"] for n in model.walk() if "on_docs" in n.attrs] == [on_docs]


@pytest.mark.parametrize("encoder", ENCODERS)
def test_loss_falls(make: Callable[..., Language], encoder: str) -> None:
    losses = train(make(encoder), steps=15)
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("encoder", ENCODERS)
def test_it_learns_a_triple(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder)
    train(nlp, steps=100, n_docs=4)
    gold = gold_doc(nlp.vocab, *PATTERNS[0])
    assert triple_texts(nlp(gold.text)) == triple_texts(gold)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_tag_vector_a_word(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder)
    rin = rin_of(nlp)
    docs = [nlp(text) for text in ["Plato was born", "", "London"]]
    assert rin.model.predict(rin._batch(docs)).tags().shape == (4, 1 + 4 * len(ENTITY_LABELS))


@pytest.mark.parametrize("encoder", ["transformer", "transformer and words", "tok2vec"])
def test_gradient_reaches_the_upstream_component(
    make: Callable[..., Language], encoder: str
) -> None:
    nlp = make(encoder)
    upstream = encoder.partition(" ")[0]
    before = parameters(nlp.get_pipe(upstream).model)
    train(nlp, steps=1)
    after = parameters(nlp.get_pipe(upstream).model)
    moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert sum(moved) > len(moved) / 2


def test_gradient_reaches_the_cnn(make: Callable[..., Language]) -> None:
    nlp = make("cnn")
    tok2vec = rin_of(nlp).model.get_ref("tok2vec")
    before = parameters(tok2vec)
    train(nlp, steps=1)
    moved = [not np.array_equal(a, b) for a, b in zip(before, parameters(tok2vec), strict=True)]
    assert sum(moved) > len(moved) / 2


@pytest.mark.parametrize("encoder", ENCODERS)
def test_saved_pipeline_gives_the_same_output(
    make: Callable[..., Language], encoder: str, tmp_path: Path
) -> None:
    nlp = make(encoder, threshold=0.002)
    train(nlp, steps=15)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert any(has_relations(nlp(text)) for text in texts())
    for text in texts():
        assert_same(loaded(text), nlp(text))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_empty_and_blank_docs_in_a_batch(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder, threshold=0.002)
    train(nlp, steps=5)
    batch = ["", texts()[0], " ", "", texts()[1]]
    for doc, text in zip(nlp.pipe(batch), batch, strict=True):
        assert_same(doc, nlp(text))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_empty_doc_in_a_training_batch(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder)
    examples = gold_examples(nlp)[:3]
    plain = nlp.update(examples, sgd=False, losses={})["rin"]
    batch = [empty_example(nlp), *examples, empty_example(nlp)]
    assert nlp.update(batch, sgd=False, losses={})["rin"] == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_training_batch_of_empty_docs_alone(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder)
    batch = [empty_example(nlp), empty_example(nlp)]
    assert nlp.update(batch, sgd=False, losses={})["rin"] == 0.0
    assert math.isfinite(train(nlp, steps=1)[0])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_sentences_are_the_units_of_a_whole_doc(
    make: Callable[..., Language], encoder: str
) -> None:
    nlp = make(encoder, threshold=0.0)
    nlp.add_pipe("sentencizer", first=True)
    train(nlp, steps=15)
    doc = nlp(f"{texts()[0]} {texts()[1]}")
    first, second = doc.sents
    assert doc._.relations
    for r in doc._.relations:
        assert r.head.sent == r.tail.sent in (first, second)


@pytest.mark.parametrize("encoder", ["transformer", "transformer and words"])
def test_other_sentences_change_nothing(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder, threshold=0.0)
    nlp.add_pipe("sentencizer", first=True)
    train(nlp, steps=15)
    rin_of(nlp).model.get_ref("network").shims[0]._model.precision = "float32"
    first, second = texts()[:2]
    alone = nlp(first)._.relations
    together = [r for r in nlp(f"{first} {second}")._.relations if r.head.end_char <= len(first)]
    assert alone and [r.text for r in alone] == [r.text for r in together]
    for one, other in zip(alone, together, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-5)


def test_gold_records_are_scored_as_one_unit(make: Callable[..., Language], tmp_path: Path) -> None:
    nlp = make("transformer")
    train(nlp, steps=40)
    test = write_corpus(tmp_path / "test.spacy", gold_docs(nlp.vocab)[:8])
    expected = evaluate(nlp, test)["scores"]
    nlp.add_pipe("sentencizer", first=True, config={"punct_chars": ["in", "for"]})
    assert expected["rel_f"] > 0.1 and evaluate(nlp, test)["scores"] == expected
    assert len(list(nlp(texts()[0]).sents)) == 2


@pytest.mark.parametrize("encoder", UPSTREAM)
def test_training_by_sentence_reaches_the_upstream_component(
    make: Callable[..., Language], encoder: str
) -> None:
    nlp = make(encoder)
    eg = as_example(nlp, gold_doc(nlp.vocab, *PATTERNS[3]))
    eg.predicted[4].is_sent_start = True
    losses = nlp.update([eg], sgd=False, losses={})
    assert math.isfinite(losses["rin"]) and losses[encoder.split()[0]] > 0


@pytest.mark.parametrize("encoder", UPSTREAM)
def test_long_units_are_read_in_windows(make: Callable[..., Language], encoder: str) -> None:
    nlp = make(encoder, max_length=5)
    losses = train(nlp, steps=15)
    assert losses[-1] < losses[0] / 2
    assert len(nlp(" ".join(texts()))) > 200


@pytest.mark.parametrize(
    ("encoder", "listener"),
    [("tok2vec", "model.tok2vec"), ("tok2vec and words", "model.tok2vec.embed.*.listener")],
)
def test_replaced_listener_changes_nothing(
    make: Callable[..., Language], encoder: str, listener: str, tmp_path: Path
) -> None:
    nlp = make(encoder, threshold=0.002)
    nlp.add_pipe("sentencizer", first=True)
    train(nlp, steps=15)
    text = " ".join(texts()[:6])
    expected = nlp(text)
    assert has_relations(expected) and len(list(expected.sents)) == 6
    nlp.replace_listeners("tok2vec", "rin", [listener])
    nlp.remove_pipe("tok2vec")
    assert_same(nlp(text), expected)
    nlp.to_disk(tmp_path)
    assert_same(spacy.load(tmp_path)(text), expected)


@pytest.mark.parametrize("encoder", ["tok2vec and words", "cnn"])
def test_component_can_be_sent_to_another_process(
    make: Callable[..., Language], encoder: str
) -> None:
    assert isinstance(pickle.loads(pickle.dumps(rin_of(make(encoder)))), RelationExtractor)


def test_frozen_transformer_that_annotates_is_not_trained(make: Callable[..., Language]) -> None:
    nlp = make("transformer")
    before = parameters(nlp.get_pipe("transformer").model)
    frozen = parameters(rin_of(nlp).model)
    examples = gold_examples(nlp)[:4]
    nlp.update(
        examples,
        sgd=Adam(0.01, L2=0.0, grad_clip=0.0),
        losses={},
        exclude=["transformer"],
        annotates=["transformer"],
    )
    after = parameters(nlp.get_pipe("transformer").model)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    moved = zip(frozen, parameters(rin_of(nlp).model), strict=True)
    assert any(not np.array_equal(a, b) for a, b in moved)


def test_autocast_is_near_float32_and_learns(make: Callable[..., Language]) -> None:
    plain = make("transformer")
    nlp = registry.resolve(AUTOCAST)["after_init"](make("transformer"))
    for text in texts()[:4]:
        found, right = (p(text)._.trf_data.model_output.last_hidden_state for p in (nlp, plain))
        assert found.dtype == np.float32
        assert not np.array_equal(found, right)
        np.testing.assert_allclose(found, right, atol=0.05 * np.abs(right).max())
    before = parameters(nlp.get_pipe("transformer").model)
    losses = train(nlp, steps=15)
    assert losses[-1] < losses[0] / 2
    moved = zip(before, parameters(nlp.get_pipe("transformer").model), strict=True)
    assert sum(not np.array_equal(a, b) for a, b in moved) > len(before) / 2


def test_autocast_is_not_saved(make: Callable[..., Language], tmp_path: Path) -> None:
    nlp = registry.resolve(AUTOCAST)["after_init"](make("transformer"))
    nlp.to_disk(tmp_path)
    expected, found = (
        pipeline(texts()[0]) for pipeline in (make("transformer"), spacy.load(tmp_path))
    )
    vectors = [doc._.trf_data.model_output.last_hidden_state for doc in (expected, found)]
    np.testing.assert_array_equal(*vectors)


def test_many_documents_are_read_in_the_faster_precision(
    make: Callable[..., Language], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make("transformer")
    plain.to_disk(tmp_path)
    monkeypatch.setattr("spacy_rin.layers.autocast.product_dtype", lambda *_: torch.bfloat16)
    reader = BatchReader(str(tmp_path))
    found, right = (
        nlp(texts()[0])._.trf_data.model_output.last_hidden_state for nlp in (reader.nlp, plain)
    )
    assert not np.array_equal(found, right)
    np.testing.assert_allclose(found, right, atol=0.05 * np.abs(right).max())


def test_words_of_several_pieces_get_one_vector(make: Callable[..., Language]) -> None:
    nlp = make("transformer")
    doc = nlp("Londons Lovelace")
    rin = rin_of(nlp)
    assert len(rin.model.predict(rin._batch([doc])).tags()) == len(doc) == 2


@pytest.mark.parametrize("encoder", ["transformer", "transformer and words"])
@pytest.mark.parametrize("word", ["  ", "\u200b", "\x7f"])
def test_words_without_pieces(make: Callable[..., Language], encoder: str, word: str) -> None:
    nlp = make(encoder, threshold=0.002)
    train(nlp, steps=15)
    words = [*texts()[0].split(), word]
    gold = Doc(nlp.vocab, words=words)
    set_relations(gold, [])
    assert not nlp.get_pipe("transformer").model.tokenizer.tokenize(word)
    assert math.isfinite(nlp.update([as_example(nlp, gold)], sgd=False, losses={})["rin"])
    assert len(nlp(Doc(nlp.vocab, words=words))) == len(words)


def test_own_embedding_in_a_shared_tok2vec_is_an_error_that_says_where_it_belongs() -> None:
    nlp = spacy.blank("en")
    embed = {"@architectures": "spacy-rin.WordTagEmbed.v1", "word_width": 8, "tag_width": 0}
    encode = {"@architectures": "spacy-rin.BiLSTMEncoder.v1", "width": 8, "depth": 1}
    tok2vec = {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    with pytest.raises(ValueError, match=r"components\.rin\.model\.tok2vec"):
        nlp.initialize(lambda: gold_examples(nlp))
