"""What a peer is told when something that it sent can't be taken."""

from asyncchat.chat.archive import Unanswered
from asyncchat.chat.changes import NotNow


class Refusal(ValueError):
    """Something that a peer sent and that can't be taken; `code` says why for programs, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def refuse_unanswered(answer: object) -> None:
    """Raise Refusal if something could not be read or kept."""
    match answer:
        case Unanswered(why):
            raise Refusal("not-kept", f"this can't be done: {why}.")
        case NotNow(why, code):
            raise Refusal(code, why)
