"""What is in a store's file, and how a file of an earlier version is brought up to date."""

import secrets
import sqlite3

APPLICATION = int.from_bytes(b"acht")
"""Marks a file as a store, in its header (sqlite.org/fileformat2.html, 1.3.18)."""

MIGRATIONS = (
    # `seat` is the hash of the token of the session that sent a message, and `id` its number there: by these a message
    # is recognised when it is sent again.
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        seat BLOB,
        id INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX sent ON messages (seat, id) WHERE seat IS NOT NULL;
    """,
    # Filled behind the messages, when there is time: the fact `indexed` says how far.
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO facts VALUES ('indexed', 0);
    """,
    # An account's number is never given again: what belonged to one account must not become another's. `seats` has the
    # hashes of tokens. `one` is the smaller of the two numbers; `last` and `time` are those of the last message. How
    # many each has sent, and how many of the other's each has seen, is counted once: nothing may take longer because
    # much is unread.
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password TEXT NOT NULL,
        role INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE seats (
        key BLOB PRIMARY KEY,
        account INTEGER NOT NULL,
        time INTEGER NOT NULL
    ) WITHOUT ROWID, STRICT;
    CREATE INDEX seats_of ON seats (account, time);
    CREATE TABLE given_up (key TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        one INTEGER NOT NULL,
        other INTEGER NOT NULL,
        last INTEGER NOT NULL DEFAULT 0,
        time INTEGER NOT NULL DEFAULT 0,
        one_sent INTEGER NOT NULL DEFAULT 0,
        other_sent INTEGER NOT NULL DEFAULT 0,
        one_seen INTEGER NOT NULL DEFAULT 0,
        other_seen INTEGER NOT NULL DEFAULT 0,
        UNIQUE (one, other)
    ) STRICT;
    CREATE INDEX conversations_of_other ON conversations (other);
    CREATE TABLE private (
        conversation INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        sender INTEGER NOT NULL,
        nth INTEGER NOT NULL,
        text TEXT NOT NULL,
        seat BLOB,
        id INTEGER,
        PRIMARY KEY (conversation, seq)
    ) WITHOUT ROWID, STRICT;
    CREATE UNIQUE INDEX private_of_sender ON private (conversation, sender, nth);
    CREATE UNIQUE INDEX sent_private ON private (seat, id) WHERE seat IS NOT NULL;
    CREATE INDEX private_by_time ON private (time);
    CREATE TABLE sentences (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        until INTEGER,
        rank INTEGER NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        by TEXT NOT NULL,
        act TEXT NOT NULL,
        what TEXT NOT NULL
    ) STRICT;
    INSERT INTO facts VALUES ('topic', '');
    """,
    # An index of the words that `words.py` finds in a text, by its RULES; all of it is written again in the background.
    # `written`: when a message was written, by the time that is trusted (clock.py), if that is not its `time`.
    """
    DROP TABLE words;
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content = '', tokenize = "ascii tokenchars '#$%&+<=>@^`|~'"
    );
    UPDATE facts SET value = 0 WHERE name = 'indexed';
    INSERT INTO facts VALUES ('rules', '');
    ALTER TABLE accounts ADD COLUMN seen INTEGER;
    ALTER TABLE messages ADD COLUMN written INTEGER;
    ALTER TABLE private ADD COLUMN written INTEGER;
    DROP INDEX private_by_time;
    CREATE INDEX private_by_age ON private (ifnull(written, time));
    """,
    # `said` has the messages of all rooms but the default one; `last` is the number of the last one that was deleted.
    """
    CREATE TABLE rooms (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        maker TEXT NOT NULL,
        time INTEGER NOT NULL,
        topic TEXT NOT NULL DEFAULT '',
        last INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE said (
        room INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        seat BLOB,
        id INTEGER,
        written INTEGER,
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID, STRICT;
    CREATE UNIQUE INDEX sent_in_room ON said (seat, id) WHERE seat IS NOT NULL;
    CREATE INDEX said_by_age ON said (ifnull(written, time));
    """,
    # `changed`: when the message got this text, if that is not its first one; an empty one was deleted. `made`: when an
    # account was registered; for those of earlier versions that is not known. `room` in the audit log: the room that it
    # is about (PUBLIC in tables/moderation.py). `places`: the rooms in which the owner of an account is after the next
    # login, and the last message there that was read.
    """
    ALTER TABLE messages ADD COLUMN changed INTEGER;
    ALTER TABLE said ADD COLUMN changed INTEGER;
    ALTER TABLE private ADD COLUMN changed INTEGER;
    ALTER TABLE accounts ADD COLUMN made INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rooms ADD COLUMN private INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE room_roles (
        room TEXT NOT NULL,
        account INTEGER NOT NULL,
        role INTEGER NOT NULL,
        PRIMARY KEY (room, account)
    ) WITHOUT ROWID, STRICT;
    ALTER TABLE audit ADD COLUMN room TEXT NOT NULL DEFAULT '';
    CREATE TABLE restrictions (
        kind TEXT NOT NULL,
        room TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        until INTEGER,
        rank INTEGER NOT NULL,
        PRIMARY KEY (kind, room, key)
    ) WITHOUT ROWID, STRICT;
    INSERT INTO restrictions SELECT kind, '', key, name, address, until, rank FROM sentences;
    DROP TABLE sentences;
    CREATE TABLE invites (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key_hash BLOB NOT NULL UNIQUE,
        maker TEXT NOT NULL,
        room TEXT NOT NULL,
        uses INTEGER NOT NULL,
        until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE places (
        account INTEGER NOT NULL,
        room TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (account, room)
    ) WITHOUT ROWID, STRICT;
    """,
)
"""What makes a store of version n of one of version n - 1; the version is SQLite's user_version."""


def migrate(connection: sqlite3.Connection, newest: int = len(MIGRATIONS)) -> None:
    """Bring the store up to version `newest`. Raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version, newest):
        epoch = "INSERT INTO facts VALUES ('epoch', '" + secrets.token_hex(8) + "');" if number == 0 else ""
        try:
            connection.executescript(f"BEGIN; {MIGRATIONS[number]} {epoch} PRAGMA user_version = {number + 1}; COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
