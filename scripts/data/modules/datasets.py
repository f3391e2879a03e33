"""The data sets of project.yml: where their raw files are, and how these become a corpus.

Your own data needs none of this: `spacy-rin convert` and `spacy train` are enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from wasabi import msg

ASSETS = Path("assets")


@dataclass(frozen=True)
class Part:
    """One part (train, dev or test) of a data set.

    file (str): Its raw file under assets/.
    start (int): Number of records to skip.
    limit (int): Number of records to read; 0 for all.
    """

    file: str
    start: int = 0
    limit: int = 0

    @property
    def path(self) -> Path:
        """Get the path of the raw file.

        RETURNS (Path): A path under assets/.
        """
        return ASSETS / self.file


@dataclass(frozen=True)
class Origin:
    """Where data comes from. The meta.json of a package repeats it.

    licence (str): The licence of the data, as far as known.
    url (str): The page that states it.
    author (str): Who made the data.
    limits (str): What not to expect of a model that was trained on the data.
    """

    licence: str
    url: str
    author: str
    limits: str


@dataclass(frozen=True)
class Dataset:
    """A data set, and what the meta.json of its package says about it.

    train (Part): The part for training.
    dev (Part): The part for choosing the best model.
    test (Part): The part for the final scores.
    format (str): The form of its records, one of `readers.FORMATS`.
    package (str): The end of the package's name, en_rin_<package>.
    title (str): What the data is.
    source (Origin): Where the data comes from.
    extra_files (tuple[str, ...]): Further files under assets/ that the reader needs.
    without_test (bool): Whether train and dev leave out the texts that stand in test, too.
    where (str): Where to get files that project.yml cannot download.
    parts (dict[str, Part]): The three parts by name.
    """

    train: Part
    dev: Part
    test: Part
    format: str
    package: str
    title: str
    source: Origin
    extra_files: tuple[str, ...] = ()
    without_test: bool = False
    where: str = "Run `spacy project assets`."
    parts: dict[str, Part] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = {"train": self.train, "dev": self.dev, "test": self.test}
        object.__setattr__(self, "parts", parts)


DEMO = Origin(
    licence="MIT",
    url="",
    author="composed for spacy-rin by a program",
    limits="Its names are invented: it shows that everything works, and knows no real text.",
)
NYT = Origin(
    licence="text: LDC User Agreement (New York Times Annotated Corpus, LDC2008T19)",
    url="https://catalog.ldc.upenn.edu/LDC2008T19",
    author="Sandhaus 2008; relations by Riedel et al. 2010; sentences of Zeng et al. 2018",
    limits=(
        "Its relations were looked up in Freebase, not read from the text (distant supervision): "
        "some gold triples are not stated by their sentence, and many stated ones are missing."
    ),
)
WEBNLG = Origin(
    licence="CC BY-NC-SA 4.0 (WebNLG, as far as known)",
    url="https://gitlab.com/shimorina/webnlg-dataset",
    author="Gardent et al. 2017; sentences of Zeng et al. 2018",
    limits=(
        "Its sentences were written to state triples of DBpedia, all of them and little else: in "
        "other texts expect more wrong triples and fewer found ones."
    ),
)
CONLL04 = Origin(
    licence="not stated by its authors; used in research",
    url="https://cogcomp.seas.upenn.edu/page/resource_view/43",
    author="Roth and Yih 2004",
    limits="Small: 922 sentences of older newswire, five relations.",
)

DATASETS = {
    "demo": Dataset(
        Part("demo/train.jsonl"),
        Part("demo/dev.jsonl"),
        Part("demo/test.jsonl"),
        format="rin",
        package="demo",
        title="the demo corpus of spacy-rin: generated sentences about invented people and places",
        source=DEMO,
        where="Run `spacy project run demo-corpus`.",
    ),
    "nyt": Dataset(
        Part("nyt/train.jsonl"),
        Part("nyt/valid.jsonl"),
        Part("nyt/test.jsonl"),
        format="copyre",
        package="nyt",
        title="NYT in the form of CopyRE (56,195 / 5,000 / 5,000 sentences)",
        source=NYT,
        where=(
            "`spacy project assets` fetches valid.jsonl and test.jsonl. The 56,195 training "
            "sentences are linked from the README of https://github.com/xiangrongzeng/copy_re "
            "(raw_train.json of its NYT archive): save them as assets/nyt/train.jsonl. Without "
            "them, --vars.dataset nyt_small trains on 4,500 of the validation sentences."
        ),
    ),
    "nyt_small": Dataset(
        Part("nyt/valid.jsonl", limit=4500),
        Part("nyt/valid.jsonl", start=4500),
        Part("nyt/test.jsonl"),
        format="copyre",
        package="nyt",
        title="4,500 of the validation sentences of NYT (CopyRE); not comparable with full NYT",
        source=NYT,
    ),
    "nyt_1000": Dataset(
        Part("nyt/valid.jsonl", limit=1000),
        Part("nyt/valid.jsonl", start=1000, limit=250),
        Part("nyt/test.jsonl"),
        format="copyre",
        package="nyt",
        title="1,000 of the validation sentences of NYT (CopyRE); not comparable with full NYT",
        source=NYT,
        without_test=True,
    ),
    "webnlg": Dataset(
        Part("webnlg/train.json"),
        Part("webnlg/dev.json"),
        Part("webnlg/test.json"),
        format="jointer",
        package="webnlg",
        title="WebNLG with full spans, 216 relations (Zeng et al. 2018; JointER)",
        source=WEBNLG,
    ),
    "webnlg_copyre": Dataset(
        Part("webnlg_copyre/train.json"),
        Part("webnlg_copyre/valid.json"),
        Part("webnlg_copyre/test.json"),
        format="copymtl",
        package="webnlg_copyre",
        title="WebNLG, the last word of each entity only (Zeng et al. 2018; CopyMTL)",
        source=replace(WEBNLG, limits=f"It finds last words of entities. {WEBNLG.limits}"),
        extra_files=("webnlg_copyre/words2id.json", "webnlg_copyre/relations2id.json"),
    ),
    "conll04": Dataset(
        Part("conll04/train_triples.json"),
        Part("conll04/dev_triples.json"),
        Part("conll04/test_triples.json"),
        format="spert",
        package="conll04",
        title="CoNLL04 (Roth and Yih 2004; PFN)",
        source=CONLL04,
    ),
}


def find_dataset(name: str) -> Dataset:
    """Find a data set by its name. An unknown name ends the script with a message.

    name (str): One of `DATASETS`.
    RETURNS (Dataset): The data set.
    """
    if name not in DATASETS:
        known = ", ".join(DATASETS)
        msg.fail(f"Unknown dataset {name!r}: --vars.dataset takes one of {known}", exits=1)
    return DATASETS[name]


def missing_files(dataset: Dataset) -> list[Path]:
    """Find the raw files that are missing.

    dataset (Dataset): The data set.
    RETURNS (list[Path]): Its files that are not under assets/.
    """
    files = {ASSETS / name for name in dataset.extra_files}
    files.update(part.path for part in dataset.parts.values())
    return sorted(file for file in files if not file.is_file())
