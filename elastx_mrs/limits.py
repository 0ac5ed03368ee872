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


DNS = "Questions to DNS"
MAIL = "Messages and mail servers"
FILES = "Files, pipes and programs"
PUBLISHING = "Publishing"

# Eight packets: if a fifth of them is lost each way, one in 3,000 questions is not answered.
QUESTION_SECONDS = Limit(
    DNS,
    "one question to one server",
    4,
    "seconds",
    "The server counts as silent. Other servers are queried in the meantime.",
)
# 21 packets: one in 1,000,000,000.
LOSSY_QUESTION_SECONDS = Limit(
    DNS,
    "the same, if the server answered another question only after a resend",
    13,
    "seconds",
    "The server did not answer.",
)
# Long enough for a round over many domains, and short enough to notice a server that returns.
SILENT_SECONDS = Limit(
    DNS,
    "a server that answered nothing at all",
    30,
    "seconds",
    "It is not queried again until then. Each question to it fails with that reason.",
)
# The handshakes take two or three exchanges more.
ENCRYPTED_TIMES = Limit(
    DNS, "one question to a resolver over TLS or HTTPS", 3, "times as long as over UDP", "As over UDP."
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
    "a chain of name servers without glue",
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
# Enough to see what is wrong; a hostile tree has hundreds.
SPF_TREE_PROBLEMS = Limit(DNS, "the tree of one SPF record", 10, "problems of a kind", "The others are counted.")
# Receivers stop long before.
SPF_TREE_DEPTH = Limit(DNS, "the tree of one SPF record", 50, "levels", "The record is `wrong`.")
SPF_TREE_SECONDS = Limit(
    DNS, "the tree of one SPF record", 20, "seconds", "The output names the part that was not answered."
)
# Twice the queries that verification has in flight, because sockets stay open for the next query to the same server.
SOCKETS = Limit(DNS, "sockets of a process", 400, "sockets", "Queries wait until one is closed; idle ones are closed.")
# For gRPC, open connections, and the files to check a certificate.
SPARE_DESCRIPTORS = Limit(
    DNS,
    "descriptors of `ulimit -n` that stay free for other uses, or an eighth of it if that is less",
    32,
    "descriptors",
    "Queries wait until a socket is closed; idle ones are closed.",
)
# Shorter than the time after which no root server and no resolver counts as answering (8 seconds).
SHORTAGE = Limit(
    DNS,
    "no descriptor, local port or memory available for any socket",
    5,
    "seconds",
    "The name is `unreachable`: this machine is short of them.",
)
# Some programs close every descriptor up to the limit. With a limit of a thousand million, that takes minutes.
RAISED_DESCRIPTORS = Limit(
    DNS,
    "the value to which the command raises its own `ulimit -n` (at most the hard limit)",
    65_536,
    "descriptors",
    "A higher limit stays as it is.",
)
# A DNS message has at most 65,535 (RFC 1035 §4.2.2).
HTTPS_ANSWER = Limit(DNS, "the answer of a resolver over HTTPS", 64 * 2**10, "octets", "The resolver is `unreachable`.")
# RFC 7208 §4.6.4 asks receivers for 20 seconds at least.
SPF_CHECK_SECONDS = Limit(DNS, "SPF for one address", 20, "seconds", "The result is temperror.")
SPF_CHECK_QUERIES = Limit(DNS, "SPF for one address", 1000, "queries", "The result is temperror.")
SPF_ADDRESSES = Limit(
    DNS, "addresses tested against one SPF record", 500, "addresses", "The check `spf-policy` is `unreachable`."
)
DMARC_SECONDS = Limit(DNS, "the DMARC policy of one domain", 20, "seconds", "The policy is `unreachable`.")
DMARC_QUERIES = Limit(DNS, "the DMARC policy of one domain", 500, "queries", "The policy is `unreachable`.")
REPORT_SECONDS = Limit(
    DNS, "the check whether one host accepts DMARC reports", 20, "seconds", "The host is `unreachable`."
)
REPORT_QUERIES = Limit(
    DNS, "the check whether one host accepts DMARC reports", 500, "queries", "The host is `unreachable`."
)
# The user sees the reason within 10 seconds after the start of a command.
ENTRANCE_SECONDS = Limit(
    DNS, "the first answer of a root server or resolver", 8, "seconds", "The command cannot query DNS."
)
# A working domain needs at most some hundred queries, which take a second or two.
DOMAIN_SECONDS = Limit(
    DNS, "one domain in one round", 60, "seconds", "The rest is `unreachable`, in the check `budget`."
)
DOMAIN_QUERIES = Limit(
    DNS, "one domain in one round", 2000, "queries", "The rest is `unreachable`, in the check `budget`."
)
# Each question ends long before, but the engine may check hundreds of records concurrently.
GUARD_SECONDS = Limit(DNS, "the guard's checks of one record", 300, "seconds", "The record was not checked.")
# A quarter of all concurrent queries: a domain with dead servers leaves room for the others.
DOMAIN_AT_ONCE = Limit(DNS, "one domain", 50, "queries at once", "The others wait for their turn.")
RUN_SECONDS = Limit(
    DNS,
    "a whole run of `verify`, in addition to the time to wait, for each 100 domains or part of them",
    60,
    "seconds",
    "The rest is `unreachable`, in the check `budget`; `--deadline` sets another bound.",
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
    "From: the command ends with exit code 2. Return-Path: it is not read.",
)
# A receiver writes one, or one for each method.
MESSAGE_RESULTS = Limit(
    MAIL, "Authentication-Results or Received-SPF fields of one receiver", 100, "fields", "The rest is not read."
)
# Anybody can put more in front of a message.
DKIM_SIGNATURES = Limit(MAIL, "DKIM signatures of a message", 10, "signatures", "The others are `unchecked`.")
# The longest sensible field has some 4,000, and dkimpy's time grows with the square.
DKIM_SIGNATURE = Limit(MAIL, "a DKIM-Signature field", 8_000, "octets", "The signature is `wrong`.")
DKIM_HEADERS = Limit(MAIL, "names in `h=` of a DKIM signature", 500, "names", "The signature is `wrong`.")
# OpenSSL's limit (OPENSSL_RSA_MAX_MODULUS_BITS). RFC 8301 §3.2 requires 4,096; larger keys only cost time.
DKIM_KEY_BITS = Limit(MAIL, "an RSA key that verifies a DKIM signature", 16_384, "bits", "The signature is `wrong`.")
# 2,000 domains with 5 records each are some 25 MiB.
PREVIEW = Limit(FILES, "what `pulumi preview --json` prints", 128 * 2**20, "octets", "`review` ends with exit code 2.")
PREVIEW_STEPS = Limit(FILES, "steps of a preview", 100_000, "steps", "`review` ends with exit code 2.")
# DNS has room for 65,535 octets (RFC 1035 §3.2.1), and an escaped octet has four characters.
PREVIEW_VALUE = Limit(
    FILES, "owner, value or name of a record in a preview", 2**18, "characters", "`review` ends with exit code 2."
)
PREVIEW_MESSAGES = Limit(
    FILES, "errors, warnings and notices of a preview", 5_000, "messages", "The others are counted, and not shown."
)
# Enough for a traceback, whose end is its most useful part.
PREVIEW_MESSAGE = Limit(FILES, "an error, warning or notice of a preview", 50_000, "characters", "Its end is shown.")
# A page has at most 5,000 records of some 1 KiB each.
CLOUDFLARE_PAGE = Limit(
    FILES,
    "a page of Cloudflare's API, read by `adopt` or `doctor`",
    32 * 2**20,
    "octets",
    "`adopt` ends; the check of `doctor` is `unreachable`.",
)
# 50 zones or 5,000 records a page.
CLOUDFLARE_PAGES = Limit(
    FILES,
    "pages of zones, or of one zone's records, read by `adopt` or `doctor`",
    400,
    "pages",
    "`adopt` ends; the check of `doctor` is `unreachable`.",
)
# A request waits while the rate limit blocks it, for five minutes.
CLOUDFLARE_REQUEST = Limit(
    FILES, "a request of `adopt` to Cloudflare's API, with its retries", 600, "seconds", "`adopt` ends."
)
# pulumi import sends four requests for each. So these are 960 of the 1,200 requests that Cloudflare accepts in five
# minutes. adopt itself sends one for each zone.
CLOUDFLARE_IMPORT = Limit(
    PUBLISHING, "records in one file of `adopt --import`", 240, "records", "Its next run imports the others."
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
    "connections to primaries kept open for the next update, or half of the free descriptors if that is less",
    32,
    "connections",
    "The connection that was unused for longest is closed.",
)
# Four times two seconds: the kernel resends after one second, and then less and less often.
CONNECT_SECONDS = Limit(
    PUBLISHING,
    "connecting to an RFC 2136 primary that has not answered yet",
    8,
    "seconds",
    "The `up` stops; a preview warns and goes on.",
)
RECORD_SECONDS = Limit(
    PUBLISHING,
    "resending lost messages to an RFC 2136 primary, for each record",
    60,
    "seconds",
    "The record fails; run `pulumi up` again.",
)

EXCHANGE_SECONDS = Limit(
    PUBLISHING,
    "an update or a query to an RFC 2136 primary, and its answer",
    10,
    "seconds",
    "It counts as lost, and is sent again or given up.",
)
# Two concurrent updates take some milliseconds each.
CONTENTION_SECONDS = Limit(
    PUBLISHING,
    "a change of TXT records that others keep changing (RFC 2136 and Route 53)",
    60,
    "seconds",
    "The record fails, and nothing was changed; run `pulumi up` again.",
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
    PUBLISHING,
    "one examination of `doctor`: Pulumi, the packages, DNS, one primary, one account",
    30,
    "seconds",
    "The rest of it is `unreachable`.",
)
DOCTOR_PROGRAM = Limit(
    FILES, "`pulumi version`, run by `doctor`", 25, "seconds", "The check `pulumi` is `unreachable`."
)
# A version has a dozen.
DOCTOR_OUTPUT = Limit(FILES, "what `pulumi version` prints", 1_000, "octets", "The rest is not read.")
# A config with more has different servers for each domain.
DOCTOR_WISHES = Limit(
    DNS, "different sets of DNS servers in one config, in `doctor`", 5, "sets", "The others are not examined."
)
# Two requests each. Cloudflare accepts 1,200 in five minutes, and Route 53 five in a second.
DOCTOR_ZONES = Limit(
    PUBLISHING,
    "zones at Cloudflare or Route 53 whose records `doctor` reads",
    20,
    "zones",
    "The others are counted.",
)
# With the longest names these are 48 KiB. A DNS message has at most 64 KiB.
DOCTOR_UPDATE = Limit(
    PUBLISHING,
    "names in one update of `doctor`, which changes nothing",
    150,
    "names",
    "Another update contains the others.",
)
DOCTOR_NAMES = Limit(
    PUBLISHING,
    "names that `doctor` tests one by one after a primary refused an update of all",
    20,
    "names",
    "The others are not named.",
)
LAB_IDLE_SECONDS = Limit(
    PUBLISHING, "silence on a TCP connection to the lab's name server", 30, "seconds", "The connection is closed."
)
# A start takes a second.
LAB_JOIN_SECONDS = Limit(
    PUBLISHING,
    "joining a lab that starts or stops in another terminal",
    10,
    "seconds",
    "`elastx-mrs lab` ends with exit code 2.",
)
LAB_CONNECTIONS = Limit(
    PUBLISHING,
    "TCP connections to the lab's name server and Cloudflare API, or the free descriptors if there are fewer",
    100,
    "connections",
    "The connection that was unused for longest is closed.",
)

# A stack with 20,000 domains has 4 MiB. Pulumi has no limit, and keeps everything in memory.
STACK_FILE = Limit(FILES, "a stack's or a project's file", 16 * 2**20, "octets", "The command ends with exit code 2.")
# Aliases can multiply a short text. Pulumi's parser go-yaml counts values, but not their size.
STACK_TEXT = Limit(
    FILES,
    "the text of such a file after its aliases are expanded",
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
DIGITS = Limit(FILES, "a number in JSON", 100, "digits", "The file or value is refused.")
# A TXT record has at most 65,535 octets (RFC 1035 §3.2.1), and many resolvers fail beyond 4,096.
PASTED = Limit(FILES, "a pasted SPF, DKIM or DMARC record", 64 * 2**10, "octets", "The record is refused.")
KEY_FILE = Limit(FILES, "a TSIG key, or the file with it", 64 * 2**10, "octets", "The update fails.")
# IANA's file has 3,300.
ROOT_HINTS = Limit(FILES, "a file of root hints", 2**20, "octets", "The command ends with exit code 2.")
# 20,000 domains have 80,000 records. Pulumi needs a state and a round trip for each.
RECORDS = Limit(PUBLISHING, "records of one config", 150_000, "records", "The config is refused.")
# Nobody reads more, and the message goes through the engine.
FAULTS = Limit(PUBLISHING, "errors reported for one config", 1_000, "errors", "The rest are counted.")
# The search for a similar word among thousands takes milliseconds.
SUGGESTIONS = Limit(PUBLISHING, "errors of one config that suggest an account", 20, "errors", "The rest suggest none.")
SUGGESTED = Limit(PUBLISHING, "accounts searched for a similar one", 1_000, "accounts", "None is suggested.")

QUIET = 2.0
"""Seconds after which waiting code reports that it waits. It is not a limit, but all waiting code may import this."""

LIMITS = tuple(one for one in tuple(globals().values()) if isinstance(one, Limit))
