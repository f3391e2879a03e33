"""The memory and time of a process, and of those that it has started, as Linux counts them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wasabi import msg

SECONDS_BETWEEN_SAMPLES = 0.1


def memory(pid: int) -> tuple[float, float]:
    """Measure the memory of a process.

    pid (int): Its id.
    RETURNS (tuple[float, float]): Resident MB of the process, and of all that it has started.
    """
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        parents[int(stat.parent.name)] = (int(fields[1]), int(fields[21]))
    family = {pid}
    for _ in parents:
        more = {child for child, (parent, _) in parents.items() if parent in family} | family
        if more == family:
            break
        family = more
    page = os.sysconf("SC_PAGE_SIZE") / 2**20
    own = parents.get(pid, (0, 0))[1] * page
    return own, sum(parents[child][1] for child in family - {pid}) * page


def watch(command: Sequence[str], folder: Path | None = None) -> dict[str, Any]:
    """Run a command to its end. If it fails, so does this program.

    command (Sequence[str]): The program and its arguments.
    folder (Path | None): Where it runs; here, if not given.
    RETURNS (dict): "seconds", and "peak_mb", the most resident memory that it had.
    """
    start = time.monotonic()
    peak = 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder) as process:
        while process.poll() is None:
            peak = max(peak, _most_memory(process.pid))
            time.sleep(SECONDS_BETWEEN_SAMPLES)
    if process.returncode:
        msg.fail(f"failed: {' '.join(command)}", exits=1)
    return {"seconds": round(time.monotonic() - start, 1), "peak_mb": round(peak)}


def _most_memory(pid: int) -> float:
    """The most resident memory that a process has had, in MB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1024 if lines else 0.0
