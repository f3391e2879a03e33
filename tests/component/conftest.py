"""Two pipelines that the tests of the component share: a trained one, and one without training."""

from __future__ import annotations

import pytest
from spacy.language import Language
from toy import initialised, trained


@pytest.fixture(scope="session")
def nlp() -> Language:
    """The trained pipeline, for tests that do not change it."""
    return trained()


@pytest.fixture(scope="session")
def untrained() -> Language:
    """Random parameters, for tests that do not change them."""
    return initialised()
