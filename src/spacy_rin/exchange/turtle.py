"""Docs → an RDF graph: their triples, with the place and the score of each relation.

Names are IRIs in one namespace: id/<id>, entity/<text>, type/<label>, relation/<label>,
document/<number>, all percent-encoded. Mentions with the same id are one entity, and so are
mentions without an id that have the same text. Places and scores are stored by plain reification.
Each relation of a Doc has an rdf:Statement with its score and the document that it was derived
from. Both mentions are ranges of characters in that document (RFC 5147).
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, urlsplit

from rdflib import PROV, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef
from spacy.tokens import Doc, Span

from ..errors import Errors
from ..relations import Relation, get_relations, span_id


def to_graph(docs: Iterable[Doc], namespace: str) -> Graph:
    """Turn the entities and relations of Docs into a graph, which is held in memory as a whole.

    docs (Iterable[Doc]): Docs with relations. In the graph they are numbered from 0.
    namespace (str): The start of all names. It ends with a slash.
    RETURNS (Graph): A graph of rdflib, to be queried or serialised.
    RAISES (ValueError): If the namespace cannot start an IRI.

    >>> doc = Doc(Vocab(), words=["Ada", "lives", "in", "New", "York"])
    >>> doc.ents = [Span(doc, 0, 1, "PER"), Span(doc, 3, 5, "LOC")]
    >>> doc._.relations = [Relation(doc.ents[0], "lives_in", doc.ents[1], 0.75)]
    >>> graph = to_graph([doc], "https://example.org/")
    >>> places = graph.query("SELECT ?name { ?who :lives_in ?where . ?where rdfs:label ?name }",
    ...                      initNs={"": "https://example.org/relation/"})
    >>> [str(place.name) for place in places]
    ['New York']
    """
    names = check_namespace(namespace)
    graph = Graph()
    for prefix in ("entity", "id", "type", "relation"):
        graph.bind(prefix, Namespace(f"{namespace}{prefix}/"))
    graph.bind("rin", names)
    for number, doc in enumerate(docs):
        _add_doc(graph, names, doc, f"document/{number}")
    return graph


def write_turtle(path: str | Path, docs: Iterable[Doc], namespace: str) -> None:
    """Write the graph of `to_graph` as a stream: Turtle without prefixes (N-Triples).

    The file has one triple a line. `to_graph(docs, namespace).serialize(path)` writes prefixes, but
    holds the whole graph in memory and takes far more time.

    path (str | Path): The file.
    docs (Iterable[Doc]): Docs with relations. In the graph they are numbered from 0.
    namespace (str): The start of all names. It ends with a slash.
    RAISES (ValueError): If the namespace cannot start an IRI.
    """
    names = check_namespace(namespace)
    with Path(path).open("w", encoding="utf8") as file:
        for number, doc in enumerate(docs):
            graph = Graph()
            _add_doc(graph, names, doc, f"document/{number}")
            _write_lines(file, graph)


def write_fact_graph(
    path: str | Path,
    entities: Iterable[dict[str, Any]],
    facts: Iterable[dict[str, Any]],
    namespace: str,
) -> None:
    """Write merged facts as a stream: Turtle without prefixes (N-Triples).

    Each fact has an rdf:Statement with its counts and scores. Each piece of its evidence is derived
    from a document, document/<id>, and has a sentence, a score and both mentions.

    path (str | Path): The file.
    entities (Iterable[dict]): Rows of the table `entities` of `spacy-rin facts`.
    facts (Iterable[dict]): Rows of the table `facts`, each with a list of its evidence.
    namespace (str): The start of all names. It ends with a slash.
    RAISES (ValueError): If the namespace cannot start an IRI.
    """
    names = check_namespace(namespace)
    with Path(path).open("w", encoding="utf8") as file:
        for row in entities:
            graph = Graph()
            _describe(graph, names, row["name"], row["id"], row["label"])
            _write_lines(file, graph)
        for row in facts:
            graph = Graph()
            _add_fact(graph, names, row)
            _write_lines(file, graph)


def check_namespace(namespace: str) -> Namespace:
    """Find out whether a namespace can start the names of a graph.

    namespace (str): The namespace.
    RETURNS (Namespace): rdflib's form of it.
    RAISES (ValueError): If it cannot start an IRI, or does not end with a slash.
    """
    # Mentions are named by a fragment (#char=...), so the namespace itself can have none.
    parts = urlsplit(namespace)
    is_start = parts.scheme and parts.netloc and namespace.endswith("/")
    if not is_start or quote(namespace, safe=":/%@~") != namespace:
        raise ValueError(Errors.R091.format(found=namespace))
    return Namespace(namespace)


def _add_doc(graph: Graph, names: Namespace, doc: Doc, document: str) -> None:
    for ent in doc.ents:
        _add_entity(graph, names, ent)
    for k, relation in enumerate(get_relations(doc)):
        _add_relation(graph, names, relation, document, k)


def _add_entity(graph: Graph, names: Namespace, span: Span) -> URIRef:
    """Add the name and type of an entity → its IRI."""
    return _describe(graph, names, span.text, span_id(span), span.label_)


def _describe(graph: Graph, names: Namespace, text: str, id: str, label: str) -> URIRef:
    entity = _entity(names, text, id)
    graph.add((entity, RDFS.label, Literal(text)))
    if label:
        graph.add((entity, RDF.type, _name(names, "type", label)))
    return entity


def _add_relation(graph: Graph, names: Namespace, r: Relation, document: str, k: int) -> None:
    """Add a triple, and the statement that it is the k-th relation of the document."""
    head, tail = (_add_entity(graph, names, span) for span in (r.head, r.tail))
    label = _name(names, "relation", r.label)
    graph.add((head, label, tail))
    statement = names[f"{document}#relation={k}"]
    for predicate, value in (
        (RDF.type, RDF.Statement),
        (RDF.subject, head),
        (RDF.predicate, label),
        (RDF.object, tail),
        (names["score"], Literal(r.score, datatype=XSD.double)),
        (PROV.wasDerivedFrom, names[document]),
        (names["head"], names[f"{document}#char={r.head.start_char},{r.head.end_char}"]),
        (names["tail"], names[f"{document}#char={r.tail.start_char},{r.tail.end_char}"]),
    ):
        graph.add((statement, predicate, value))


def _name(names: Namespace, kind: str, text: str) -> URIRef:
    return names[f"{kind}/{quote(text, safe='')}"]


def _entity(names: Namespace, text: str, id: str) -> URIRef:
    return _name(names, "id", id) if id else _name(names, "entity", text)


def _add_fact(graph: Graph, names: Namespace, row: dict[str, Any]) -> None:
    """Add a triple, and a statement with its counts and its evidence."""
    head, tail = (_entity(names, row[side], row[f"{side}_id"]) for side in ("head", "tail"))
    label = _name(names, "relation", row["relation"])
    graph.add((head, label, tail))
    # The same fact has the same name in every file.
    key = sha256(f"{head} {label} {tail}".encode()).hexdigest()[:32]
    statement = names[f"fact/{key}"]
    graph.add((statement, RDF.type, RDF.Statement))
    for predicate, end in ((RDF.subject, head), (RDF.predicate, label), (RDF.object, tail)):
        graph.add((statement, predicate, end))
    for name in ("mentions", "documents", "best_score", "probability", "first_seen", "last_seen"):
        if row[name] is not None:
            graph.add((statement, names[name], Literal(row[name])))
    for number, found in enumerate(row["evidence"], 1):
        document = f"document/{quote(found['document'], safe='')}"
        evidence = names[f"fact/{key}#evidence={number}"]
        graph.add((statement, names["evidence"], evidence))
        graph.add((evidence, PROV.wasDerivedFrom, names[document]))
        graph.add((evidence, names["sentence"], Literal(found["sentence"])))
        graph.add((evidence, names["score"], Literal(found["score"])))
        for side in ("head", "tail"):
            place = f"{document}#char={found[f'{side}_start']},{found[f'{side}_end']}"
            graph.add((evidence, names[side], names[place]))


def _write_lines(file: TextIO, graph: Graph) -> None:
    lines = graph.serialize(format="nt").split("\n")
    file.writelines(f"{line}\n" for line in sorted(filter(None, lines)))
