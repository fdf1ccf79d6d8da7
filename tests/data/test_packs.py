from pathlib import Path

import pytest

from edgecompress.data.late import MODULES, late
from edgecompress.data.packs import PACKS, Pack


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_pack_has_somebody_to_unpack_it(pack: Pack):
    assert pack.parser in MODULES
    assert pack.name in late(pack.parser).UNPACK


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_the_reference_page_says_what_the_table_says(pack: Pack, repository: Path):
    page = (repository / "docs/reference/resources.md").read_text(encoding="utf-8")
    rows = ", ".join(f"{split} {count:,}" for split, count in pack.rows.items())
    size = f"{pack.download_bytes / 1e6:.1f} MB" if pack.wheels else "made"
    cells = [f"`{pack.name}`", pack.what, rows, size, pack.source, pack.licence]
    assert f"| {' | '.join(cells)} |".replace("|  |", "| |") in page


def test_only_made_packs_come_without_a_wheel():
    assert {p.name for p in PACKS.values() if not p.wheels} == {"tiny-bert", "tiny-reviews"}


def test_texts_have_rows_and_labels_and_nothing_else_has():
    for pack in PACKS.values():
        assert bool(pack.rows) == bool(pack.labels)
        assert bool(pack.rows) == (pack.kind == "texts" or pack.name == "tiny-reviews")
