"""What mail receivers make of the answers, and what the relay does: ``check_host()``, the SPF tree, DMARC's walk."""
