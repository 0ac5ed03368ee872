"""Take over the records that a domain publishes today, as a config or as a file for ``pulumi import``."""
