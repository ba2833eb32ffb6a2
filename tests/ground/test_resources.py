"""Notebooks, templates and samples: found in a checkout, or in the package they were packed into."""

from __future__ import annotations

from pathlib import Path

import pytest

from postmortem.ground import resources
from postmortem.ground.errors import UsageError

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    """Make an installed package without anything packed into it."""
    place = tmp_path / "site-packages" / "postmortem"
    place.mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", place)
    return place


def test_in_a_checkout_everything_lies_at_its_top():
    assert resources.root() == REPOSITORY
    assert resources.PACKAGE == REPOSITORY / "postmortem"
    assert (resources.templates("report") / "base.html.j2").is_file()


def test_what_was_packed_wins_over_what_lies_beside_the_package(package):
    (package.parent / "notebooks").mkdir()
    (package.parent / "notebooks" / "99-somebody-elses.ipynb").touch()
    (package / "bundled" / "notebooks").mkdir(parents=True)
    (package / "bundled" / "notebooks" / "00-ours.ipynb").touch()
    assert resources.root() == package / "bundled"
    assert [path.name for path in resources.notebooks()] == ["00-ours.ipynb"]


def test_notebooks_come_in_the_order_of_their_numbers_and_nothing_else_is_one(package):
    folder = package / "bundled" / "notebooks"
    folder.mkdir(parents=True)
    for name in ("02-b.ipynb", "00-c.ipynb", "10-a.ipynb", "notes.txt", "01-d.ipynb"):
        (folder / name).touch()
    assert [path.name for path in resources.notebooks()] == ["00-c.ipynb", "01-d.ipynb", "02-b.ipynb", "10-a.ipynb"]


def test_a_sample_is_a_folder_with_a_configuration(package):
    samples = package / "bundled" / "data" / "samples"
    for name in ("plain", "full"):
        (samples / name).mkdir(parents=True)
        (samples / name / "postmortem.toml").touch()
    (samples / "half").mkdir()
    assert resources.samples() == ("full", "plain")
    assert resources.sample("plain") == samples / "plain"
    with pytest.raises(UsageError, match="did you mean 'plain'"):
        resources.sample("plane")


def test_without_anything_packed_there_is_nothing_and_no_crash(package):
    assert resources.notebooks() == ()
    assert resources.samples() == ()
    with pytest.raises(UsageError, match="no such sample"):
        resources.sample("plain")


def test_the_built_in_notebooks_are_numbered_but_for_the_one_about_one_deal():
    names = [path.name for path in resources.notebooks()]
    assert names
    assert names == sorted(path.name for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
    assert all(
        name[:2].isdigit() and name[2] == "-" for name in names if name not in ("deal-dossier.ipynb", "gallery.ipynb")
    )
