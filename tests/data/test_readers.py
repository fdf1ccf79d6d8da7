import gzip
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from edgecompress.core.errors import DataError
from edgecompress.data.readers import read_file
from edgecompress.data.table import MISSING, Table


def read(folder: Path, name: str, data: bytes) -> Table:
    (folder / name).write_bytes(data)
    return read_file(folder / name, name)


def test_csv_fields_may_hold_commas_quotes_and_line_breaks(tmp_path: Path):
    table = read(tmp_path, "r.csv", b'text,label\n"one, ""two""\nthree",a\nfour,b\n')
    assert table.column("text") == ('one, "two"\nthree', "four")


def test_the_line_of_a_csv_record_is_where_it_starts(tmp_path: Path):
    table = read(tmp_path, "r.csv", b'text,label\n"one\ntwo",a\nthree,b\n')
    assert list(table.lines) == [2, 4]


def test_csv_lines_may_end_as_on_windows(tmp_path: Path):
    table = read(tmp_path, "r.csv", b"text,label\r\none,a\r\n\r\ntwo,b\r\n")
    assert table.column("label") == ("a", "b")
    assert list(table.lines) == [2, 4]


def test_a_quote_in_tsv_is_a_character_like_any_other(tmp_path: Path):
    table = read(tmp_path, "r.tsv", b'text\tlabel\n"half a quote\ta\n')
    assert table.column("text") == ('"half a quote',)


def test_jsonl_lines_are_cut_at_line_feeds_only(tmp_path: Path):
    table = read(tmp_path, "r.jsonl", '{"text": "a\u2028b"}\r\n\n{"text": "c"}'.encode())
    assert table.column("text") == ["a\u2028b", "c"]
    assert list(table.lines) == [1, 3]


def test_a_key_that_one_json_row_lacks_is_missing_there(tmp_path: Path):
    table = read(tmp_path, "r.jsonl", b'{"text": "a", "label": 1}\n{"text": "b"}\n')
    assert table.column("label") == [1, MISSING]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path):
    table = read(tmp_path, "r.csv", b"\xef\xbb\xbftext,label\none,a\n")
    assert list(table.columns) == ["text", "label"]


@pytest.mark.parametrize("name", ["r.csv.gz", "R.CSV.GZ"])
def test_every_kind_may_be_gzipped(tmp_path: Path, name: str):
    table = read(tmp_path, name, gzip.compress(b"text,label\none,a\n"))
    assert table.column("text") == ("one",)


def test_parquet_rows_are_counted_from_one(tmp_path: Path):
    path = tmp_path / "r.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a", "b"], "label": [0, 1]}), path)
    table = read_file(path, "r.parquet")
    assert table.column("label") == [0, 1]
    assert list(table.lines) == [1, 2]


def test_parquet_may_be_gzipped_too(tmp_path: Path):
    plain = tmp_path / "plain.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), plain)
    table = read(tmp_path, "r.parquet.gz", gzip.compress(plain.read_bytes()))
    assert table.column("text") == ["a"]


