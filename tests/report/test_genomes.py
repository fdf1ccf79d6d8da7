import re

from edgecompress.report.genomes import BOX_WIDE, TALL, Bars, Graph, drawing
from edgecompress.search.cells import CellGenome
from edgecompress.search.genome import Shape
from edgecompress.search.subnetworks import Cut, Subnetwork
from edgecompress.search.taught import Taught

SHAPE = Shape(384, 32, (12,) * 3, (1536,) * 3, 30522, 512, 2, 2)


def test_bars_are_as_tall_as_what_is_left():
    drawn = drawing(Subnetwork((Cut(0, 12, 768), Cut(2, 3, 1536)), 96), SHAPE)
    assert isinstance(drawn, Bars)
    tall = [(layer.heads, layer.neurons) for layer in drawn.layers]
    assert tall == [(TALL, TALL / 2), (0.0, 0.0), (TALL / 4, TALL)]
    assert drawn.words == TALL / 4
    assert drawn.layers[-1].x + 14 <= drawn.width


def test_a_student_is_drawn_alike_however_it_learns():
    student = Subnetwork((Cut(0, 12, 768),), None)
    assert drawing(Taught(student, 0.2), SHAPE) == drawing(student, SHAPE)


def test_a_node_stands_behind_all_that_it_reads():
    nodes = (("attention", (0,)), ("conv3", (0,)), ("identity", (1, 2)))
    drawn = drawing(CellGenome(nodes, 4, 384), SHAPE)
    assert isinstance(drawn, Graph)
    assert [node.name for node in drawn.nodes] == ["in", "att", "conv3", "sum"]
    entry, attention, conv, last = drawn.nodes
    assert entry.x < attention.x == conv.x < last.x
    assert attention.y != conv.y
    assert [node.last for node in drawn.nodes] == [False, False, False, True]
    assert len(drawn.edges) == 4
    assert drawn.times == "4 times"
    assert last.x + BOX_WIDE <= drawn.width


def test_an_edge_that_passes_a_node_runs_below_it():
    nodes = (("attention", (0,)), ("identity", (0, 1)))
    drawn = drawing(CellGenome(nodes, 1, 384), SHAPE)
    assert isinstance(drawn, Graph)
    passing = drawn.edges[1]  # from the entry to the sum
    numbers = [float(one) for one in re.findall(r"[\d.]+", passing)]
    assert max(numbers[3::2]) > numbers[1]


def test_what_nobody_taught_us_to_draw_is_not_drawn():
    assert drawing((1, 2, 3), SHAPE) is None
