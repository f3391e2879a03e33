"""This machine → the versions, the hardware and the speed that are stored with a result."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from spacy.language import Language
from thinc.api import CupyOps, get_current_ops

PACKAGES = ("spacy-rin", "spacy", "thinc", "torch", "numpy", "spacy-transformers", "transformers")


def package_versions() -> dict[str, str]:
    """Look up the versions of Python and of the packages that results depend on.

    RETURNS (dict): The version of each; a package that is not installed is left out.
    """
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def describe_hardware() -> dict[str, Any]:
    """Describe the hardware that is in use.

    RETURNS (dict): The processor, its cores, the memory in GB, the threads of torch, the GPU in use
        (or None), and the precision that `precision = "auto"` chooses here.
    """
    import torch

    from ..nn.device import product_dtype

    on_gpu = isinstance(get_current_ops(), CupyOps)
    auto = product_dtype("auto", torch.device("cuda" if on_gpu else "cpu"))
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
        if hasattr(os, "sysconf")
        else None,
        "torch_threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if on_gpu else None,
        "auto_precision": str(auto).removeprefix("torch."),
    }


def measure_speed(nlp: Language, texts: Sequence[str]) -> dict[str, float]:
    """Measure how fast a pipeline reads raw texts in one process.

    A tenth of the texts is read before the measurement, to warm up.

    nlp (Language): The pipeline.
    texts (Sequence[str]): The texts.
    RETURNS (dict): "words_per_s", the words per second, and "words", how many words were read.
    """
    for _ in nlp.pipe(texts[: len(texts) // 10]):
        pass
    start = time.perf_counter()
    words = sum(len(doc) for doc in nlp.pipe(texts))
    return {"words_per_s": round(words / (time.perf_counter() - start)), "words": words}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
