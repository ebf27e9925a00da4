"""Examples in the API's documentation. The tests send them and compare the responses."""

from typing import Any

from imposter.contracts.status import STILL_LISTED
from imposter.web.api.answers import Responses

CONFIGS: dict[str, Any] = {
    "without_accounts": [
        {
            "user_id": "demo",
            "chat_provider_config": {"provider_name": "dummy", "provider_config": {}},
            "llm_provider_config": {"provider_name": "fakeLlm", "provider_config": {}},
        }
    ],
    "whatsapp": [
        {
            "user_id": "user_wa_1",
            "respond_to_whitelist": ["+49 151 23456789"],
            "chat_provider_config": {
                "provider_name": "whatsAppBaileyes",
                "provider_config": {"allow_group_messages": False},
            },
            "queue_config": {"max_messages": 10, "max_characters": 1000, "max_days": 1},
            "llm_provider_config": {
                "provider_name": "openAi",
                "provider_config": {"api_key": "sk-...", "model": "gpt-4", "system": "You answer for {user_id}."},
            },
        }
    ],
}

INSTANCE_ID = "a1b2c3d4-e5f6-4890-9234-567890abcdef"

CREATED: list[dict[str, Any]] = [{"user_id": "demo", "instance_id": INSTANCE_ID}]
NONE_CREATED: list[dict[str, Any]] = [
    {
        "user_id": "user_wa_2",
        "error": {"field": "queue_config.max_mesages", "message": "is not known here; did you mean 'max_messages'?"},
    }
]
SOME_CREATED = CREATED + NONE_CREATED

LEFT: dict[str, Any] = {"detail": STILL_LISTED}

BOT_STATUS: dict[str, Any] = {
    "instance_id": INSTANCE_ID,
    "user_id": "user_wa_1",
    "status": "linking",
    "since": "2026-01-31T12:00:00Z",
    "detail": "Scan the code with the phone that is to be linked.",
    "qr": "2@AbC...",
    "qr_expires_at": "2026-01-31T12:00:20Z",
    "account": None,
    "waiting": 0,
    "unreadable": 0,
    "safety": {"level": "normal", "reasons": [], "until": None},
    "budget": None,
    "last_error": None,
    "last_error_at": None,
}

BOT_DETAIL: dict[str, Any] = {
    "instance_id": INSTANCE_ID,
    "user_id": "user_wa_1",
    "created_at": "2026-01-31T11:59:58Z",
    "config": {
        "user_id": "user_wa_1",
        "chat_provider_config": {"provider_name": "whatsAppBaileyes", "provider_config": {}},
        "llm_provider_config": {
            "provider_name": "openAi",
            "provider_config": {"api_key": "**********", "model": "gpt-4"},
        },
    },
    "node": "berlin-1",
    "epoch": 3,
    "status": BOT_STATUS,
}

NODES: list[dict[str, Any]] = [
    {
        "name": "berlin-1",
        "node_id": "0f6fd1c2a7c14f6ab6f0c7c0a1c9b3de-1",
        "this": True,
        "since": "2026-01-31T11:00:00Z",
        "heard_at": "2026-01-31T11:59:59Z",
        "live": True,
        "lease_seconds": 10.0,
        "lease_until": "2026-01-31T12:00:09Z",
        "leaving": False,
        "revision": "0004",
        "bots": 12,
        "report": {
            "taken_over": 14,
            "given_away": 3,
            "leases_lost": 0,
            "remote_commands": 5,
            "loop_lag_seconds": 0.004,
            "uptime_seconds": 3600.0,
        },
    }
]
METRICS = """# HELP imposter_answers_sent_total Answers that the platform took.
# TYPE imposter_answers_sent_total counter
imposter_answers_sent_total 42.0
"""

MESSAGES: dict[str, Any] = {
    "messages": [
        {
            "seq": 8,
            "instance_id": INSTANCE_ID,
            "conversation": "4915123456789@s.whatsapp.net",
            "message_id": "3EB0C767D82E8A4F3B5C",
            "source": "bot",
            "content": "Friday is fine.",
            "sender_id": "user_wa_1",
            "sender_name": "",
            "group_id": None,
            "group_name": None,
            "reply_to": "4915123456789@s.whatsapp.net",
            "sent_at": "2026-01-31T12:05:02Z",
            "received_at": "2026-01-31T12:05:02Z",
            "state": "context",
            "reason": None,
            "truncated_from": None,
            "answers": 7,
            "joined": None,
            "delivery": "sent",
            "delivery_reason": None,
        }
    ],
    "before": None,
}


def _gates(outcome: str, *gates: str, **more: str) -> list[dict[str, Any]]:
    nothing = {"reason": None, "explanation": None, "until": None}
    return [{"gate": gate, "outcome": outcome, **nothing, **more} for gate in gates]


