"""Both images, built and run: what the how-to page on Docker says, on a base of debootstrap's."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.image.conftest import Images
from tests.image.container import Container, Run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]  # torch is installed on the way

MOST_MB = 260  # with a bundle such as the quickstart's
BUNDLE_MB = 18
FOLDERS = ("work", "store", "cache", "tmp")
SERVED = "localhost/served:test"
TOOLS = "localhost/tools:test"
SHIPPED = {
    *("edgecompress", "onnxruntime", "tokenizers", "numpy", "click"),  # the base install
    *("flatbuffers", "packaging", "protobuf"),  # asked for by onnxruntime
    *("starlette", "uvicorn", "prometheus_client"),  # the extra serve
    *("anyio", "h11", "idna", "typing_extensions"),  # asked for by those
}
ASK = """
import http.client, sys
to = http.client.HTTPConnection("127.0.0.1", 8000, timeout=20)
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
to.request("POST" if body else "GET", sys.argv[1], body, {"Content-Type": "application/json"})
answer = to.getresponse()
print(answer.status, answer.read().decode())
"""
FOUND = """
import importlib.util, shutil
print([name for name in {programs} if shutil.which(name)], end=" ")
print([name for name in {modules} if importlib.util.find_spec(name)])
"""
LOADED_FROM_SOURCE = """
import os, sys
import edgecompress.cli.main, edgecompress.cli.serve, edgecompress.serving.serve
places = [(m.__file__, m.__cached__) for m in sys.modules.values() if getattr(m, "__cached__", 0)]
print([file for file, cached in places if file.startswith("/opt") and not os.path.exists(cached)])
"""


@dataclass(frozen=True)
class Make:
    """`make` as a user calls it, on this machine's packages and on the base that stands in."""

    images: Images
    repository: Path
    options: tuple[str, ...]
    base: str

    def __call__(self, target: str, **variables: str | Path) -> subprocess.CompletedProcess[str]:
        told = {
            "ENGINE": " ".join(self.images.command),
            "BASE": self.base,
            "IMAGE_ARGS": " ".join(self.options),
            **variables,
        }
        return subprocess.run(
            ["make", target, *(f"{name}={value}" for name, value in told.items())],
            capture_output=True,
            text=True,
            cwd=self.repository,
            env=self.images.environment,
            check=False,
        )


@pytest.fixture(scope="module")
def make(images: Images, repository: Path, base: str, pip_settings: list[str]) -> Make:
    return Make(images, repository, tuple(pip_settings), base)


