"""Weights in few bits, in blocks with a scale each; every number can be checked by hand."""

import numpy as np
import pytest

from edgecompress.models.weight_only import in_blocks, pack_products
from tests.graphs import answer, constant, graph, kinds, node

RNG = np.random.default_rng(0)


def test_the_largest_of_each_block_lies_at_the_long_end():
    weight = np.zeros((32, 1), np.float32)
    weight[:3, 0] = [4, -2, 1]
    weight[16:18, 0] = [-16, 8]
    numbers, steps = in_blocks(weight, bits=4, block=16)
    assert steps.tolist() == [[-0.5, 2]]  # 4 / -8 and -16 / -8
    assert numbers[0, 0, :4].tolist() == [0, 12, 6, 8]  # 4 / -0.5 + 8, -2 / -0.5 + 8, ...
    assert numbers[0, 1, :3].tolist() == [0, 12, 8]


def test_what_a_block_cannot_fill_is_zero():
    numbers, steps = in_blocks(np.ones((5, 1), np.float32), bits=8, block=16)
    assert numbers[0, 0].tolist() == [0] * 5 + [128] * 11
    assert steps.tolist() == [[-1 / 128]]


def test_a_block_of_zeros_has_a_step():
    numbers, steps = in_blocks(np.zeros((16, 1), np.float32), bits=8, block=16)
    assert set(numbers.ravel()) == {128}
    assert steps.tolist() == [[1]]


@pytest.mark.parametrize(("bits", "far"), [(8, 0.05), (4, 0.8)])
@pytest.mark.parametrize("rows", [32, 40])
def test_a_packed_product_is_near_the_floating_one(bits, far, rows):
    weight = RNG.normal(size=(rows, 6))
    model = graph([node("MatMul", ["x", "w"], "out")], {"w": weight})
    given = RNG.normal(size=(2, 3, rows))
    packed = pack_products(
        graph([node("MatMul", ["x", "w"], "out")], {"w": weight}), {"out"}, bits, 16
    )
    assert kinds(packed) == ["MatMulNBits"]
    distance = np.abs(answer(packed, given) - answer(model, given))
    # each of `rows` products is off by half a step of the weight at most, mostly by far less
    assert 0 < distance.mean() < far


def test_only_what_is_named_is_packed_and_its_floats_are_dropped():
    nodes = [node("MatMul", ["x", "w"], "one"), node("MatMul", ["one", "v"], "out")]
    packed = pack_products(graph(nodes, {"w": np.eye(16), "v": np.eye(16)}), {"one"}, 8, 16)
    assert kinds(packed) == ["MatMulNBits", "MatMul"]
    assert {weight.name for weight in packed.graph.initializer} == {"v", "one/numbers", "one/steps"}


def test_two_numbers_of_four_bits_share_a_byte_the_first_below():
    weight = np.zeros((16, 1))
    weight[:2, 0] = [-8, 3]
    packed = pack_products(
        graph([node("MatMul", ["x", "w"], "out")], {"w": weight}), {"out"}, 4, 16
    )
    assert constant(packed, "out/numbers")[0, 0, :2].tolist() == [0 + 16 * 11, 8 + 16 * 8]
