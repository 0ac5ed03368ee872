"""Whether mail can be handed in at a mail server, safely."""