@pytest.fixture(scope="module")
def tools(make: Make, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Container:
    """The image `build`, with a few folders of the host that it may write to."""
    done = make("image-build", BUILD_TAG=TOOLS)
    assert done.returncode == 0, done.stderr[-3000:]
    print(f"\nbuild: {images.megabytes(TOOLS):.0f} MB")
    return images.container(TOOLS, **{name: tmp_path_factory.mktemp(name) for name in FOLDERS})


@pytest.fixture(scope="module")
def bundle(tools: Container) -> Path:
    """Compressed, gated and released in a container."""
    done = tools.run("release", "/recipes/smoke.yaml", "--out", "/work/release")
    assert done.returncode == 0, done.stderr[-3000:]
    return tools.bound["work"] / "release"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where image.cdx.json goes."""
    return tmp_path_factory.mktemp("lists")


@pytest.fixture(scope="module")
def served(make: Make, images: Images, bundle: Path, lists: Path) -> Container:
    """The image `runtime`, with that bundle."""
    done = make("image", BUNDLE=bundle, TAG=SERVED, SBOM=lists)
    assert done.returncode == 0, done.stderr[-3000:]
    return images.container(SERVED)


@pytest.fixture(scope="module")
def serving(served: Container) -> Iterator[Run]:
    """The image as it starts by itself, once it is ready."""
    until = time.monotonic() + 60  # seconds
    with served.start() as run:
        while not run.also("python", "-c", ASK, "/readyz").stdout.startswith("200 "):
            assert time.monotonic() < until
            time.sleep(0.5)
        yield run


def digest_of(bundle: Path) -> str:
    manifest = json.loads((bundle / ".edgecompress/manifest.json").read_text())
    return str(manifest["digest"])


def test_whoever_releases_is_nobody_special(tools: Container, bundle: Path) -> None:
    assert (bundle / "model.onnx").stat().st_uid == 10001


def test_the_tools_find_themselves_complete(tools: Container) -> None:
    done = tools.run("doctor", "--json")
    seen = {line["what"]: line["seen"] for line in json.loads(done.stdout)}
    assert done.returncode == 0
    told = [seen[f"extra {name}"] for name in ("build", "attack", "sign")]
    assert [extra for extra in told if "missing" in extra] == []


def test_the_runtime_is_small(images: Images, served: Container, bundle: Path) -> None:
    own_mb = sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) / 1e6
    size_mb = images.megabytes(SERVED) - own_mb + BUNDLE_MB
    print(f"\nruntime: {size_mb:.0f} MB, {BUNDLE_MB} of them a bundle")
    assert size_mb <= MOST_MB


def test_an_engine_is_told_what_it_needs(images: Images, served: Container, bundle: Path) -> None:
    settings = images.settings(SERVED)
    assert settings["User"] == "10001:10001"
    assert settings["Labels"]["edgecompress.bundle.digest"] == digest_of(bundle)
    assert settings["Healthcheck"]["Test"][0] == "CMD"
    assert list(settings["ExposedPorts"]) == ["8000/tcp"]


def test_nothing_can_be_written_but_shared_memory(served: Container) -> None:
    script = "touch /dev/shm/x && ! touch /x /tmp/x /bundle/x 2>/dev/null && id -u"
    assert served.run("-c", script, entry=["sh"]).stdout == "10001\n"


def test_verify_holds_in_there(served: Container) -> None:
    done = served.run("verify", "/bundle")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_runtime_tests_itself_in_there(served: Container) -> None:
    done = served.run("-m", "edgecompress.runtime", "/bundle", entry=["python"])
    assert (done.returncode, done.stderr) == (0, "")


def test_predict_answers_in_there(served: Container) -> None:
    done = served.run("predict", "/bundle", "a good film")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["label"] in ("negative", "positive")


def test_the_health_check_is_one(images: Images, served: Container, serving: Run) -> None:
    check = images.settings(SERVED)["Healthcheck"]["Test"][1:]
    assert serving.also(*check).returncode == 0
    with served.start("30", entry=["sleep"]) as idle:  # nobody serves there
        assert idle.also(*check).returncode == 1


def test_it_answers_over_http(serving: Run, bundle: Path) -> None:
    assert serving.also("python", "-c", ASK, "/healthz").stdout.startswith("200 ")
    asked = json.dumps({"texts": ["a good film", "a bad film"]})
    status, _, body = serving.also("python", "-c", ASK, "/v1/predict", asked).stdout.partition(" ")
    told: dict[str, Any] = json.loads(body)
    assert (status, len(told["predictions"]), told["model"]) == ("200", 2, digest_of(bundle))


def test_a_stop_of_the_engine_is_obeyed(serving: Run) -> None:
    assert serving.stop() == 143  # the last test that needs it


def test_it_holds_these_packages_and_no_others(served: Container) -> None:
    (packages,) = served.root.glob("opt/edgecompress/lib/python3*/site-packages")
    assert {p.name.partition("-")[0] for p in packages.glob("*.dist-info")} == SHIPPED


def test_neither_pip_nor_a_compiler_is_there(served: Container) -> None:
    programs, modules = ("pip", "pip3", "gcc", "cc", "ld"), ("pip", "ensurepip", "setuptools")
    script = FOUND.format(programs=programs, modules=modules)
    assert served.run("-c", script, entry=["python"]).stdout == "[] []\n"


def test_a_start_compiles_nothing(served: Container) -> None:
    assert served.run("-c", LOADED_FROM_SOURCE, entry=["python"]).stdout == "[]\n"


def test_the_ways_to_the_packages_stay_outside(served: Container, tools: Container) -> None:
    for root in (served.root, tools.root):
        assert not [p for p in ("run/secrets", "etc/pip.conf", "src") if (root / p).is_file()]


def test_its_list_is_valid_and_names_what_it_holds(
    served: Container, lists: Path, bundle: Path
) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = (lists / "image.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    urls = [part.get("purl", "") for part in json.loads(text)["components"]]
    named = {url.split("/")[1].partition("@")[0] for url in urls if url.startswith("pkg:pypi/")}
    assert named == {name.replace("_", "-") for name in SHIPPED}
    assert [url for url in urls if url.startswith("pkg:deb/debian/libc6@")]
    assert digest_of(bundle) in text


def test_a_damaged_bundle_becomes_no_image(make: Make, bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    (copy / "config.json").write_text("{}")
    done = make("image", BUNDLE=copy, TAG="localhost/damaged:test", SBOM=tmp_path)
    assert done.returncode != 0
    assert "config.json" in done.stdout + done.stderr


def test_a_label_cannot_tell_of_another_bundle(make: Make, bundle: Path, tmp_path: Path) -> None:
    done = make("image", BUNDLE=bundle, DIGEST="0" * 64, TAG="localhost/x:test", SBOM=tmp_path)
    assert done.returncode != 0
