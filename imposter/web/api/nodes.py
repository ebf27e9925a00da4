"""For whoever runs the servers: which there are, and how this one fares."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from imposter.cluster.server_info import ServerInfo
from imposter.web import metrics
from imposter.web.api import examples
from imposter.web.api.answers import problems
from imposter.web.dependencies import Bots

router = APIRouter(tags=["health"])


@router.get(
    "/nodes",
    summary="List the servers that share the bots",
    responses=examples.shown("Each of them.", examples.NODES) | problems(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_nodes(bots: Bots) -> list[ServerInfo]:
    """Every server on this database, the oldest first, with what it said of itself at its last renewal.

    On SQLite it is the one that answers, which has no lease.
    """
    return await bots.servers.nodes()


@router.get(
    "/metrics",
    summary="Figures of this server, for Prometheus",
    response_class=Response,
    responses={
        HTTPStatus.OK.value: {
            "description": "In Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}},
        }
    },
)
async def show_metrics(bots: Bots) -> Response:
    """What this server did since it started, and how it fares; of the others, each shows its own.

    No figure names a bot, a contact or a number.
    """
    return Response(metrics.text(await bots.servers.figures()), media_type=metrics.MEDIA_TYPE)
