"""Queries over manuals that anybody can clone, and the pages that answer them; written before a result was looked at.

A page is named by the end of its path, without how its file ends; any of the pages named is a right answer. Typed
queries are what a person would type, paraphrases say it without the words of the page's names. The manuals of LEARNT
may be learned from; those of KEPT are only measured.
"""

from dataclasses import dataclass

#: a query, and the pages any of which answers it
Written = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Manual:
    """A repository whose documentation is searched."""

    #: its name on GitHub
    repository: str
    #: folders in it that are taken
    folders: tuple[str, ...]
    #: ending of the files that are pages
    suffix: str
    #: pages whose sections are questions and answers
    faq: tuple[str, ...]
    typed: tuple[Written, ...]
    paraphrases: tuple[Written, ...]


REDIS = Manual(
    "redis/redis-doc",
    ("docs", "commands"),
    ".md",
    ("docs/get-started/faq",),
    (
        ("set a key only if it does not exist", ("commands/setnx", "commands/set")),
        ("expire a key after 10 seconds", ("commands/expire", "commands/setex", "commands/set")),
        ("how much time to live is left", ("commands/ttl", "commands/pttl")),
        ("pub sub pattern subscribe", ("commands/psubscribe", "docs/interact/pubsub")),
        ("blocking pop from a list", ("commands/blpop", "commands/brpop", "docs/data-types/lists")),
        ("distributed lock", ("patterns/distributed-locks",)),
        ("lru eviction policy", ("reference/eviction/index",)),
        ("append only file fsync", ("management/persistence",)),
        ("sentinel quorum failover", ("management/sentinel",)),
        ("how do I set a password", ("security/acl", "security/_index", "commands/auth")),
        ("leaderboard with scores", ("data-types/sorted-sets",)),
        ("find restaurants nearby radius", ("data-types/geospatial", "commands/geosearch", "commands/georadius")),
        ("count unique visitors", ("probabilistic/hyperloglogs", "commands/pfcount", "commands/pfadd")),
        ("consumer group pending messages", ("commands/xpending", "data-types/streams")),
        ("optimistic locking watch", ("commands/watch", "interact/transactions")),
        ("slow log", ("commands/slowlog-get", "commands/slowlog", "commands/slowlog-len", "commands/slowlog-reset")),
        ("iterate over all keys without blocking", ("commands/scan", "commands/keys")),
        ("lua script atomic", ("programmability/eval-intro", "commands/eval")),
        ("replica of another server", ("commands/replicaof", "management/replication")),
        ("bulk loading many keys", ("patterns/bulk-loading",)),
        ("rename a key", ("commands/rename", "commands/renamenx")),
        ("random member of a set", ("commands/srandmember", "commands/spop")),
        ("increment a float", ("commands/incrbyfloat", "commands/hincrbyfloat")),
        ("memory usage of a key", ("commands/memory-usage",)),
        ("kill a client connection", ("commands/client-kill",)),
    ),
    (
        ("throw away old entries when ram is full", ("reference/eviction/index",)),
        ("survive a reboot without losing my data", ("management/persistence",)),
        ("send several commands in one network round trip", ("manual/pipelining/index",)),
        ("what to do when the primary machine dies", ("management/sentinel", "management/replication")),
        ("spread data over several machines", ("management/scaling", "reference/cluster-spec")),
        ("why are answers taking so long", ("optimization/latency", "optimization/latency-monitor")),
        ("get told when an entry changes", ("manual/keyspace-notifications", "manual/client-side-caching")),
        ("only let some people run dangerous operations", ("security/acl", "commands/acl-setuser")),
        ("make an undo-proof group of operations", ("interact/transactions", "commands/multi")),
        ("forget something after a while", ("commands/expire", "manual/keyspace", "commands/pexpire")),
    ),
)

