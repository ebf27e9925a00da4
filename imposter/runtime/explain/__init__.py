"""Why a message was answered, or was not."""
