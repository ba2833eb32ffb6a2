"""What people are given holds nothing of the machine that made it, and is the same wherever it was made."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from postmortem.ground import resources
from postmortem.report.editions.record import read_report

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
SECRET = "hunter2hunter2"
STOPS = "import os\nraise ValueError(os.getcwd() + os.environ['SMTP_PASSWORD'])"
SHAREABLE = ("*.html", "findings.json", "tables/*.csv", "*.svg", "*.png", "*.xlsx")
PICTURE = re.compile(r'src="data:[^"]*"')
CLOCK_TIME = re.compile(r"\b20\d\d-\d\d-\d\d[T ]\d\d:\d\d")
PAGES = ("00", "01", "02", "90")


def make_report(place: Path, **how: object) -> Path:
    """Make the report of the plain sample in a folder of its own, with an own notebook that stops; return it."""
    engagement = place / "acme"
    shutil.copytree(resources.sample("plain"), engagement)
    (engagement / "notebooks").mkdir(exist_ok=True)
    tag = {"tags": ["parameters"]}
    cells = [new_code_cell('quarter = "last"', metadata=tag), new_code_cell(STOPS)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    nbformat.write(new_notebook(cells=cells), engagement / "notebooks" / "90-stops.ipynb")
    for folder in (place, *place.rglob("*")):
        folder.chmod(0o777)
    command = [sys.executable, "-m", "postmortem", "run", "-e", ".", "-q", "2025Q3", "-o", "../out"]
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(place), "PYTHONPATH": str(REPOSITORY), "SMTP_PASSWORD": SECRET,
        "USER": f"user-of-{place.name}", "MPLCONFIGDIR": str(place / "mpl"), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    done = subprocess.run(
        [*command, *(word for name in PAGES for word in ("--page", name))], cwd=engagement, env=environment,
        capture_output=True, text=True, **how,  # type: ignore[call-overload]
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return place / "out" / "2025Q3"


def another_user() -> dict[str, object]:
    """Return how to run a program as somebody else; as oneself where that may not be, or not with this Python."""
    other: dict[str, object] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "0"], check=True, **other)  # type: ignore[call-overload]
    except (OSError, subprocess.CalledProcessError):
        return {}
    return other


def files(report: Path) -> list[Path]:
    return sorted(path for pattern in SHAREABLE for path in report.glob(pattern))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two reports of the same data: one made here, one by another user, where there may be one, elsewhere."""
    here = tmp_path_factory.mktemp("here")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "further" / "down"
    elsewhere.mkdir(parents=True)
    for folder in (elsewhere, *elsewhere.parents):
        if folder.stat().st_uid == os.getuid() and "pytest" in folder.name:
            folder.chmod(0o755)
    elsewhere.parent.chmod(0o755)
    return make_report(here), make_report(elsewhere, **another_user())


def test_no_path_user_host_time_or_secret_is_in_what_can_be_shared(reports: tuple[Path, Path]) -> None:
    user, host = getpass.getuser(), socket.gethostname()
    for report in reports:
        place = report.parent.parent
        told = [str(place), str(REPOSITORY), str(Path.home()), sys.prefix, f"user-of-{place.name}", SECRET]
        told += [f"/home/{user}", f"/{user}/", dt.datetime.now(dt.UTC).date().isoformat()]
        assert len(files(report)) > 10
        for path in files(report):
            # The letters of a picture spell short words by chance; pictures are compared byte by byte below.
            text = PICTURE.sub("", path.read_bytes().decode("utf-8-sig", errors="replace"))
            assert not re.search(rf"\b{re.escape(host)}\b", text), path.name
            assert [word for word in told if word in text] == [], path.name
            assert not CLOCK_TIME.search(text), path.name


def test_what_stopped_a_notebook_is_told_inside_alone(reports: tuple[Path, Path]) -> None:
    report = reports[0]
    inside = (report / "internal" / "90-stops.html").read_text(encoding="utf-8")
    assert SECRET in inside and str(report.parent.parent) in inside
    assert "90-stops: cell" in (report / "index.html").read_text(encoding="utf-8")


def test_equal_data_give_equal_content_whoever_makes_it_and_wherever(reports: tuple[Path, Path]) -> None:
    one, other = (read_report(report).manifest["content"] for report in reports)
    assert one == other
    for path in files(reports[0]):
        assert path.read_bytes() == (reports[1] / path.relative_to(reports[0])).read_bytes(), path.name
