"""Everything that has no name in the contract, in layers: each folder imports only what stands before it.

contracts, then settings/logs/secrets/clock, storage, runtime, and on top web.
"""
