"""Shared by the tests: how many threads, Hypothesis without a clock, and a saved pipeline."""

from __future__ import annotations

import marks
import pytest
import torch
from hypothesis import HealthCheck, settings
from toy import trained

# The toy tensors of the tests are slower on two threads than on one.
torch.set_num_threads(1)
# No test may fail because the machine is busy, while an example is drawn or while it is tried.
settings.register_profile("no_clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no_clock")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    marks.current = {mark.name for mark in item.iter_markers()}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of a small trained pipeline; nobody writes to it."""
    path = tmp_path_factory.mktemp("model")
    trained().to_disk(path)
    return str(path)
