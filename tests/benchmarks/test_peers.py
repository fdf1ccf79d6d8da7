"""The arithmetic and the words behind the comparison with peers."""

import numpy as np
import pytest

from benchmarks import floor
from benchmarks.contenders import OURS, REFERENCE
from benchmarks.contenders.crew import Failed, in_turns
from benchmarks.contenders.summary import best_of_equals
from benchmarks.contenders.table import BEGIN, END, markdown, write_between_marks
from benchmarks.contenders.work import Rows, made_up
from edgecompress.models.encoder_config import EncoderConfig

TINY = EncoderConfig(
    vocab_size=10,
    hidden=4,
    heads=(2, 2),
    head_size=2,
    intermediate=(8, 8),
    labels=("negative", "positive"),
)


def test_only_the_first_token_counts_behind_the_last_attention():
    # layer 1, 3 tokens: 3 * (4 * 4*4 + 2 * 4*8) + 2 * 3*3*4 = 456; layer 2: keys and values of all,
    # 3 * 2 * 4*4 = 96, query and out 2 * 4*4 = 32, feed-forward 64, scores and sums 2 * 3*4 = 24;
    # head 4*4 + 4*2 = 24
    assert floor.macs(TINY, 3) == 456 + 96 + 32 + 64 + 24 + 24


def test_weights_are_counted_once_and_tables_not_at_all():
    assert floor.weight_bytes(TINY) == 16 + 2 * (4 * 16 + 2 * 32)


def test_a_factorized_matrix_costs_its_two_factors():
    thin = EncoderConfig(**{**TINY.to_json(), "ranks": ({"up": 1}, {})})
    assert floor.weight_bytes(TINY) - floor.weight_bytes(thin) == 4 * 8 - (4 + 8)


def test_rows_survive_their_file_and_are_padded_with_a_mask(tmp_path):
    rows = Rows(
        [np.array([5, 6, 7]), np.array([8])], [np.zeros(3, int), np.ones(1, int)], np.ones(2)
    )
    rows.save(tmp_path / "rows.npz")
    feed = Rows.read(tmp_path / "rows.npz").feed([0, 1])
    assert feed["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert feed["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert feed["token_type_ids"].tolist() == [[0, 0, 0], [1, 0, 0]]


def test_everybody_gets_the_same_made_up_ids():
    assert (
        made_up(2, 8, 100, seed=3)["input_ids"] == made_up(2, 8, 100, seed=3)["input_ids"]
    ).all()


class Asked:
    """A contender that dies at its n-th turn."""

    def __init__(self, dies_at=99):
        self.turns, self.dies_at = [], dies_at

    def ask(self, **asked):
        self.turns.append(asked["time"])
        if len(self.turns) == self.dies_at:
            raise Failed("out of breath")
        return {"wall_s": [0.1, 0.2], "cpu_s": [0.1, 0.1]}


def test_who_dies_in_a_turn_does_not_stop_the_others(monkeypatch):
    monkeypatch.setattr("benchmarks.contenders.crew.PAUSE_S", 0)
    crew = {"a": Asked(), "b": Asked(dies_at=2)}
    taken, lost = in_turns(crew, lambda turn: {"seed": turn}, 5, seed=7)
    assert lost == {"b": "out of breath"}
    assert taken == {"a": {"wall_s": [[0.1, 0.2]] * 5, "cpu_s": [[0.1, 0.1]] * 5}}
    assert crew["a"].turns == [{"seed": turn} for turn in range(5)]


@pytest.fixture
def found():
    """Three contenders: the reference, a fast one that decides otherwise, and ours."""

    def contender(title, flips):
        share = [flips, flips, flips]
        numbers = dict.fromkeys(("accuracy", "flips", "flips_in_batches"), share)
        costs = {"cold_start_ms": [100, 90, 110], "peak_rss_bytes": [1e8, 1e8, 1e8]}
        return {"title": title, "bytes": 17_000_000, **numbers, **costs}

    def timed(ms, ratio):
        return {"wall_p50_ms": [ms, ms, ms], "times_ours": ratio}

    return {
        "texts": {"rows": 10, "tokens_p50": 20, "tokens_max": 40},
        "contenders": {
            REFERENCE: contender("PyTorch", 0.0),
            "wrong": contender("fast and wrong", 0.02),
            OURS: contender("ours", 0.004),
            "absent": {"title": "not here", "failed": "No module named 'openvino'"},
        },
        "cells": [
            {
                "threads": 1,
                "shape": "1x24",
                "of": {
                    REFERENCE: timed(9.0, [15.0, 14.0, 16.0]),
                    "wrong": timed(0.3, [0.5, 0.4, 0.6]),
                    OURS: timed(0.6, [1.0, 1.0, 1.0]),
                },
            }
        ],
        "floor": {"of": {"1x24": {"arithmetic_ms": 0.2, "reading_ms": 0.25}}},
        "load": 0.1,
        "environment": {"cpu": "a CPU"},
        "versions": {"torch": "2"},
    }


def test_a_faster_wrong_model_is_no_winner(found):
    assert best_of_equals(found, found["cells"][0]) == REFERENCE
    assert "PyTorch takes 15.00 (14.00 to 16.00) of our CPU time: ours is faster" in markdown(found)


def test_who_could_not_take_part_is_listed_with_the_reason(found):
    assert "- not here is not in the table: `No module named 'openvino'`" in markdown(found)


def test_the_floor_is_the_larger_of_its_two_bounds(found):
    assert "| hardware floor | 0.25 |" in markdown(found)


def test_the_page_around_the_table_stays(found, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between_marks(page, "new\n")
    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
