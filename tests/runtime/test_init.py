"""The promise of the package: it is small, and it stands alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import edgecompress.runtime
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.golden import write_golden

HEAVY = ("torch", "transformers", "onnx", "pydantic", "ruamel", "yaml", "scipy", "click")
EXTRAS = {  # loaded when a caller asks for what they do
    "openvino_session.py": {"openvino"},
    "public_key.py": {"cryptography"},
}
BLOCK = f"import sys\nfor name in {HEAVY!r}: sys.modules[name] = None\n"


def python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_all_is_sorted_and_there() -> None:
    names = edgecompress.runtime.__all__
    assert names == sorted(names)
    assert all(hasattr(edgecompress.runtime, name) for name in names)


def test_a_bundle_answers_where_the_build_tools_cannot_be_imported(make_model: Any) -> None:
    folder = make_model()
    write_golden(folder, ["good", "bad"])
    seal_bundle(folder, sequence=1)
    code = BLOCK + (
        "import json\n"
        "from edgecompress.runtime import EdgeModel\n"
        "from edgecompress.runtime.__main__ import main\n"
        "print(json.dumps(EdgeModel.load(sys.argv[1]).predict(['a good film'])))\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    done = python(code, folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])[0]["label"] == "positive"


def test_nothing_of_ours_outside_the_runtime_is_loaded() -> None:
    done = python(
        "import edgecompress.runtime, edgecompress.runtime.__main__, sys\n"
        "print([m for m in sys.modules if m.startswith('edgecompress.')])"
    )
    loaded = done.stdout.replace("'", "").strip("[]\n").split(", ")
    assert all(name.startswith("edgecompress.runtime") for name in loaded)


def test_the_sources_import_only_what_ships() -> None:
    folder = Path(edgecompress.runtime.__file__).parent
    ours = {"edgecompress.runtime", "numpy", "onnxruntime", "tokenizers"}
    for path in folder.glob("*.py"):
        extra = EXTRAS.get(path.name, set())
        for line in path.read_text().splitlines():
            if line.startswith(("import ", "from ")):
                module = line.split()[1]
                top = module.partition(".")[0]
                assert top in sys.stdlib_module_names or any(
                    module == known or module.startswith(f"{known}.") for known in ours | extra
                ), f"{path.name}: {line}"


@pytest.mark.parametrize("name", ["EdgeModel", "Prediction", "IntegrityError"])
def test_the_stable_names_stay(name: str) -> None:
    assert name in edgecompress.runtime.__all__
