"""The entries of the log: everything that changes what users see, in one order; see `apply` for what each does.

An entry contains all that applying it needs, also the time (milliseconds since 1970), so that the same entries always
give the same state. Awaiting one proposes it, and returns its result as soon as it is applied.
"""

from asyncchat.log.entries.accounts import CreateAccount as CreateAccount
from asyncchat.log.entries.accounts import DeleteAccount as DeleteAccount
from asyncchat.log.entries.accounts import Seen as Seen
from asyncchat.log.entries.accounts import SetRole as SetRole
from asyncchat.log.entries.accounts import StorePassword as StorePassword
from asyncchat.log.entries.accounts import StoreToken as StoreToken
from asyncchat.log.entries.entry import Entry as Entry
from asyncchat.log.entries.invites import MakeInvite as MakeInvite
from asyncchat.log.entries.invites import RevokeInvite as RevokeInvite
from asyncchat.log.entries.invites import UseInvite as UseInvite
from asyncchat.log.entries.members import Count as Count
from asyncchat.log.entries.members import Join as Join
from asyncchat.log.entries.members import Leave as Leave
from asyncchat.log.entries.members import Mark as Mark
from asyncchat.log.entries.members import Rename as Rename
from asyncchat.log.entries.members import ServerLost as ServerLost
from asyncchat.log.entries.members import life_of as life_of
from asyncchat.log.entries.moderation import LiftRestriction as LiftRestriction
from asyncchat.log.entries.moderation import Restrict as Restrict
from asyncchat.log.entries.private import ChangePrivate as ChangePrivate
from asyncchat.log.entries.private import MarkRead as MarkRead
from asyncchat.log.entries.private import OpenConversation as OpenConversation
from asyncchat.log.entries.private import PrivateHistory as PrivateHistory
from asyncchat.log.entries.private import PrivateStored as PrivateStored
from asyncchat.log.entries.private import SendPrivate as SendPrivate
from asyncchat.log.entries.rooms import ChangeMessage as ChangeMessage
from asyncchat.log.entries.rooms import Depart as Depart
from asyncchat.log.entries.rooms import Enter as Enter
from asyncchat.log.entries.rooms import Follow as Follow
from asyncchat.log.entries.rooms import MakeRoom as MakeRoom
from asyncchat.log.entries.rooms import ReadRoom as ReadRoom
from asyncchat.log.entries.rooms import SetPrivate as SetPrivate
from asyncchat.log.entries.rooms import SetRoomRole as SetRoomRole
from asyncchat.log.entries.rooms import SetTopic as SetTopic
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
