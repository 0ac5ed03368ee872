"""``MailRelay``: the component that joins the steps."""
