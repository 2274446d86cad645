"""The menu of what a word may become, with arrows where there is more than it has rows for."""

from collections.abc import Callable

from prompt_toolkit.filters import has_completions, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.containers import ConditionalContainer, Window, WindowRenderInfo
from prompt_toolkit.layout.controls import UIContent
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.layout.margins import Margin
from prompt_toolkit.layout.menus import CompletionsMenuControl


def menu(rows: int) -> ConditionalContainer:
    """Return the menu, with so many rows at most; the toolkit's own looks the same whether or not there is more."""
    window = Window(
        CompletionsMenuControl(),
        width=Dimension(min=8),
        height=Dimension(min=1, max=rows),
        right_margins=[_More()],
        dont_extend_width=True,
        style="class:completion-menu",
        z_index=1,
    )
    return ConditionalContainer(window, has_completions & ~is_done)


class _More(Margin):
    def get_width(self, get_ui_content: Callable[[], UIContent]) -> int:
        """Return the columns that the arrows take."""
        return 2

    def create_margin(self, window_render_info: WindowRenderInfo, width: int, height: int) -> StyleAndTextTuples:
        """Return what stands there in each row."""
        above = window_render_info.vertical_scroll > 0
        below = window_render_info.vertical_scroll + height < window_render_info.content_height
        arrows = [" "] * height
        if below:
            arrows[-1] = "↓"
        if above:
            arrows[0] = "↑"
        return [("class:completion-menu", f"{arrow} \n") for arrow in arrows]
