"""PostgreSQL: a server that is killed loses nothing, and several processes write to one log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from benchmarks.serve.servers import PostgresServer
from tests.serve.examples import event

from regard.errors import ConfigError, StoreDown
from regard.serve.stores.postgres import PostgresLog

SPY = """
    CREATE TABLE seen (value text);
    CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN new; END $$;
    CREATE TRIGGER spy BEFORE INSERT ON regard_events FOR EACH ROW EXECUTE FUNCTION spy();
"""


def test_numbers_rise_in_the_order_of_commits_whoever_writes(postgres_server: PostgresServer) -> None:
    postgres_server.empty()
    logs = [PostgresLog(postgres_server.url) for _ in range(3)]

    def send(which: int) -> None:
        for n in range(40):
            logs[which].append([event(f"{which}-{n}")])

    reader, seen = PostgresLog(postgres_server.url), 0
    with ThreadPoolExecutor(3) as pool:
        sending = [pool.submit(send, which) for which in range(3)]
        while not all(one.done() for one in sending) or reader.last() > seen:
            found = [one.number for one in reader.read(after=seen)]
            assert found == list(range(seen + 1, seen + 1 + len(found)))  # no number comes late
            seen += len(found)
        for one in sending:
            one.result()
    assert seen == 120
    for log in (*logs, reader):
        log.close()


def test_a_batch_that_cannot_be_stored_whole_is_not_stored_at_all(postgres_server: PostgresServer) -> None:
    postgres_server.empty()
    log = PostgresLog(postgres_server.url)
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute("ALTER TABLE regard_events ADD CHECK (event_id <> 'ebad')")
    with pytest.raises(StoreDown, match="check"):
        log.append([event("good"), event("bad")])
    assert log.read() == []
    assert log.append([event("good")]).last == 1
    log.close()


def test_commits_are_synced_also_where_the_database_says_otherwise(postgres_server: PostgresServer) -> None:
    postgres_server.empty()
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute("ALTER DATABASE postgres SET synchronous_commit = off")
        try:
            log = PostgresLog(postgres_server.url)
            admin.execute(SPY)
            log.append([event(1)])
            assert admin.execute("SELECT value FROM seen").fetchall() == [("on",)]
            log.close()
        finally:
            admin.execute("ALTER DATABASE postgres RESET synchronous_commit")
            admin.execute("DROP FUNCTION spy CASCADE; DROP TABLE seen")


def test_a_database_that_takes_no_writes_is_told_by_the_check(postgres_server: PostgresServer) -> None:
    postgres_server.empty()
    PostgresLog(postgres_server.url).close()
    with psycopg.connect(postgres_server.url, autocommit=True) as admin:
        admin.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        try:
            with pytest.raises(StoreDown, match="read-only"):
                PostgresLog(postgres_server.url)
        finally:
            admin.execute("SET default_transaction_read_only = off")
            admin.execute("ALTER DATABASE postgres RESET default_transaction_read_only")


@pytest.mark.parametrize("own_server", [PostgresServer], indirect=True)
def test_a_server_that_does_not_sync_is_refused(own_server: PostgresServer) -> None:
    own_server.kill()
    own_server.settings = {"fsync": "off"}
    own_server.start()
    with pytest.raises(ConfigError, match="fsync = on"):
        PostgresLog(own_server.url)
