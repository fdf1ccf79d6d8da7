"""What an attack's outcome hangs on."""

from pathlib import Path

from edgecompress.attacks.method import Method, seed_of


def test_a_budget_stands_in_the_name():
    assert [Method("pwws").name, Method("pwws", 100).name] == ["pwws", "pwws@100"]


def test_a_budget_leaves_chance_alone():
    assert seed_of(7, Method("pwws"), "text") == seed_of(7, Method("pwws", 100), "text")


def test_seed_recipe_and_text_each_change_chance():
    seeds = {
        seed_of(7, Method("pwws"), "text"),
        seed_of(8, Method("pwws"), "text"),
        seed_of(7, Method("deepwordbug"), "text"),
        seed_of(7, Method("pwws"), "another"),
        seed_of(7, Method("pwws"), ("te", "xt")),
    }
    assert len(seeds) == 5
    assert all(0 <= seed < 2**32 for seed in seeds)  # what numpy takes


def test_contents_of_files_count_and_their_places_do_not(tmp_path: Path):
    for name, text in (("one", "a"), ("two", "a"), ("three", "b")):
        (tmp_path / name).write_text(text)
    one, two, three = (
        Method("word-swap-table", files={"words": tmp_path / name}).asked()
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one != three


def test_a_bound_stands_in_the_name_and_only_there_in_what_is_kept():
    bound = Method("pwws", 100, 0.1)
    assert (bound.name, bound.told()["most_words"]) == ("pwws-10%@100", 0.1)
    assert "most_words" not in Method("pwws", 100).asked()  # as kept before there was a bound
