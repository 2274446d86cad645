"""The state with which a server starts, from what its store has kept."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from asyncchat.limits import Limits, Policy
from asyncchat.log.accounts import Accounts
from asyncchat.log.log import MemoryLog, SharedLog
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.shared.pipeline import SharedPipeline
from asyncchat.log.state import ChatState, RoomState

if TYPE_CHECKING:
    from asyncchat.store import Store
    from asyncchat.store.postgres import PgStore


def open_pipeline(
    store: "Store | PgStore | None",
    limits: Limits,
    policy: Policy,
    wake: Callable[[], object],
    clock: Callable[[], int],
) -> Pipeline:
    """Return the pipeline to the log of a store, with the state as it is now; see Pipeline for `wake` and `clock`."""
    log = store.log if store else MemoryLog(epoch=secrets.token_hex(8))
    room = RoomState(
        max(limits.history, limits.replay), log.recent, log.seq, store.topic if store else "", policy.default_room
    )
    if not store:
        return Pipeline(ChatState(room), log, wake, clock)
    accounts = Accounts(store.accounts, store.released, store.next_id)
    state = ChatState(room, accounts, Restrictions(store.restrictions), store.rooms, store.invites, store.last_invite)
    for member in store.members:
        state.add(member)
    if isinstance(store.log, SharedLog):
        return SharedPipeline(state, store.log, wake, clock)
    return Pipeline(state, log, wake, clock)
