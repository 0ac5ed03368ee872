"""The table of limits on input from outside: time, queries, octets, depth and number.

Code takes the values from here, as ``limits.WALK_QUERIES.most``. Limits of a standard, such as SPF's ten lookups (RFC
7208 §4.6.4), are next to their rules.

This module imports nothing, because it is loaded by the process of a dynamic provider at every ``up``.
"""

from typing import NamedTuple


class Limit(NamedTuple):
    """A limit. Its texts are for the reference, in Markdown.

    :param group: the heading in the reference.
    :param what: the limited thing, as a phrase.
    :param most: the largest accepted value.
    :param unit: of ``most``, to print after the number: ``seconds``, ``queries``, ``octets``, ``levels``, …
    :param beyond: the effect beyond the limit, in one sentence.
    """

    group: str
    what: str
    most: int
    unit: str
    beyond: str

    @property
    def text(self) -> str:
        """The limit for a message: ``300 queries``, ``50 MiB``."""
        if self.unit == "octets" and self.most >= 2**10:
            power, name = (2**20, "MiB") if self.most % 2**20 == 0 else (2**10, "KiB")
            if self.most % power == 0:
                return f"{self.most // power} {name}"
        return f"{self.most:,} {self.unit}"


DNS = "DNS"
MAIL = "Messages and mail servers"
FILES = "Files and pipes"
REVIEW = "`review`"
ZONES = "`adopt` and `doctor`"
PUBLISHING = "Publishing"
CONFIG = "The config"
LAB = "The lab"
GROUPS = (DNS, MAIL, FILES, REVIEW, ZONES, PUBLISHING, CONFIG, LAB)