FISH = Manual(
    "fish-shell/fish-shell",
    ("doc_src",),
    ".rst",
    ("doc_src/faq",),
    (
        ("set an environment variable", ("cmds/set", "doc_src/faq", "doc_src/language", "doc_src/tutorial")),
        ("add a directory to PATH", ("cmds/fish_add_path", "doc_src/tutorial", "doc_src/faq")),
        ("change the prompt", ("doc_src/prompt", "cmds/fish_prompt", "cmds/fish_config", "doc_src/faq")),
        ("vi key bindings", ("cmds/fish_vi_key_bindings", "doc_src/interactive")),
        ("abbreviations", ("cmds/abbr", "doc_src/interactive")),
        ("split a string on a comma", ("cmds/string-split",)),
        ("regular expression match", ("cmds/string-match",)),
        ("write my own completions", ("doc_src/completions", "cmds/complete")),
        ("command substitution", ("doc_src/language", "doc_src/fish_for_bash_users")),
        ("wildcard globbing", ("doc_src/language", "doc_src/fish_for_bash_users")),
        ("history search delete entry", ("cmds/history", "doc_src/interactive")),
        ("parse options of a function", ("cmds/argparse", "cmds/fish_opt")),
        ("git status in prompt", ("cmds/fish_git_prompt", "cmds/fish_vcs_prompt")),
        ("floating point arithmetic", ("cmds/math",)),
        ("run a command in the background", ("cmds/bg", "cmds/jobs", "doc_src/language")),
        ("process substitution", ("cmds/psub", "doc_src/fish_for_bash_users")),
        ("loop over lines of a file", ("cmds/while", "cmds/read", "cmds/for")),
        ("disable the greeting", ("cmds/fish_greeting", "doc_src/faq")),
        ("catch a signal", ("cmds/trap", "cmds/function")),
        ("resource limits", ("cmds/ulimit",)),
        ("differences from bash", ("doc_src/fish_for_bash_users",)),
        ("copy to clipboard", ("cmds/fish_clipboard_copy", "doc_src/interactive")),
        ("format the code of a script", ("cmds/fish_indent",)),
        ("go back to the previous directory", ("cmds/prevd", "cmds/cdh", "cmds/cd", "doc_src/interactive")),
        ("random number", ("cmds/random",)),
    ),
    (
        ("make a shorter name for something I type a lot", ("cmds/abbr", "cmds/alias", "doc_src/interactive")),
        ("cut spaces off both ends", ("cmds/string-trim",)),
        ("put pieces of text together with dashes", ("cmds/string-join",)),
        ("stop on a line to look around", ("cmds/breakpoint", "cmds/fish_breakpoint_prompt")),
        ("what did I type yesterday", ("cmds/history", "doc_src/interactive")),
        ("wait until the other programs are finished", ("cmds/wait",)),
        ("find out which program a name stands for", ("cmds/type", "cmds/command")),
        ("capital letters to small ones", ("cmds/string-lower",)),
        ("which permissions new files get", ("cmds/umask",)),
        ("ask the user for input", ("cmds/read",)),
    ),
)

CURL = Manual(
    "curl/curl",
    ("docs",),
    ".md",
    ("docs/FAQ",),
    (
        ("follow redirects", ("cmdline-opts/location", "docs/TheArtOfHttpScripting", "opts/CURLOPT_FOLLOWLOCATION")),
        ("basic authentication user and password", ("cmdline-opts/user", "cmdline-opts/basic", "opts/CURLOPT_USERPWD")),
        ("upload a file with ftp", ("cmdline-opts/upload-file", "docs/MANUAL", "opts/CURLOPT_UPLOAD")),
        (
            "use a socks proxy",
            ("cmdline-opts/socks5", "cmdline-opts/socks4", "cmdline-opts/proxy", "opts/CURLOPT_PROXY"),
        ),
        ("set a timeout", ("cmdline-opts/max-time", "cmdline-opts/connect-timeout", "opts/CURLOPT_TIMEOUT")),
        ("send json", ("cmdline-opts/json",)),
        ("custom header", ("cmdline-opts/header", "opts/CURLOPT_HTTPHEADER")),
        ("ignore certificate errors", ("cmdline-opts/insecure", "docs/SSLCERTS", "opts/CURLOPT_SSL_VERIFYPEER")),
        ("cookie jar", ("cmdline-opts/cookie-jar", "opts/CURLOPT_COOKIEJAR", "docs/HTTP-COOKIES")),
        ("limit download speed", ("cmdline-opts/limit-rate", "opts/CURLOPT_MAX_RECV_SPEED_LARGE")),
        ("resume a download", ("cmdline-opts/continue-at", "opts/CURLOPT_RESUME_FROM", "docs/MANUAL")),
        ("multipart form post", ("cmdline-opts/form", "opts/CURLOPT_MIMEPOST", "libcurl/curl_mime_init")),
        ("progress callback", ("opts/CURLOPT_XFERINFOFUNCTION", "opts/CURLOPT_PROGRESSFUNCTION")),
        ("thread safety", ("libcurl/libcurl-thread", "docs/libcurl/libcurl-thread")),
        ("http3 quic", ("docs/HTTP3", "cmdline-opts/http3")),
        ("resolve a host to an address of my choice", ("cmdline-opts/resolve", "opts/CURLOPT_RESOLVE")),
        ("write to a file instead of standard output", ("cmdline-opts/output", "opts/CURLOPT_WRITEDATA")),
        ("client certificate", ("cmdline-opts/cert", "opts/CURLOPT_SSLCERT")),
        ("retry on failure", ("cmdline-opts/retry", "cmdline-opts/retry-all-errors")),
        (
            "share cookies between handles",
            ("libcurl/curl_share_setopt", "libcurl/libcurl-share", "opts/CURLSHOPT_SHARE"),
        ),
        ("multi interface select", ("libcurl/curl_multi_fdset", "libcurl/libcurl-multi")),
        ("range of bytes", ("cmdline-opts/range", "opts/CURLOPT_RANGE")),
        ("user agent", ("cmdline-opts/user-agent", "opts/CURLOPT_USERAGENT")),
        ("build with cmake", ("docs/INSTALL-CMAKE",)),
        ("report a security bug", ("docs/VULN-DISCLOSURE-POLICY", "docs/BUG-BOUNTY", "docs/BUGS")),
    ),
    (
        ("keep quiet and print nothing", ("cmdline-opts/silent",)),
        ("go on where it broke off", ("cmdline-opts/continue-at", "opts/CURLOPT_RESUME_FROM")),
        (
            "pretend to be a browser",
            ("cmdline-opts/user-agent", "opts/CURLOPT_USERAGENT", "docs/TheArtOfHttpScripting"),
        ),
        ("show what is sent and received", ("cmdline-opts/verbose", "cmdline-opts/trace", "cmdline-opts/trace-ascii")),
        ("fetch only the first part of a page", ("cmdline-opts/range", "cmdline-opts/head", "opts/CURLOPT_RANGE")),
        ("don't use up all of my bandwidth", ("cmdline-opts/limit-rate", "opts/CURLOPT_MAX_RECV_SPEED_LARGE")),
        ("several files at the same time", ("cmdline-opts/parallel", "libcurl/libcurl-multi")),
        ("squeeze the answer on its way", ("cmdline-opts/compressed", "opts/CURLOPT_ACCEPT_ENCODING")),
        ("read settings from a text file", ("cmdline-opts/config",)),
        (
            "give up when the server is too slow",
            ("cmdline-opts/speed-limit", "cmdline-opts/speed-time", "cmdline-opts/max-time"),
        ),
    ),
)

