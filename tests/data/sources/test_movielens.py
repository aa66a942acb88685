"""MovieLens, as GroupLens publishes it."""

from __future__ import annotations

from pathlib import Path

from regard.data.prepare import prepare
from regard.data.sources.public import read_public
from regard.data.split import SplitSpec, hold_out


def test_movielens_1m_asks_for_the_item_that_the_published_tables_ask_for(shared_data: Path) -> None:
    import gzip

    dataset = prepare(read_public("ml-1m", shared_data / "ml-1m").events).dataset
    queries = hold_out(dataset, SplitSpec(kind="leave-last-out")).queries
    with gzip.open(shared_data / "ml-1m" / "sequences.txt.gz", "rt") as file:
        last = {int(line.split()[0]): int(line.split()[-1]) for line in file}
    users = dataset.users.decode(queries.user).to_list()
    assert dataset.items.decode(queries.target).to_list() == [last[user] for user in users]


def test_movielens_1m_reads_the_files_as_grouplens_publishes_them(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n2::661::3::978302109\n")
    (tmp_path / "movies.dat").write_bytes("1193::Élisa (1995)::Drama|War\n".encode("latin-1"))
    data = read_public("ml-1m", tmp_path)
    assert data.events.rows() == [(1, 1193, 5, 978300760), (2, 661, 3, 978302109)]
    assert data.items is not None
    assert data.items.rows() == [(1193, "Élisa (1995)", ["Drama", "War"])]
    assert data.users is None
