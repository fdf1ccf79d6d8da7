"""Two runs on one store."""

from edgecompress.core.progress import Silent
from edgecompress.store.store import Store


def test_two_runs_at_once_both_end_well_and_share_the_work(fresh, released):
    both = [fresh.start("run", released.recipe) for _ in range(2)]
    said = [running.communicate(timeout=300)[1] for running in both]
    assert [running.returncode for running in both] == [0, 0], said
    assert sum(text.count(": done in") for text in said) == 4
    assert Store(fresh.store, Silent()).verify() == []


def test_a_damaged_object_is_made_again_with_one_warning(fresh, released):
    assert fresh("run", released.recipe).returncode == 0
    (model,) = [e for e in Store(fresh.store, Silent()).entries() if e.kind == "int8-onnx-model"]
    (file,) = model.path.rglob("model.onnx")
    raw = bytearray(file.read_bytes())
    raw[1000] ^= 1
    file.write_bytes(raw)
    done = fresh("run", released.recipe)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning: damaged object set aside") == 1
    assert done.stderr.count(": cached") == 3
