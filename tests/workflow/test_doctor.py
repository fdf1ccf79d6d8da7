"""What `doctor` finds."""

from edgecompress.workflow.doctor import examine


def test_a_usable_store_is_fine(tmp_path):
    found = {f.what: f for f in examine(tmp_path / "store")}
    assert found["store"].fine
    assert found["timing noise"].seen.startswith("p90 is")


def test_the_build_extra_is_seen(tmp_path):
    found = {f.what: f for f in examine(tmp_path)}
    assert found["extra build"].seen == "installed"
