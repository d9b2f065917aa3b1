# SPDX-License-Identifier: MIT
"""The tables of the file that a history is kept in.

All of it follows from the run folders, so that it can be made anew.
"""

import sqlite3
from typing import Set

VERSION = 1                 # of the tables: user_version
APPLICATION = 0x53595343    # "SYSC": application_id, which tells ours

TABLES = """
CREATE TABLE root (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE machine (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, host TEXT NOT NULL,
    model TEXT NOT NULL, facts TEXT NOT NULL, emulated TEXT NOT NULL);
CREATE TABLE state (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE setting (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE arm (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE benchmark (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE run (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE, signature TEXT NOT NULL,
    gone INTEGER NOT NULL, started TEXT NOT NULL, label TEXT NOT NULL,
    release TEXT NOT NULL, kernel TEXT NOT NULL, machine INTEGER NOT NULL,
    state INTEGER NOT NULL, setting INTEGER NOT NULL, boot TEXT NOT NULL,
    arm INTEGER NOT NULL, microcode TEXT NOT NULL, tool TEXT NOT NULL,
    profile TEXT NOT NULL, complete INTEGER NOT NULL, serious TEXT NOT NULL);
CREATE INDEX run_by_machine ON run (machine, kernel, started);
CREATE INDEX run_by_time ON run (started);
CREATE TABLE cost (
    benchmark INTEGER NOT NULL, run INTEGER NOT NULL, arm INTEGER NOT NULL,
    quiet_ns REAL NOT NULL, low_ns REAL, high_ns REAL,
    median_ns REAL NOT NULL, launches INTEGER NOT NULL, flags TEXT NOT NULL,
    PRIMARY KEY (benchmark, run, arm)) WITHOUT ROWID;
CREATE TABLE spread (
    machine INTEGER NOT NULL, benchmark INTEGER NOT NULL,
    level TEXT NOT NULL, log REAL NOT NULL, most REAL NOT NULL,
    freedom INTEGER NOT NULL,
    PRIMARY KEY (machine, benchmark, level)) WITHOUT ROWID;
CREATE TABLE stale (machine INTEGER PRIMARY KEY);
CREATE TABLE passed (
    path TEXT PRIMARY KEY, signature TEXT NOT NULL, reason TEXT NOT NULL,
    original TEXT NOT NULL) WITHOUT ROWID;
"""

STATEMENTS = [part.strip() for part in TABLES.split(";") if part.strip()]


def create(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, within the caller's transaction."""
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def statements(connection: sqlite3.Connection) -> Set[str]:
    """What the tables and indexes of a file were made by."""
    return {sql for sql, in connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}


def drop(connection: sqlite3.Connection) -> None:
    """Remove every table and view, of whatever version they are."""
    found = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN "
        "('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
    for kind, name in found.fetchall():
        quoted = name.replace('"', '""')
        connection.execute(f'DROP {kind} "{quoted}"')
