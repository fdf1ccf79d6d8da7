"""What was asked is kept with the object, and believed as far as it hashes to the key."""

import pytest

from edgecompress.store.asked import ASKED, Question, questions, read_question

ASKED_FOR = Question({"kind": "distill", "inputs": ["a", None, {}, {}, "b"]}, ("train",))


@pytest.fixture
def folder(store):
    """The folder of the object that answers `ASKED_FOR`."""
    with store.draft(ASKED_FOR.key) as draft:
        ASKED_FOR.write(draft)
        store.seal(draft, ASKED_FOR.key, "torch-model", (), {})
    (entry,) = store.entries()
    return entry.path


def test_it_comes_back(folder):
    assert read_question(folder) == ASKED_FOR


def test_it_is_no_part_of_the_object(folder, store):
    assert list(store.find(ASKED_FOR.key).path.iterdir()) == []
    (folder / ASKED).unlink()
    assert store.find(ASKED_FOR.key) is not None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"asked": 1, "roles": []}', '{"asked": {}, "roles": []}', "[" * 9999]
)
def test_anything_else_is_not_believed(folder, text):
    (folder / ASKED).write_text(text)
    assert read_question(folder) is None


def test_only_steps_of_the_kind_are_asked_for(folder):
    assert questions([folder, folder.parent], "distill") == [ASKED_FOR]
    assert questions([folder], "export") == []
