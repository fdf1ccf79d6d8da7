"""The base install: verify and predict work, every other verb says what is missing."""

import json
import subprocess
import sys

import pytest

FORBIDDEN = ("torch", "transformers", "onnx", "pydantic", "ruamel.yaml", "scipy", "rich")


@pytest.fixture(scope="module")
def bare(repository, tmp_path_factory):
    """The scripts of an empty environment after `pip install .`"""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    scripts = folder / "venv/bin"
    subprocess.run(
        [scripts / "pip", "install", "-q", "-c", repository / "requirements/lock.txt", repository],
        check=True,
        capture_output=True,
    )
    return scripts


def run(*command, **options):
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, **options
    )


def test_none_of_the_build_packages_came_along(bare):
    listed = {
        p["name"].lower() for p in json.loads(run(bare / "pip", "list", "--format=json").stdout)
    }
    assert listed & set(FORBIDDEN) == set()


def test_what_came_along_fits_together(bare):
    assert run(bare / "pip", "check").returncode == 0


def test_predict_answers(bare, released):
    done = run(bare / "edgecompress", "predict", released.bundle, "a good film")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] in ("negative", "positive")


def test_verify_and_doctor_work(bare, released):
    assert run(bare / "edgecompress", "verify", released.bundle).returncode == 0
    assert "extra build" in run(bare / "edgecompress", "doctor").stdout


def test_the_runtime_tests_itself(bare, released):
    done = run(bare / "python", "-m", "edgecompress.runtime", released.bundle, cwd="/")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "verb", ["validate", "plan", "run", "gate", "release", "compare", "schema"]
)
def test_a_verb_of_the_build_extra_says_what_to_install(bare, verb):
    done = run(bare / "edgecompress", verb, "--help")
    assert done.returncode == 4
    assert 'pip install "edgecompress[build]"' in done.stderr


def test_serve_teaches_itself_and_says_what_it_needs(bare, released):
    assert run(bare / "edgecompress", "serve", "--help").returncode == 0
    done = run(bare / "edgecompress", "serve", released.bundle)
    assert done.returncode == 4
    assert 'pip install "edgecompress[serve]"' in done.stderr


def test_help_lists_all_verbs_all_the_same(bare):
    assert "release" in run(bare / "edgecompress", "--help").stdout
