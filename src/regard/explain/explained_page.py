"""A page: one explanation as one HTML file that needs nothing else, in English or Chinese.

The sentence stands first, then what was measured, and only then where the model looked. It measures nothing.

Shape letters: L layers, N heads, E events.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from regard.evaluation.page import Callout, Facts, Figure, Heading, Section, Table, Text, write_page
from regard.explain.drawing import heat_map, timeline
from regard.explain.explanation import Explanation
from regard.explain.words import Language, words_of

__all__ = ["write_explanation"]

_SAID = {
    "en": {
        "title": "Why {title}",
        "chance": "Probability among all items",
        "together": "Times as likely by the history",
        "events": "Events read",
        "unread": "Events not read",
        "timeline": "What each event did: by how much the logarithm of the item's probability falls without "
        "it. Right: for the item, left: against it. Grey: attention, where the model looked, not why.",
        "heads": "Where each head looked from the latest event: not why.",
        "attributes": "Attributes: the fall, in nats, if a field is missing, of the item or of all items of "
        "the history.",
        "how": "Every number was measured by leaving something out and asking the model again.",
    },
    "zh": {
        "title": "为什么推荐{title}",
        "chance": "在所有物品中的概率",
        "together": "历史记录使其可能性变为几倍",
        "events": "读取的事件",
        "unread": "未读取的事件",
        "timeline": "每个事件的作用：去掉它之后，该物品概率的对数下降多少。向右：有利；向左：不利。"
        "灰色：注意力，即模型看了哪里，并非原因。",
        "heads": "每个注意力头从最近一个事件看向哪里：并非原因。",
        "attributes": "属性：某个字段缺失时（物品自身的，或历史记录中全部物品的）下降多少奈特。",
        "how": "每个数字都是去掉某一部分后重新询问模型测得的。",
    },
}


def write_explanation(
    path: str | os.PathLike[str],
    explanation: Explanation,
    *,
    language: Language = "en",
    verb: str | None = None,
    heads_LNE: np.ndarray | None = None,
) -> Path:
    """Write an explanation as a page, whole or not at all, and return where it lies.

    Parameters
    ----------
    path
        File to write.
    explanation
        What was measured.
    language, verb
        As in `regard.explain.story.Story.tell`.
    heads_LNE
        ``[L, N, E]`` where each head looked (`regard.explain.weights.every_head`); None leaves it out.

    Raises
    ------
    ConfigError
        If there is no such language.
    """
    words_of(language)
    said, events = _SAID[language], explanation.events
    sections: list[Section] = [
        Callout(explanation.tell(language, verb=verb)),
        Facts(
            (
                (said["chance"], f"{explanation.probability:.2%}"),
                (said["together"], f"{float(np.exp(explanation.together)):.3g}"),
                (said["events"], str(events.height)),
                (said["unread"], str(explanation.unread)),
            )
        ),
    ]
    if events.height:
        sections += [Figure(timeline(events, language=language), said["timeline"])]
    if heads_LNE is not None and events.height:
        titles = events.sort("position")["title"].to_list()
        sections += [Heading("Attention" if language == "en" else "注意力")]
        sections += [Figure(heat_map(heads_LNE, titles, language=language), said["heads"])]
    if explanation.attributes.height:
        shown = explanation.attributes.select(
            pl.concat_str("field", pl.lit(" ("), "side", pl.lit(")")).alias("field"),
            "value",
            "influence",
            "replaced",
        )
        sections.append(Table(shown, said["attributes"]))
    sections.append(Text(said["how"]))
    title = said["title"].format(title=words_of(language).quoted.format(title=explanation.title))
    return write_page(path, title=title, sections=sections, lang=language)
