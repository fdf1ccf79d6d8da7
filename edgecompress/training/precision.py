"""Which arithmetic a training runs in: fp32, or bf16 for the matrix products."""

from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from edgecompress.runtime.machine import environment

Precision = Literal["fp32", "bf16"]
BF16_FLAGS = {"amx_bf16", "avx512_bf16"}  # elsewhere bf16 is emulated, and slower than fp32


def choose_precision(asked: Literal["auto", "fp32", "bf16"]) -> Precision:
    """What `asked` means on this machine; `auto` is bf16 only where the CPU multiplies bf16."""
    if asked != "auto":
        return asked
    return "bf16" if BF16_FLAGS & set(environment()["cpu_flags"]) else "fp32"


def autocast(precision: Precision) -> torch.autocast:
    """The context in which a forward pass of this precision runs; may be entered many times."""
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")


def accelerator(precision: Precision) -> Accelerator:
    """Accelerate on the CPU, in this precision.

    Accelerate keeps its state for the life of the process, and refuses a second precision; but one
    run of ours may train a teacher in fp32 and a student in bf16.
    """
    AcceleratorState._reset_state()
    return Accelerator(cpu=True, mixed_precision="bf16" if precision == "bf16" else "no")
