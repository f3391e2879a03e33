"""Gold Docs of a file → Examples with what a pipeline finds, read as the scores want it.

`evaluate` scores them, and `render` draws them. So the numbers of both are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example

from ..arrays.targets import validate_gold
from ..component import RelationExtractor, find_extractors
from ..corpus.docbin import find_files
from ..errors import Errors
from ..stores import ATTRIBUTE, adopt_relations

# What components that split sentences declare to assign: spaCy's sentencizer, senter and parser.
SPLITS = {"token.is_sent_start", "doc.sents"}


def predict_examples(
    nlp: Language,
    path: str | Path,
    attribute: str = ATTRIBUTE,
    keep: Callable[[Doc], bool] = lambda doc: True,
) -> list[Example]:
    """Let a pipeline read the texts of gold Docs. Call it inside `as_relations` and `whole_units`.

    nlp (Language): The pipeline.
    path (str | Path): Gold Docs, .spacy.
    attribute (str): Name of the extension that reads the relations of gold.
    keep (Callable[[Doc], bool]): Says of each gold Doc whether it is to be read.
    RETURNS (list[Example]): Gold in `reference`, what was found in `predicted`. Both have their
        relations in `doc._.relations`.
    RAISES (ValueError): If there is no Doc, or if one has no relations key.
    """
    corpus = Corpus(path)
    docs = filter(keep, corpus.read_docbin(nlp.vocab, find_files(path)))
    examples = list(corpus.make_examples(nlp, docs))
    if not examples:
        raise ValueError(Errors.R058.format(path=path))
    for eg in examples:
        adopt_relations(eg.reference, attribute)
    for _ in validate_gold(examples):  # raises an error at the first wrong one
        pass
    for eg, doc in zip(examples, nlp.pipe([eg.predicted for eg in examples]), strict=True):
        eg.predicted = doc
    return examples


@contextmanager
def as_relations(nlp: Language, rin: RelationExtractor) -> Iterator[None]:
    """Let a component store its relations as `doc._.relations`, which is what is scored.

    A component that stores its own there takes the attribute of the first meanwhile.

    nlp (Language): The pipeline.
    rin (RelationExtractor): The component. At the end its attribute is restored.
    """
    attribute = rin.cfg["attribute"]
    others = [p for p in find_extractors(nlp) if p is not rin and p.cfg["attribute"] == ATTRIBUTE]
    rin.cfg["attribute"] = ATTRIBUTE
    for other in others:
        other.cfg["attribute"] = attribute
    try:
        yield
    finally:
        rin.cfg["attribute"] = attribute
        for other in others:
            other.cfg["attribute"] = ATTRIBUTE


@contextmanager
def whole_units(nlp: Language, rin: RelationExtractor) -> Iterator[None]:
    """Read each Doc as one unit, as in training, even if the pipeline splits sentences.

    A transformer also reads sentence by sentence, so that the setting `unit` is not enough: the
    components that split sentences are disabled, too. At the end both are restored.

    nlp (Language): The pipeline.
    rin (RelationExtractor): The component.
    """
    splitters = [name for name in nlp.pipe_names if SPLITS & {*nlp.get_pipe_meta(name).assigns}]
    unit = rin.cfg["unit"]
    rin.cfg["unit"] = "doc"
    try:
        with nlp.select_pipes(disable=splitters):
            yield
    finally:
        rin.cfg["unit"] = unit