SCRAPY = Manual(
    "scrapy/scrapy",
    ("docs",),
    ".rst",
    ("docs/faq",),
    (
        ("follow links", ("intro/tutorial", "topics/link-extractors", "topics/spiders")),
        ("export items to json", ("topics/feed-exports", "topics/exporters")),
        ("log in with a form", ("topics/request-response", "docs/faq")),
        ("user agent setting", ("topics/settings", "topics/practices")),
        ("download images", ("topics/media-pipeline",)),
        ("css selectors", ("topics/selectors", "intro/tutorial")),
        ("pause and resume a crawl", ("topics/jobs",)),
        ("memory leak", ("topics/leaks",)),
        ("run from a script", ("topics/practices",)),
        ("store items in a database", ("topics/item-pipeline",)),
        ("javascript rendered pages", ("topics/dynamic-content", "docs/faq")),
        ("throttle requests", ("topics/autothrottle", "topics/settings")),
        ("robots.txt", ("topics/downloader-middleware", "topics/settings")),
        ("custom middleware", ("topics/downloader-middleware", "topics/spider-middleware")),
        ("avoid getting banned", ("topics/practices", "docs/faq")),
        ("interactive shell", ("topics/shell", "intro/tutorial")),
        ("send an event when a spider closes", ("topics/signals",)),
        ("sitemap spider", ("topics/spiders",)),
        ("cookies", ("topics/cookies", "topics/downloader-middleware", "topics/request-response")),
        ("depth first or breadth first", ("docs/faq",)),
    ),
    (
        ("be polite to the site", ("topics/autothrottle", "topics/practices", "topics/settings")),
        ("stop today and go on tomorrow", ("topics/jobs",)),
        ("clean up what was scraped before saving", ("topics/item-pipeline", "topics/loaders")),
        ("the program eats more and more ram", ("topics/leaks",)),
        ("pages that are filled in by the browser", ("topics/dynamic-content",)),
        ("put it on a server", ("topics/deploy",)),
        ("try out expressions by hand", ("topics/shell",)),
        ("check that the callbacks still work", ("topics/contracts",)),
    ),
)

