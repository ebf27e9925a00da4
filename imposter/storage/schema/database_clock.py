"""The database's own clock, by which leases run: nodes never compare theirs."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Float, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from imposter.storage.schema.tables import UtcTime

_SQLITE = "strftime('%Y-%m-%d %H:%M:%f000', 'now'"  # as SQLAlchemy writes a moment


class Moment(FunctionElement[datetime]):
    """Now, not when the transaction began: a job may have waited for a lock. With an argument: so many seconds on."""

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
