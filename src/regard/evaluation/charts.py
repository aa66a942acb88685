"""What all plots share: the look, and the one import of Altair (extra ``report``).

It draws nothing and does not know pages.
"""

from __future__ import annotations

import io
from types import ModuleType
from typing import Any, Final

from regard.errors import MissingExtraError

__all__ = ["ACCENT", "GREY", "INK", "TONES", "WIDTH", "altair", "rendered", "svg"]

ACCENT: Final = "#2456c7"
GREY: Final = "#b3bcc9"
INK: Final = "#1f2933"
# What the model is compared with stays apart by tone and dash, and from the model by not being blue.
TONES: Final = ("#c4703a", "#5f8a6b", "#8a6fa8", "#9a8f45", "#7c8794", "#b86b84", "#4f9aa3")
WIDTH: Final = 380
_FAINT = "#e6e9ee"
_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"


def altair() -> ModuleType:
    """Return Altair.

    Raises
    ------
    MissingExtraError
        If Altair or its converter is not installed.
    """
    try:
        import altair as found
        import vl_convert  # noqa: F401 (what Altair draws SVG with; it only says so when it is too late)
    except ImportError as error:
        raise MissingExtraError(error.name or "altair", "report") from error
    return found


def svg(chart: Any, *, height: int, width: int = WIDTH) -> str:
    """Return a chart of this size as the text of an SVG."""
    return rendered(chart.properties(width=width, height=height))


def rendered(chart: Any) -> str:
    """Return a chart in the common look as the text of an SVG."""
    text = {"labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": INK}
    styled = chart.configure(
        background="white",
        font=_FONT,
        padding=6,
        view={"stroke": None},
        axis=text
        | {"gridColor": _FAINT, "domainColor": GREY, "tickColor": GREY, "titleFontWeight": "normal"},
        legend=text,
    )
    target = io.StringIO()
    styled.save(target, format="svg")
    return target.getvalue()
