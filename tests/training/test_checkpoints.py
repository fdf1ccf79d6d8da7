from pathlib import Path

import pytest
import torch

from edgecompress.core.progress import Silent
from edgecompress.training.checkpoints import Checkpoint, Checkpoints


class Ears(Silent):
    """Remembers the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, line: str) -> None:
        self.warnings.append(line)


def checkpoint(number: int) -> Checkpoint:
    return Checkpoint({"weights": {"w": torch.full((3,), float(number))}}, {"step": number})


def folders(place: Path) -> list[Path]:
    return sorted(place.glob("0*"))


def test_gives_back_the_newest_as_it_was_saved(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new" / "place")
    for number in range(3):
        checkpoints.save(checkpoint(number))
    found = Checkpoints(tmp_path / "new" / "place").newest(Silent())
    assert found is not None
    assert found.state == {"step": 2}
    assert found.tensors["weights"]["w"].tolist() == [2.0, 2.0, 2.0]


def test_keeps_the_last_two(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for number in range(5):
        checkpoints.save(checkpoint(number))
    assert [path.name[:8] for path in folders(tmp_path)] == ["00000003", "00000004"]
    assert len(checkpoints) == 2


def test_there_is_none_at_first(tmp_path):
    assert Checkpoints(tmp_path).newest(Silent()) is None


def test_an_unfinished_one_is_never_seen_and_goes(tmp_path):
    Checkpoints(tmp_path).save(checkpoint(1))
    (tmp_path / ".new").mkdir()
    (tmp_path / ".new" / "state.json").write_text("{")
    again = Checkpoints(tmp_path)
    assert again.newest(Silent()).state == {"step": 1}
    assert not (tmp_path / ".new").exists()


@pytest.mark.parametrize("name", ["weights.safetensors", "state.json"])
def test_one_flipped_bit_sends_training_back_to_the_one_before(tmp_path, name):
    checkpoints, ears = Checkpoints(tmp_path), Ears()
    checkpoints.save(checkpoint(1))
    checkpoints.save(checkpoint(2))
    damaged = folders(tmp_path)[-1] / name
    contents = bytearray(damaged.read_bytes())
    contents[-3] ^= 1
    damaged.write_bytes(contents)
    assert checkpoints.newest(ears).state == {"step": 1}
    assert len(ears.warnings) == 1
    assert "damaged since it was written" in ears.warnings[0]


def test_a_file_that_is_gone_counts_as_damage(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(checkpoint(1))
    (folders(tmp_path)[-1] / "weights.safetensors").unlink()
    assert checkpoints.newest(Silent()) is None


def test_a_link_in_place_of_a_file_counts_as_damage(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    weights = checkpoints.save(checkpoint(1)) / "weights.safetensors"
    moved = weights.rename(tmp_path.with_name("elsewhere"))
    weights.symlink_to(moved)
    assert checkpoints.newest(Silent()) is None
