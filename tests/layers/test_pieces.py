"""Units with more word pieces than a transformer reads at once, and what of them is read."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import Config
from tiny_bert import make_bert, toy_pieces
from toy import SMALL_CONFIG, gold_examples, rin_of

from spacy_rin.arrays.batch import UnitSpans, _cut, make_unit_spans

pytestmark = pytest.mark.training

LIMIT = 32
LONG = "adas"  # two pieces of the small vocabulary
LONGEST = "ada" + "s" * 60  # 61 pieces


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("bert"), toy_pieces(), limit=LIMIT)


@pytest.fixture
def nlp(bert: Path, monkeypatch: pytest.MonkeyPatch) -> Language:
    """A transformer that reads 32 pieces, and a rin that listens to it; neither is trained."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    nlp = spacy.blank("en")
    trf = {
        "@architectures": "spacy-transformers.TransformerModel.v3",
        "name": str(bert),
        "tokenizer_config": {"use_fast": True, "model_max_length": LIMIT},
        "get_spans": {"@span_getters": "spacy-rin.unit_spans.v1", "max_length": 64},
    }
    nlp.add_pipe("transformer", config={"model": trf})
    listener = {
        "@architectures": "spacy-transformers.TransformerListener.v1",
        "grad_factor": 1.0,
        "pooling": {"@layers": "reduce_mean.v1"},
    }
    config = Config().from_str(SMALL_CONFIG)
    config["model"]["tok2vec"] = listener
    nlp.add_pipe("rin", config=config)
    nlp.initialize(lambda: gold_examples(nlp))
    return nlp


def lengths(doc: Doc) -> list[int]:
    """How many word pieces each token has got."""
    found: list[int] = doc._.trf_data.align.lengths.tolist()
    return found


def vectors_are_zero(nlp: Language, doc: Doc) -> list[bool]:
    rin = rin_of(nlp)
    (vectors,) = rin.model.get_ref("tok2vec").predict([doc])
    return (~np.asarray(vectors).any(axis=1)).tolist()


def unlink(nlp: Language) -> UnitSpans:
    spans = nlp.get_pipe("transformer").model.attrs["get_spans"]
    assert isinstance(spans, UnitSpans) and spans.pieces
    spans.pieces = None
    return spans


def test_every_word_of_a_long_unit_is_read(nlp: Language) -> None:
    text = " ".join([LONG] * 40) + " Plato was born in Athens ."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doc = nlp(text)
    assert len(doc) == 46 and min(lengths(doc)) >= 1
    assert not any(vectors_are_zero(nlp, doc))


@pytest.mark.parametrize("words", [10, 15])
def test_unit_that_fits_is_read_as_before(nlp: Language, words: int) -> None:
    """15 words of two pieces, and the two at start and end, are 32."""
    text = " ".join([LONG] * words)
    found = nlp(text)
    unlink(nlp)
    before = nlp(text)
    assert found._.trf_data.wordpieces.strings == before._.trf_data.wordpieces.strings
    assert len(found._.trf_data.wordpieces.strings) == 1


@pytest.mark.parametrize(
    "text", [LONGEST, f"{LONGEST} Plato met Plato {LONGEST}", "a " * 200, "\n" * 300]
)
def test_strange_units_are_read(nlp: Language, text: str) -> None:
    """A word with more pieces than are read at once loses the last of them, and no other word."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        doc = nlp(text)
    unread = [token.text for token, n in zip(doc, lengths(doc), strict=True) if not n]
    assert not "".join(unread).strip()


def test_units_of_several_docs_are_cut_each_for_itself(nlp: Language) -> None:
    texts = ["Plato met Plato .", " ".join([LONG] * 40), "", f"{LONG} met Plato ."]
    docs = list(nlp.pipe(texts))
    assert [len(doc._.trf_data.wordpieces.strings) > 1 for doc in docs if len(doc)] == [
        *(False, True, False)
    ]
    for doc, text in zip(docs, texts, strict=True):
        if len(doc):
            assert lengths(doc) == lengths(nlp(text))


def test_words_that_were_not_read_are_counted_once(nlp: Language) -> None:
    unlink(nlp)
    text = " ".join([LONG] * 25)
    with pytest.warns(UserWarning, match="has not read 9 words of this batch") as found:
        list(nlp.pipe([text] * 3, batch_size=1))
    assert len(found) == 1


def test_tokenizer_is_known_after_saving(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert min(lengths(loaded(" ".join([LONG] * 40)))) >= 1


def test_span_getter_can_be_copied_and_sent(nlp: Language) -> None:
    spans = nlp.get_pipe("transformer").model.attrs["get_spans"]
    assert copy.deepcopy(spans).pieces is spans.pieces
    assert pickle.loads(pickle.dumps(make_unit_spans("doc", 5))) == UnitSpans("doc", 5)


def test_windows_hold_all_words_and_few_pieces() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        counts = rng.integers(0, 9, size=rng.integers(1, 40)).tolist()
        windows = list(_cut(counts, 8))
        assert {i for window in windows for i in range(*window)} == set(range(len(counts)))
        assert all(sum(counts[a:b]) <= 8 or b == a + 1 for a, b in windows)
        assert len(windows) <= 2 * len(counts)
