"""Where the log of events lies: SQLite, PostgreSQL, Redis; `book` opens one by its URL."""
