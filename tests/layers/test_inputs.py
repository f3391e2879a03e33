"""What a model reads and the Docs lack: one warning that names it, and none where nothing lacks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, Config
from toy import SMALL_CONFIG, blank, gold_docs, gold_examples, rin_of

from spacy_rin.layers.embed import TRAINED_WITH, find_tables

TEXT = "Plato was born in Athens ."


def tagged_examples(nlp: Language) -> list[Example]:
    """Gold, and Docs that a tagger has read."""
    examples = gold_examples(nlp)
    for eg in examples:
        eg.predicted.from_array("TAG", eg.reference.to_array("TAG"))
    return examples


def tagged() -> Language:
    """A pipeline with a tagger, and a rin that was trained on tags, a little."""
    nlp = blank()
    tagger = nlp.add_pipe("tagger", first=True)
    for tag in ("NNP", ".", "X"):
        tagger.add_label(tag)  # type: ignore[attr-defined]
    nlp.initialize(lambda: gold_examples(nlp))
    rin_of(nlp).update(tagged_examples(nlp)[:4], sgd=Adam(0.01))
    return nlp


def upstream() -> Language:
    """A pipeline whose rin listens to a tok2vec."""
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    config = Config().from_str(SMALL_CONFIG)
    config["model"]["tok2vec"] = {
        "@architectures": "spacy.Tok2VecListener.v1",
        "width": 96,
        "upstream": "tok2vec",
    }
    nlp.add_pipe("rin", config=config)
    nlp.initialize(lambda: gold_examples(nlp))
    return nlp


def with_vectors() -> Language:
    nlp = blank()
    for word in ("Plato", "Athens", "Sparta"):
        nlp.vocab.set_vector(word, np.ones(24, dtype="float32"))
    nlp.initialize(lambda: gold_examples(nlp))
    return nlp


def excluded(nlp: Language, path: Path, name: str) -> Language:
    nlp.to_disk(path)
    return spacy.load(path, exclude=[name])


def disabled(nlp: Language, path: Path, name: str) -> Language:
    nlp.select_pipes(enable="rin")
    return nlp


def sourced(nlp: Language, path: Path, name: str) -> Language:
    other = spacy.blank("en")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W113\]")  # spaCy's, about vectors
        other.add_pipe("rin", source=nlp)
    return other


MISSING = {"tagger": (tagged, "POS tags"), "tok2vec": (upstream, "the output of 'tok2vec'")}
WAYS = [excluded, disabled, sourced]


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("leave_out", WAYS)
def test_what_is_missing_is_named_once(
    name: str, leave_out: Callable[..., Language], tmp_path: Path
) -> None:
    make, what = MISSING[name]
    nlp = leave_out(make(), tmp_path, name)
    with pytest.warns(UserWarning, match=f"'rin' reads {what}") as found:
        list(nlp.pipe([TEXT, "", TEXT], batch_size=1))
        nlp(TEXT)
    assert len(found) == 1


def test_missing_vectors_are_named() -> None:
    nlp = sourced(with_vectors(), Path(), "")
    with pytest.warns(UserWarning, match="'rin' reads word vectors"):
        nlp(TEXT)


@pytest.mark.parametrize("make", [tagged, upstream, with_vectors, blank])
def test_whole_pipeline_has_no_warning(make: Callable[[], Language]) -> None:
    nlp = make()
    if make is blank:
        nlp.initialize(lambda: gold_examples(nlp))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for texts in ([TEXT], ["", " \n", TEXT], [" "], ["", ""]):
            list(nlp.pipe(texts))


def test_docs_that_were_tagged_before_have_no_warning() -> None:
    nlp = sourced(tagged(), Path(), "")
    docs = gold_docs(nlp.vocab)[:3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        list(nlp.pipe(docs))


def test_tags_that_training_did_not_have_are_not_missed() -> None:
    """The toy corpus has gold tags, and no tagger reads the Docs in training."""
    nlp = blank()
    nlp.initialize(lambda: gold_examples(nlp))
    nlp.update(gold_examples(nlp)[:4], sgd=Adam(0.01))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp(TEXT)


def test_tags_that_training_did_not_have_are_unknown() -> None:
    """A tagger runs before rin, but not in training: it is no annotating component."""
    nlp = blank()
    nlp.initialize(lambda: gold_examples(nlp))
    nlp.update(gold_examples(nlp)[:4], sgd=Adam(0.01))
    doc = Doc(nlp.vocab, words=TEXT.split(), tags=["NNP", "X", "X", "X", "NNP", "."])
    with pytest.warns(UserWarning, match="annotating_components"):
        rin_of(nlp)(doc)


def test_pipeline_of_an_earlier_version_is_taken_to_have_had_tags() -> None:
    nlp = blank()
    (_, tags) = find_tables(rin_of(nlp).model)
    assert tags.attrs["values_in_training"] == TRAINED_WITH