_FIRST_GATES = ["author", "kind", "groups", "whitelist", "autonomy", "linked", "group_trigger"]
DECISION: dict[str, Any] = {
    "explanation": "Not answered: you took over this chat 12 minutes before.",
    "seq": 9,
    "conversation": "4915123456789@s.whatsapp.net",
    "message_id": "3EB0A1B2C3D4E5F60718",
    "state": "context",
    "reason": "takeover",
    "together": [9],
    "gates": [
        *_gates("passed", *_FIRST_GATES, "hours", "age", "queue", "burst"),
        *_gates("stopped", "pause", reason="takeover", explanation="you took over this chat 12 minutes before"),
        *_gates("not_reached", "caps", "budget", "model", "release", "delivery"),
    ],
    "waits": [],
    "model": None,
    "times": {
        "sent": "2026-01-31T12:17:00Z",
        "received": "2026-01-31T12:17:01Z",
        "taken": None,
        "asked": None,
        "ended": "2026-01-31T12:17:01Z",
    },
    "answer": [],
    "wordings": [],
}

DRAFT: dict[str, Any] = {
    "number": 7,
    "conversation": "4915123456789@s.whatsapp.net",
    "name": "Ann",
    "message": 12,
    "question": "Can you lend me 50 euros?",
    "text": "Sure, come by tomorrow.",
    "why": "autonomy",
    "state": "open",
    "created_at": "2026-01-31T12:05:02Z",
    "expires_at": "2026-01-31T13:05:02Z",
    "decided_at": None,
}
DRAFTS: dict[str, Any] = {"drafts": [DRAFT], "before": None}
SAY: dict[str, Any] = {"contact": "+49 151 23456789", "text": "Let me call you.", "key": "7f3a"}
SAID: dict[str, Any] = {"message_id": "3EB0C431C26A1916E07E"}
EDITED: dict[str, Any] = {"text": "Let us talk about it tonight."}
DEAD_LETTERS: dict[str, Any] = {
    "dead_letters": [
        {
            "seq": 12,
            "kind": "answer",
            "conversation": "4915123456789@s.whatsapp.net",
            "message": "Is Friday fine?",
            "answer": "Friday is fine.",
            "delivery": "failed",
            "reason": "Refused",
            "attempts": 1,
            "at": "2026-01-31T12:05:02Z",
        }
    ],
    "before": None,
}

RETRIED: dict[str, Any] = {"retried": 1, "refused": 0}
CONTACTS: dict[str, Any] = {
    "contacts": [
        {
            "ids": ["4915123456789@s.whatsapp.net", "77987654321@lid"],
            "name": "Mum",
            "saved_name": "Mum",
            "own_name": "Eva Kern",
        }
    ],
    "after": None,
}
GROUPS: dict[str, Any] = {
    "groups": [{"id": "120363041234567890@g.us", "name": "Hiking", "title": "Hiking"}],
    "after": None,
}
FORGOTTEN: dict[str, Any] = {"messages": 42, "files": "scrubbed"}
BACKUP: dict[str, Any] = {
    "folder": "/srv/imposter/data/backups/20260131T120502000000Z",
    "files": ["imposter.db", "secret.key"],
}

PROVIDERS: list[dict[str, Any]] = [
    {
        "kind": "model",
        "name": "fakeLlm",
        "summary": "A model that needs no vendor: gives its answers in turn, or echoes.",
        "config_schema": {"type": "object", "properties": {"delay_seconds": {"type": "number"}}},
        "presets": [],
        "lists_models": False,
        "error": None,
    }
]
MODEL_CHOICE: dict[str, Any] = {
    "llm_provider_config": {"provider_name": "openAi", "provider_config": {"preset": "ollama"}}
}
MODELS: dict[str, Any] = {"models": ["gemma3:latest", "llama3.2:latest"]}
MODEL_TRIAL: dict[str, Any] = {
    "llm_provider_config": {
        "provider_name": "openAi",
        "provider_config": {"preset": "ollama", "model": "gemma3", "temperature": 0.7, "system": "You are {user_id}."},
    },
    "user_id": "Anna",
}
TRIED: dict[str, Any] = {
    "works": True,
    "error": None,
    "asked": ["great, thanks", "how are you?", "and do you still know the number of my hotel room?"],
    "answer": "Fine, thanks! The number I would have to look up.",
    "told": [
        "gemma3 answered in 2.1 s; the test took 611 tokens in and 16 out.",
        "The model's server does not take the setting `temperature`: it is left out. Change llm_provider_config.",
        "It marks what it cannot know, as here, where nobody told it: such answers wait for you.",
        "It can judge answers, as guard_judge has it do.",
        "Its price is not known: to bound what it costs, name its price in budget_config.prices.",
    ],
    "model": "gemma3",
    "seconds": 2.1,
    "prompt_tokens": 611,
    "completion_tokens": 16,
    "cost": None,
    "currency": "USD",
    "price_known": False,
    "unsure": True,
    "machinery": False,
    "leaks": False,
    "reasoned": False,
    "judged": "rightly",
    "not_taken": [
        {
            "name": "temperature",
            "sent_as": None,
            "told": "The model's server does not take the setting `temperature`: it is left out. Change "
            "llm_provider_config.",
        }
    ],
}

