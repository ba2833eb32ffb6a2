"""What is shared holds nothing it must not: five clients in one batch, each full of names that nobody else has."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import HOSTILE
from shared_reports import canaries, make_report

from postmortem.cli.app import start
from postmortem.ground.errors import OutputBusy, SharingRefused, UsageError
from postmortem.report.disk.bundle import pack, pseudonyms_for, recipient_slug
from postmortem.report.editions.record import read_report
from postmortem.report.notebooks import pictures
from postmortem.report.sharing.share import Options, Shared, share

COMPANIES = ("Zantor", "Quillivar", "Mxotherm", "Bryndeep", "Ofstrake")
PEOPLE, ALL_NAMES = ("person",), ("account", "deal", "person", "competitor", "product", "company")


@pytest.fixture(scope="module", autouse=True)
def _without_pictures() -> Iterator[None]:
    """Draw nothing: letters of a picture are outlines, so that no name can be read from one, and drawing takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_draw", lambda result, width: pictures.NO_PICTURE)
        yield


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    for company in COMPANIES:
        make_report(folder, company)
    return folder


@pytest.fixture(scope="module")
def batch(clients: Path) -> dict[tuple[str, str], Shared]:
    return {
        (company, audience): share(
            clients / company.lower() / "reports" / "2025Q3", Options(audience, f"{company} board"),
            output=clients / "out",
        )
        for company in COMPANIES for audience in ("client", "outside")
    }  # fmt: skip


def members(archive: Path) -> dict[str, str]:
    with zipfile.ZipFile(archive) as packed:
        return {name: packed.read(name).decode("utf-8-sig") for name in packed.namelist()}


def everything(archive: Path) -> str:
    """Return all an archive says, names included, pictures aside (their letters are drawn, not written)."""
    texts = members(archive)
    return "\n".join([archive.name, *texts, *texts.values()])


def test_no_client_is_in_what_another_gets(batch: dict[tuple[str, str], Shared], clients: Path) -> None:
    for (company, _), made in batch.items():
        said = everything(made.archive)
        for other in set(COMPANIES) - {company}:
            assert other.casefold() not in said.casefold(), (made.archive.name, other)
    left = [path.name for path in clients.rglob("*") if path.name.startswith((".writing", "tmp"))]
    assert not left


def test_the_client_reads_its_own_accounts_and_none_of_its_people(batch: dict[tuple[str, str], Shared]) -> None:
    for company in COMPANIES:
        said, told = everything(batch[company, "client"].archive), canaries(company)
        assert sum(name in said for name in told["account"]) >= 10
        assert not [name for name in (*told["person"], *told["note"]) if name in said]
        assert "Repkin" not in said and "Notekin" not in said
        assert "08-claims" in json.dumps(batch[company, "client"].left_out)


def test_the_team_reads_everything_and_the_client_its_people_when_asked(clients: Path, tmp_path: Path) -> None:
    report = clients / "zantor" / "reports" / "2025Q3"
    team = share(report, Options("team", "us"), output=tmp_path)
    assert "Zantor Repkin A" in everything(team.archive)
    assert "08-claims.html" in members(team.archive)
    made = share(report, Options("client", "board", show_people=True, also=("08-claims",)), output=tmp_path)
    assert "Zantor Repkin A" in everything(made.archive) and "08-claims.html" in members(made.archive)


def test_outsiders_read_no_name_at_all(batch: dict[tuple[str, str], Shared]) -> None:
    for company in COMPANIES:
        archive = batch[company, "outside"].archive
        said = everything(archive).replace(archive.name, "").replace(f"{company} board", "")
        assert company not in said
        assert "Competitor " in said


def test_deals_under_pseudonyms_are_the_same_for_one_reader_and_others_for_the_next(
    clients: Path, tmp_path: Path
) -> None:
    report = clients / "zantor" / "reports" / "2025Q3"

    def codes(recipient: str, place: str) -> set[str]:
        made = share(report, Options("outside", recipient, show_deals=True), output=tmp_path / place)
        said = everything(made.archive)
        assert "kin" not in re.sub(r"[^ ]*(making|taking|thinking|asking|looking|working|kind|skin)[^ ]*", "", said)
        return set(re.findall(r"(?:Customer|Deal|Competitor) [A-Z2-7]{7}\b", said))

    one, again, other = codes("one", "a"), codes("one", "b"), codes("other", "a")
    assert one == again and len(one) > 10
    assert not one & other


def test_the_same_report_gives_the_same_bytes(
    batch: dict[tuple[str, str], Shared], clients: Path, tmp_path: Path
) -> None:
    for audience in ("client", "outside"):
        made = share(
            clients / "zantor" / "reports" / "2025Q3", Options(audience, "Zantor board"), output=tmp_path / audience
        )
        assert made.archive.read_bytes() == batch["Zantor", audience].archive.read_bytes()
        assert made.sha256 == hashlib.sha256(made.archive.read_bytes()).hexdigest()


