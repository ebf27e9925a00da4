"""Helpers of the WhatsApp provider: the sidecar process, its protocol, and what its events mean."""
