# SPDX-License-Identifier: MIT
"""A history that two write at once, that is cut off, damaged, or none."""

import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import time
from typing import Any, List

import pytest

from histories import PATH, ROWS, Archive

from archive import schema

GUARD_S = 120       # against hanging
KILLS = 6


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> Archive:
    return Archive(tmp_path)


def start(archive: Archive, *words: Any) -> "subprocess.Popen[str]":
    """index, as a process of its own; several of them go on together."""
    return subprocess.Popen(
        [sys.executable, PATH, "index", archive.folder, "--database",
         archive.database, *words], text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def add_many(archive: Archive, count: int) -> None:
    """Runs of two machines, in boots of three."""
    for number in range(count):
        archive.add(number % 2, 1, number // 6, number, number)


def check_whole(archive: Archive, count: int) -> None:
    """Each run is there once, with all its rows, and nothing else."""
    with sqlite3.connect(archive.database) as connection:
        def one(query: str) -> Any:
            return connection.execute(query).fetchone()[0]
        assert one("PRAGMA integrity_check") == "ok"
        assert one("SELECT count(*) FROM run") == count
        assert one("SELECT count(*) FROM cost") == count * len(ROWS)
        assert one("SELECT count(*) FROM cost WHERE run NOT IN "
                   "(SELECT id FROM run)") == 0
        assert one("SELECT count(*) FROM stale") == 0
        assert one("SELECT count(*) FROM spread") > 0


def test_two_write_at_once(archive: Archive) -> None:
    add_many(archive, 60)
    both = [start(archive), start(archive)]
    said = [process.communicate(timeout=GUARD_S) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert [err for _, err in said] == ["", ""]
    check_whole(archive, 60)


def test_two_write_different_folders_at_once(archive: Archive) -> None:
    folder = archive.folder
    for name, seed in (("a", 1), ("b", 2)):
        archive.folder = folder / name
        archive.folder.mkdir()
        for number in range(20):
            archive.add(boot=number // 2, run=number, seed=seed)
    both = []
    for name in ("a", "b"):
        archive.folder = folder / name
        both.append(start(archive))
    for process in both:
        process.communicate(timeout=GUARD_S)
    assert [process.returncode for process in both] == [0, 0]
    check_whole(archive, 40)


def rows_in(database: pathlib.Path) -> int:
    """How many runs a reader sees; 0 while there are no tables."""
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True,
                             timeout=GUARD_S) as connection:
            return connection.execute("SELECT count(*) FROM run"
                                      ).fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def kill_after(process: "subprocess.Popen[str]", delay_s: float) -> None:
    """End it outright, and the readers it started."""
    time.sleep(delay_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=GUARD_S)


def test_killed_in_the_midst(archive: Archive) -> None:
    """Wherever it is killed, the next one completes the history."""
    add_many(archive, 60)
    process = start(archive)
    began = time.monotonic()
    process.communicate(timeout=GUARD_S)
    whole_s = time.monotonic() - began
    for step in range(KILLS):
        archive.database.unlink(missing_ok=True)
        kill_after(start(archive), whole_s * (step + 1) / (KILLS + 1))
        left = rows_in(archive.database)
        assert left in (0, 60)      # a batch of runs whole, or none of it
        assert archive("list").status == (0 if rows_exist(archive) else 2)
        assert archive.index().startswith("60 runs; ")
        check_whole(archive, 60)


def rows_exist(archive: Archive) -> bool:
    """Whether the tables were made before it was killed."""
    with sqlite3.connect(archive.database) as connection:
        return bool(schema.statements(connection))


HALF = """
import os, signal, sys
sys.path.insert(0, sys.argv.pop(1))
from archive import storing
whole = storing.Store.flush
def flush(store):
    store.connection.execute("PRAGMA cache_spill = 1")
    store.connection.execute("PRAGMA cache_size = 1")
    whole(store)
    os.kill(os.getpid(), signal.SIGKILL)
storing.Store.flush = flush
del sys.argv[0]
exec(compile(open(sys.argv[0]).read(), sys.argv[0], "exec"))
"""


def test_killed_within_a_transaction(archive: Archive) -> None:
    """What had been written already, ahead of the end, is undone."""
    archive.add(run=100)
    archive.index()
    add_many(archive, 30)
    done = subprocess.run(
        [sys.executable, "-c", HALF, str(PATH.parent), str(PATH), "index",
         archive.folder, "--database", archive.database],
        stderr=subprocess.PIPE, timeout=GUARD_S, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert archive.database.with_name("history.sqlite-journal").exists()
    assert len(archive.asked("list")) == 1
    assert archive.index() == "31 runs; 30 new"
    check_whole(archive, 31)


def test_a_writer_waits_for_another(archive: Archive) -> None:
    archive.add()
    archive.index()
    archive.add(run=1)
    other = sqlite3.connect(archive.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    process = start(archive)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=1)
    assert len(archive.asked("list")) == 1      # who reads need not wait
    other.execute("ROLLBACK")
    out, err = process.communicate(timeout=GUARD_S)
    assert (process.returncode, err) == (0, "") and "1 new" in out
    other.close()


# What is no history, or one of another version

def number(archive: Archive, pragma: str) -> None:
    """Change a number in the file's head."""
    with sqlite3.connect(archive.database) as connection:
        connection.execute(f"PRAGMA {pragma}")
    connection.close()


def test_an_older_one_is_made_anew(archive: Archive) -> None:
    archive.add()
    archive.index()
    number(archive, f"user_version = {schema.VERSION - 1}")
    with sqlite3.connect(archive.database) as connection:
        connection.execute('CREATE TABLE "odd ""name""" (x)')
        connection.execute("DROP TABLE cost")
    archive("list").refused("version 0", "history index makes it anew")
    said = archive("index")
    assert said.status == 0
    assert "made anew, since it was older; 1 run; 1 new" in said.out
    assert len(archive.asked("export")) == len(ROWS)


def test_made_anew_from_all_folders_it_names(archive: Archive) -> None:
    folder = archive.folder
    for name, seed in (("a", 1), ("b", 2)):
        archive.folder = folder / name
        archive.folder.mkdir()
        archive.add(seed=seed)
        archive.index()
    number(archive, f"user_version = {schema.VERSION - 1}")
    said = archive("index", folder / "a")
    assert "made anew, since it was older; 2 runs; 2 new" in said.out


def test_a_newer_one_is_left_alone(archive: Archive) -> None:
    archive.add()
    archive.index()
    number(archive, f"user_version = {schema.VERSION + 1}")
    before = archive.database.read_bytes()
    for words in (["list"], ["index", archive.folder]):
        archive(*words).refused("version 2", "knows 1")
    assert archive.database.read_bytes() == before


NO_HISTORY = {
    "text": b"no database, by far\n" * 100,
    "short": b"SQLite format 3\0",
    "pages": b"SQLite format 3\0" + bytes(range(256)) * 64,
}


@pytest.mark.parametrize("name", NO_HISTORY)
@pytest.mark.parametrize("words", [["list"], ["index"], ["machines"],
                                   ["trend", ROWS[0]], ["spread"]])
def test_no_database(archive: Archive, name: str, words: List[str]) -> None:
    archive.database.write_bytes(NO_HISTORY[name])
    archive(*words).refused(str(archive.database))
    assert archive.database.read_bytes() == NO_HISTORY[name]


def test_a_database_of_something_else(archive: Archive) -> None:
    with sqlite3.connect(archive.database) as connection:
        connection.execute("CREATE TABLE run (id)")
    before = archive.database.read_bytes()
    for words in (["list"], ["index", archive.folder]):
        archive(*words).refused("no history of runs")
    assert archive.database.read_bytes() == before


def test_tables_that_were_changed(archive: Archive) -> None:
    archive.add()
    archive.index()
    with sqlite3.connect(archive.database) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON run BEGIN "
                           "DELETE FROM run; END")
    archive("list").refused("not those of a history")
    archive("index").refused("not those of a history")


def test_damaged_in_the_middle(archive: Archive) -> None:
    add_many(archive, 30)
    archive.index()
    content = bytearray(archive.database.read_bytes())
    size = 4096
    for page in range(1, len(content) // size):
        content[page * size:(page + 1) * size] = b"\xff" * size
    archive.database.write_bytes(content)
    archive("list").refused("malformed", "index makes it anew")


def test_no_history_yet(archive: Archive) -> None:
    for words in (["list"], ["show", "x"], ["trend", ROWS[0]], ["export"]):
        archive(*words).refused("no such file", "history index makes it")
    assert not archive.database.exists()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_no_file(archive: Archive, kind: str) -> None:
    (archive.database.mkdir() if kind == "folder"
     else os.mkfifo(archive.database))
    archive("list").refused("not a file")
    archive("index", archive.folder).refused("not a file")
