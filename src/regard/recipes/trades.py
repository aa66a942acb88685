"""Recipes of three trades: shops, news, advertising. Each is a schema plus defaults, not a model of its own.

A trade knows which attributes count in it and what they are usually called, so that ``colour`` is a category
and ``cost`` a price whatever they look like; all other columns are guessed as ever. The rest is the
sequential recipe, with what the trade needs:

=========  ==================================  ======================================================
recipe     attributes                          differs in
=========  ==================================  ======================================================
ecommerce  colour, brand, category, price      nothing else
news       category, author, time              ids are dropped more often, since most items are new, and
                                               it reads how long after the last event it is asked
ads        category, product, brand, price     the same: campaigns come and go
=========  ==================================  ======================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from regard.data.dataset import Dataset
from regard.data.fields import Field, Fields, Kind
from regard.data.infer import infer
from regard.errors import ConfigError
from regard.models.causal import CausalConfig
from regard.recipes.sequential import sequential
from regard.train.fitting import FitConfig

__all__ = ["ads", "ecommerce", "news"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    """An attribute of a trade: what it is called, and which kinds it may be, the usual one first."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]


_CATEGORY: Final = _Role(
    names=(
        "category",
        "categories",
        "cat",
        "genre",
        "genres",
        "topic",
        "section",
        "department",
        "类别",
        "品类",
    ),
    kinds=("category", "set"),
)
_BRAND: Final = _Role(names=("brand", "manufacturer", "maker", "品牌"), kinds=("category", "set"))
_PRICE: Final = _Role(names=("price", "unitprice", "cost", "amount", "价格"), kinds=("price",))
_COLOUR: Final = _Role(names=("colour", "color", "colours", "colors", "颜色"), kinds=("category", "set"))
_AUTHOR: Final = _Role(
    names=("author", "authors", "byline", "writer", "publisher", "source", "作者"), kinds=("category", "set")
)
_TIME: Final = _Role(
    names=("time", "published", "publishedat", "publishtime", "date", "createdat", "时间", "发布时间"),
    kinds=("time",),
)
_PRODUCT: Final = _Role(names=("product", "productid", "campaign", "adgroup", "产品"), kinds=("category",))

_SHOP: Final = {"colour": _COLOUR, "brand": _BRAND, "category": _CATEGORY, "price": _PRICE}
_NEWS: Final = {"category": _CATEGORY, "author": _AUTHOR, "time": _TIME}
_ADS: Final = {"category": _CATEGORY, "product": _PRODUCT, "brand": _BRAND, "price": _PRICE}
_DROP_ID_OF_SHORT_LIVES = 0.3


def ecommerce(train: Dataset) -> FitConfig:
    """Return the configuration for a shop.

    Raises
    ------
    ConfigError
        If the table of items has none of its attributes.
    """
    return sequential(train).changed(fields=_schema(train, "ecommerce", _SHOP))


def news(train: Dataset) -> FitConfig:
    """Return the configuration for news, where most items are new; see `ecommerce`."""
    return _short_lived(train, "news", _NEWS)


def ads(train: Dataset) -> FitConfig:
    """Return the configuration for advertising; see `ecommerce`."""
    return _short_lived(train, "ads", _ADS)


def _short_lived(train: Dataset, name: str, roles: Mapping[str, _Role]) -> FitConfig:
    config = sequential(train)
    shape = CausalConfig(**config.shape)
    items = shape.items.changed(drop_id=_DROP_ID_OF_SHORT_LIVES)
    return config.changed(
        fields=_schema(train, name, roles), shape=shape.changed(items=items, request_time=True).to_json()
    )


def _schema(train: Dataset, recipe: str, roles: Mapping[str, _Role]) -> Fields:
    """Return the fields of a table of items, those of the trade with a kind that it allows."""
    table = train.item_table
    role_of = {name: role for role in roles.values() for name in role.names}
    guessed = infer(table, id_column="item_id", source="the table of items")
    if not any(_plain(field.name) in role_of for field in guessed):
        there = ", ".join(repr(field.name) for field in guessed) or "none"
        raise ConfigError(
            f"the recipe {recipe!r} reads {', '.join(roles)} of the items, and their table has none of them "
            f"(its columns: {there}); give one with items=... or --items, or take the recipe 'sequential'"
        )
    return Fields(items=tuple(_as_role(field, role_of.get(_plain(field.name))) for field in guessed))


def _as_role(field: Field, role: _Role | None) -> Field:
    if role is None or field.kind in role.kinds:
        return field
    return Field(name=field.name, kind=role.kinds[0], reason="said by the recipe")


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
