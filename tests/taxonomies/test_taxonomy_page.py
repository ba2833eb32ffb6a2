"""docs/taxonomy.md: the taxonomy and the map it shows are ones that load."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from postmortem.taxonomies import lint, load_taxonomy, map_values

PAGE = Path(__file__).resolve().parents[2] / "docs" / "taxonomy.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the pages are part of the repository, not of the package")


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_taxonomy_shown_loads_without_a_fault(tmp_path: Path) -> None:
    (text,) = [block for block in blocks() if block.startswith("id = ")]
    path = tmp_path / "ours.toml"
    path.write_text(text, encoding="utf-8")
    taxonomy = load_taxonomy(path)
    assert lint(taxonomy) == ()
    assert taxonomy.successor("bad_demo_day") == "demo_failed"
    assert taxonomy.reason("price_value").label == "Price" and taxonomy.reason("price_value").definition


def test_the_map_shown_means_what_the_page_says() -> None:
    (text,) = [block for block in blocks() if block.startswith("[taxonomy.reasons]")]
    own = tomllib.loads(text)["taxonomy"]["reasons"]
    vendor, elsewhere, both = map_values(own, load_taxonomy("red_zone"), own=own)
    assert (vendor.code, elsewhere.code, elsewhere.lost_to) == ("incumbent_relationship", None, "competitor")
    assert (both.code, both.source, both.candidates) == (None, "ambiguous", ("no_urgency", "budget_lost"))


def test_every_command_it_names_is_there() -> None:
    from postmortem.cli.taxonomy import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    named = set(re.findall(r"postmortem taxonomy (\w+)", PAGE.read_text(encoding="utf-8")))
    assert named == known == {"show", "list", "lint", "map", "diff"}
