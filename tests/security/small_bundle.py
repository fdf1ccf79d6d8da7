"""A whole bundle of a few kilobytes, and the seal of somebody who has no scruples."""

import hashlib
import json
import os
from pathlib import Path

import onnx
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from edgecompress.runtime.bundle import MANIFEST, META, FileRecord, Manifest, seal_bundle
from edgecompress.runtime.golden import write_golden
from tests.runtime.conftest import VOCABULARY, word_sum_graph

LABELS = ("negative", "positive")
DOCUMENTS = {
    "README.md": "# a card\n",
    "tokenizer_config.json": '{"model_max_length": 32}\n',
    "special_tokens_map.json": '{"unk_token": "[UNK]"}\n',
    f"{META}/report.json": '{"schema_version": 1}\n',
    f"{META}/report.html": "<!doctype html><title>report</title>\n",
    f"{META}/junit.xml": "<testsuites/>\n",
    f"{META}/summary.md": "holds\n",
    f"{META}/recipe.resolved.yaml": "version: 1\n",
    f"{META}/provenance.json": "{}\n",
    f"{META}/bom.cdx.json": "{}\n",
}


def write_model(folder: Path) -> Path:
    """Every file of a bundle but its manifest; the model counts good and bad words."""
    (folder / META).mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    config = {"model_type": "bert", "id2label": dict(enumerate(LABELS))}
    (folder / "config.json").write_text(json.dumps(config))
    _tokenizer().save(str(folder / "tokenizer.json"))
    onnx.save(word_sum_graph(), folder / "model.onnx")
    write_golden(folder, ["good", "bad film", "not good"])
    return folder


def write_bundle(folder: Path, sequence: int = 1) -> Path:
    """The same, sealed."""
    seal_bundle(write_model(folder), sequence=sequence)
    return folder


def forge(folder: Path, **more: str) -> None:
    """Seal whatever lies there, links followed, and claim also the hashes in `more`."""
    files = {}
    for top, _, names in os.walk(folder):
        for path in (Path(top) / name for name in names):
            if path.is_file() and path != folder / MANIFEST:
                content = path.read_bytes()
                name = path.relative_to(folder).as_posix()
                files[name] = FileRecord(len(content), hashlib.sha256(content).hexdigest())
    files |= {name: FileRecord(0, digest) for name, digest in more.items()}
    (folder / MANIFEST).write_text(Manifest(1, files).to_json())


def _tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece({w: i for i, w in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return made
