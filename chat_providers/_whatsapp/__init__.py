"""Parts of the WhatsApp provider: the sidecar process, its protocol, and the handling of its events."""
