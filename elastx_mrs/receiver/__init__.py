"""What a mail receiver makes of the answers: ``check_host()``, the SPF tree, DMARC's tree walk."""
