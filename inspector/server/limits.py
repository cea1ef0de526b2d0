"""How much may be asked for at once."""

#: Characters of a text: what is read while somebody types, and no book.
TEXT = 8_000
#: Bytes of a request: two such texts, and what is to be changed.
BODY = 128 * 1024
#: Heads and tokens that may be changed at once.
EDITS = 512
#: Requests that may be under way.
REQUESTS = 256
#: About how many seconds effects may take.
EFFECTS_SECONDS = 20.0
#: What looks at a text that is too long to be typed.
LONG = "inspect live --text-file FILE shows a long one"
