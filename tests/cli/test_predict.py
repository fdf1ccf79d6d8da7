"""`edgecompress predict` on files: bounded memory, errors with their line, one document."""

import json

import pytest
from click.testing import CliRunner

from edgecompress.cli import predict
from edgecompress.cli.output import long_list
from edgecompress.runtime.bundle import seal_bundle
from edgecompress.runtime.errors import InputError
from tests.runtime.conftest import folder, make_model, tokenizer

__all__ = ["folder", "make_model", "tokenizer"]


@pytest.fixture
def ask(make_model):
    """Answers a call on a bundle of ten words; what is raised comes through."""
    bundle = make_model()
    seal_bundle(bundle, sequence=1)

    def call(*arguments, stdin=None):
        asked = [str(bundle), *map(str, arguments)]
        return CliRunner().invoke(predict.command, asked, input=stdin, catch_exceptions=False)

    return call


@pytest.fixture
def elsewhere(tmp_path_factory):
    """Not in the bundle, which would be refused for a file more."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture
def reviews(elsewhere):
    path = elsewhere / "reviews.jsonl"
    rows = [{"text": "good film" if n % 3 else "bad film"} for n in range(200)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def test_a_file_is_read_while_answers_go_out(reviews):
    wanted = []
    with reviews.open("rb") as file:
        lines = predict._raw_lines(file, "reviews", wanted.append)
        next(predict._parts(lines))
        assert len(wanted) == predict.AT_A_TIME - 1  # the last line is counted by the next wish


def test_the_bar_counts_every_byte_of_the_file(reviews):
    read = []
    with reviews.open("rb") as file:
        assert len(list(predict._raw_lines(file, "reviews", read.append))) == 200
    assert sum(read) == reviews.stat().st_size


def test_with_json_a_long_file_is_one_document(ask, reviews):
    done = ask("--input", reviews, "--json")
    labels = [answer["label"] for answer in json.loads(done.stdout)]
    assert labels == ["positive" if n % 3 else "negative" for n in range(200)]


@pytest.mark.parametrize("values", [[], [{"a": 1}], [{"a": [1, 2]}, {"b": {}}]])
def test_a_list_that_is_never_whole_looks_as_if_it_were(values, capsys):
    long_list(iter(values))
    assert capsys.readouterr().out == json.dumps(values, indent=2) + "\n"


def test_a_file_without_line_ends_is_not_held_whole(ask, elsewhere, monkeypatch):
    monkeypatch.setattr(predict, "LONGEST_LINE_BYTES", 100)
    path = elsewhere / "flat.jsonl"
    path.write_text(json.dumps({"text": "good " * 1000}))
    with pytest.raises(InputError, match=r"flat.jsonl:1: longer than 100 bytes"):
        ask("--input", path)


def test_stdin_ends_without_a_line_end(ask):
    done = ask(stdin="good film\nbad film")
    assert [json.loads(line)["label"] for line in done.stdout.splitlines()] == [
        "positive",
        "negative",
    ]
