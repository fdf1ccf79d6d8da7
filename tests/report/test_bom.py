"""The bill of materials: valid by CycloneDX's own schema, and with every number of the gate."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from edgecompress.report.bom import bill_of_materials
from edgecompress.report.making import Making, Material
from tests.report.full import filled


@pytest.fixture(params=["a short report", "a full one"])
def making(request: pytest.FixtureRequest, holding, make_making: Callable[..., Making]) -> Making:
    return make_making(holding if request.param == "a short report" else filled(holding))


def test_it_is_valid_by_the_standard(making: Making) -> None:
    pytest.importorskip("cyclonedx", reason="needs cyclonedx-python-lib")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(bill_of_materials(making)) is None
    spoilt = bill_of_materials(making).replace('"modelCard"', '"modelCart"')
    assert validator.validate_str(spoilt) is not None


def test_every_number_stands_in_it_with_its_interval(making: Making) -> None:
    model = json.loads(bill_of_materials(making))["metadata"]["component"]
    told = [
        (
            metric["type"],
            float(metric["confidenceInterval"]["lowerBound"]),
            float(metric["value"]),
            float(metric["confidenceInterval"]["upperBound"]),
        )
        for metric in model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    ]
    measured = [verdict.measured for verdict in making.report.gate.verdicts]
    assert told == [(f"{m.name} ({m.unit})", m.low, m.value, m.high) for m in measured]


def test_the_hash_is_that_of_the_graph(making: Making) -> None:
    model = json.loads(bill_of_materials(making))["metadata"]["component"]
    assert model["hashes"] == [{"alg": "SHA-256", "content": "1" * 64}]


def test_the_teacher_the_data_and_the_libraries_are_components(making: Making) -> None:
    components = json.loads(bill_of_materials(making))["components"]
    assert [(c["type"], c["name"]) for c in components] == [
        ("machine-learning-model", "resource:minilm-l6"),
        ("data", "data/train"),
        ("data", "data/test"),
        ("library", "onnxruntime"),
        ("library", "torch"),
    ]


def test_the_same_release_is_the_same_bytes(making: Making) -> None:
    assert bill_of_materials(making) == bill_of_materials(making)
    serial = json.loads(bill_of_materials(making))["serialNumber"]
    assert json.loads(bill_of_materials(replace(making, sequence=3)))["serialNumber"] != serial


def test_of_a_folder_only_its_own_digest_is_known(making: Making) -> None:
    teacher = Material("teacher", "models/mine", {"edgecompressFolder": "3" * 64}, {})
    told = json.loads(bill_of_materials(replace(making, teacher=teacher)))["components"][0]
    assert told["properties"] == [{"name": "edgecompress:edgecompressFolder", "value": "3" * 64}]
    assert "hashes" not in told
