"""The demo corpus: what comes out of its archive, and that no other archive is unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import srsly
from paths import ROOT

from scripts.data.unpack_demo import ARCHIVE, CHECKSUMS, unpack
from spacy_rin.corpus.convert import convert
from spacy_rin.corpus.readers import Reason

SIZES = {"train": 4000, "dev": 400, "test": 400}
Record = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo")
    unpack(ROOT / ARCHIVE, path)
    return path


@pytest.fixture(scope="module")
def corpus(folder: Path) -> dict[str, list[Record]]:
    return {split: list(srsly.read_jsonl(folder / f"{split}.jsonl")) for split in SIZES}


def sentences(records: list[Record]) -> set[str]:
    return {" ".join(record["tokens"]) for record in records}


def names(records: list[Record]) -> set[str]:
    return {
        " ".join(record["tokens"][entity["start"] : entity["end"]])
        for record in records
        for entity in record["entities"]
    }


def test_files_are_complete(folder: Path, corpus: dict[str, list[Record]]) -> None:
    assert {path.name for path in folder.iterdir()} == set(CHECKSUMS)
    assert {split: len(records) for split, records in corpus.items()} == SIZES
    assert [set(row) for row in srsly.read_jsonl(folder / "texts.jsonl")] == [{"text"}] * 7


@pytest.mark.parametrize("split", SIZES)
def test_every_record_is_converted_whole(
    folder: Path, tmp_path: Path, corpus: dict[str, list[Record]], split: str
) -> None:
    report = convert(folder / f"{split}.jsonl", tmp_path / "out.spacy", strict=True)
    assert report.docs == SIZES[split]
    assert report.triples == sum(len(record["relations"]) for record in corpus[split])
    assert report.unplaced == 0
    # A city in the name of its university: kept, and counted since flat tags find one of the two.
    assert set(report.dropped) == {Reason.NESTED_MENTION}


def test_no_sentence_comes_twice(corpus: dict[str, list[Record]]) -> None:
    records = [record for split in SIZES for record in corpus[split]]
    assert len(sentences(records)) == len(records)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_more_than_half_of_the_names_are_new(corpus: dict[str, list[Record]], split: str) -> None:
    found = names(corpus[split])
    assert len(found - names(corpus["train"])) > 0.5 * len(found)


def test_files_of_others_stay_and_old_ones_are_replaced(tmp_path: Path) -> None:
    for name in ("mine.jsonl", "dev.jsonl"):
        (tmp_path / name).write_text("mine")
    unpack(ROOT / ARCHIVE, tmp_path)
    assert (tmp_path / "mine.jsonl").read_text() == "mine"
    assert len((tmp_path / "dev.jsonl").read_text(encoding="utf8").splitlines()) == SIZES["dev"]
    assert {path.name for path in tmp_path.iterdir()} == {*CHECKSUMS, "mine.jsonl"}


@pytest.mark.parametrize(
    "change",
    [
        {"test.jsonl": None},
        {"test.jsonl": b"{}\n"},
        {"further.jsonl": b"{}\n"},
        {"../further.jsonl": b"{}\n"},
    ],
    ids=str,
)
def test_other_archive_is_refused_as_a_whole(
    tmp_path: Path, change: dict[str, bytes | None]
) -> None:
    with ZipFile(ROOT / ARCHIVE) as zipped:
        contents = {name: zipped.read(name) for name in zipped.namelist()} | change
    with ZipFile(tmp_path / "other.zip", "w") as zipped:
        for name, content in contents.items():
            if content is not None:
                zipped.writestr(name, content)
    with pytest.raises(ValueError, match="expected files with the checksums"):
        unpack(tmp_path / "other.zip", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["other.zip"]