def test_a_broken_parquet_file_is_refused_by_name(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.parquet: not a whole parquet file"):
        read(tmp_path, "r.parquet", b"PAR1 and then nothing")


def test_a_byte_that_is_not_utf8_is_told_by_line_and_offset(tmp_path: Path):
    # "text\n" are bytes 0 to 4, "caf" 5 to 7, so the Latin-1 e acute is byte 8, on line 2
    with pytest.raises(DataError, match=r"r\.csv:2: byte 0xe9 at offset 8 is not UTF-8"):
        read(tmp_path, "r.csv", b"text\ncaf\xe9\n")


def test_the_offset_counts_the_byte_order_mark(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.csv:1: byte 0xe9 at offset 4"):
        read(tmp_path, "r.csv", b"\xef\xbb\xbft\xe9xt\n")


def test_utf16_is_refused_as_not_utf8(tmp_path: Path):
    with pytest.raises(DataError, match="byte 0xff at offset 0 is not UTF-8"):
        read(tmp_path, "r.csv", "text,label\n".encode("utf-16"))


def test_broken_json_is_told_by_line(tmp_path: Path):
    with pytest.raises(DataError, match=r"^r\.jsonl:2: broken JSON: Expecting"):
        read(tmp_path, "r.jsonl", b'{"text": "a"}\n{"text": \n')


def test_json_lines_must_be_objects(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.jsonl:1: must be a JSON object"):
        read(tmp_path, "r.jsonl", b'["a", "b"]\n')


def test_json_nested_beyond_reason_is_broken(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.jsonl:1: broken JSON"):
        read(tmp_path, "r.jsonl", b"[" * 100_000)


def test_rows_with_too_many_or_too_few_columns_are_told_by_line(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, "r.csv", b"text,label\na\nb,1\nc,1,2\n")
    assert str(caught.value).splitlines() == [
        "r.csv has 2 bad rows:",
        "  r.csv:2: 1 columns, the first line has 2",
        "  r.csv:4: 3 columns, the first line has 2",
    ]


def test_a_complaint_about_many_rows_is_told_once(tmp_path: Path):
    with pytest.raises(DataError) as caught:
        read(tmp_path, "r.csv", b"text,label\n" + b"a\n" * 6 + b"b,1,2\n")
    assert str(caught.value).splitlines() == [
        "r.csv has 7 bad rows:",
        "  r.csv:2: 1 columns, the first line has 2, and so in 5 more",
        "  r.csv:8: 3 columns, the first line has 2",
    ]


def test_only_the_first_five_complaints_are_shown(tmp_path: Path):
    rows = b"".join(b"a" + b"," * n + b"\n" for n in range(2, 9))
    with pytest.raises(DataError, match=r"has 7 bad rows:(\n  r\.csv:\d.*){5}\n  and 2 others$"):
        read(tmp_path, "r.csv", b"text,label\n" + rows)


def test_a_quote_left_open_is_told_by_the_line_where_it_opens(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.csv:3: unexpected end of data"):
        read(tmp_path, "r.csv", b'text,label\na,b\n"c,d\ne,f\n')


def test_a_quote_left_open_in_a_large_file_is_suspected(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.csv:2: field larger .*\(is a quote left open\?"):
        read(tmp_path, "r.csv", b'text,label\n"' + b"a,b\n" * 50_000)


@pytest.mark.parametrize("name", ["r.csv", "r.tsv"])
def test_an_empty_file_has_no_columns(tmp_path: Path, name: str):
    with pytest.raises(DataError, match="empty, where the first line should name the columns"):
        read(tmp_path, name, b"")


def test_a_column_named_twice_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.csv:1: names a column twice: text"):
        read(tmp_path, "r.csv", b"text,text\na,b\n")


def test_a_file_that_is_not_there_is_told_with_where_paths_start(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.csv: no such file \(relative paths start at"):
        read_file(tmp_path / "r.csv", "r.csv")


def test_a_folder_is_no_file(tmp_path: Path):
    (tmp_path / "r.csv").mkdir()
    with pytest.raises(DataError, match=r"r\.csv: cannot be read: Is a directory"):
        read_file(tmp_path / "r.csv", "r.csv")


@pytest.mark.parametrize("data", [b"plain", gzip.compress(b"text\na\n")[:-4], b"\x1f\x8b\x08\x00"])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, data: bytes):
    with pytest.raises(DataError, match=r"r\.csv\.gz: not a whole gzip file"):
        read(tmp_path, "r.csv.gz", data)


def test_a_file_of_another_kind_is_refused_with_the_kinds_there_are(tmp_path: Path):
    with pytest.raises(DataError, match=r"r\.xlsx: a data file ends in \.csv, \.tsv, \.jsonl"):
        read_file(tmp_path / "r.xlsx", "r.xlsx")


def test_a_missing_column_is_told_with_what_there_is(tmp_path: Path):
    table = read(tmp_path, "r.csv", b"txt,stars\na,1\n")
    with pytest.raises(
        DataError, match=r'r\.csv: no column "text"; did you mean "txt"\?; it has txt, stars'
    ):
        table.column("text")
