"""What the comparison of one student with and without an adversary says."""

import numpy as np

from benchmarks.adversary import WITH, WITHOUT, markdown
from benchmarks.judge import differences

RIGHT = {
    WITH: [{"pwws": np.array([True, True, True, False])}] * 2,
    WITHOUT: [{"pwws": np.array([True, False, False, False])}] * 2,
    "teacher": [{"pwws": np.array([True, True, False, False])}] * 2,
}


def test_the_table_has_the_shares_of_all_three_and_what_the_adversary_adds():
    found = {
        "radius": 0.2,
        "values": {
            name: {"pwws": [float(each["pwws"].mean()) for each in by_seed]}
            for name, by_seed in RIGHT.items()
        },
        "differences": differences(RIGHT, [(WITH, WITHOUT)]),
        "environment": {"cpu": "a processor"},
    }
    told = markdown(found)
    assert "| with an adversary | 75.0 % |" in told
    assert "| without | 25.0 % |" in told
    assert "| points more with it, 95 % interval | +50.0 [+0.0, +100.0] |" in told
    assert "Radius 0.2, 2 trainings each; rows: 4 (pwws). a processor." in told
