"""Texts for stored reasons."""

from imposter.domain.deliveries import DeliveryState
from imposter.domain.messages import MessageState
from imposter.domain.reasons import BY_CODE, Gate, Reason


def of_message(state: MessageState, code: str | None) -> tuple[Gate, str]:
    """Return the gate at which a message ended without an answer, and the text for it."""
    code = code or Reason.NOT_ANSWERABLE
    reason = BY_CODE.get(code)
    if reason is not None:
        return reason.gate, reason.text
    if state is MessageState.FAILED:  # an exception of a provider
        return Gate.MODEL, f"the model's provider failed ({code})"
    kind = code.partition(":")[0]
    return Gate.KIND, f"{BY_CODE.get(kind, Reason.NOT_ANSWERABLE).text} ({code})"


def of_answer(state: DeliveryState, code: str | None) -> str:
    """Return the text for an answer that was not sent, or may not have been."""
    if code is None:
        return "its delivery is unconfirmed" if state is DeliveryState.UNCERTAIN else "it was not sent"
    reason = BY_CODE.get(code)
    if reason is not None:
        if reason.answer_text is not None:
            return reason.answer_text
        if state is DeliveryState.WITHDRAWN:
            return f"it was taken back by new rules: {reason.text}"
    return f"sending it failed ({code})"
