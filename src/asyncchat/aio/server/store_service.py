"""Answers the requests of sessions: the store is read and passwords are hashed in threads, entries go to the log."""

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from asyncchat.aio.server.searching import Asker, Searches
from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.credentials import ChangePassword, CheckPassword, Credentials, RegisterAccount, Unregister
from asyncchat.chat.requests.pause import Pause
from asyncchat.chat.requests.queries import Search
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account
from asyncchat.log.entries import AnyEntry, CreateAccount, DeleteAccount, Entry, StorePassword, StoreToken
from asyncchat.log.requests import Request
from asyncchat.sessions.session import Session
from asyncchat.system.daemon_executor import DaemonExecutor
from asyncchat.text import texts
from asyncchat.text.refusals import NotKept, RateLimited, WrongPassword

if TYPE_CHECKING:
    from asyncchat.store import Store
    from asyncchat.store.postgres import PgStore

_T = TypeVar("_T")

HASHING_AT_ONCE = 2
MOST_HASHING = 128
"""Passwords that are hashed or wait for that; further ones are refused, except the first from an address."""

MOST_FROM_ONE = 64
"""Of these, from one address."""

_LOWEST_PRIORITY = 19


def applied(session: Session) -> "asyncio.Future[None]":
    """Return what is done when the entry that `session` awaits is applied, or refused."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def then() -> None:
        if not done.done():  # else its waiter was cancelled
            done.set_result(None)

    session.when_applied(then)
    return done


class StoreService:
    """Answers what the sessions of `core` ask of `store`; whether they may ask it, the core has decided."""

    def __init__(self, core: ChatCore, store: "Store | PgStore") -> None:
        # Not at the top: a chat without a store does not need it.
        from asyncchat.system import password_hash

        self._passwords = password_hash
        self._core = core
        self._store = store
        self._reading = DaemonExecutor("archive")
        self._hashing = DaemonExecutor("passwords", HASHING_AT_ONCE, _give_way)
        self._waiting: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # In a thread of its own: a user who reconnects must not wait for the searches of others.
        self._searches = Searches(store.searched.answer, self._end)

    async def attend(self, session: Session, asker: Asker) -> None:
        """Answer the request of `session`. Raises ConnectionAbortedError if the peer, `asker`, is gone."""
        try:
            await self._answer(session, asker)
        except Refusal as refusal:
            session.throw(refusal)

    async def _answer(self, session: Session, asker: Asker) -> None:
        match question := session.pending_request:
            case RegisterAccount() | CheckPassword() | ChangePassword() | Unregister():
                await self._take_password(session, question)
            case Search():
                session.resume(await self._searches.answer(question, session.user.network, asker))
            case Pause(seconds):
                await asyncio.wait([self._end], timeout=seconds)
                session.resume(None)
            case Entry():
                await self._until(applied(session))
            case Request():
                session.resume(await self._in(self._reading, lambda: self._store.archive.answer(question)))

    def give_up(self) -> None:
        """Answer no more: users who wait for an answer are told that the chat is closing."""
        self._end.set_result(None)

    async def _take_password(self, session: Session, question: Credentials) -> None:
        try:
            if entry := await self._work_on(question, session.user.network):
                await self._keep(entry, session)
            else:
                session.resume(None)
        finally:
            if isinstance(question, RegisterAccount) and self._core.accounts:
                self._core.accounts.release(question.name.key)

    async def _work_on(self, question: Credentials, address: str) -> AnyEntry | None:
        mine = self._waiting[address]
        if mine >= MOST_FROM_ONE or (mine and self._waiting.total() >= MOST_HASHING):
            raise RateLimited(texts.TOO_MANY_WAITING)
        self._waiting[address] += 1
        try:
            return await self._use(question, address)
        except self._passwords.NO_MEMORY:
            raise RateLimited(texts.NO_MEMORY) from None
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
                self._turns.pop(address, None)

    async def _use(self, question: Credentials, address: str) -> AnyEntry | None:
        match question:
            case RegisterAccount(name, password, token_hash):
                hashed = await self._hash(password, address)
                return CreateAccount(name, hashed, token_hash, self._core.moment(), address)
            case ChangePassword(account, password, token_hash):
                return StorePassword(account.id, await self._hash(password, address), token_hash)
            case Unregister(account, password):
                await self._check(account, password, address)
                return DeleteAccount(account.id, self._core.moment())
            case CheckPassword(account, password, token_hash):
                kept = account.password
                await self._check(account, password, address)
                stronger = await self._hash(password, address) if self._passwords.is_weak(kept) else None
                return (
                    StoreToken(account.id, kept, token_hash, self._core.moment(), stronger)
                    if token_hash or stronger
                    else None
                )

    async def _hash(self, password: str, address: str) -> str:
        return await self._in_turn(address, lambda: self._passwords.hashed(password))

    async def _check(self, account: Account, password: str, address: str) -> None:
        if not await self._in_turn(address, lambda: self._passwords.is_right(password, account.password)):
            self._core.counters.login_failures += 1
            raise WrongPassword

    async def _in_turn(self, address: str, call: Callable[[], _T]) -> _T:
        """Call a function that hashes; each address has HASHING_AT_ONCE such calls running or waiting for a thread."""
        async with self._turns.setdefault(address, asyncio.Semaphore(HASHING_AT_ONCE)):
            return await self._in(self._hashing, call)

    async def _in(self, threads: DaemonExecutor, call: Callable[[], _T]) -> _T:
        return await self._until(asyncio.get_running_loop().run_in_executor(threads, call))

    async def _until(self, done: "asyncio.Future[_T]") -> _T:
        waited: set[asyncio.Future[Any]] = {done, self._end}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise NotKept(texts.CLOSING)
        return done.result()

    async def _keep(self, entry: AnyEntry, session: Session) -> None:
        """Have `entry` kept, and tell the session in the moment in which it is applied."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def applied(outcome: object) -> None:
            if not done.done():  # else its waiter was cancelled
                done.set_result(None)
            if isinstance(outcome, Refusal):
                session.throw(outcome)
            else:
                session.resume(outcome)

        self._core.propose(entry, applied)
        await self._until(done)


def _give_way() -> None:
    """Lower the priority of this thread, which uses all of a core, below that of the event loop."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
