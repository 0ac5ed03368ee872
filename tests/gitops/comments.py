"""Stand-ins for the comments of GitHub's and GitLab's APIs, on the loopback address: as little as the pipelines use.

Paths, methods, fields, paging and status codes are those of https://docs.github.com/en/rest/issues/comments and
https://docs.gitlab.com/api/notes/. That nobody can edit others' comments is stricter than GitHub is.
"""

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BODY = {"github": 65_536, "gitlab": 1_000_000}
"""Characters that a comment may have."""


@dataclass
class Comment:
    id: int
    author: str
    body: str


@dataclass
class Forge:
    """One pull or merge request's comments.

    :param tokens: who it is that has a token.
    :param asked: method and path of every request.
    """

    tokens: dict[str, str]
    comments: list[Comment] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def add(self, author: str, body: str) -> Comment:
        comment = Comment(1000 + len(self.comments), author, body)
        self.comments.append(comment)
        return comment

    def crowd(self, others: Sequence[tuple[str, str]]) -> None:
        """Add comments by author and body, and a hundred more, so that what follows is on another page."""
        for author, body in others:
            self.add(author, body)
        for number in range(100):
            self.add("talkative", f"comment {number}")

    def reviews(self, author: str) -> list[Comment]:
        return reviews(self.comments, author)


def reviews(comments: list[Comment], author: str) -> list[Comment]:
    """Those of one author that are reviews: the others only quote one."""
    return [one for one in comments if one.author == author and one.body.startswith("<!--")]


class _Api(BaseHTTPRequestHandler):
    forge: Forge
    kind: str

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, content: Any, **headers: str) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(text))}).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        self.forge.asked.append((self.command, parts.path))
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length).decode()
        who = self.forge.tokens.get(self._token())
        if who is None:
            self._answer(401, {"message": "401 Unauthorized"})
            return
        self._routed(parts.path, parse_qs(parts.query), sent, who)

    do_GET = do_POST = do_PATCH = do_PUT = _handle  # noqa: N815  names of http.server's

    def _token(self) -> str:
        raise NotImplementedError

    def _routed(self, path: str, query: dict[str, list[str]], sent: str, who: str) -> None:
        raise NotImplementedError

    def _page(self, query: dict[str, list[str]], default: int) -> tuple[list[Comment], int, bool]:
        size, page = int(query.get("per_page", [str(default)])[0]), int(query.get("page", ["1"])[0])
        assert size <= 100, "both take 100 at most"
        listed = sorted(self.forge.comments, key=lambda comment: comment.id)
        return listed[(page - 1) * size : page * size], page, len(listed) > page * size

    def _written(self, comment: Comment | None, body: object, who: str) -> Comment | None:
        """Create or edit; None where that is refused, which is answered."""
        if not isinstance(body, str) or not body.strip() or len(body) > BODY[self.kind]:
            self._answer(422 if self.kind == "github" else 400, {"message": "Validation Failed"})
            return None
        if comment is None:
            return self.forge.add(who, body)
        if comment.author != who:
            self._answer(403, {"message": "403 Forbidden"})
            return None
        comment.body = body
        return comment

    def _found(self, number: str) -> Comment | None:
        return next((comment for comment in self.forge.comments if comment.id == int(number)), None)


class _GitHub(_Api):
    kind = "github"

    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("token ")

    def _routed(self, path: str, query: dict[str, list[str]], sent: str, who: str) -> None:
        if path == "/repos/acme/mail/issues/7/comments" and self.command == "GET":
            page, number, more = self._page(query, 30)
            link = f'<{self.forge.url}{path}?per_page=100&page={number + 1}>; rel="next"' if more else ""
            self._answer(200, [self._shown(comment) for comment in page], **({"Link": link} if link else {}))
        elif path == "/repos/acme/mail/issues/7/comments" and self.command == "POST":
            if comment := self._written(None, json.loads(sent).get("body"), who):
                self._answer(201, self._shown(comment))
        elif (one := re.fullmatch(r"/repos/acme/mail/issues/comments/(\d+)", path)) and self.command == "PATCH":
            comment = self._found(one[1])
            if comment is None:
                self._answer(404, {"message": "Not Found"})
            elif self._written(comment, json.loads(sent).get("body"), who):
                self._answer(200, self._shown(comment))
        else:
            self._answer(404, {"message": "Not Found"})

    @staticmethod
    def _shown(comment: Comment) -> dict[str, Any]:
        kind = "Bot" if comment.author.endswith("[bot]") else "User"
        return {"id": comment.id, "body": comment.body, "user": {"login": comment.author, "type": kind}}


class _GitLab(_Api):
    kind = "gitlab"

    def _token(self) -> str:
        return self.headers.get("PRIVATE-TOKEN", "")

    def _routed(self, path: str, query: dict[str, list[str]], sent: str, who: str) -> None:
        notes = "/api/v4/projects/5/merge_requests/7/notes"
        body = parse_qs(sent).get("body", [None])[0]
        if path == "/api/v4/user" and self.command == "GET":
            self._answer(200, self._author(who))
        elif path == notes and self.command == "GET":
            assert query["sort"] == ["asc"], "the default is desc"
            page, number, more = self._page(query, 20)
            following = str(number + 1) if more else ""
            self._answer(200, [self._shown(comment) for comment in page], x_next_page=following)
        elif path == notes and self.command == "POST":
            if comment := self._written(None, body, who):
                self._answer(201, self._shown(comment))
        elif (one := re.fullmatch(rf"{notes}/(\d+)", path)) and self.command == "PUT":
            comment = self._found(one[1])
            if comment is None:
                self._answer(404, {"message": "404 Not found"})
            elif self._written(comment, body, who):
                self._answer(200, self._shown(comment))
        else:
            self._answer(404, {"message": "404 Not found"})

    @staticmethod
    def _author(name: str) -> dict[str, Any]:
        return {"id": sum(name.encode()), "username": name}

    def _shown(self, comment: Comment) -> dict[str, Any]:
        return asdict(comment) | {"author": self._author(comment.author), "system": False}


@contextmanager
def _served(api: type[_Api], tokens: dict[str, str]) -> Iterator[Forge]:
    forge = Forge(tokens)
    handler = type(api.__name__, (api,), {"forge": forge})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()


def github(tokens: dict[str, str]) -> Any:
    """Serve the comments of acme/mail's pull request 7."""
    return _served(_GitHub, tokens)


def gitlab(tokens: dict[str, str]) -> Any:
    """Serve the notes of the merge request 7 of project 5."""
    return _served(_GitLab, tokens)
