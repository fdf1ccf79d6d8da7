"""What torchrun and several MPIs leave in the environment."""

import pytest

from edgecompress.core.launch import COUNTS, NUMBERS, launched, launched_in_vain


@pytest.fixture
def world(monkeypatch):
    """Sets the environment as a launcher does, and nothing else of that kind."""
    for name in (*COUNTS, *NUMBERS, "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)

    def launch(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return launch


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (0, 1)),
        ({"WORLD_SIZE": "3", "RANK": "2"}, (2, 3)),  # torchrun
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, (1, 2)),  # Open MPI
        ({"PMI_SIZE": "2", "PMI_RANK": "1"}, (1, 2)),  # MPICH, Intel MPI
        ({"WORLD_SIZE": "1", "RANK": "0"}, (0, 1)),
        ({"RANK": "4"}, (0, 1)),  # somebody else's variable
    ],
)
def test_a_launcher_tells_number_and_count(variables, expected, world):
    world(**variables)
    assert launched() == expected


def test_an_address_without_a_count_is_a_launch_in_vain(world):
    assert not launched_in_vain()
    world(MASTER_ADDR="127.0.0.1")  # all that accelerate 1.15 says after `launch --cpu`
    assert launched_in_vain()
    world(WORLD_SIZE="2")
    assert not launched_in_vain()
