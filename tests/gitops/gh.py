"""Stands for GitHub's CLI: ``gh api`` with the options that the workflows use, as its manual has them.

``--paginate`` prints every page's array, one after the other; ``--field body=@FILE`` sends the file's text; an answer
that is no success is said on standard error, and the exit code is 1; without a token it is 4.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main() -> int:
    """Return the exit code."""
    command, *arguments = sys.argv[1:]
    if command != "api":
        raise SystemExit(f"stand-in for gh: there is no {command}")
    token = os.environ.get("GH_TOKEN")
    if not token:
        print(
            "gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.",
            file=sys.stderr,
        )
        return 4
    method, silent, paginate, fields, path = "GET", False, False, {}, ""
    while arguments:
        option = arguments.pop(0)
        if option == "--method":
            method = arguments.pop(0)
        elif option == "--field":
            name, _, value = arguments.pop(0).partition("=")
            fields[name] = Path(value[1:]).read_text() if value.startswith("@") else value
        elif option == "--silent":
            silent = True
        elif option == "--paginate":
            paginate = True
        elif option.startswith("-") or path:
            raise SystemExit(f"stand-in for gh: {option}?")
        else:
            path = option
    url: str | None = f"{os.environ['GITHUB_API_URL']}/{path}"
    while url:
        request = urllib.request.Request(  # noqa: S310  the stand-in's own address
            url,
            method=method,
            headers={"Authorization": f"token {token}"},
            data=json.dumps(fields).encode() if fields else None,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                text, link = answer.read().decode(), answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            with error:
                print(f"gh: {json.load(error)['message']} (HTTP {error.code})", file=sys.stderr)
            return 1
        if not silent:
            print(text, end="")
        following = re.search(r'<([^>]+)>; rel="next"', link)
        url = following[1] if paginate and following else None
    return 0


if __name__ == "__main__":
    sys.exit(main())
