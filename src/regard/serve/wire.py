"""Wire: what a request may say and what an answer says, as strict models with examples.

Nothing is converted: a text is no number, a truth value is no number, and a name that does not exist is
refused. Ids are texts or integers and come back as the kind that the model was trained with. Times are ISO
8601 or integers (`regard.serve.moments`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic

from regard.serve import limits as most

__all__ = [
    "Erased",
    "EventIn",
    "EventsIn",
    "ExplainIn",
    "ExplainOut",
    "ItemIn",
    "ItemOut",
    "Listed",
    "ModelOut",
    "Neighbour",
    "ProblemOut",
    "Problems",
    "RecommendIn",
    "RecommendOut",
    "SimilarOut",
    "StoredOut",
    "UserOut",
]

_CLEAN = r"^[^\x00-\x1f\x7f]+$"
_NO_NUL = r"^[^\x00]*$"  # which no store keeps
Text = Annotated[str, pydantic.StringConstraints(max_length=most.MAX_TEXT, pattern=_NO_NUL)]
Name = Annotated[str, pydantic.StringConstraints(min_length=1, max_length=most.MAX_ID, pattern=_CLEAN)]
Whole = Annotated[int, pydantic.Field(ge=-(2**63), le=2**63 - 1)]
Id = Name | Whole
Scalar = Text | Whole | Annotated[float, pydantic.Field(allow_inf_nan=False)] | bool | None
Moment = Annotated[str, pydantic.StringConstraints(min_length=4, max_length=40)] | Whole
Ids = Annotated[list[Id], pydantic.Field(max_length=most.MAX_FILTER)]
History = Annotated[list[Id], pydantic.Field(max_length=most.MAX_HISTORY)]
Moments = Annotated[list[Moment], pydantic.Field(max_length=most.MAX_HISTORY)]
Fields = Annotated[dict[Name, Scalar], pydantic.Field(max_length=most.MAX_FIELDS)]
Attributes = Annotated[
    dict[Name, Scalar | Annotated[list[Scalar], pydantic.Field(max_length=most.MAX_LIST)]],
    pydantic.Field(max_length=most.MAX_FIELDS),
]


class _In(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="forbid", frozen=True)


class _Out(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class EventIn(_In):
    """Something that happened: a user and an item, at a time."""

    event_id: Name = pydantic.Field(
        description="Its own name: the same one again is stored once.", examples=["01JA-7"]
    )
    user_id: Id = pydantic.Field(examples=["ann"])
    item_id: Id = pydantic.Field(examples=["B00123"])
    time: Moment | None = pydantic.Field(
        default=None, description="When it happened; by default now.", examples=["2026-05-04T10:00:00Z"]
    )
    type: Name | None = pydantic.Field(default=None, examples=["purchase"])
    fields: Fields = pydantic.Field(
        default_factory=dict, description="Further columns.", examples=[{"device": "phone"}]
    )


class EventsIn(_In):
    """Events that are stored together, all or none."""

    events: Annotated[list[EventIn], pydantic.Field(min_length=1, max_length=most.MAX_BATCH)]


class StoredOut(_Out):
    """Events are on disk."""

    stored: int = pydantic.Field(description="How many were new.", examples=[1])
    duplicates: int = pydantic.Field(description="How many were there already.", examples=[0])
    last: int = pydantic.Field(description="Highest number that the log has given.", examples=[4711])


class _Whose(_In):
    user_id: Id | None = pydantic.Field(default=None, examples=["ann"])
    history: History | None = pydantic.Field(
        default=None, description="Item ids, oldest first, not a user.", examples=[["B00123", "B00456"]]
    )
    times: Moments | None = pydantic.Field(default=None, description="When the items of `history` happened.")

    @pydantic.model_validator(mode="after")
    def _one(self) -> Self:
        if (self.user_id is None) == (self.history is None):
            raise ValueError("give either user_id or history")
        if self.times is not None and len(self.times) != len(self.history or ()):
            raise ValueError("times has one time for each item of history")
        return self


class RecommendIn(_Whose):
    """Whom to recommend to, and what may be recommended."""

    k: int = pydantic.Field(default=10, ge=1, le=most.MAX_K, description="Length of the list.")
    allow: Ids | None = pydantic.Field(default=None, description="Recommend only these.")
    deny: Ids | None = pydantic.Field(default=None, description="Recommend none of these.")
    exclude_seen: bool = pydantic.Field(default=True, description="Leave out what the user has had.")
    at: Moment | None = pydantic.Field(default=None, description="When this is asked; not known by default.")
    explain: bool = pydantic.Field(default=False, description="Say why, for each item (slow).")
    trace: bool = pydantic.Field(
        default=False, description="Show what each stage of a two-stage model did (slow)."
    )

    @pydantic.model_validator(mode="after")
    def _short(self) -> Self:
        if self.explain and self.k > most.MAX_EXPLAINED:
            raise ValueError(f"a list that is explained has at most {most.MAX_EXPLAINED} items")
        return self


class Listed(_Out):
    """An item of a list."""

    item_id: str | int = pydantic.Field(examples=["B00789"])
    score: float = pydantic.Field(examples=[3.25])
    rank: int = pydantic.Field(examples=[1])
    why: str | None = pydantic.Field(default=None, description="Where `explain` was asked.")


class RecommendOut(_Out):
    """A list, best first."""

    items: list[Listed]
    fallback: bool = pydantic.Field(description="Whether these are popular items, not the model's.")
    reason: Literal["no_history", "slow", "store_down", "model_failed"] | None = pydantic.Field(
        default=None, description="Why."
    )
    unknown_items: int = pydantic.Field(description="Items of the history that the model does not know.")
    model: str = pydantic.Field(description="Version of the model.", examples=["9f86d081884c"])
    explained: bool | None = pydantic.Field(default=None, description="False: there was no time to explain.")
    trace: list[dict[str, Any]] | None = None
    request_id: str


class ExplainIn(_Whose):
    """One item, and for whom."""

    item_id: Id = pydantic.Field(examples=["B00789"])
    language: Literal["en", "zh"] = "en"


class ExplainOut(_Out):
    """Why an item is recommended: what each event does for it, measured."""

    text: str
    explanation: dict[str, Any]
    model: str
    request_id: str


class ItemIn(_In):
    """What is known of an item."""

    attributes: Attributes = pydantic.Field(examples=[{"title": "A red kettle", "brand": "Acme"}])


class ItemOut(_Out):
    """An item was put."""

    item_id: str | int
    new: bool = pydantic.Field(description="Whether the model did not know it.")
    recommendable: bool = pydantic.Field(description="Whether the model reads any of its attributes.")
    ignored: list[str] = pydantic.Field(description="Attributes that training did not have.")
    model: str
    request_id: str


class Neighbour(_Out):
    """An item near another one."""

    item_id: str | int
    similarity: float = pydantic.Field(description="Cosine of the two vectors.", examples=[0.87])
    rank: int


class SimilarOut(_Out):
    """Items near another one, the nearest first."""

    items: list[Neighbour]
    model: str
    request_id: str


class Erased(_Out):
    """What was erased."""

    erased: int = pydantic.Field(description="Events that were erased from the log.")
    in_model: bool = pydantic.Field(
        description="Whether the model folder still holds events of this user, which are no longer read."
    )
    request_id: str


class UserOut(_Out):
    """Everything that is stored of a user."""

    user_id: str | int
    events: list[dict[str, Any]] = pydantic.Field(description="From the log, oldest first.")
    trained_on: list[dict[str, Any]] = pydantic.Field(description="From the training data, oldest first.")
    attributes: dict[str, Any] = pydantic.Field(description="From the table of users.")
    request_id: str


class ModelOut(_Out):
    """The model that answers."""

    version: str
    kind: str
    users: int
    items: int
    events: int
    reads_attributes: bool
    two_stage: bool
    loaded: str = pydantic.Field(examples=["2026-05-04T10:00:00Z"])
    hidden_items: int


class ProblemOut(_Out):
    """What is wrong."""

    code: str = pydantic.Field(examples=["bad_request"])
    message: str
    request_id: str


class Problems(_Out):
    """A request could not be done."""

    error: ProblemOut
