"""What the comparison of one student with adversaries and without says."""

import numpy as np

from benchmarks.adversary import PLAIN, markdown
from benchmarks.judge import differences

RIGHT = {
    PLAIN: [{"pwws": np.array([True, False, False, False])}] * 2,
    "both": [{"pwws": np.array([True, True, True, False])}] * 2,
    "teacher": [{"pwws": np.array([True, True, False, False])}] * 2,
}


def test_the_tables_have_the_shares_of_all_and_what_an_adversary_adds():
    found = {
        "radius": 0.2,
        "values": {
            name: {"pwws": [float(each["pwws"].mean()) for each in by_seed]}
            for name, by_seed in RIGHT.items()
        },
        "differences": differences(RIGHT, [("both", PLAIN)]),
        "environment": {"cpu": "a processor"},
    }
    told = markdown(found)
    assert "| both | 75.0 % |" in told
    assert "| plainly | 25.0 % |" in told
    assert "| both | +50.0 [+0.0, +100.0] |" in told
    assert "Radius 0.2, 2 trainings each; rows: 4 (pwws). a processor." in told
