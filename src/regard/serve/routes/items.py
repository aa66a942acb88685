"""Items: put, hidden, and what is near one."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from regard.serve.bodies import answer, document_of, id_of, model_of
from regard.serve.changes import Changes
from regard.serve.events import Id
from regard.serve.limits import MAX_ID, MAX_K
from regard.serve.problems import Problem
from regard.serve.routes.documents import body, says
from regard.serve.service import Service
from regard.serve.snapshot import Snapshot
from regard.serve.wire import ItemIn, ItemOut, SimilarOut

__all__ = ["nearest", "router"]

ItemId = Annotated[
    str, Path(min_length=1, max_length=MAX_ID, description="Id of the item.", examples=["B00123"])
]


def router(service: Service, changes: Changes) -> APIRouter:
    """Return the paths of items."""
    paths = APIRouter(tags=["items"])

    @paths.get("/v1/items/{item_id:path}/similar", responses=says(SimilarOut))
    async def similar(
        request: Request, item_id: ItemId, k: Annotated[int, Query(ge=1, le=MAX_K)] = 10
    ) -> Response:
        """Return the items whose vectors are nearest."""
        snapshot = service.snapshot
        own = snapshot.item(id_of(item_id))
        found = await service.store.run(lambda: nearest(snapshot, own, k))
        return answer({"items": found, "model": snapshot.version, "request_id": request.state.request_id})

    @paths.put("/v1/items/{item_id:path}", openapi_extra=body(ItemIn), responses=says(ItemOut))
    async def put(request: Request, item_id: ItemId) -> Response:
        """Say what an item is like: a new one is recommendable at once. 200 means that it is on disk."""
        given = model_of(ItemIn, await document_of(request, service.limits))
        made = await changes.put_item(id_of(item_id), given.attributes)
        return answer(
            {
                "item_id": made.snapshot.item(item_id),
                "new": made.new,
                "recommendable": made.recommendable,
                "ignored": list(made.ignored),
                "model": made.snapshot.version,
                "request_id": request.state.request_id,
            }
        )

    @paths.delete("/v1/items/{item_id:path}", responses=says(None), status_code=204)
    async def delete(item_id: ItemId) -> Response:
        """Recommend an item no longer, until it is put again. 204 means that this is on disk."""
        await changes.delete_item(id_of(item_id))
        return Response(status_code=204)

    return paths


def nearest(snapshot: Snapshot, item: Id, k: int) -> list[dict[str, object]]:
    """Return the `k` items whose vectors have the greatest cosine with that of an item, itself left out.

    Raises
    ------
    Problem
        404 if the model knows nothing of the item.
    """
    number, known_V = int(snapshot.numbers([item])[0]), snapshot.model.recommender.known_V
    if number < 0 or not known_V[number]:
        raise Problem("not_found", "the model knows nothing of this item")
    cosine_V = snapshot.item_vectors @ snapshot.item_vectors[number]
    hidden_V = snapshot.hidden_items
    cosine_V[~known_V if hidden_V is None else ~known_V | hidden_V] = -np.inf
    cosine_V[number] = -np.inf
    order = np.argsort(-cosine_V, kind="stable")[:k]
    best = order[cosine_V[order] > -np.inf]
    ids = snapshot.model.dataset.items.decode(best).to_list()
    return [
        {"item_id": one, "similarity": similarity, "rank": rank}
        for rank, (one, similarity) in enumerate(zip(ids, cosine_V[best].tolist(), strict=True), start=1)
    ]
