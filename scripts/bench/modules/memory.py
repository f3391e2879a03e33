"""The memory of a process and of those that it has started, as Linux counts it."""

from __future__ import annotations

import os
from pathlib import Path


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
