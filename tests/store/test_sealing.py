"""Files that others rely on appear whole, and vanish at once."""

import pytest

from edgecompress.store.sealing import discard, write_durably


def test_a_durable_write_replaces_the_file_and_leaves_nothing_else(tmp_path):
    for text in ("one", "two"):
        write_durably(tmp_path / "note.json", text)
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]
    assert (tmp_path / "note.json").read_text() == "two"


def test_a_write_that_fails_keeps_the_old_file(tmp_path):
    write_durably(tmp_path / "note.json", "one")
    with pytest.raises(UnicodeEncodeError, match="surrogates"):
        write_durably(tmp_path / "note.json", "\ud800")
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]
    assert (tmp_path / "note.json").read_text() == "one"


def test_discarding_what_is_already_gone_is_no_error(tmp_path):
    discard(tmp_path / "gone", tmp_path)
    assert list(tmp_path.iterdir()) == []