def test_the_manifest_names_every_file_and_no_path_or_time(batch: dict[tuple[str, str], Shared], clients: Path) -> None:
    for audience in ("client", "outside"):
        archive = batch["Zantor", audience].archive
        with zipfile.ZipFile(archive) as packed:
            told = json.loads(packed.read("share-manifest.json"))
            assert {entry["file"] for entry in told["files"]} == set(packed.namelist()) - {"share-manifest.json"}
            for entry in told["files"]:
                assert hashlib.sha256(packed.read(entry["file"])).hexdigest() == entry["sha256"]
            assert {member.date_time for member in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert told["for"] == "Zantor board" and told["audience"] == audience
        said = everything(archive)
        assert str(clients) not in said and str(Path.home()) not in said


def test_figures_of_a_client_are_those_of_the_report(batch: dict[tuple[str, str], Shared], clients: Path) -> None:
    report = read_report(clients / "zantor" / "reports" / "2025Q3")
    pages = members(batch["Zantor", "client"].archive)
    shown = [r for notebook, harvest in report.pages if notebook.name[:2] in ("01", "02") for r in harvest.results]
    for result in shown:
        said = result.headline
        if "Repkin" not in said:
            assert any(said in page.replace("&#39;", "'") for page in pages.values()), said


def test_a_leak_is_refused_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_report(tmp_path, "Zantor")
    report = make_report(tmp_path, "Quillivar", extra="As seen with Zantor Accountkin 7, ask jo@example.org.")
    with pytest.raises(SystemExit) as left:
        start(["share", str(report), "--audience", "client", "--for", "board"])
    assert left.value.code == 5
    said = capsys.readouterr().err
    assert "02-competitor-losses.html" in said and "another client's name: account" in said
    assert "an e-mail address" in said
    assert "Accountkin" not in said and "jo@" not in said
    assert not list(tmp_path.rglob("*.zip"))


@pytest.mark.thorough
def test_siblings_elsewhere_are_looked_for_when_told(tmp_path: Path) -> None:
    make_report(tmp_path / "there", "Zantor")
    report = make_report(tmp_path / "here", "Quillivar", extra="As seen at Zantor Wharf.")
    share(report, Options("client", "board"))
    with pytest.raises(SharingRefused, match="another client's name: company"):
        share(report, Options("client", "board", siblings=(tmp_path / "there",)))
    with pytest.raises(UsageError, match="no engagement"):
        share(report, Options("client", "board", siblings=(tmp_path / "nowhere",)))


def test_a_report_with_a_failed_page_stays_inside(tmp_path: Path) -> None:
    report = make_report(tmp_path, "Zantor", failed=("05-loss-reasons",))
    for audience in ("client", "outside"):
        with pytest.raises(SharingRefused, match="05-loss-reasons"):
            share(report, Options(audience, "board"))
    assert share(report, Options("team", "board")).archive.is_file()


def test_a_report_changed_by_hand_is_not_shared(tmp_path: Path) -> None:
    report = make_report(tmp_path, "Zantor")
    findings = json.loads((report / "findings.json").read_text(encoding="utf-8"))
    findings[0]["caveats"] = ["All is well."]
    (report / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    with pytest.raises(UsageError, match="changed after it was made"):
        share(report, Options("client", "board"))
    findings[0]["headline"] = "We won everything."
    (report / "findings.json").write_text(json.dumps(findings), encoding="utf-8")
    with pytest.raises(UsageError, match="words quarter_outcome differently"):
        share(report, Options("client", "board"))
    (report / "internal" / "record.json").unlink()
    with pytest.raises(UsageError, match="no report that can be shared"):
        share(report, Options("client", "board"))


@pytest.mark.parametrize("text", HOSTILE)
def test_recipients_become_harmless_file_names(text: str) -> None:
    try:
        slug = recipient_slug(text)
    except UsageError:
        assert not re.search(r"[A-Za-z0-9]", text)
    else:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= 60


def test_an_archive_does_not_depend_on_the_order_of_its_files() -> None:
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})
    assert zipfile.ZipFile(io.BytesIO(pack({"a": b"1"}))).testzip() is None


def test_the_key_is_drawn_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    one = pseudonyms_for(tmp_path, "one")
    assert (tmp_path / ".share-key").stat().st_mode & 0o777 == 0o600
    assert pseudonyms_for(tmp_path, "one") == one != pseudonyms_for(tmp_path, "two")
    (tmp_path / ".share-key").write_text("no key", encoding="ascii")
    with pytest.raises(OutputBusy, match="is no key"):
        pseudonyms_for(tmp_path, "one")


