import shutil
from collections import namedtuple

import numpy as np
import pytest
import torch

from edgecompress.core.errors import EnvironmentFault
from edgecompress.training.signals import Asked, Wanted, teacher_signals

WANTED = Wanted(hidden=(0, 2), attention=(1,))


def test_each_row_gets_what_the_teacher_says_of_it_alone(new_encoder, new_rows, here):
    teacher, rows = new_encoder().eval(), new_rows(40)
    found = teacher_signals(Asked(teacher, rows, WANTED, "fp32"), here.scratch / "s", here.progress)
    picked = np.array([7, 3, 21])
    lengths = rows.lengths[picked]
    hidden, maps = found.hidden[1].padded(picked, lengths), found.attention[0]
    assert hidden.shape == (3, lengths.max(), 16)
    for place, row in enumerate(picked):
        with torch.no_grad():
            alone = teacher(*rows.batch(np.array([row])).inputs, hidden=True, attention=True)
        tokens = int(lengths[place])
        np.testing.assert_allclose(found.logits[row], alone.logits[0], atol=1e-6)
        torch.testing.assert_close(hidden[place, :tokens], alone.hidden[2][0], atol=2e-3, rtol=0)
        assert hidden[place, tokens:].abs().sum() == 0
        own_map = maps.padded(np.array([row]), lengths[[place]])[0]
        torch.testing.assert_close(own_map, alone.attention[1][0], atol=1e-3, rtol=0)


def test_the_teacher_is_asked_without_dropout(new_encoder, new_rows, here):
    rows = new_rows(8)
    asked = Asked(new_encoder().train(), rows, Wanted(), "fp32")
    one = teacher_signals(asked, here.scratch / "one", here.progress)
    two = teacher_signals(asked, here.scratch / "two", here.progress)
    assert np.array_equal(one.logits, two.logits)


def test_finished_signals_are_not_asked_for_again(new_encoder, new_rows, here):
    rows = new_rows(8)
    first = teacher_signals(
        Asked(new_encoder(), rows, WANTED, "fp32"), here.scratch / "s", here.progress
    )

    class Mute(type(new_encoder())):
        def forward(self, *inputs, **wishes):
            raise AssertionError("asked again")

    mute = Asked(Mute(new_encoder().config), rows, WANTED, "fp32")
    again = teacher_signals(mute, here.scratch / "s", here.progress)
    assert np.array_equal(first.logits, again.logits)
    assert len(again.hidden) == 2


def test_unfinished_signals_are_made_anew(new_encoder, new_rows, here):
    (here.scratch / ".s").mkdir()
    (here.scratch / ".s" / "logits.npy").write_text("half")
    asked = Asked(new_encoder(), new_rows(8), Wanted(), "fp32")
    assert teacher_signals(asked, here.scratch / "s", here.progress).logits.shape == (8, 2)
    assert sorted(path.name for path in here.scratch.iterdir()) == ["s"]


def test_a_full_disk_is_told_before_it_is_filled(new_encoder, new_rows, here, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 90, 10))
    asked = Asked(new_encoder(), new_rows(8), WANTED, "fp32")
    with pytest.raises(EnvironmentFault, match="inner states need 0.0 GB, 0.0 GB are free"):
        teacher_signals(asked, here.scratch / "s", here.progress)
    assert not (here.scratch / "s").exists()
