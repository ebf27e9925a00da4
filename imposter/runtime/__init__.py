"""The machinery that runs the bots: provider discovery, rules, the conversation pipeline, retries, the supervisor.

It uses no FastAPI, no SQL and no vendor's SDK.
"""
