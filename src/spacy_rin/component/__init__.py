"""The pipeline component `rin`: Docs → windows → scores → `doc.ents` and `doc._.relations`."""

from .factory import make_rin
from .load import load_pipeline
from .relation_extractor import RelationExtractor, find_rin

__all__ = ["RelationExtractor", "find_rin", "load_pipeline", "make_rin"]
