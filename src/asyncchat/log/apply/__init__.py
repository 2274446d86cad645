"""What each entry of the log does: the only code that changes the state.

It depends on the state and the entry alone: no clock, no local option, no order of a set. The same entries always give
the same state.
"""

from asyncchat.log.apply.checks import check as check, may_say as may_say
from asyncchat.log.apply.effects import Told as Told, apply as apply
