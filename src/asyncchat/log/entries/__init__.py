"""The entries of the log: everything that changes what users see, in one order; see `apply` for what each does.

An entry contains all that applying it needs, also the time (milliseconds since 1970), so that the same entries always
give the same state. Awaiting one proposes it, and returns its result as soon as it is applied.
"""

from asyncchat.log.entries.accounts import (
    CreateAccount as CreateAccount,
    DeleteAccount as DeleteAccount,
    Seen as Seen,
    SetRole as SetRole,
    StorePassword as StorePassword,
    StoreToken as StoreToken,
)
from asyncchat.log.entries.entry import Entry as Entry
from asyncchat.log.entries.invites import MakeInvite as MakeInvite, RevokeInvite as RevokeInvite, UseInvite as UseInvite
from asyncchat.log.entries.members import (
    Count as Count,
    Join as Join,
    Leave as Leave,
    Mark as Mark,
    Rename as Rename,
    ServerLost as ServerLost,
    life_of as life_of,
)
from asyncchat.log.entries.moderation import LiftRestriction as LiftRestriction, Restrict as Restrict
from asyncchat.log.entries.private import (
    ChangePrivate as ChangePrivate,
    MarkRead as MarkRead,
    OpenConversation as OpenConversation,
    PrivateHistory as PrivateHistory,
    PrivateStored as PrivateStored,
    SendPrivate as SendPrivate,
)
from asyncchat.log.entries.rooms import (
    ChangeMessage as ChangeMessage,
    Depart as Depart,
    Enter as Enter,
    Follow as Follow,
    MakeRoom as MakeRoom,
    ReadRoom as ReadRoom,
    SetPrivate as SetPrivate,
    SetRoomRole as SetRoomRole,
    SetTopic as SetTopic,
)
from asyncchat.log.room_events import Sent

KEPT_NOWHERE = (Join, Rename, Leave, Enter, Depart, Count, Mark)
"""Entries that are applied, and that one server alone does not store."""

CHANGES_NOTHING = (Count, Mark)
"""Entries that are neither stored nor told to other servers."""

IN_TABLES_ALONE = (OpenConversation, MarkRead, Follow, ReadRoom)
"""Entries that change what is stored, and nothing that another server holds in memory."""

ALONE = (
    CreateAccount,
    StoreToken,
    StorePassword,
    DeleteAccount,
    SetRole,
    Restrict,
    LiftRestriction,
    SetTopic,
    SetPrivate,
    SetRoomRole,
    MakeRoom,
    MakeInvite,
    UseInvite,
    RevokeInvite,
    ServerLost,
)
"""Entries that are a batch of their own: whether later entries are possible depends on them."""

REMOVES = (DeleteAccount, Restrict, SetPrivate, SetRoomRole)
"""Entries after which somebody may not write any more where messages may be on their way to."""

AnyEntry = (
    Join
    | Rename
    | Leave
    | ServerLost
    | Enter
    | MakeRoom
    | Depart
    | Count
    | Mark
    | SendPrivate
    | OpenConversation
    | MarkRead
    | CreateAccount
    | StoreToken
    | StorePassword
    | Seen
    | DeleteAccount
    | SetRole
    | Restrict
    | LiftRestriction
    | SetTopic
    | ChangeMessage
    | ChangePrivate
    | Follow
    | ReadRoom
    | MakeInvite
    | UseInvite
    | RevokeInvite
    | SetPrivate
    | SetRoomRole
)

Logged = Sent | AnyEntry
"""What a batch consists of: mostly messages, and other entries."""
