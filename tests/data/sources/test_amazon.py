"""Amazon 2014: the events of the published tables."""

from __future__ import annotations

from pathlib import Path

from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.split import SplitSpec, hold_out


def test_amazon_asks_for_the_item_that_the_published_tables_ask_for(shared_data: Path) -> None:
    dataset = prepare(read_public("amazon-2014-beauty", shared_data / "amazon-2014").events).dataset
    queries = hold_out(dataset, SplitSpec(kind="leave-last-out")).queries
    lines = (shared_data / "amazon-2014" / "Beauty.txt").read_text().splitlines()
    last = {int(line.split()[0]): int(line.split()[-1]) for line in lines}
    users = dataset.users.decode(queries.user).to_list()
    assert dataset.items.decode(queries.target).to_list() == [last[user] for user in users]
