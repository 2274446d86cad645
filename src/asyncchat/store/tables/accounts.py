"""Accounts, the tokens by which their owners come back, and the names of deleted accounts."""

from asyncchat.log.accounts import ADMIN, MOST_GIVEN_UP, Account, Role
from asyncchat.store.database import Database
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import Name, parse_name

MAX_TOKENS = 32
"""Tokens that are kept of one account: the newest."""


class AccountStore:
    """Reads and writes accounts by `connection`, in a transaction of its caller's."""

    def __init__(self, connection: Database) -> None:
        self._do = connection.execute

    def all(self) -> list[Account]:
        """Return all accounts."""
        rows = self._do("SELECT id, key, name, password, role, seen, made FROM accounts")
        # To parse each name again would take most of the time of a start.
        return [
            Account(ident, Name(sanitize(name), key), password, Role(role), seen, made)
            for ident, key, name, password, role, seen, made in rows
        ]

    def next_id(self) -> int:
        """Return the number that the next new account gets."""
        row = self._do("SELECT seq FROM sqlite_sequence WHERE name = 'accounts'").fetchone()
        return int(row[0]) + 1 if row else 1

    def released(self) -> dict[str, int]:
        """Return the keys of the names of deleted accounts, with the time of that in milliseconds since 1970."""
        return dict(self._do("SELECT key, time FROM given_up ORDER BY time").fetchall())

    def set_admin(self, password: str) -> None:
        """Set the hash of the admin's password, and delete all tokens; create the account if there is none."""
        name = parse_name(ADMIN)
        self._do(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET password = excluded.password, role = excluded.role",
            (name.key, name.shown, password, int(Role.ADMIN)),
        )
        self._do("DELETE FROM seats WHERE account = (SELECT id FROM accounts WHERE key = ?)", (name.key,))

    def create(self, name: Name, password: str, token_hash: bytes, time: int) -> None:
        """Create an account, and store the token with which its owner has registered, if there is one."""
        (made,) = self._do(
            "INSERT INTO accounts (key, name, password, role, made) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (name.key, name.shown, password, int(Role.REGISTERED), time),
        ).fetchone()
        self.store_token(made, token_hash, time)

    def store_token(self, account: int, token_hash: bytes, time: int) -> None:
        """Store a token, if it is not empty, and delete the oldest beyond MAX_TOKENS."""
        if token_hash:
            self._do(
                "INSERT INTO seats (key, account, time) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET account = excluded.account, time = excluded.time",
                (token_hash, account, time),
            )
            self._do(
                "DELETE FROM seats WHERE account = ? AND key NOT IN"
                " (SELECT key FROM seats WHERE account = ? ORDER BY time DESC LIMIT ?)",
                (account, account, MAX_TOKENS),
            )

    def set_password(self, account: int, password: str) -> None:
        """Set the hash of an account's password."""
        self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account))

    def revoke_tokens(self, account: int, except_: bytes) -> None:
        """Delete all tokens of an account but one."""
        self._do("DELETE FROM seats WHERE account = ? AND key != ?", (account, except_))

    def set_seen(self, account: int, time: int) -> None:
        """Set when the account's owner was online last."""
        self._do("UPDATE accounts SET seen = ? WHERE id = ?", (time, account))

    def set_role(self, account: int, role: Role) -> str:
        """Set an account's role, and return its name."""
        self._do("UPDATE accounts SET role = ? WHERE id = ?", (int(role), account))
        (name,) = self._do("SELECT name FROM accounts WHERE id = ?", (account,)).fetchone()
        return str(name)

    def delete(self, account: int, time: int) -> None:
        """Delete an account with its tokens, and remember its name as released at this `time`."""
        (key,) = self._do("SELECT key FROM accounts WHERE id = ?", (account,)).fetchone()
        self._do("DELETE FROM seats WHERE account = ?", (account,))
        self._do("DELETE FROM accounts WHERE id = ?", (account,))
        self._do(
            "INSERT INTO given_up (key, time) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET time = excluded.time",
            (key, time),
        )
        forgotten = self._do("SELECT time FROM given_up ORDER BY time DESC LIMIT 1 OFFSET ?", (MOST_GIVEN_UP,))
        for (oldest,) in forgotten.fetchall():  # a token from before then needs the password from now on
            self._do("DELETE FROM given_up WHERE time <= ?", (oldest,))
            self._do("DELETE FROM seats WHERE time <= ?", (oldest,))
        # No token is left from a time at which these names meant another account.
        self._do("DELETE FROM given_up WHERE time < ifnull((SELECT min(time) FROM seats), ?)", (time + 1,))
