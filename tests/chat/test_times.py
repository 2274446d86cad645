"""Times in answers: in UTC for who reads the words, and as times for who can show them in another zone."""

import pytest

from asyncchat.log.accounts import Role
from tests.chat.stored_chat import StoredChat

NOW = "2025-11-22T21:40:00Z"
LATER = "2025-11-22T23:40:00Z"


@pytest.mark.parametrize(
    ("lines", "answer", "times"),
    [
        (["/ban bob 2h"], f"bob was banned until {LATER}!", [LATER]),
        (["/mute bob 2h"], f"bob was muted until {LATER}!", [LATER]),
        (["/ban bob"], "bob was banned!", None),
        (["/kick bob"], "bob was kicked!", None),
        (["/ban amy 2h", "/ban bob 2h", "/bans"], f"banned: amy (until {LATER}), bob (until {LATER})", [LATER, LATER]),
        (["/ban bob 2h", "/audit"], f"{NOW} admin: ban bob (until {LATER})", [NOW, LATER]),
        (["/ban bob", "/audit"], f"{NOW} admin: ban bob", [NOW]),
        (["/list"], "online: amy bob", None),
    ],
)
def test_an_answer_says_which_times_are_in_it(
    chat: StoredChat, lines: list[str], answer: str, times: list[str] | None
) -> None:
    admin = chat.own_program("admin")
    assert admin.session.user.account
    admin.session.user.account.role = Role.ADMIN
    chat.guest("bob")
    chat.guest("amy")
    heard = [event for line in lines for event in admin.say(line)]
    notice = [event for event in heard if event["type"] == "notice"][-1]
    assert (notice["text"], notice.get("times")) == (answer, times)


def test_what_somebody_wrote_is_not_taken_for_a_time(chat: StoredChat) -> None:
    admin = chat.own_program("admin")
    assert admin.session.user.account
    admin.session.user.account.role = Role.ADMIN
    admin.say(f"/topic at the sea (until {LATER})")
    (audit,) = [event for event in admin.say("/audit") if event["type"] == "notice"]
    assert audit["times"] == [NOW]