BORG = Manual(
    "borgbackup/borg",
    ("docs",),
    ".rst",
    ("docs/faq",),
    (
        ("delete old archives", ("usage/prune", "usage/delete")),
        ("exclude files from a backup", ("usage/create", "usage/help")),
        ("mount an archive", ("usage/mount", "docs/faq")),
        ("change passphrase", ("usage/key",)),
        ("restore a single file", ("usage/extract", "docs/quickstart")),
        ("backup to a server that pulls", ("deployment/pull-backup",)),
        ("check consistency repair", ("usage/check",)),
        ("free disk space after delete", ("usage/compact", "usage/repo-space", "usage/prune")),
        ("export key", ("usage/key", "docs/faq")),
        ("compression level", ("usage/help", "usage/create", "usage/repo-compress")),
        (
            "how does deduplication work",
            ("internals/chunker", "docs/internals", "internals/data-structures", "docs/introduction"),
        ),
        ("block device image", ("deployment/image-backup",)),
        ("list files in an archive", ("usage/list",)),
        ("automatic backup when a usb drive is plugged in", ("deployment/automated-local",)),
        ("without root", ("deployment/non-root-user",)),
        ("compare two archives", ("usage/diff",)),
        ("rename an archive", ("usage/rename",)),
        ("install with pip", ("docs/installation",)),
        ("lock is stale break it", ("usage/lock",)),
        ("encryption security model", ("internals/security",)),
    ),
    (
        ("keep one copy per week and drop the rest", ("usage/prune",)),
        ("look into it as if it were a folder", ("usage/mount", "usage/borgfs", "usage/webdav")),
        ("is anything damaged", ("usage/check", "docs/faq")),
        ("get my documents back", ("usage/extract", "docs/quickstart")),
        ("what was altered since last week", ("usage/diff",)),
        ("many computers into one place", ("deployment/central-backup-server", "docs/faq")),
        ("bring back what I removed by mistake", ("usage/undelete",)),
        ("make it smaller on disk", ("usage/compact", "usage/repo-compress", "usage/help")),
    ),
)

SYNCTHING = Manual(
    "syncthing/docs",
    ("users", "advanced", "intro", "dev", "specs"),
    ".rst",
    ("users/faq-parts/general", "users/faq-parts/usage", "users/faq-parts/troubleshooting"),
    (
        ("ignore patterns", ("users/ignoring",)),
        ("file versioning trash can", ("users/versioning",)),
        ("run on boot systemd", ("users/autostart",)),
        ("which ports to open", ("users/firewall",)),
        ("send only folder", ("users/foldertypes",)),
        ("relay server", ("users/strelaysrv", "users/relaying")),
        ("discovery server", ("users/stdiscosrv",)),
        ("config.xml options", ("users/config", "users/advanced")),
        ("encrypted untrusted device", ("users/untrusted",)),
        ("reverse proxy nginx", ("users/reverseproxy",)),
        ("conflict files", ("users/syncing", "faq-parts/usage", "users/faq")),
        ("access the web gui remotely", ("users/guilisten", "users/faq", "faq-parts/usage", "users/tunneling")),
        ("ldap login", ("users/ldap",)),
        ("prometheus metrics", ("users/metrics",)),
        ("limit concurrent scans", ("advanced/option-max-concurrency", "users/tuning")),
        ("device id", ("dev/device-ids", "faq-parts/usage", "users/faq", "faq-parts/general")),
        ("socks proxy", ("users/proxying",)),
        ("block exchange protocol", ("specs/bep-v1",)),
        ("build from source", ("dev/building",)),
        ("case sensitivity", ("advanced/folder-caseSensitiveFS",)),
    ),
    (
        ("leave some things out", ("users/ignoring",)),
        ("get an older state of a document", ("users/versioning",)),
        ("begin with the computer", ("users/autostart",)),
        ("store on a machine I do not trust", ("users/untrusted",)),
        ("it is too slow on my small board", ("users/tuning", "users/faq", "faq-parts/troubleshooting")),
        ("a friend shares what he has with all the others", ("users/introducer",)),
        ("is my data safe from strangers", ("users/security", "faq-parts/general", "users/faq")),
        ("through a router without opening anything", ("users/relaying", "users/firewall")),
    ),
)

