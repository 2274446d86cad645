"""Every time that the client at a terminal shows is the one on the clock beside it."""

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.programs import ADMIN, ServeProgram
from tests.ui.terminals import ENTER, Terminal


def test_history_and_what_moderators_did_are_in_the_local_time(with_people: str, tmp_path: Path) -> None:
    with (
        ServeProgram("--rate", "0", "--store", with_people) as server,
        server.join("eve"),
        Terminal(
            server.address,
            "--name",
            "admin",
            state=tmp_path,
            columns=120,
            TZ="ACT-13:45",  # POSIX: east of Greenwich is negative
            ASYNCCHAT_PASSWORD=ADMIN,
        ) as admin,
    ):
        admin.until_prompt()
        admin.write("hello" + ENTER)
        admin.until_said("admin: hello")
        (shown,) = (row[:5] for row in admin.rows if row.endswith(" admin: hello"))
        assert shown[:2] != f"{datetime.now(UTC):%H}"
        for line in ("/history 1", "/mute eve 30s", "/audit"):
            admin.write(line + ENTER)
        admin.until_row("mute eve (until")
        text = "\n".join(admin.rows)
        assert f"Server: {shown} admin: hello" in text
        assert re.search(r"Server: eve was muted until (\d{4}-\d\d-\d\d )?\d\d:\d\d!", text)
        assert re.search(r"Server: \d\d:\d\d admin: mute eve \(until (\d{4}-\d\d-\d\d )?\d\d:\d\d\)", text)
        assert not re.search(r"\dT\d", text)
