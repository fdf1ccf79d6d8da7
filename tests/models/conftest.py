"""Model folders that tests of this floor start from."""

from pathlib import Path

import pytest
import torch

from edgecompress.data.tiny import make_tiny_bert
from edgecompress.models.checkpoint import copy_tokenizer, load_pretrained, save_model
from edgecompress.models.encoder import Encoder, EncoderConfig


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT encoder without a head, read-only by convention."""
    folder = tmp_path_factory.mktemp("tiny-bert")
    make_tiny_bert(folder)
    return folder


@pytest.fixture
def hf_folder(tiny_bert: Path, tmp_path: Path) -> Path:
    """A Hugging Face classifier with the classes "bad" and "good", to be damaged at will."""
    folder = tmp_path / "hf"
    folder.mkdir()
    save_model(load_pretrained(tiny_bert, ("bad", "good"), seed=1), folder)
    copy_tokenizer(tiny_bert, folder, max_length=32)
    return folder


@pytest.fixture
def encoder_folder(tiny_bert: Path, tmp_path: Path) -> Path:
    """A two-layer encoder of our own class with the classes "bad" and "good"."""
    folder = tmp_path / "ours"
    folder.mkdir()
    torch.manual_seed(5)
    config = EncoderConfig(
        vocab_size=221,  # of the tiny BERT's tokenizer
        hidden=16,
        heads=(4, 2),
        head_size=4,
        intermediate=(24, 8),
        labels=("bad", "good"),
        max_positions=40,
    )
    save_model(Encoder(config), folder)
    copy_tokenizer(tiny_bert, folder, max_length=32)
    return folder
