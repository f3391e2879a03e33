"""Python in a process of its own, run to its end."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from marks import expect_mark

# Seconds. No test waits for a clock, and no machine is this slow: it ends what hangs for ever.
HANGS = 600


def run_python(*arguments: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    """Run Python and read what it prints; `settings` are those of `subprocess.run`."""
    expect_mark("processes")
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=HANGS, **settings)
