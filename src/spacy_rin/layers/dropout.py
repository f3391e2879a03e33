"""`spacy-rin.WithDropout.v1`: any layer → the same, with dropout on its output.

In a config it stands around a part of a tok2vec, such as its encoder. spaCy's own layers that
`MultiHashEmbed` is made of have dropout already.
"""

from __future__ import annotations

from typing import TypeVar

from thinc.api import Dropout, Model, chain
from thinc.types import Floats2d

Input = TypeVar("Input")


def build_with_dropout(
    layer: Model[list[Input], list[Floats2d]],
) -> Model[list[Input], list[Floats2d]]:
    """Put dropout behind a layer.

    The rate is that of training: `[training] dropout`.

    layer (Model): A layer that turns texts or arrays into a (words, width) array each.
    RETURNS (Model): Turns them into arrays of the same shapes.
    """
    model: Model[list[Input], list[Floats2d]] = chain(layer, Dropout())
    if layer.has_dim("nO"):
        model.set_dim("nO", layer.get_dim("nO"))
    return model