# Eight packets: if a fifth of them is lost each way, one in 3,000 questions is not answered.
QUESTION_SECONDS = Limit(
    DNS,
    "one question to one server",
    4,
    "seconds",
    "The server is silent for this question. Other servers are queried in the meantime.",
)
# 21 packets: one in 1,000,000,000.
LOSSY_QUESTION_SECONDS = Limit(
    DNS,
    "one question to a server that answered an earlier question only after a retry",
    13,
    "seconds",
    "The server did not answer.",
)
# Long enough for a round over many domains, and short enough to notice a server that returns.
SILENT_SECONDS = Limit(
    DNS,
    "the pause in queries to a server that answered nothing",
    30,
    "seconds",
    "The server is queried again. Until then, each question to it fails at once.",
)
# The handshakes take two or three exchanges more.
ENCRYPTED_TIMES = Limit(
    DNS,
    "one question to a resolver over TLS or HTTPS",
    3,
    "times as long as over UDP",
    "The resolver is silent for this question.",
)
# From the root to a name there are some dozen queries; BIND gives up after 10 seconds (resolver-query-timeout).
WALK_SECONDS = Limit(
    DNS, "one question, with all queries that lead to its answer", 15, "seconds", "The name is `unreachable`."
)
# A hostile zone can name hundreds of servers without glue (CVE-2020-8616, "NXNSAttack").
WALK_QUERIES = Limit(
    DNS, "one question, with all queries that lead to its answer", 200, "queries", "The name is `unreachable`."
)
# Deeper chains of names without glue lead nowhere in practice.
WALK_DEPTH = Limit(
    DNS,
    "name servers without glue in a chain",
    4,
    "levels",
    "The name server has no address. Other servers are queried.",
)
# The root has 13. More than this is an attack or a mistake.
NAME_SERVERS = Limit(
    DNS,
    "name servers of one zone",
    30,
    "names",
    "The others are not queried; for a domain's own zone, they are `unreachable`.",
)
# 30 servers with IPv4 and IPv6 get two queries each, and some have no glue.
ZONE_SECONDS = Limit(DNS, "all name servers of one zone", 20, "seconds", "The others are `unreachable`.")
ZONE_QUERIES = Limit(DNS, "all name servers of one zone", 500, "queries", "The others are `unreachable`.")
# As many as BIND follows. RFC 1034 §3.6.2 requires only to notice a loop.
CNAMES = Limit(DNS, "a chain of CNAMEs", 16, "records", "The name is `unreachable`: receivers give up too.")
# A record that needs more is hostile, or beyond repair.
SPF_TREE_QUESTIONS = Limit(
    DNS, "the tree of one SPF record", 300, "questions", "The output names the part that was not queried."
)
SPF_TREE_QUERIES = Limit(
    DNS, "the tree of one SPF record", 1000, "queries", "The output names the part that was not queried."
)
# Receivers stop at 10 lookups. A TXT record has room for 9,000 terms.
SPF_TREE_TERMS = Limit(
    DNS, "one SPF record in a tree", 200, "terms that need a lookup", "The record is `wrong`; the others are counted."
)
# Enough to see what is wrong; a hostile tree has hundreds.
SPF_TREE_PROBLEMS = Limit(DNS, "the tree of one SPF record", 10, "problems of a kind", "The others are counted.")
# Receivers stop long before.
SPF_TREE_DEPTH = Limit(DNS, "the tree of one SPF record", 50, "levels", "The record is `wrong`.")
SPF_TREE_SECONDS = Limit(
    DNS, "the tree of one SPF record", 20, "seconds", "The output names the part that was not answered."
)
# Twice the queries that verification has in flight, because sockets stay open for the next query to the same server.
SOCKETS = Limit(
    DNS, "DNS sockets of one process", 400, "sockets", "Queries wait until one is closed; idle ones are closed."
)
# For gRPC, open connections, and the files to check a certificate.
SPARE_DESCRIPTORS = Limit(
    DNS,
    "file descriptors that stay free for other uses (with a small `ulimit -n`: an eighth of it)",
    32,
    "descriptors",
    "Queries wait until a socket is closed; idle ones are closed.",
)
# Shorter than the time after which no root server and no resolver counts as answering (8 seconds).
SHORTAGE = Limit(
    DNS,
    "waiting for a free file descriptor, local port or memory",
    5,
    "seconds",
    "The name is `unreachable`: this machine has none left.",
)
# Some programs close every descriptor up to the limit. With a limit of a thousand million, that takes minutes.
RAISED_DESCRIPTORS = Limit(
    DNS,
    "the command's own `ulimit -n`, which it raises up to the hard limit",
    65_536,
    "descriptors",
    "The command does not raise it further.",
)
# A DNS message has at most 65,535 (RFC 1035 §4.2.2).
HTTPS_ANSWER = Limit(DNS, "the answer of a resolver over HTTPS", 64 * 2**10, "octets", "The resolver is `unreachable`.")
# RFC 7208 §4.6.4 asks receivers for 20 seconds at least.
SPF_CHECK_SECONDS = Limit(DNS, "the SPF check of one address", 20, "seconds", "The result is `temperror`.")
SPF_CHECK_QUERIES = Limit(DNS, "the SPF check of one address", 1000, "queries", "The result is `temperror`.")
SPF_ADDRESSES = Limit(
    DNS, "addresses tested against one SPF record", 500, "addresses", "The check `spf-policy` is `unreachable`."
)
DMARC_SECONDS = Limit(DNS, "the DMARC policy of one domain", 20, "seconds", "The policy is `unreachable`.")
DMARC_QUERIES = Limit(DNS, "the DMARC policy of one domain", 500, "queries", "The policy is `unreachable`.")
REPORT_SECONDS = Limit(
    DNS, "the check that one host accepts DMARC reports", 20, "seconds", "The host is `unreachable`."
)
REPORT_QUERIES = Limit(
    DNS, "the check that one host accepts DMARC reports", 500, "queries", "The host is `unreachable`."
)
# The user sees the reason within 10 seconds after the start of a command.
ENTRANCE_SECONDS = Limit(
    DNS, "waiting for the first answer of a root server or resolver", 8, "seconds", "The command cannot query DNS."
)
# A working domain needs at most some hundred queries, which take a second or two.
DOMAIN_SECONDS = Limit(
    DNS,
    "one round of checks of one domain",
    60,
    "seconds",
    "The other checks are `unreachable`; the check `budget` reports it.",
)
DOMAIN_QUERIES = Limit(
    DNS,
    "one round of checks of one domain",
    2000,
    "queries",
    "The other checks are `unreachable`; the check `budget` reports it.",
)
# Each question ends long before, but the engine may check hundreds of records concurrently.
GUARD_SECONDS = Limit(DNS, "the guard's checks of one record", 300, "seconds", "The record was not checked.")
# A quarter of all concurrent queries: a domain with dead servers leaves room for the others.
DOMAIN_AT_ONCE = Limit(DNS, "concurrent queries for one domain", 50, "queries", "The others wait for their turn.")
RUN_SECONDS = Limit(
    DNS,
    "a run of `verify`, for each 100 domains (rounded up), in addition to `--timeout`",
    60,
    "seconds",
    "The other checks are `unreachable`; the check `budget` reports it. `--deadline` sets another limit.",
)
# More than any mail system takes.
MESSAGE = Limit(MAIL, "a saved message", 50 * 2**20, "octets", "The command ends with exit code 2.")
# Mail systems take a header of 100 KiB to 1 MiB.
MESSAGE_HEADER = Limit(MAIL, "the header of a saved message", 2**20, "octets", "The command ends with exit code 2.")
MESSAGE_FIELDS = Limit(
    MAIL, "header fields of a saved message", 200_000, "fields", "The command ends with exit code 2."
)
# Ten of the longest lines there may be (RFC 5322 §2.1.1).
MESSAGE_ADDRESSES = Limit(
    MAIL,
    "a From or Return-Path field",
    10_000,
    "characters",
    "With a longer From, the command ends with exit code 2. A longer Return-Path is ignored.",
)
# A receiver writes one, or one for each method.
MESSAGE_RESULTS = Limit(
    MAIL, "Authentication-Results or Received-SPF fields of one receiver", 100, "fields", "The rest is not read."
)
# Anybody can put more in front of a message.
DKIM_SIGNATURES = Limit(MAIL, "DKIM signatures of a message", 10, "signatures", "The others are `unchecked`.")
# The longest sensible field has some 4,000, and dkimpy's time grows with the square.
DKIM_SIGNATURE = Limit(MAIL, "a DKIM-Signature field", 8_000, "octets", "The signature is `wrong`.")
DKIM_HEADERS = Limit(MAIL, "header names in `h=` of a DKIM signature", 500, "names", "The signature is `wrong`.")
# OpenSSL's limit (OPENSSL_RSA_MAX_MODULUS_BITS). RFC 8301 §3.2 requires 4,096; larger keys only cost time.
DKIM_KEY_BITS = Limit(MAIL, "an RSA key that verifies a DKIM signature", 16_384, "bits", "The signature is `wrong`.")
# 2,000 domains with 5 records each are some 25 MiB.
PREVIEW = Limit(
    REVIEW, "the output of `pulumi preview --json`", 128 * 2**20, "octets", "`review` ends with exit code 2."
)
PREVIEW_STEPS = Limit(
    REVIEW, "steps (changed or unchanged resources) in a preview", 100_000, "steps", "`review` ends with exit code 2."
)
# DNS has room for 65,535 octets (RFC 1035 §3.2.1), and an escaped octet has four characters.
PREVIEW_VALUE = Limit(
    REVIEW, "owner, value or name of a record in a preview", 2**18, "characters", "`review` ends with exit code 2."
)
PREVIEW_MESSAGES = Limit(
    REVIEW, "errors, warnings and notices of a preview", 5_000, "messages", "The others are only counted."
)
# Enough for a traceback, whose end is its most useful part.
PREVIEW_MESSAGE = Limit(
    REVIEW, "an error, warning or notice of a preview", 50_000, "characters", "Only its end is shown."
)
# A page has at most 5,000 records of some 1 KiB each.
CLOUDFLARE_PAGE = Limit(
    ZONES,
    "a page of Cloudflare's API",
    32 * 2**20,
    "octets",
    "`adopt` fails; in `doctor`, the check is `unreachable`.",
)
# 50 zones or 5,000 records a page.
CLOUDFLARE_PAGES = Limit(
    ZONES,
    "pages of Cloudflare's API, for the list of zones or for the records of one zone",
    400,
    "pages",
    "`adopt` fails; in `doctor`, the check is `unreachable`.",
)
# A request waits while the rate limit blocks it, for five minutes.
CLOUDFLARE_REQUEST = Limit(
    ZONES, "a request of `adopt` to Cloudflare's API, with its retries", 600, "seconds", "`adopt` fails."
)
# pulumi import sends four requests for each. So these are 960 of the 1,200 requests that Cloudflare accepts in five
# minutes. adopt itself sends one for each zone.
CLOUDFLARE_IMPORT = Limit(
    ZONES, "records in one file of `adopt --import`", 240, "records", "The next file has the others: run it again."
)
# One wait takes up to --answer-timeout, and a server may answer octet by octet.
SMTP_SESSION_WAITS = Limit(
    MAIL,
    "a whole session with a mail server",
    10,
    "times `--answer-timeout`",
    "The rest is `unreachable` or `unchecked`.",
)
# EHLO's reply has some 20 lines of 50 octets, and there are about ten replies.
SMTP_SESSION = Limit(MAIL, "a whole session with a mail server", 128 * 2**10, "octets", "The check is `unreachable`.")
SMTP_REPLY_LINES = Limit(MAIL, "one reply of a mail server", 100, "lines", "The check is `unreachable`.")
# RFC 5321 §4.5.3.1.5 has 512, and some servers write more.
SMTP_LINE = Limit(MAIL, "a line of a mail server's reply", 4 * 2**10, "octets", "The check is `unreachable`.")
SMTP_ADDRESSES = Limit(MAIL, "addresses of a mail server", 10, "addresses", "The others are not tried.")
# Each thread has one; the rest is for other servers.
KEPT_CONNECTIONS = Limit(
    PUBLISHING,
    "idle connections to primaries, at most half of the free file descriptors",
    32,
    "connections",
    "The connection that was idle the longest is closed.",
)
# Four times two seconds: the kernel resends after one second, and then less and less often.
CONNECT_SECONDS = Limit(
    PUBLISHING,
    "the first connection to an RFC 2136 primary",
    8,
    "seconds",
    "`pulumi up` fails; a preview continues with a warning.",
)
RECORD_SECONDS = Limit(
    PUBLISHING,
    "resending lost messages of one record to an RFC 2136 primary",
    60,
    "seconds",
    "The record fails; run `pulumi up` again.",
)

