"""The types that all layers share: messages, states, errors, configs and the provider protocols.

It uses only the standard library and pydantic, so that a provider file needs nothing else of this project.
"""
