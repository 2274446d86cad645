"""Where sessions ask: what takes a while is done in threads, and what is kept holds at once for everybody."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from asyncchat.aio.daemon import DaemonExecutor
from asyncchat.chat.accounts import Account
from asyncchat.chat.archive import Audit, Count, History, Recall, Search, Unread
from asyncchat.chat.changes import (
    Authorize,
    Change,
    ChangePassword,
    Credentials,
    Gone,
    NewAccount,
    NewPassword,
    NotNow,
    Register,
    Seated,
    Unregister,
    Wrong,
)
from asyncchat.chat.host import Host
from asyncchat.chat.session import Session
from asyncchat.chat.tries import Tries

if TYPE_CHECKING:
    from asyncchat.store import Store

_T = TypeVar("_T")

HASHING_AT_ONCE = 2
MOST_HASHING = 128
"""Passwords that are being hashed or wait for that; more are told to come again."""

_LOWEST_PRIORITY = 19


class Desk:
    """Answers what the sessions of `host` ask of `store`."""

    def __init__(self, host: Host, store: "Store") -> None:
        # Not at the top: a chat without a store does not need it.
        from asyncchat import passwords

        self._passwords = passwords
        self._host = host
        self._store = store
        self._reading = DaemonExecutor("archive")
        self._hashing = DaemonExecutor("passwords", HASHING_AT_ONCE, _give_way)
        self._waiting = 0
        self._tries = Tries()

    async def attend(self, session: Session) -> None:
        """Answer what `session` has asked."""
        question = session.asked
        match question:
            case Register() | Authorize() | ChangePassword() | Unregister():
                await self._take_password(session, question)
            case History() | Search() | Recall() | Count() | Unread() | Audit():
                session.answer(await self._in(self._reading, lambda: self._store.archive.answer(question)))
            case None:
                pass
            case _:
                await self._keep(question, session.answer)

    def keep(self, change: Change) -> None:
        """Keep something that nobody waits for."""
        self._store.journal.change(change, lambda _: None)

    def close(self) -> None:
        """Answer no more."""
        self._reading.shutdown()
        self._hashing.shutdown()

    async def _take_password(self, session: Session, question: Credentials) -> None:
        try:
            outcome = await self._work_on(question, session.address)
            if outcome is None or isinstance(outcome, Wrong | NotNow):
                session.answer(outcome)
            else:
                await self._keep(outcome, session.answer)
        finally:
            if isinstance(question, Register) and self._host.accounts:
                self._host.accounts.reserved.discard(question.name.key)

    async def _work_on(self, question: Credentials, address: str) -> Change | Wrong | NotNow | None:
        if self._waiting == MOST_HASHING:
            return NotNow("too many are waiting already. Write it again in a minute.")
        self._waiting += 1
        try:
            return await self._use(question, address)
        finally:
            self._waiting -= 1

    async def _use(self, question: Credentials, address: str) -> Change | Wrong | NotNow | None:
        match question:
            case Register(name, password, seat):
                return NewAccount(name, await self._hash(password), seat)
            case ChangePassword(account, password, seat):
                return NewPassword(account, await self._hash(password), seat)
            case Unregister(account, password):
                return await self._check(account, password, address) or Gone(account)
            case Authorize(account, password, seat):
                if wrong := await self._check(account, password, address):
                    return wrong
                stronger = await self._hash(password) if self._passwords.is_weak(account.password) else None
                return Seated(account, seat, stronger) if seat or stronger else None

    async def _hash(self, password: str) -> str:
        return await self._in(self._hashing, lambda: self._passwords.hashed(password))

    async def _check(self, account: Account, password: str, address: str) -> Wrong | NotNow | None:
        key = account.name.key
        if not self._tries.take(key, address, asyncio.get_running_loop().time()):
            return NotNow("too many tries. Wait a minute, then write it again.")
        if not await self._in(self._hashing, lambda: self._passwords.is_right(password, account.password)):
            return Wrong()
        self._tries.forget(key, address)
        return None

    async def _in(self, threads: DaemonExecutor, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(threads, call)

    async def _keep(self, change: Change, tell: Callable[[object], None]) -> None:
        """Keep `change`, let it hold, and `tell` the answer, all at once: so it is in the order in which it is kept."""
        done = asyncio.get_running_loop().create_future()

        def kept(answer: object) -> None:
            try:
                self._host.settled(change, answer)
                tell(answer)
            finally:
                if not done.done():  # somebody waits
                    done.set_result(None)

        self._store.journal.change(change, kept)
        await done


def _give_way() -> None:
    """Let those who chat go first: what this thread does takes all of a core."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
