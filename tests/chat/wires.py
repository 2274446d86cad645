"""What is between a client and a server, and may break."""

from random import Random

from asyncchat.client.json_client import JsonClient
from asyncchat.formats import events
from tests.chat import Bot

QUESTION = b"Server: write your name\n"


class Wire:
    """A connection of `client` to a server, where `bot` is its far end: what is on its way in either direction."""

    def __init__(self, client: JsonClient, bot: Bot) -> None:
        self._client = client
        self._bot = bot
        bot.peer.take()
        self._to_client = QUESTION
        self._to_server = b""
        self.news: list[events.FromServer] = []
        client.connected()

    def carry(self, pieces: Random | None = None) -> bool:
        """Bring what is on its way to where it goes, or only some of it; tell whether there was anything."""
        self._to_client += self._bot.peer.take()
        self._to_server += self._client.to_send()
        up, down = len(self._to_server), len(self._to_client)
        if pieces:
            up, down = pieces.randint(0, up), pieces.randint(0, down)
        sent, self._to_server = self._to_server[:up], self._to_server[up:]
        heard, self._to_client = self._to_client[:down], self._to_client[down:]
        if sent and not self._bot.peer.closed:
            self._bot.send(sent)
        self._client.hear(heard)
        self.news += self._client.news()
        return bool(sent or heard)

    def carry_all(self) -> list[events.FromServer]:
        """Bring everything, and return what the client has seen since the last call."""
        while self.carry():
            pass
        news, self.news = self.news, []
        return news

    def notice_that_it_is_dead(self) -> None:
        self._bot.hang_up()
