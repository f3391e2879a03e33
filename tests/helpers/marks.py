"""A test says by its marks what takes long in it, and does nothing of that kind without one."""

from __future__ import annotations

import pytest

# Those of the test that runs now; conftest.py keeps them.
current: set[str] = set()


def expect_mark(name: str) -> None:
    """Fail a test without the mark, since `make quick` would run it."""
    if name not in current:
        pytest.fail(f"this test needs the mark: @pytest.mark.{name}")
