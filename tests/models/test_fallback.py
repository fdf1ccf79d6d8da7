"""The worst operators go back to float until limits hold; names stand for graphs."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from edgecompress.models.fallback import Found, broken, find_floating
from edgecompress.recipe.shipping import Fallback
from tests.fakes import Listener, texts
from tests.graphs import node

HARM = {"a": 0.01, "b": 0.3, "c": 0.2, "d": 0.0}  # label loyalty that each takes in 8 bits


class Names:
    """Stands for a prepared graph: what is quantized is the set of names in 8 bits."""

    operators = tuple(node("MatMul", ["x", "w"], name) for name in HARM)

    def quantized(self, floating: Any = ()) -> frozenset[str]:
        return frozenset(HARM) - set(floating)


@dataclass
class Sums:
    """Stands for a bench: harm adds up, and errors are the square of it."""

    texts: Any = field(default_factory=lambda: texts([0, 1]))
    judged: list[frozenset[str]] = field(default_factory=list)

    def error(self, graph: frozenset[str]) -> float:
        return sum(HARM[name] for name in graph) ** 2

    def seen(self, graph: frozenset[str], limits: Any) -> dict[str, float]:
        self.judged.append(graph)
        return {"bytes": 10.0, "label_loyalty": 1 - sum(HARM[name] for name in graph)}


def find(at_least: float, most: int = 4, told: Listener | None = None) -> Found:
    settings = Fallback(label_loyalty_at_least=at_least, most=most)
    return find_floating(Names(), settings, Sums(), told or Listener())  # type: ignore[arg-type]


def test_the_worst_goes_back_first_and_no_more_than_need_be() -> None:
    found = find(0.95)
    assert found.floating == ("b", "c")
    assert found.facts["plain"]["label_loyalty"] == pytest.approx(0.49)
    assert [one["label_loyalty"] for one in found.facts["returned"]] == pytest.approx([0.79, 0.99])
    assert found.facts["returned"][0]["error"] == pytest.approx(0.09)  # of "b" alone
    assert found.facts["holds"]


def test_where_nothing_is_broken_nothing_is_searched() -> None:
    found = find(0.4)
    assert found.floating == ()
    assert found.facts["errors"] == {}
    assert found.facts["holds"]


def test_a_search_ends_with_a_warning_where_it_may_not_go_on() -> None:
    told = Listener()
    found = find(0.95, most=1, told=told)
    assert found.floating == ("b",)
    assert not found.facts["holds"]
    assert told.warnings == [
        "quantize: label_loyalty_at_least still broken with 1 operators floating; "
        "raise `most`, or train for 8 bits"
    ]
    assert told.lines == ["quantize: b stays floating; label loyalty 0.7900"]


def test_operators_of_equal_harm_go_back_in_the_order_of_the_graph() -> None:
    found = find(1.0)
    assert found.floating == ("b", "c", "a")  # and not "d", which harms nothing


@pytest.mark.parametrize(
    ("seen", "limits", "names"),
    [
        ({"label_loyalty": 0.98}, {"label_loyalty_at_least": 0.98}, []),
        ({"label_loyalty": 0.97}, {"label_loyalty_at_least": 0.98}, ["label_loyalty_at_least"]),
        ({"accuracy_drop": 0.0}, {"accuracy_drop_at_most": 0.0}, []),
        ({"accuracy_drop": 0.1}, {"accuracy_drop_at_most": 0.0}, ["accuracy_drop_at_most"]),
    ],
)
def test_a_limit_that_is_just_kept_is_not_broken(seen, limits, names) -> None:
    assert broken(seen, limits) == names
