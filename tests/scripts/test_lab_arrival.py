# SPDX-License-Identifier: MIT
"""What a lab's host sends is filed whole, or refused and nothing is kept."""

import hashlib
import io
import json
import pathlib
import shutil
import sys
import tarfile
from typing import Any, Dict, List, Tuple

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

from booting.executor import BootFailed  # noqa: E402
from lab import arrival, campaign  # noqa: E402
from lab.campaign import Campaign, Request  # noqa: E402

HOST = "node1"
BUILD_ID = "ab" * 20
SAMPLES = (b"launch,arm,block,seq,benchmark,calls,ticks,ns_per_call\n"
           b"0,plain,0,0,a/b,1,2,3\n0,plain,0,1,a/b,1,2,3\n")
RECORD: Dict[str, Any] = {
    "schema": 1, "complete": True, "problem": None,
    "tool": {"build_id": BUILD_ID},
    "run": {"started": "2026-01-02T03:04:05Z", "rounds": 2},
    "arms": [{"name": "plain", "conditions": [], "skipped": None}],
    "launches": [{"done": True}], "benchmarks": [{"skipped": None}],
    "environment": {"host": "one", "kernel": {"release": "6.1.0"}}}
Entry = Tuple[str, bytes, bytes]    # name, type, content


def record(**changed: Any) -> bytes:
    """run.json with other values."""
    return json.dumps({**RECORD, **changed}).encode()


def files(**changed: Any) -> List[Entry]:
    """A whole run."""
    return [("run", tarfile.DIRTYPE, b""),
            ("run/run.json", tarfile.REGTYPE, record(**changed)),
            ("run/samples.csv", tarfile.REGTYPE, SAMPLES),
            ("run/summary.csv", tarfile.REGTYPE, b"benchmark\n")]


def packed(entries: List[Entry]) -> bytes:
    """An archive of these."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz",
                      format=tarfile.USTAR_FORMAT) as tar:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Lab:
    """A campaign in the test's folder."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "campaign"
        campaign.make_folders(self.folder)
        self.made = self.asking()

    def asking(self, **wishes: Any) -> Campaign:
        """The campaign with other wishes."""
        asked: Dict[str, Any] = {"options": [], "arms": [],
                                 "programs": {"x86_64": BUILD_ID}, **wishes}
        self.made = campaign.begin(self.folder, Request(**asked))
        return self.made

    def take(self, archive: bytes, **told: Any) -> str:
        """What becomes of an archive."""
        (self.folder / "incoming" / f"{HOST}.tar.gz").write_bytes(archive)
        return arrival.take(self.made, HOST, {
            "bytes": len(archive), "architecture": "x86_64",
            "sha256": hashlib.sha256(archive).hexdigest(),
            "clock_offset_s": 0, **told})

    def has_nothing(self) -> bool:
        """No run, no record, and nothing that was being unpacked."""
        left = [path for path in (self.folder / "incoming").iterdir()
                if path.is_dir()]
        return not (left or list((self.folder / "runs").iterdir()) or
                    self.made.record(HOST))


@pytest.fixture
def lab(tmp_path: pathlib.Path) -> Lab:
    """A campaign without hosts yet."""
    return Lab(tmp_path)


def test_a_whole_run_is_filed_with_its_hashes(lab: Lab) -> None:
    assert lab.take(packed(files())) == "20260102T030405Z-one-6.1.0"
    found = lab.made.record(HOST)
    samples = lab.folder / found["run"] / "samples.csv"
    assert samples.read_bytes() == SAMPLES
    assert found["sha256"]["samples.csv"] == hashlib.sha256(
        SAMPLES).hexdigest()
    assert lab.made.is_done(HOST) and found["notes"] == []
    assert not list((lab.folder / "incoming").iterdir())


def test_nothing_is_written_over(lab: Lab) -> None:
    names = [lab.take(packed(files())) for _ in range(3)]
    assert len(set(names)) == 3 and names[1].endswith("-6.1.0-2")
    assert len(list((lab.folder / "runs").iterdir())) == 3


