"""What `spacy-rin calibrate` does to scores → training/calibration/<data set>.json.

Temperature, bias and thresholds are fitted on dev, and what is shown is of test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from spacy.language import Language
from wasabi import msg

from spacy_rin.component import find_rin, load_pipeline
from spacy_rin.evaluation.calibration import calibrate
from spacy_rin.evaluation.environment import describe_hardware, package_versions
from spacy_rin.evaluation.reliability import describe_reliability
from spacy_rin.evaluation.report import evaluate
from spacy_rin.files import write_json

FOLDER = Path("training/calibration")
# What calibration changes of a component.
SETTINGS = ("temperature", "score_bias", "threshold", "label_thresholds")


def main(
    model: Annotated[str, typer.Argument(help="Trained pipeline; it is not changed")],
    corpus: Annotated[Path, typer.Argument(help="Directory of the data set, with dev and test")],
    per_label: Annotated[bool, typer.Option("--per-label", help="Thresholds by label")] = False,
    output: Annotated[Path | None, typer.Option(help="JSON; else in training/calibration")] = None,
) -> None:
    """Measure on test how far the scores of a pipeline can be trusted, before and after."""
    nlp = load_pipeline(model)
    before = measure(nlp, corpus / "test")
    on_dev = calibrate(nlp, corpus / "dev", per_label=per_label)
    after = measure(nlp, corpus / "test")
    output = output or FOLDER / f"{corpus.name}.json"
    write_json(
        output,
        {
            "dataset": corpus.name,
            "model": f"{nlp.meta['lang']}_{nlp.meta['name']}-{nlp.meta['version']}",
            "seed": nlp.config["training"]["seed"],
            "dev": {"before": on_dev.before, "after": on_dev.after},
            "test": {"before": before, "after": after},
            "versions": package_versions(),
            "hardware": describe_hardware(),
        },
    )
    for name, found in (("before", before), ("after", after)):
        rel_f = 100 * found["scores"]["rel_f"]
        msg.text(f"{name}: {describe_reliability(found['reliability'])}; rel_f {rel_f:.1f}")
    msg.good(f"Wrote {output}")


def measure(nlp: Language, test: Path) -> dict[str, Any]:
    """RETURNS (dict): Settings, exact match and reliability, as `spacy-rin evaluate` has them."""
    cfg, result = find_rin(nlp).cfg, evaluate(nlp, test)
    return {
        "settings": {name: cfg[name] for name in SETTINGS},
        "scores": {name: result["scores"][name] for name in ("rel_p", "rel_r", "rel_f")},
        "reliability": result["reliability"],
    }


if __name__ == "__main__":
    typer.run(main)