EXCHANGE_SECONDS = Limit(
    PUBLISHING,
    "one message to an RFC 2136 primary, with its answer",
    10,
    "seconds",
    "The message counts as lost, and is sent again while there is time.",
)
# Two concurrent updates take some milliseconds each.
CONTENTION_SECONDS = Limit(
    PUBLISHING,
    "retrying a change because somebody else changes the same records (RFC 2136 and Route 53)",
    60,
    "seconds",
    "The record fails without a change; run `pulumi up` again.",
)
# 10,000 record sets are Route 53's quota of a zone, and 300 of them a page.
ROUTE53_PAGES = Limit(
    PUBLISHING, "pages of hosted zones, or of one zone's record sets, at Route 53", 400, "pages", "The run stops."
)
# At 5 requests a second, other clients may need a minute or two.
ROUTE53_THROTTLED = Limit(
    PUBLISHING,
    "repeating a request that Route 53 throttles (`Throttling`)",
    300,
    "seconds",
    "The record fails; run `pulumi up` again.",
)
# A zone of 10,000 records takes some seconds at a slow API, which has pages of 100.
OCTODNS_SECONDS = Limit(
    PUBLISHING,
    "one call of a provider of octoDNS: listing zones, reading a zone, or changing it",
    180,
    "seconds",
    "The provider counts as unreachable; run `pulumi up` again.",
)
# Most providers serve a change within seconds.
SERVED_SECONDS = Limit(
    PUBLISHING,
    "waiting until name servers serve what a provider of octoDNS has at a name, before its first change",
    30,
    "seconds",
    "The record is refused, and nothing is changed.",
)
# Route 53 promises a minute for most changes.
SETTLE_SECONDS = Limit(
    PUBLISHING,
    "waiting until Route 53 has a change on all its name servers, before verification",
    120,
    "seconds",
    "A warning; verification begins.",
)
# A server that signs may need a moment after its answer.
READ_BACK_SECONDS = Limit(
    PUBLISHING,
    "reading back an update from an RFC 2136 primary",
    5,
    "seconds",
    "The record fails: the server accepted the update, but does not serve it.",
)
# Each of its questions ends in 4 to 10 seconds, and a slow API answers a few in sequence.
DOCTOR_SECONDS = Limit(
    ZONES,
    "one part of `doctor`: Pulumi, the packages, DNS, each primary, each account",
    30,
    "seconds",
    "The other checks of this part are `unreachable`.",
)
DOCTOR_PROGRAM = Limit(
    ZONES, "`pulumi version`, run by `doctor`", 25, "seconds", "The check `pulumi` is `unreachable`."
)
# A version has a dozen.
DOCTOR_OUTPUT = Limit(ZONES, "the output of `pulumi version`", 1_000, "octets", "The rest is not read.")
# A config with more has different servers for each domain.
DOCTOR_WISHES = Limit(
    ZONES, "different `verification` settings whose servers `doctor` tests", 5, "sets", "The others are not tested."
)
# Two requests each. Cloudflare accepts 1,200 in five minutes, and Route 53 five in a second.
DOCTOR_ZONES = Limit(
    ZONES, "zones at Cloudflare or Route 53 whose records `doctor` reads", 20, "zones", "The others are counted."
)
# With the longest names these are 48 KiB. A DNS message has at most 64 KiB.
DOCTOR_UPDATE = Limit(
    ZONES,
    "names in one test update of `doctor`, which changes nothing",
    150,
    "names",
    "Further test updates have the others.",
)
DOCTOR_NAMES = Limit(
    ZONES,
    "names that `doctor` tests one by one after a primary refused a test update of all",
    20,
    "names",
    "The others are not tested one by one.",
)
LAB_IDLE_SECONDS = Limit(
    LAB, "an idle TCP connection to the lab's name server", 30, "seconds", "The connection is closed."
)
# A start takes a second.
LAB_JOIN_SECONDS = Limit(
    LAB,
    "waiting for a lab that another terminal is starting or stopping",
    10,
    "seconds",
    "`elastx-mrs lab` ends with exit code 2.",
)
LAB_CONNECTIONS = Limit(
    LAB,
    "TCP connections to the lab's name server and Cloudflare API, at most the free file descriptors",
    100,
    "connections",
    "The connection that was idle the longest is closed.",
)