def test_a_name_from_a_host_is_made_plain(lab: Lab) -> None:
    name = lab.take(packed(files(environment={
        "host": "../../../e\x1b[31mvil", "kernel": {"release": "x/" * 99}})))
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzTZ0123456789-._[")
    assert (lab.folder / "runs" / name).is_dir()
    assert "/" not in name and len(name) < 200


@pytest.mark.parametrize("environment", [
    {"host": None, "kernel": {"release": "6.1"}}, {"kernel": None}, {}])
def test_an_anonymous_run_has_a_name(lab: Lab, environment: Any) -> None:
    assert lab.take(packed(files(environment=environment))).startswith(
        "20260102T030405Z")


def test_the_label_is_the_requests(lab: Lab) -> None:
    lab.asking(label="before")
    assert lab.take(packed(files())).endswith("-6.1.0-before")


LINK = [("run/samples.csv", kind, b"") for kind in (
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE,
    tarfile.FIFOTYPE)]
HOSTILE: Dict[str, Tuple[bytes, str]] = {
    **{f"a {entry[1]!r}": (packed([*files(), entry]), "no regular file")
       for entry in LINK},
    "above": (packed([("../../evil", tarfile.REGTYPE, b"x")]), "no file of"),
    "absolute": (packed([("/tmp/evil", tarfile.REGTYPE, b"x")]), "no file"),
    "a folder": (packed([("run/sub", tarfile.DIRTYPE, b"")]), "no regular"),
    "unknown": (packed([*files(), ("run/evil", tarfile.REGTYPE, b"")]),
                "no file of"),
    "twice": (packed(files() * 2), "is in it twice"),
    "lacking": (packed(files()[:2]), "did not come back"),
    "no gzip": (b"text", "cannot be unpacked"),
    "cut off": (packed(files())[:-20], "cut off"),
    "followed": (packed(files()) + b"more", "follows its gzip"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_hostile_is_refused(lab: Lab, what: str) -> None:
    archive, told = HOSTILE[what]
    with pytest.raises(BootFailed, match=told):
        lab.take(archive)
    assert lab.has_nothing()


DAMAGED: Dict[str, Tuple[Dict[str, Any], str]] = {
    "incomplete": ({"complete": False}, "not complete"),
    "another arm": ({"arms": [{"name": "x", "conditions": ["ssbd"],
                               "skipped": None}]}, "one plain arm"),
    "another program": ({"tool": {"build_id": "cd"}}, "build id"),
    "no tool": ({"tool": None}, "build id"),
    "rows too few": ({"run": {"started": RECORD["run"]["started"],
                              "rounds": 3}}, "2 rows came back of 3"),
    "no time": ({"run": {"started": "../..", "rounds": 2}}, "no time"),
    "no environment": ({"environment": None}, "no environment"),
    "no arms": ({"arms": None}, "no list of objects"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_damaged_is_refused(lab: Lab, what: str) -> None:
    changed, told = DAMAGED[what]
    with pytest.raises(BootFailed, match=told):
        lab.take(packed(files(**changed)))
    assert lab.has_nothing()


@pytest.mark.parametrize("told", [{"sha256": "0" * 64}, {"bytes": 3},
                                  {"bytes": 1 << 40}])
def test_another_archive_than_told_is_refused(lab: Lab, told: Dict[str, Any]
                                              ) -> None:
    with pytest.raises(BootFailed, match="SHA-256|announced|cut off"):
        lab.take(packed(files()), **told)
    assert lab.has_nothing()


@pytest.mark.parametrize("kind", ["link", "folder", "none"])
def test_no_archive_is_refused(lab: Lab, kind: str) -> None:
    path = lab.folder / "incoming" / f"{HOST}.tar.gz"
    if kind == "link":
        path.symlink_to("/etc/passwd")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(BootFailed):
        arrival.take(lab.made, HOST, {"bytes": 1, "sha256": "0" * 64})


def test_arms_are_those_asked_for(lab: Lab) -> None:
    lab.asking(arms=["plain", "ssbd"])
    with pytest.raises(BootFailed, match="were asked for"):
        lab.take(packed(files()))
    both = [*RECORD["arms"], {"name": "ssbd", "conditions": ["ssbd"],
                              "skipped": "no such \x1b thing"}]
    lab.take(packed(files(arms=both)))
    assert "arm ssbd was skipped" in lab.made.record(HOST)["notes"][0]


@pytest.mark.parametrize("offset_s, told", [
    (3600, ["its clock is 3600 s ahead, and so are the run's times"]),
    (-61, ["its clock is 61 s behind, and so are the run's times"]),
    (30, []), (-60, [])])
def test_another_clock_is_told(lab: Lab, offset_s: int, told: List[str]
                               ) -> None:
    lab.take(packed(files()), clock_offset_s=offset_s)
    assert lab.made.record(HOST)["notes"] == told


def test_what_was_being_unpacked_goes(lab: Lab) -> None:
    (lab.folder / "incoming" / "node1.abc").mkdir()
    (lab.folder / "incoming" / "node1.tar.gz").write_bytes(b"kept")
    arrival.drop_stale(lab.made)
    assert [path.name for path in (lab.folder / "incoming").iterdir()] == [
        "node1.tar.gz"]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a" * 101,
                                  "a\x1bb", "-x"])
def test_a_host_of_another_name_has_no_file(lab: Lab, name: str) -> None:
    with pytest.raises(Exception, match="no name for a host"):
        lab.made.record_file(name)


@pytest.mark.parametrize("text", [
    "", "{}", "[]", '{"schema": 1}', '{"schema": 2, "id": "00000000"}',
    '{"schema": 1, "id": "../..", "request": {"options": [], "arms": []}}',
    '{"schema": 1, "id": "00000000", "request": {"options": "x", "arms": []}}'
])
def test_no_campaign_is_believed_unseen(lab: Lab, text: str) -> None:
    (lab.folder / campaign.NAME).write_text(text)
    with pytest.raises(Exception, match="no campaign to go on with"):
        campaign.load(lab.folder)


def test_a_campaign_is_the_same_when_read(lab: Lab) -> None:
    lab.asking(arms=["a"], options=["--arm=a"], label="x", tune=True)
    found = campaign.load(lab.folder)
    assert (found.request, found.token) == (lab.made.request, lab.made.token)


def test_a_folder_that_is_there_is_left(tmp_path: pathlib.Path,
                                        lab: Lab) -> None:
    (lab.folder / "mine").touch()
    with pytest.raises(Exception, match="already there"):
        campaign.make_folders(lab.folder)
    assert (lab.folder / "mine").exists()
    shutil.rmtree(lab.folder)
