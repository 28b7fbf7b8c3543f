"""CloudWatch Logs Insights, as far as the dashboard's queries go: lines of JSON in, rows out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

MAX_STATS = 2
Row = dict[str, Any]
"""Values by field; a field that an event does not have is absent."""
_FIELD = r"@?[A-Za-z_][\w.]*"
_FUNCTION = re.compile(r"(?P<function>\w+)\((?P<arguments>[^()]*)\)(?: as (?P<name>\w+))?")
_COMPARED = re.compile(rf'(?P<field>{_FIELD}) (?:= "(?P<text>[^"]*)"|in (?P<texts>\[[^\]]*\]))')
_PRESENT = re.compile(rf"ispresent\((?P<field>{_FIELD})\)")


class QueryError(ValueError):
    """What CloudWatch would refuse, or what is not played here."""


def event(document: Mapping[str, Any], at: str) -> Row:
    """A logged line as a query sees it: nested fields by their path, an entry of a list by its number."""
    return {"@timestamp": at, **dict(_flat(document, ""))}


def _flat(value: object, path: str) -> Iterator[tuple[str, Any]]:
    entries: Iterator[tuple[object, object]] | None = None
    if isinstance(value, Mapping):
        entries = iter(cast("Mapping[object, object]", value).items())
    elif isinstance(value, list):
        entries = enumerate(cast("list[object]", value))
    if entries is not None:
        for name, entry in entries:
            yield from _flat(entry, f"{path}.{name}" if path else str(name))
    elif value is not None:
        yield path, value


@dataclass(frozen=True)
class _Table:
    """What a command hands to the next one."""

    rows: Sequence[Row]
    columns: tuple[str, ...] = ()
    """What is shown, in this order."""
    counted: bool = False
    """Whether it comes of a ``stats``, after which nothing but its columns can be named."""

    def require(self, fields: Iterable[str]) -> None:
        """Raises QueryError for fields that cannot be named here."""
        if self.counted and (unknown := {*fields} - {*self.columns, "*"}):
            raise QueryError(f"not defined by the stats before: {sorted(unknown)}")


def results(query: str, events: Sequence[Row]) -> list[Row]:
    """The rows that a query returns, each with its columns alone.

    Raises:
        QueryError: for a query that is not valid.
    """
    table = _answered(query, events)
    return [{column: row[column] for column in table.columns if column in row} for row in table.rows]


def columns(query: str) -> tuple[str, ...]:
    """The columns that its rows can have."""
    return _answered(query, []).columns


def _answered(query: str, events: Sequence[Row]) -> _Table:
    commands = [command.strip().partition(" ")[::2] for command in query.split("\n|")]
    _require_order([verb for verb, _ in commands])
    table = _Table(events)
    for verb, rest in commands:
        table = _COMMANDS[verb](rest, table)
    return table


def _require_order(verbs: Sequence[str]) -> None:
    if unknown := set(verbs) - set(_COMMANDS):
        raise QueryError(f"not played here: {sorted(unknown)}")
    if verbs.count("stats") > MAX_STATS:
        raise QueryError(f"at most {MAX_STATS} stats")
    last = max((place for place, verb in enumerate(verbs) if verb == "stats"), default=0)
    if {"sort", "limit"} & set(verbs[:last]):
        raise QueryError("sort and limit come after the last stats")


def _filter(rest: str, table: _Table) -> _Table:
    conditions = [_condition(each) for each in rest.split(" and ")]
    table.require(field for field, _ in conditions)
    kept = [row for row in table.rows if all(holds(row.get(field)) for field, holds in conditions)]
    return replace(table, rows=kept)


def _condition(text: str) -> tuple[str, Callable[[object], bool]]:
    if present := _PRESENT.fullmatch(text):
        return present["field"], lambda value: value is not None
    compared = _COMPARED.fullmatch(text)
    if not compared:
        raise QueryError(f"condition: {text}")
    accepted: list[object] = json.loads(compared["texts"]) if compared["texts"] else [compared["text"]]
    return compared["field"], lambda value: value in accepted


def _fields(rest: str, table: _Table) -> _Table:
    for text in _parts(rest):
        if re.fullmatch(_FIELD, text):
            table.require([text])
            table = replace(table, columns=(*table.columns, text))
            continue
        function, used, name = _called(text)
        if function != "coalesce":
            raise QueryError(f"function: {function}")
        table.require(used)
        rows = [{**row, **_first(name, used, row)} for row in table.rows]
        table = replace(table, rows=rows, columns=(*table.columns, name))
    return table


def _first(name: str, fields: Sequence[str], row: Row) -> Row:
    there = [row[field] for field in fields if field in row]
    return {name: there[0]} if there else {}


def _stats(rest: str, table: _Table) -> _Table:
    """One row for each value of what follows ``by``."""
    aggregates, _, by = rest.partition(" by ")
    keys, called = _parts(by), [_called(text) for text in _parts(aggregates)]
    table.require([*keys, *(field for _, used, _ in called for field in used)])
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table.rows:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    counted: list[Row] = []
    for group, rows in groups.items():
        row = dict(zip(keys, group, strict=True))
        row |= {name: _aggregate(function, used[0], rows) for function, used, name in called}
        counted.append({name: value for name, value in row.items() if value is not None})
    return _Table(counted, (*keys, *(name for _, _, name in called)), counted=True)


def _aggregate(function: str, field: str, rows: Sequence[Row]) -> Any:
    if function == "count":
        return sum(field == "*" or field in row for row in rows)
    if function == "latest":
        return max(reversed(rows), key=lambda row: row["@timestamp"]).get(field)
    if function == "max":
        return max((row[field] for row in rows if field in row), default=None)
    raise QueryError(f"function: {function}")


def _sort(rest: str, table: _Table) -> _Table:
    field, _, order = rest.partition(" ")
    table.require([field])
    if order not in {"asc", "desc"}:
        raise QueryError(f"sort: {rest}")
    having = sorted((row for row in table.rows if field in row), key=lambda row: row[field], reverse=order == "desc")
    return replace(table, rows=[*having, *(row for row in table.rows if field not in row)])


def _limit(rest: str, table: _Table) -> _Table:
    return replace(table, rows=table.rows[: int(rest)])


def _parts(text: str) -> list[str]:
    """What stands between the commas that are in no parentheses."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _called(text: str) -> tuple[str, list[str], str]:
    """A function, the fields that it is given, and the name of what it returns."""
    call = _FUNCTION.fullmatch(text)
    if not call:
        raise QueryError(f"function: {text}")
    return call["function"], _parts(call["arguments"]), call["name"] or text


_COMMANDS: Mapping[str, Callable[[str, _Table], _Table]] = {
    "filter": _filter,
    "fields": _fields,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
}
