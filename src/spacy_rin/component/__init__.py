"""The pipeline component `rin`: Docs → windows → scores → `doc.ents` and `doc._.relations`."""

from .factory import make_rin
from .find import find_extractors, find_rin
from .load import load_pipeline
from .relation_extractor import RelationExtractor

__all__ = ["RelationExtractor", "find_extractors", "find_rin", "load_pipeline", "make_rin"]