def test_every_link_of_an_edition_leads_to_something_in_it(batch: dict[tuple[str, str], Shared]) -> None:
    for made in batch.values():
        pages = {name: text for name, text in members(made.archive).items() if name.endswith(".html")}
        for name, html in pages.items():
            for href in re.findall(r'href="([^"]+)"', html):
                file, _, anchor = href.partition("#")
                assert file in ("", *pages), (made.archive.name, name, href)
                assert not anchor or f'id="{anchor}"' in pages[file or name], (made.archive.name, name, href)


def test_a_commentary_goes_along_without_people_and_figures_that_stay_behind(tmp_path: Path) -> None:
    person = canaries("Zantor")["person"][0]
    words = f"{person} won {{{{quarter_outcome.fates.won.deals}}}} deals.\n\n# 08-claims\nOn what is said."
    report = make_report(tmp_path / "clients", "Zantor", words=words)
    said = {
        audience: members(share(report, Options(audience, "board"), output=tmp_path / audience).archive)
        for audience in ("team", "client", "outside")
    }
    assert f"{person} won 20 deals." in said["team"]["index.html"]
    assert "On what is said." in said["team"]["08-claims.html"]
    assert "won 20 deals." in said["client"]["index.html"] and person not in said["client"]["index.html"]
    assert "On what is said." not in "".join(said["client"].values())
    assert "won 20 deals." not in "".join(said["outside"].values())
    left = json.loads(said["client"]["share-manifest.json"])["left_out"]
    assert {
        "what": "commentary, line 3",
        "why": "it names an answer or a figure that this edition does not show",
    } in left


def test_a_report_on_a_part_is_shared_with_the_key_of_all_reports(clients: Path, tmp_path: Path) -> None:
    whole = clients / "zantor" / "reports" / "2025Q3"
    part = clients / "zantor" / "reports" / "by-segment" / "Health" / "2025Q3"
    shutil.copytree(whole, part)
    record = json.loads((part / "internal" / "record.json").read_text(encoding="utf-8"))
    record["about"]["part"] = "segment Health"
    (part / "internal" / "record.json").write_text(json.dumps(record), encoding="utf-8")
    made = share(part, Options("client", "Zantor board"), output=tmp_path)
    assert made.archive.name == "2025Q3-segment-health-client-zantor-board.zip"
    assert json.loads(members(made.archive)["share-manifest.json"])["part"] == "segment Health"
    assert not list((clients / "zantor" / "reports" / "by-segment").rglob(".share-key"))
    shutil.rmtree(part.parents[1])


def test_an_outsider_does_not_get_two_editions_that_share_deals(clients: Path, tmp_path: Path) -> None:
    reports = clients / "zantor" / "reports"
    parts = {name: reports / place / "2025Q3" for name, place in {
        "health": "by-segment/Health", "industry": "by-segment/Industry", "north": "by-region/North",
    }.items()}  # fmt: skip
    for name, part in parts.items():
        shutil.copytree(reports / "2025Q3", part)
        record = json.loads((part / "internal" / "record.json").read_text(encoding="utf-8"))
        record["about"]["part"] = f"segment {name.capitalize()}"
        (part / "internal" / "record.json").write_text(json.dumps(record), encoding="utf-8")
    forum, guild = Options("outside", "Forum"), Options("outside", "The Forum")
    first = share(parts["health"], forum, output=tmp_path)
    assert json.loads(members(first.archive)["share-manifest.json"])["divided_by"] == "segment"
    share(parts["industry"], forum, output=tmp_path)  # no deal is in both
    share(parts["health"], forum, output=tmp_path)  # and the same again
    for other, told in ((reports / "2025Q3", "all deals"), (parts["north"], "a part by region")):
        with pytest.raises(SharingRefused, match=told) as refused:
            share(other, forum, output=tmp_path)
        assert len(refused.value.rows) == 2
        assert f"{first.archive.name}: a part by segment" in refused.value.rows
    share(reports / "2025Q3", guild, output=tmp_path)  # another reader
    share(reports / "2025Q3", Options("client", "Forum"), output=tmp_path)  # who reads small counts anyway
    (tmp_path / "2025Q3-outside-forum.zip").write_bytes(b"no archive")
    for made in tmp_path.glob("*segment*"):
        made.unlink()
    whole = share(reports / "2025Q3", forum, output=tmp_path)
    with pytest.raises(SharingRefused, match="a part by segment") as refused:
        share(parts["health"], forum, output=tmp_path)
    assert refused.value.rows == (f"{whole.archive.name}: all deals",)
    for part in parts.values():
        shutil.rmtree(part.parents[1], ignore_errors=True)