_COST: dict[str, Any] = {
    "calls": 31,
    "prompt_tokens": 12_772,
    "cached_tokens": 0,
    "completion_tokens": 558,
    "uncounted": 0,
    "unpriced": 0,
    "money": {"USD": 0.41664},
}
COSTS: dict[str, Any] = {
    "from": "2026-01-01",
    "to": "2026-01-31",
    "by": "model",
    "total": _COST,
    "rows": [{"key": "gpt-4-0613"} | _COST],
}

EXAM: dict[str, Any] = {
    "state": "done",
    "told": "It is finished.",
    "begun_at": "2026-01-31T12:00:00Z",
    "ended_at": "2026-01-31T12:00:41Z",
    "done": 1,
    "total": 1,
    "score": 81.4,
    "last_score": 81.4,
    "measures": [
        {
            "name": "emoji",
            "score": 90.0,
            "told": "20% of the owner's answers have an emoji, 30% of the bot's.",
        }
    ],
    "pairs": [
        {
            "contact": "4915123456789@s.whatsapp.net",
            "name": "Ben",
            "asked": "Is Friday fine?",
            "owner": "yep, friday works",
            "bot": "friday is fine!",
            "at": "2026-01-30T18:12:00Z",
            "imported": False,
        }
    ],
    "removed": 0,
    "models": ["gpt-4"],
    "prompt_tokens": 412,
    "completion_tokens": 6,
}
EXAM_BEGUN: dict[str, Any] = EXAM | {
    "state": "running",
    "told": "It is under way.",
    "ended_at": None,
    "done": 0,
    "score": None,
    "last_score": None,
    "measures": [],
    "pairs": [],
    "models": [],
    "prompt_tokens": None,
    "completion_tokens": None,
}
EXAM_REQUEST: dict[str, Any] = {"pairs": 50, "contact": "+49 151 23456789"}

VOICE: dict[str, Any] = {
    "told": [
        "Messages have mostly 12 to 48 (24 in the middle) characters.",
        "Mostly small letters only (81%), also where a sentence begins.",
        "Messages end with no mark at all (92%).",
        "Emoji in 8% of messages: \U0001f605.",
        "Languages: de (97%).",
    ],
    "messages": 412,
    "imported": [{"contact": "+4915123456789", "answers": 380}],
}
BRIEF: dict[str, Any] = {
    "name": "Ben",
    "lines": [
        {"source": "contact", "text": "are you coming tomorrow?", "sent_at": "2026-03-01T18:30:00Z"},
        {"source": "bot", "text": "yes, I'll bring the cake", "sent_at": "2026-03-01T18:30:09Z"},
    ],
    "promised": ["I'll bring the cake"],
    "unanswered": [],
    "came_back_at": None,
    "last": 42,
}
UNDO: dict[str, Any] = {"contact": "+49 151 23456789", "last": 42}
UNDONE: dict[str, Any] = {"messages": 1}

EXPORT = "31.12.24, 23:58 - Ben: are you coming?\n31.12.24, 23:59 - Anna: sure\n"
VOICE_IMPORTED: dict[str, Any] = {
    "answers": 380,
    "app": "WhatsApp",
    "owner": "Anna",
    "chat_with": ["Ben"],
    "members": 2,
    "group": False,
    "speakers": [
        {"name": "Ben", "lines": 512, "member": True},
        {"name": "Anna", "lines": 470, "member": True},
        {"name": "Karl", "lines": 1, "member": False},
    ],
    "counts": {"text": 930, "media": 41, "deleted": 11, "notice": 3, "quoted": 1},
    "unread": [{"file": "", "line": 317, "text": "[31.02.24, 10:00:00] Ben: see you"}],
    "unread_lines": 1,
    "damaged_lines": 0,
    "first_at": "2024-01-03T18:30:00Z",
    "last_at": "2024-12-31T23:59:00Z",
}
VOICE_UNLEARNED: dict[str, Any] = {"answers": 380}

SUMMARY: dict[str, Any] = {
    "text": "Ben lends the tent until Sunday. He says that the car is sold.",
    "changed_at": "2026-03-01T18:30:09Z",
}
NEW_SUMMARY: dict[str, Any] = {"contact": "+49 151 23456789", "text": "Ben lends the tent until Sunday."}
PAUSE: dict[str, Any] = {"contact": "+49 151 23456789", "minutes": 60}
RESUME: dict[str, Any] = {"contact": "+49 151 23456789"}
PAIRING: dict[str, Any] = {"phone": "+49 151 23456789"}
PAIRING_CODE: dict[str, Any] = {"instance_id": INSTANCE_ID, "code": "ABCD1234"}


def shown(description: str, value: Any, status: int = 200, model: Any = None) -> Responses:
    """Return a documented response with an example. `model` is set if it is not the route's own response model."""
    answer = {"description": description, "content": {"application/json": {"example": value}}}
    return {status: answer if model is None else answer | {"model": model}}
