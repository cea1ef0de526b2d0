"""A text as a chat: put through the checkpoint's own template, in a process that can be killed."""
