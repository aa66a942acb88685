"""Users: what is stored of one, and its end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from regard.serve.bodies import answer, id_of
from regard.serve.changes import Changes
from regard.serve.limits import MAX_ID
from regard.serve.routes.documents import says
from regard.serve.service import Service
from regard.serve.wire import Erased, UserOut

__all__ = ["router"]

UserId = Annotated[
    str, Path(min_length=1, max_length=MAX_ID, description="Id of the user.", examples=["ann"])
]


def router(service: Service, changes: Changes) -> APIRouter:
    """Return the paths of users."""
    paths = APIRouter(tags=["users"])

    @paths.get("/v1/users/{user_id:path}/export", responses=says(UserOut))
    async def export(request: Request, user_id: UserId) -> Response:
        """Return everything that is stored of a user: in the log, and in the model folder."""
        document = await changes.export_user(service.snapshot.user(id_of(user_id)))
        return answer(document | {"request_id": request.state.request_id})

    @paths.delete("/v1/users/{user_id:path}", responses=says(Erased))
    async def erase(request: Request, user_id: UserId) -> Response:
        """Erase the events of a user from the log.

        From then on the user is unknown to the model too: what its folder knows of the user is not read. The
        folder keeps the events, and the model what it learned from them, until it is trained again without
        them: `in_model` says so.
        """
        snapshot = service.snapshot
        user = snapshot.user(id_of(user_id))
        erased = await changes.erase_user(user)
        in_model = snapshot.row(user) >= 0
        return answer({"erased": erased, "in_model": in_model, "request_id": request.state.request_id})

    return paths
