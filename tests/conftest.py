"""Shared by the tests: how many threads, a saved pipeline, and where the real data sets are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import settings
from paths import SHARED_DATA
from toy import trained

# The toy tensors of the tests are slower on two threads than on one.
torch.set_num_threads(1)
# No test may fail because the machine is busy.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.fixture
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the public data sets are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of a small trained pipeline; nobody writes to it."""
    path = tmp_path_factory.mktemp("model")
    trained().to_disk(path)
    return str(path)
