"""The pipeline component `rin`: Docs → windows → scores → `doc.ents` and `doc._.relations`."""

from .factory import make_rin
from .relation_extractor import RelationExtractor, find_rin

__all__ = ["RelationExtractor", "find_rin", "make_rin"]
