"""What a careless user gives ``regard fit``: one message that names the place, exit code 2, no traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from regard.cli.main import main

HEAD = "user_id,item_id,timestamp,weight\n"
GOOD = "1,a,1300000000,1\n2,b,1300000001,1\n1,b,1300000002,1\n"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param(HEAD + GOOD + "2,,1300000003,1\n", ["item_id", "row 3"], id="null item"),
        pytest.param(HEAD + GOOD + "2,a,soon,1\n", ["timestamp", "row 3", "soon"], id="unparsable time"),
        pytest.param(HEAD + GOOD + "2,a,9300000000,1\n", ["timestamp", "row 3"], id="time in a far future"),
        pytest.param(HEAD + GOOD + "2,a,1300000003,nan\n", ["weight", "row 3", "nan"], id="weight NaN"),
        pytest.param(
            GOOD.join(["CustomerID,item_id,timestamp,weight\n", ""]),
            ["did you mean 'CustomerID'"],
            id="column",
        ),
        pytest.param("", ["log.csv"], id="empty file"),
        pytest.param(HEAD, ["log.csv"], id="no events"),
        pytest.param(HEAD + "1,a,1300000000,1\n1,b,1300000001,1\n", ["user"], id="one user"),
        pytest.param(HEAD + "1,a,1300000000,1\n2,a,1300000001,1\n", ["item"], id="one item"),
    ],
)
def test_a_bad_log_is_refused_in_words(
    text: str,
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "log.csv").write_text(text)
    monkeypatch.setattr(sys, "argv", ["regard", "fit", str(tmp_path / "log.csv"), "-o", str(tmp_path / "m")])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert all(part in said for part in parts), said
    assert not (tmp_path / "m").exists()
