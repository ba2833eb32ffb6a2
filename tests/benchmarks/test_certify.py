"""What a section stands on is read from imports: all that could change its answers, and nothing else."""

import sys
from pathlib import Path

import pytest

from benchmarks.certify import SECTIONS, section
from benchmarks.certify.imports import files_under
from benchmarks.certify.section import Line, Section

ROOT = Path(__file__).parents[2]

SOURCES = {
    "benchmarks/trial.py": "from postmortem.stats import share\n\ndef trial(seed):\n    import postmortem.late\n",
    "postmortem/__init__.py": "from importlib import import_module\nimport postmortem.unrelated\n",
    "postmortem/late.py": "",
    "postmortem/unrelated.py": "",
    "postmortem/stats/__init__.py": "from postmortem.stats.one import share\nfrom postmortem.stats.two import other\n",
    "postmortem/stats/one.py": "from postmortem.stats import below\nimport numpy\n",
    "postmortem/stats/two.py": "",
    "postmortem/stats/below.py": "",
    "postmortem/stats/words.toml": "",
    "postmortem/many/__init__.py": "from importlib import import_module\nNAMES = ('first',)\nALL = ()\n",
    "postmortem/many/first.py": "",
    "postmortem/many/cache.py": "",
    "benchmarks/all.py": "from postmortem.many import ALL\n",
    "benchmarks/one.py": "from postmortem.many.cache import known\n",
}


@pytest.fixture
def project(tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return lambda name: {str(path.relative_to(tmp_path)) for path in files_under(tmp_path / name, tmp_path)}


def test_names_are_followed_to_where_they_come_from(project):
    assert project("benchmarks/trial.py") == {
        "benchmarks/trial.py", "postmortem/late.py", "postmortem/stats/one.py", "postmortem/stats/below.py",
        "postmortem/stats/words.toml",
    }  # fmt: skip


def test_a_list_made_at_run_time_stands_on_all_it_names(project):
    assert project("benchmarks/all.py") == {
        "benchmarks/all.py", "postmortem/many/__init__.py", "postmortem/many/first.py",
    }  # fmt: skip
    assert project("benchmarks/one.py") == {"benchmarks/one.py", "postmortem/many/cache.py"}


@pytest.mark.thorough
def test_sections_stand_on_what_they_ask_and_not_on_other_analyses():
    under = {
        each.name: {
            str(path.relative_to(ROOT)) for path in files_under(Path(sys.modules[each.trial.__module__].__file__))
        }
        for each in SECTIONS
    }
    assert "postmortem/stats/cluster_sandwich.py" in under["group-difference"]
    assert not any("analyses" in path or "simulate" in path for path in under["incidence"])
    assert {"postmortem/analyses/loss_share.py", "postmortem/simulate/outcomes.py"} <= under["quarter"]
    assert "postmortem/analyses/price_cited.py" not in under["quarter"]
    assert {"postmortem/analyses/price_cited.py", "postmortem/findings/gate.py"} <= under["null-report"]
    assert not any(path.startswith(("postmortem/charts/style", "postmortem/intake")) for path in under["incidence"])


@pytest.mark.thorough
def test_books_seen_with_other_code_are_not_counted(tmp_path, monkeypatch):
    asked = []

    def trial(seed):
        asked.append(seed)
        return {"seen": True}

    made = Section("made", "Made", "A book.", trial, (Line("seen", "it was seen", "-"),))
    list(made.run(3, tmp_path))
    list(made.run(4, tmp_path))
    assert asked == [1, 2, 3, 4], "what is known is not run again"
    monkeypatch.setattr(section.Section, "code", lambda self: "other")
    list(made.run(2, tmp_path))
    assert asked[4:] == [1, 2]