# A stack with 20,000 domains has 4 MiB. Pulumi has no limit, and keeps everything in memory.
STACK_FILE = Limit(FILES, "a stack's or a project's file", 16 * 2**20, "octets", "The command ends with exit code 2.")
# Aliases can multiply a short text. Pulumi's parser go-yaml counts values, but not their size.
STACK_TEXT = Limit(
    FILES,
    "a stack's or a project's file after its aliases are expanded",
    32 * 2**20,
    "octets",
    "The command ends with exit code 2.",
)
# A config needs 5. Pulumi stops at 10,000, and libyaml's own composer overflows the C stack before that.
NESTING = Limit(FILES, "nested lists and objects, in YAML and JSON", 100, "levels", "The file or value is refused.")
# 20,000 domains with ten keys each have 400,000 values. Each value needs some 300 octets of memory.
VALUES = Limit(FILES, "values in one YAML or JSON text", 1_000_000, "values", "The file or value is refused.")
# YAML's limit before a colon (YAML 1.2 §7.4.2). After a question mark, YAML has no limit.
KEY = Limit(FILES, "a key in a stack's or a project's file", 1_024, "characters", "The command ends with exit code 2.")
# libyaml compares each line with all the others.
TAG_LINES = Limit(
    FILES, "%TAG lines in a stack's or a project's file", 100, "lines", "The command ends with exit code 2."
)
# For 100,000 records, ``pulumi config`` and ``elastx-mrs records`` print some 40 MiB.
JSON_FILE = Limit(FILES, "a JSON file that a command reads", 64 * 2**20, "octets", "The command ends with exit code 2.")
# Python's conversion takes quadratic time, and refuses 4,300 digits. Pulumi keeps at most 17 of them.
DIGITS = Limit(FILES, "digits of a number in JSON", 100, "digits", "The file or value is refused.")
# A TXT record has at most 65,535 octets (RFC 1035 §3.2.1), and many resolvers fail beyond 4,096.
PASTED = Limit(FILES, "a pasted SPF, DKIM or DMARC record", 64 * 2**10, "octets", "The record is refused.")
KEY_FILE = Limit(FILES, "a TSIG key or its file", 64 * 2**10, "octets", "The update fails.")
DKIM_KEY_FILE = Limit(
    FILES, "a file with a DKIM private key", 64 * 2**10, "octets", "The command ends with exit code 2."
)
# IANA's file has 3,300.
ROOT_HINTS = Limit(FILES, "a file of root hints", 2**20, "octets", "The command ends with exit code 2.")
# 20,000 domains have 80,000 records. Pulumi needs a state and a round trip for each.
RECORDS = Limit(CONFIG, "records of one config", 150_000, "records", "The config is refused.")
# Nobody reads more, and the message goes through the engine.
FAULTS = Limit(CONFIG, "errors reported for one config", 1_000, "errors", "The others are only counted.")
# The search for a similar word among thousands takes milliseconds.
SUGGESTIONS = Limit(
    CONFIG, "errors that suggest a similar account", 20, "errors", "The other errors have no suggestion."
)
SUGGESTED = Limit(
    CONFIG, "accounts that are searched for a similar one", 1_000, "accounts", "No similar account is suggested."
)

QUIET = 2.0
"""Seconds after which waiting code reports that it waits. It is not a limit, but all waiting code may import this."""

LIMITS = tuple(one for one in tuple(globals().values()) if isinstance(one, Limit))
