"""Five clients in one batch, every text field full of names that nobody else has: each is found with itself alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
COMPANIES = ("Zantor", "Quillivar", "Mxotherm", "Bryndeep", "Ofstrake")
TEXTS = (
    "account_name", "deal_name", "owner_id", "manager_id", "team", "segment", "region", "product", "deal_type", "stage",
    "pipeline", "loss_reason_raw", "lost_to_raw", "loss_notes", "competitor_raw",
)  # fmt: skip


def client(folder: Path, company: str) -> None:
    """Write an engagement whose every text begins with the name of its company, own words and broken rows included."""
    folder.mkdir(parents=True)
    deals = []
    for n in range(40):
        lost = n % 2 == 0
        row = {"deal_id": f"{company}-id-{n:03d}", "outcome": "lost" if lost else "won", "amount": 100 + n}
        row |= {"closed_at": f"2025-0{7 + n % 3}-1{n % 9}", "created_at": "2025-02-01"}
        row |= {name: f"{company} {name} {n % 3}" for name in TEXTS}
        deals.append(row)
    deals.append({**deals[0], "deal_id": f"{company}-broken", "closed_at": f"{company} is no day"})
    pd.DataFrame(deals).to_csv(folder / "deals.csv", index=False)
    (folder / "postmortem.toml").write_text(
        f'[company]\nname = "{company} Wharf"\n[data]\nextracted_on = 2025-10-06\n[tables.deals]\nfile = "deals.csv"\n'
        f'[report]\npages = ["00", "01"]\nprepared_by = "{company} Partners"\nconfidentiality = "Of {company}"\n',
        encoding="utf-8",
    )
    (folder / "commentary").mkdir()
    (folder / "commentary" / "2025Q3.md").write_text(f"{company} did well. {{{{no.such.{company}.key}}}}", "utf-8")


@dataclass(frozen=True)
class Done:
    """What a batch left behind and said, and what was seen of its temporary files while it ran."""

    folder: Path
    code: int
    told: dict[str, object]
    lines: tuple[str, ...]
    seen: dict[str, bytes]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder, scratch = tmp_path_factory.mktemp("clients"), tmp_path_factory.mktemp("scratch")
    for company in COMPANIES:
        client(folder / company.lower(), company)
    (folder / "mxotherm" / "deals.csv").write_text("deal_id,outcome\nMxotherm,what\n", encoding="utf-8")
    for name in ("tmp", "home"):
        (scratch / name).mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("POSTMORTEM", "JUPYTER"))}
    environment |= {"TMPDIR": str(scratch / "tmp"), "HOME": str(scratch / "home"), "PYTHONPATH": str(ROOT)}
    seen: dict[str, bytes] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            # Not rglob, which ends with the first folder that is gone before it is read.
            for path in (Path(place, name) for place, *names in os.walk(scratch) for name in chain(*names)):
                try:
                    seen[str(path)] = seen.get(str(path), b"") + (path.read_bytes() if path.is_file() else b"")
                except OSError:  # gone again
                    continue

    looking = threading.Thread(target=look)
    looking.start()
    command = [sys.executable, "-m", "postmortem", "run", "--engagements", f"{folder}/*", "--workers", "2", "--json"]
    try:
        ended = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
    finally:
        over.set()
        looking.join()
    assert ended.stdout, ended.stderr
    told = json.loads(ended.stdout)
    return Done(folder, ended.returncode, told, tuple(ended.stderr.splitlines()), seen)


def others(company: str) -> Iterator[str]:
    yield from (each.casefold() for each in COMPANIES if each != company)


def texts(path: Path) -> str:
    """Return all that a file says; of a packed table every cell and column."""
    if path.suffix == ".parquet":
        with path.open("rb") as file:
            return pd.read_parquet(file).to_csv()
    return path.read_bytes().decode("utf-8", "replace")


def test_four_are_made_the_broken_one_is_not_and_the_batch_says_which(done: Done) -> None:
    reports = done.told["reports"]
    assert isinstance(reports, list)
    statuses = {report["engagement"]: report["status"] for report in reports}
    assert statuses == {company.lower(): "done" for company in COMPANIES} | {"mxotherm": "not made"}
    assert done.code == done.told["exit_code"] == 3


@pytest.mark.parametrize("company", COMPANIES)
def test_no_file_of_one_names_another(done: Done, company: str) -> None:
    files = [path for path in (done.folder / company.lower()).rglob("*") if path.is_file()]
    assert len(files) > 20 or company == "Mxotherm"
    for path in files:
        said = f"{path.relative_to(done.folder)}\n{texts(path)}".casefold()
        assert not [other for other in others(company) if other in said], path
    assert company == "Mxotherm" or any(company in texts(path) for path in files if path.name == "index.html")


def test_lines_and_statuses_of_one_name_no_other(done: Done) -> None:
    reports = done.told["reports"]
    assert isinstance(reports, list)
    for company in COMPANIES:
        mine = [line for line in done.lines if line.startswith(f"{company.lower()}: ")]
        mine += [json.dumps(report) for report in reports if report["engagement"] == company.lower()]
        assert mine
        said = "\n".join(mine).replace(str(done.folder), "").casefold()
        assert not [other for other in others(company) if other in said]
    whose = tuple(f"{company.lower()}: " for company in COMPANIES)
    assert not [line for line in done.lines if not line.startswith(whose)]


def test_no_temporary_file_ever_held_two_of_them_and_none_is_left(done: Done) -> None:
    for name, content in done.seen.items():
        said = name.casefold() + content.decode("utf-8", "replace").casefold()
        assert sum(company.casefold() in said for company in COMPANIES) <= 1, name
    for name in done.seen:
        path = Path(name)
        assert not (path.is_file() and "tmp" in path.parts[-2:-1]), name
    assert not list(done.folder.rglob(".writing-*"))
