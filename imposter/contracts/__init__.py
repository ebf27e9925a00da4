"""The words the layers share: messages, states, errors, configs and the provider protocols.

Standard library and pydantic only, so that a provider file needs nothing else of ours.
"""
