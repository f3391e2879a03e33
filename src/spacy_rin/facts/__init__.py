"""Triples of many documents → facts: mentions, aliases, merging, the forms of knowledge bases."""

from .collect import Facts, collect_facts

__all__ = ["Facts", "collect_facts"]
