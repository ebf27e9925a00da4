"""The database's clock, which times all leases. Nodes never compare their own clocks."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from imposter.storage.schema.tables import UtcTime

_SQLITE = "strftime('%Y-%m-%d %H:%M:%f000', 'now'"  # the format in which SQLAlchemy stores times


class Moment(FunctionElement[datetime]):
    """The current time plus `seconds`.

    It is not the start of the transaction, because a job may have waited for a lock.
    """

    type = UtcTime()
    inherit_cache = True

    def __init__(self, seconds: ColumnElement[float] | None = None) -> None:
        super().__init__(literal(0.0, Float) if seconds is None else seconds)


@compiles(Moment)
def _postgresql(element: Moment, compiler: Any, **how: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **how)}))"


@compiles(Moment, "sqlite")
def _sqlite(element: Moment, compiler: Any, **how: Any) -> str:
    return f"{_SQLITE}, {compiler.process(element.clauses, **how)} || ' seconds')"
