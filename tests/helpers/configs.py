"""A config as one dict of dotted names."""

from __future__ import annotations

from typing import Any


def flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in config.items():
        name = f"{prefix}.{key}" if prefix else key
        values |= flat(value, name) if isinstance(value, dict) else {name: value}
    return values
