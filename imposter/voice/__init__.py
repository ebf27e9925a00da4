"""How the owner writes: read from exported chats and their own messages, measured, and put into words for a model.

Pure functions; the only words that matter here are the owner's own.
"""
