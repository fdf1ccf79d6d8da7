import torch

from edgecompress.training import precision
from edgecompress.training.precision import accelerator, autocast, choose_precision


def test_auto_takes_bf16_only_where_the_cpu_multiplies_it(monkeypatch):
    for flags, expected in ((["avx512_bf16"], "bf16"), (["amx_bf16"], "bf16"), (["avx2"], "fp32")):
        monkeypatch.setattr(precision, "environment", lambda flags=flags: {"cpu_flags": flags})
        assert choose_precision("auto") == expected


def test_what_was_asked_for_is_taken():
    assert (choose_precision("fp32"), choose_precision("bf16")) == ("fp32", "bf16")


def test_one_process_may_train_in_both():
    layer, ones = torch.nn.Linear(2, 2), torch.ones(1, 2)
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)) * 2:
        with accelerator(name).autocast():
            assert layer(ones).dtype == dtype
        with autocast(name):
            assert layer(ones).dtype == dtype