CELERY = Manual(
    "celery/celery",
    ("docs/userguide", "docs/getting-started", "docs/internals", "docs/faq.rst"),
    ".rst",
    ("docs/faq",),
    (
        ("retry a task", ("userguide/tasks", "userguide/calling")),
        ("periodic schedule crontab", ("userguide/periodic-tasks",)),
        ("chain tasks together", ("userguide/canvas",)),
        ("result backend settings", ("userguide/configuration",)),
        ("route a task to a queue", ("userguide/routing",)),
        ("monitor workers", ("userguide/monitoring", "userguide/workers")),
        ("time limits", ("userguide/workers", "userguide/configuration")),
        ("use redis as a broker", ("backends-and-brokers/redis",)),
        ("run as a daemon with systemd", ("userguide/daemonizing",)),
        ("countdown and eta", ("userguide/calling",)),
        ("revoke a running task", ("userguide/workers", "docs/faq")),
        ("unit test", ("userguide/testing",)),
        ("prefetch limit", ("userguide/optimizing", "userguide/configuration")),
        ("amazon sqs", ("backends-and-brokers/sqs",)),
        ("message signing", ("userguide/security",)),
        ("task_success signal", ("userguide/signals",)),
        ("gevent pool", ("concurrency/gevent", "concurrency/index")),
        ("message protocol", ("internals/protocol",)),
    ),
    (
        ("do it again when it went wrong", ("userguide/tasks",)),
        ("every monday morning", ("userguide/periodic-tasks",)),
        ("see what the processes are doing", ("userguide/monitoring", "userguide/workers")),
        ("make it faster", ("userguide/optimizing",)),
        ("one after another, then all results", ("userguide/canvas",)),
        ("stop a job that hangs", ("userguide/workers",)),
        ("set a breakpoint from afar", ("userguide/debugging",)),
    ),
)

PROMETHEUS = Manual(
    "prometheus/docs",
    ("docs",),
    ".md",
    ("docs/introduction/faq",),
    (
        ("histogram or summary", ("practices/histograms", "concepts/metric_types")),
        ("metric naming", ("practices/naming", "concepts/data_model")),
        ("write an exporter", ("instrumenting/writing_exporters",)),
        ("push metrics from a batch job", ("practices/pushing", "instrumenting/pushing")),
        ("grafana dashboard", ("visualization/grafana", "tutorials/visualizing_metrics_using_grafana")),
        ("tls https", ("guides/tls-encryption", "operating/security")),
        ("basic auth password", ("guides/basic-auth",)),
        ("docker container metrics", ("guides/cadvisor",)),
        ("service discovery from files", ("guides/file-sd",)),
        ("recording rules naming", ("practices/rules",)),
        ("compare with graphite", ("introduction/comparison",)),
        ("remote write tuning", ("practices/remote_write",)),
        ("text exposition format", ("instrumenting/exposition_formats",)),
        ("linux host metrics", ("guides/node-exporter",)),
        ("opentelemetry", ("guides/opentelemetry",)),
        ("slow query log", ("guides/query-log",)),
    ),
    (
        ("what should wake me up at night", ("practices/alerting",)),
        ("what is a number that only goes up", ("concepts/metric_types", "tutorials/understanding_metric_types")),
        (
            "draw a chart",
            ("visualization/grafana", "visualization/browser", "tutorials/visualizing_metrics_using_grafana"),
        ),
        ("measure my own program", ("guides/go-application", "practices/instrumentation", "instrumenting/clientlibs")),
        ("words and what they mean", ("introduction/glossary",)),
        ("who can reach it and what could go wrong", ("operating/security",)),
    ),
)

# The three that follow are there for the questions of their FAQ.
SQLALCHEMY = Manual(
    "sqlalchemy/sqlalchemy",
    ("doc/build/faq", "doc/build/orm", "doc/build/core"),
    ".rst",
    tuple(
        f"doc/build/faq/{page}"
        for page in ("connections", "metadata_schema", "ormconfiguration", "performance", "sessions", "sqlexpressions")
    ),
    (),
    (),
)
RCLONE = Manual("rclone/rclone", ("docs/content",), ".md", ("docs/content/faq",), (), ())
RESTIC = Manual("restic/restic", ("doc",), ".rst", ("doc/faq",), (), ())

#: manuals that weights may be learned from, and those that are only measured
LEARNT: dict[str, Manual] = {
    "redis": REDIS,
    "fish": FISH,
    "curl": CURL,
    "scrapy": SCRAPY,
    "rclone": RCLONE,
    "restic": RESTIC,
}
KEPT: dict[str, Manual] = {
    "borg": BORG,
    "syncthing": SYNCTHING,
    "celery": CELERY,
    "prometheus": PROMETHEUS,
    "sqlalchemy": SQLALCHEMY,
}

#: by whether it is only measured: a clone whose manual there is in several languages, and its folders by language
TRANSLATED: dict[bool, tuple[str, dict[str, str]]] = {
    False: ("fastapi", {each: f"docs/{each}/docs" for each in ("de", "en", "es", "fr", "ja", "ru")}),
    True: ("hexo", {each: f"source/{each}/docs" for each in ("es", "ko", "pt-br", "ru", "th", "zh-cn")}),
}
