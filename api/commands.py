"""Commands of people: a body checked, handed to the worker, its outcome told."""

import re
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from flask import request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from alerts import CALLS
from api import words
from api.alert_book import ended
from api.door import Door
from api.problems import refuse
from model import Command, Outcome
from store import StoreSilent

ANSWER_WITHIN_S = 4.0
KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]

Sent = TypeVar("Sent", bound="CallBody")


class CallBody(BaseModel):
    """What every call says: who asks."""

    model_config = ConfigDict(extra="forbid", strict=True)

    by: Name
    comment: Text | None = None


class Body(CallBody):
    """What calls on alerts may say; what a call needs of it is judged by the alert room."""

    type: Annotated[str, Field(pattern="^(timed|oneshot)$")] | None = None
    until: Text | None = None
    reason: Text | None = None
    ticket: Text | None = None
    owner: Text | None = None


def obey(door: Door, occurrence: str, call: str) -> dict[str, Any]:
    """Hand a command to the worker and return ``{changed, alert}``.

    A no-op is no error. What the state table rejects answers 409, a bad body 422, an occurrence
    that nobody knows 404, a worker that does not answer 503.
    """
    if call not in CALLS:
        refuse(404, "no such call", f"{call!r} is none of {', '.join(CALLS)}")
    outcome = submit(door, command_of(door, occurrence, call, read_body(Body)))
    if outcome.status == "unknown":
        if (closed := ended(door, occurrence)) is not None:  # an occurrence lives for ever
            reason = "this occurrence is closed"
            return {"changed": False, "reason": reason, "alert": words.alert(closed)}
        refuse(404, "no such alert", outcome.reason or f"no occurrence {occurrence!r}")
    if outcome.status == "rejected":
        refuse(409, "rejected", outcome.reason or "the state of the alert does not allow it")
    return {
        "changed": outcome.status == "applied",
        "reason": outcome.reason,
        "alert": words.alert(outcome.alert) if outcome.alert else None,
    }


def read_body(kind: type[Sent]) -> Sent:
    """Return the checked body of a call; answer 422 and name the field otherwise."""
    if request.mimetype != "application/json":
        refuse(422, "bad body", "send JSON as application/json")
    try:
        return kind.model_validate_json(request.get_data())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(item) for item in first["loc"])
        refuse(422, "bad body", f"{name}: {first['msg']}" if name else first["msg"], field=name)


def command_of(door: Door, occurrence: str, call: str, body: CallBody) -> Command:
    """Return the command; the same ``Idempotency-Key`` twice is one command."""
    key = request.headers.get("Idempotency-Key", "")
    if key and not KEY.fullmatch(key):
        refuse(422, "bad header", "Idempotency-Key: 1 to 64 letters, digits, . _ : -")
    more = body.model_dump(exclude={"by", "comment"}, exclude_none=True)
    return Command(
        command_id=key or uuid4().hex,
        occurrence=occurrence,
        call=call,
        by=body.by,
        at=door.clock(),
        comment=body.comment or None,
        station=request.remote_addr,
        body=tuple(more.items()),
    )


def submit(door: Door, command: Command, within_s: float | None = None) -> Outcome:
    """Hand a command to the worker and wait; answer 503 where it is silent."""
    try:
        return door.store.submit(command, timeout_s=within_s or ANSWER_WITHIN_S)
    except StoreSilent as silent:
        refuse(503, "the worker does not answer", str(silent), may_still_be_applied=silent.is_taken)
