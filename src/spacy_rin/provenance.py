"""What a result was made with: versions and hardware."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from thinc.api import CupyOps, get_current_ops

PACKAGES = ("spacy-rin", "spacy", "thinc", "torch", "numpy", "spacy-transformers", "transformers")


def package_versions() -> dict[str, str]:
    """RETURNS (dict): Versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def describe_hardware() -> dict[str, Any]:
    """RETURNS (dict): Processor, cores, memory in GB, threads of torch, and the GPU in use."""
    import torch

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
        if hasattr(os, "sysconf")
        else None,
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if isinstance(get_current_ops(), CupyOps) else None,
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
