"""README.md of a bundle: the model card, with the metadata that model hubs read."""

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

from edgecompress.core.gate import Verdict
from edgecompress.core.report import RunReport
from edgecompress.report.claims import limits_of_claim
from edgecompress.report.digest import escape
from edgecompress.report.markdown import gate_table
from edgecompress.report.numbers import printable, scale_of
from edgecompress.report.verdicts import headline

TASK = "text-classification"

_USE = """\
With `pip install edgecompress` (no torch), on the command line:

```sh
edgecompress verify .                       # every file is the one that was released
edgecompress predict . "a text to classify"
```

and in Python:

```python
from edgecompress.runtime import EdgeModel

model = EdgeModel.load(".", threads=1)
print(model.predict(["a text to classify"]))
```

`model.onnx` takes `input_ids` and `attention_mask` (and `token_type_ids` for pairs of texts) and
gives `logits`; any ONNX Runtime can load it. It was judged one text at a time, unpadded: padded
batches may answer a little differently, see `batch_flip_rate`.

How it was made stands in `.edgecompress/provenance.json` (in-toto, SLSA) and, with every number
above, in `.edgecompress/bom.cdx.json` (CycloneDX). If it is signed, `edgecompress verify --key`
tells whose it is."""


def card(
    report: RunReport,
    *,
    license: str,
    language: str,
    labels: Sequence[str],
    origins: Mapping[str, Any] | None = None,
) -> str:
    """YAML front matter, what the model is, what was measured, how far that reaches, how to use it.

    Args:
        license: identifier as model hubs write it, e.g. "apache-2.0" or "other".
        language: ISO 639-1 code.
        labels: class names, in the order of the logits.
        origins: what hubs link to, under their names for it: `base_model`, `datasets`.
    """
    parts = [
        f"---\n{_front_matter(report, license, language, origins or {})}---",
        f"# {escape(report.recipe_name)}",
        _what(report, labels),
        "## What was measured",
        f"The gate: **{report.gate.outcome.value}**; {headline(report.gate)}.",
        gate_table(report.gate),
        "## How far these numbers reach",
        "\n".join(f"- {escape(claim, 500)}" for claim in limits_of_claim(report)),
        "## Use",
        _USE,
    ]
    return "\n\n".join(parts) + "\n"


def _what(report: RunReport, labels: Sequence[str]) -> str:
    ours, teacher = report.candidate.bytes, report.teacher.bytes
    return (
        f"A text classifier compressed with edgecompress from {escape(report.teacher.name)}: "
        f"{ours / 1e6:.1f} MB as ONNX, {100 * ours / teacher:.0f} % of its teacher's "
        f"{teacher / 1e6:.1f} MB. Labels: {', '.join(escape(name) for name in labels)}."
    )


def _front_matter(
    report: RunReport, license: str, language: str, origins: Mapping[str, Any]
) -> str:
    metadata = {
        "language": printable(language),
        "license": printable(license),
        "pipeline_tag": TASK,
        "library_name": "onnx",
        "tags": [TASK, "onnx", "edgecompress", "compression"],
        **origins,
        "model-index": [{"name": printable(report.recipe_name), "results": list(_results(report))}],
    }
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # typed as None
    yaml.width = 10_000
    text = io.StringIO()
    yaml.dump(metadata, text)
    return text.getvalue()


def _results(report: RunReport) -> Iterator[dict[str, Any]]:
    """One result for each data role; measurements without texts count as "none"."""
    by_role: dict[str, list[dict[str, Any]]] = {}
    for verdict in report.gate.verdicts:
        by_role.setdefault(verdict.measured.data or "none", []).append(_metric(verdict))
    for role, metrics in by_role.items():
        yield {
            "task": {"type": TASK, "name": "Text classification"},
            "dataset": {"type": printable(role), "name": printable(role)},
            "metrics": metrics,
        }


def _metric(verdict: Verdict) -> dict[str, Any]:
    m = verdict.measured
    scale = scale_of(m, verdict.limit)
    interval = f"interval {scale.number(m.low)} to {scale.write(m.high)}"
    told = f"{interval}, n {m.n:,}" if m.low != m.high else "exact"
    part = f"{m.part}, " if m.part else ""
    return {
        "type": m.name,
        "name": printable(f"{m.name} ({part}{told})"),
        "value": m.value,
    }
