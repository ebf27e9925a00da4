"""What makes the bots run: discovery, rules, the conversation pipeline, retries, the supervisor.

No FastAPI, no SQL, no vendor's SDK.
"""
