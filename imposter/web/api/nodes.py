"""Routes for operators: the list of servers, and the metrics of this one."""

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
    responses=examples.shown("All servers.", examples.NODES) | problems(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def list_nodes(bots: Bots) -> list[ServerInfo]:
    """Return every server on this database, oldest first, with its report from its last lease renewal.

    On SQLite this is only the responding server, which has no lease.
    """
    return await bots.servers.nodes()


@router.get(
    "/metrics",
    summary="Get metrics for Prometheus",
    response_class=Response,
    responses={
        HTTPStatus.OK.value: {
            "description": "Metrics in Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}},
        }
    },
)
async def show_metrics(bots: Bots) -> Response:
    """Return the metrics of this server since its start. Each server reports only its own.

    No metric contains the name of a bot or contact, or a phone number.
    """
    return Response(metrics.text(await bots.servers.figures()), media_type=metrics.MEDIA_TYPE)
