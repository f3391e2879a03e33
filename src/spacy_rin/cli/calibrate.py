"""`spacy-rin calibrate`: a trained pipeline and dev → a copy whose scores can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from spacy.util import get_package_path, is_package

from ..component import load_pipeline
from ..errors import Errors
from ..files import replacing
from .terminal import msg


def calibrate_command(
    model: Annotated[str, typer.Argument(help="Trained pipeline: a package or a directory")],
    dev: Annotated[Path, typer.Argument(help="Gold Docs that it was not trained on, .spacy")],
    output: Annotated[Path, typer.Argument(help="Directory to write")],
    per_label: Annotated[
        bool, typer.Option("--per-label", help="Let labels have thresholds of their own")
    ] = False,
    least: Annotated[
        int, typer.Option(help="Triples of dev that a label needs for a threshold of its own")
    ] = 50,
    component: Annotated[
        str, typer.Option(help="Name of the component, of several; without it, the first")
    ] = "",
    overwrite: Annotated[bool, typer.Option(help="Replace the directory if it exists")] = False,
    gpu_id: Annotated[int, typer.Option(help="GPU, -1 for the CPU")] = -1,
) -> None:
    """Make the scores of triples say how often they are right, and let the thresholds follow.

    A temperature and a bias are fitted on DEV and saved with the pipeline. The same triples are
    found, unless other thresholds are better on DEV.
    """
    from ..evaluation.calibration import calibrate

    if not dev.exists():
        raise ValueError(Errors.R050.format(path=dev))
    _check_output(output, get_package_path(model) if is_package(model) else Path(model), dev)
    if output.exists() and not overwrite:
        raise ValueError(Errors.R154.format(path=output))
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    nlp = load_pipeline(model)
    found = calibrate(nlp, dev, component=component, per_label=per_label, least=least)
    with replacing(output) as temporary:
        nlp.to_disk(temporary)
    _print_bins(found.before, found.after)
    temperature, bias = found.calibration
    errors = [row["expected_calibration_error"] for row in (found.before, found.after)]
    rows = {
        "expected calibration error on dev": "{:.3f} → {:.3f}".format(*errors),
        "rel_f on dev": f"{100 * found.f_before:.1f} → {100 * found.f_after:.1f}",
        "temperature, score_bias": f"{temperature:.3f}, {bias:.3f}",
        "threshold": f"{found.threshold:.3f}",
        **{f"... of {name}": f"{value:.3f}" for name, value in found.label_thresholds.items()},
    }
    msg.table(rows)
    msg.good(f"Wrote {output}")


def _check_output(output: Path, model: Path, dev: Path) -> None:
    """Make sure that nothing but a pipeline is replaced, and not what is read."""
    written, *read = (path.resolve() for path in (output, model, dev))
    wrong = None
    if any(written == path or written in path.parents for path in read):
        wrong = "it is read, or holds what is read"
    elif read[0] in written.parents:
        wrong = "it lies in the pipeline that is read"
    elif output.exists() and not (output / "meta.json").is_file():
        wrong = "it is no pipeline, and would be replaced as a whole"
    if wrong:
        raise ValueError(Errors.R121.format(path=output, reason=f"{wrong}; give another name"))


def _print_bins(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Print how many triples of each score are right, before and after."""
    table = [
        (
            f"{old['from']:.1f}-{old['to']:.1f}",
            *(cell for row in (old, new) for cell in (row["predictions"], _share(row["right"]))),
        )
        for old, new in zip(before["bins"], after["bins"], strict=True)
    ]
    header = ("score", "triples before", "right", "triples after", "right")
    msg.table(table, header=header, aligns=("l", "r", "r", "r", "r"), divider=True)


def _share(right: float | None) -> str:
    return "" if right is None else f"{right:.0%}"
