"""Everything that has no name in the contract, in layers: each folder imports only what stands before it.

contracts, then settings/logs/secrets/clock, storage, runtime, and on top web.
"""

__version__ = "0.1.0"
"""The one place of the version; tests compare the sidecar's package.json and the changelog with it."""
