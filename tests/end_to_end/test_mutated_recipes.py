"""Three hundred spoilt recipes: exit 2, a place in the file, no traceback, at once."""

import random
import re
import time

import pytest

from edgecompress.cli.main import _run
from tests.end_to_end.harm import SMOKE

LINES = SMOKE.read_text().splitlines()
KEYS = re.findall(
    r"[{ ,]([a-z_]+): ", "\n".join(line for line in LINES if not line.startswith("#"))
)


def unknown_key(rng, text):
    key = rng.choice(KEYS)
    return text.replace(f"{key}: ", f"{key}x: ", 1)


def wrong_type(rng, text):
    value = rng.choice(["[]", "{}", "~", "'5e-5'", "no", "-1", ".nan", "1e999", "2020-01-01"])
    places = list(re.finditer(r": ([0-9.e-]+)(?=[,}\n])", text))
    place = rng.choice(places)
    return text[: place.start(1)] + value + text[place.end(1) :]


def duplicate_key(rng, text):
    key = rng.choice(["name", "task", "seed", "labels"])
    return text + f"{key}: again\n"


def alias(rng, text):
    return text.replace("seed: 7", "seed: &a 7") + "other: *a\n"


def tab(rng, text):
    lines = text.splitlines()
    at = rng.choice([i for i, line in enumerate(lines) if line.startswith("  ")])
    lines[at] = "\t" + lines[at].strip()
    return "\n".join(lines)


def cut(rng, text):
    """Up to a place inside the gate: what is left is broken or misses something."""
    return text[: rng.randrange(1, text.index("gate:"))]


def empty(rng, text):
    return rng.choice(["", "\n", "# nothing\n", "---\n", "~\n", "[]\n", "word\n"])


def huge(rng, text):
    return text + "#" * 10_000_000


def bytes_swapped(rng, text):
    at = rng.randrange(text.index("stages:"), len(text) - 1)
    return text[:at] + rng.choice("{}[]:\0\x07&*!|>%@`") + text[at:]


MUTATIONS = (unknown_key, wrong_type, duplicate_key, alias, tab, cut, empty, huge, bytes_swapped)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.__name__)
def test_a_spoilt_recipe_is_refused_with_its_place(mutation, tmp_path, capfd):
    rng = random.Random(mutation.__name__)
    for number in range(34):
        text = mutation(rng, SMOKE.read_text())
        path = tmp_path / f"{number}.yaml"
        path.write_text(text)
        began = time.perf_counter()
        code = _run(["validate", str(path)])
        took = time.perf_counter() - began
        said = capfd.readouterr().err
        if code == 0 and mutation is bytes_swapped:
            continue  # a character inside a word or a comment can leave a sound recipe
        assert code == 2, (text[-300:], said)
        assert re.search(r"\.yaml:\d+:\d+: ", said), said
        assert "Traceback" not in said
        assert took < 2
