"""What is asked for when a command lacks its password."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.ui.passwords import AGAIN, NOT_THE_SAME, PasswordQuestion, missing_password

NEW = "new password, 8 characters at least: "


@pytest.mark.parametrize(
    ("line", "question", "command"),
    [
        ("/register", NEW, "/registration me"),
        ("/registration ME", NEW, "/registration me"),
        ("/auth you", "password of you: ", "/auth you"),
        ("/LOGIN you ", "password of you: ", "/auth you"),
        ("/password", NEW, "/password"),
        ("/unregister ", "password, to give up your name and your private conversations: ", "/unregister"),
    ],
)
def test_a_command_that_lacks_its_password_asks_for_it(line: str, question: str, command: str) -> None:
    missing = missing_password(line, "me")
    assert missing
    assert (missing[0], missing[1].prompt) == (command, question)
    assert missing[1].is_new is (question == NEW)


@pytest.mark.parametrize(
    "line",
    ["/auth", "/auth you it", "/password it", "/register it", "/register you it", "/register me it", "/list", "hi"],
)
def test_a_line_that_lacks_none_asks_nothing(line: str) -> None:
    assert missing_password(line, "me") is None


def answered(question: PasswordQuestion, *typed: str) -> PasswordQuestion | str:
    """Return what comes of it when this is typed, as long as something is asked."""
    outcome: PasswordQuestion | str = question
    for line in typed:
        assert isinstance(outcome, PasswordQuestion)
        outcome = outcome.answered(line)
    return outcome


NEW_ONE = PasswordQuestion("me", NEW, is_new=True)


def test_a_password_that_there_is_is_asked_for_once() -> None:
    assert answered(PasswordQuestion("me", "password of me: "), " a b ") == "a b"


def test_a_new_password_is_asked_for_twice() -> None:
    again = answered(NEW_ONE, "a horse and a battery")
    assert isinstance(again, PasswordQuestion)
    assert again.prompt == AGAIN
    assert again.answered("a horse and a battery") == "a horse and a battery"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (["short"], "the password is too short!"),
        (["longenough", "longenoughh"], NOT_THE_SAME),
        (["\ufdd0" * 8], "it has a character that no password can have."),
    ],
)
def test_what_can_not_be_the_new_password_is_asked_for_again(typed: list[str], why: str) -> None:
    again = answered(NEW_ONE, *typed)
    assert isinstance(again, PasswordQuestion)
    assert (again.prompt, again.why) == (NEW, why)
    assert answered(again, "longenough", "longenough") == "longenough"


def test_the_name_is_no_password() -> None:
    again = answered(NEW_ONE._replace(name="carolpw999"), "CarolPW999")
    assert isinstance(again, PasswordQuestion)
    assert again.why == "the password can't be the name."


@pytest.mark.parametrize("typed", [["", ""], ["longenough", " "], ["short", ""]])
def test_enter_alone_does_nothing(typed: list[str]) -> None:
    outcome: PasswordQuestion | str = NEW_ONE
    for line in typed:
        if isinstance(outcome, PasswordQuestion):
            outcome = outcome.answered(line)
    assert outcome == ""


@given(st.lists(st.sampled_from(["hello everybody", "see you later", "short", "longenough", ""]), max_size=8))
def test_what_is_typed_once_becomes_no_new_password_and_is_shown_in_no_question(lines: list[str]) -> None:
    question = NEW_ONE
    for index, line in enumerate(lines):
        outcome = question.answered(line)
        if isinstance(outcome, str):
            assert outcome == "" or lines[index - 1 : index + 1] == [outcome, outcome]
            question = NEW_ONE
        else:
            assert not any(typed in outcome.prompt + outcome.why for typed in lines if typed not in ("", "short"))
            question = outcome
