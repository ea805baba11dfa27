"""What a line for a shell, a database or a web server would do, as far as its words tell."""

import re
import shlex
from functools import lru_cache

from approvals import verbs

# What runs a program of its own may do anything; what is not known here counts as that.
READS, CHANGES, RUNS, DESTROYS = _ORDER = ("reads", "changes", "runs", "destroys")

_CHANGING = frozenset(
    "mv cp mkdir touch ln tee sed awk sort nano vi vim ed patch tar zip unzip gzip gunzip split".split()
)

_READING = frozenset(
    """
    ls ll dir cat less more head tail grep egrep fgrep rg ag find fd locate which whereis type whoami id groups pwd cd echo
    printf wc sort uniq cut tr diff cmp comm file stat du df free uptime ps top htop pgrep env printenv date cal uname hostname
    history man help info tree realpath basename dirname readlink md5sum sha1sum sha256sum strings od xxd hexdump nl column jq
    yq awk sed nslookup dig host ping traceroute netstat ss lsof jobs test true false sleep seq bc expr open pushd
    popd
    """.split()
)
_DESTROYING = frozenset(
    "rm rmdir unlink shred dd mkfs fdisk parted truncate kill killall pkill shutdown reboot halt poweroff wipefs userdel "
    "groupdel dropdb crontab iptables chown chmod sudo su doas eval source ssh scp sftp rsync ftp nc ncat telnet".split()
)
_BY_SUBCOMMAND = {
    "git": ("status log diff show branch blame describe ls-files ls-tree rev-parse grep shortlog", "push reset clean"),
    "docker": ("ps images logs inspect version info stats top", "rm rmi kill prune push"),
    "kubectl": ("get describe logs top version explain", "delete apply drain replace scale"),
    "systemctl": ("status list-units is-active show cat", "stop disable mask kill"),
    "npm": ("ls list view info outdated audit", "publish unpublish"),
    "pip": ("list show freeze check", ""),
    "terraform": ("plan show validate output", "destroy apply"),
}
_FLAGS_THAT_ACT = re.compile(r"^(-delete|-exec(dir)?|-ok(dir)?|-fprint.*|-i\S*|--in-place.*|-[oO]|--output.*)$")
_ACTING_FLAGS_OF = frozenset("find fd sed awk sort yq tree".split())
_STATEMENT = re.compile(r"^\s*(?:--[^\n]*\n|/\*.*?\*/|\s)*([a-z]+)", re.I | re.S)
_HARMLESS_TARGET = re.compile(r"^(/dev/null|&\d)$")


def worst(effects: list[str]) -> str:
    return max(effects, key=_ORDER.index, default=RUNS)


@lru_cache(maxsize=1024)
def shell(line: str) -> str:
    """The strongest thing that one of the commands of a line does; what cannot be read counts as a program."""
    if re.search(r"`|\$\(|<\(", line):
        return worst([RUNS, *([DESTROYS] if re.search(r"\b(rm|dd|shred|mkfs)\b", line) else [])])
    first = line.strip().splitlines()[:1]
    if not first:
        return READS
    try:
        lexer = shlex.shlex(line if len(line) < 4_000 else first[0], posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        parts = list(lexer)
    except ValueError:
        return _command([re.split(r"\s", first[0])[0]])
    found: list[str] = []
    current: list[str] = []
    for part in parts:
        if re.fullmatch(r"[;&|()]+", part):
            found.append(_command(current))
            current = []
        else:
            current.append(part)
    return worst([*found, _command(current)])


@lru_cache(maxsize=1024)
def sql(statement: str) -> str:
    """What the statements of a query do; one that only begins with a reading word and goes on is read as a whole."""
    firsts = [_STATEMENT.match(part) for part in statement.split(";") if part.strip()]
    said = [found.group(1).lower() if found else "" for found in firsts]
    if said and all(word in ("select", "show", "explain", "describe", "with", "pragma") for word in said):
        return CHANGES if re.search(r"(?i)\b(insert|update|delete|drop|alter|into\s+outfile)\b", statement) else READS
    return DESTROYS if {"drop", "delete", "truncate", "alter"} & set(said) else CHANGES


def _command(parts: list[str]) -> str:
    while parts and (re.match(r"^\w+=", parts[0]) or parts[0] in ("time", "nice", "nohup", "command", "env")):
        parts = parts[1:]
    if not parts:
        return READS
    name, rest = parts[0].rsplit("/", 1)[-1], parts[1:]
    written = [
        part
        for index, part in enumerate(rest)
        if part in (">", ">>", ">|", "&>") and not _HARMLESS_TARGET.match("".join(rest[index + 1 : index + 2]))
    ]
    # One > replaces what a file held before.
    return worst([_named(name, rest), *(CHANGES if part == ">>" else DESTROYS for part in written)])


def _named(name: str, rest: list[str]) -> str:
    if name in _BY_SUBCOMMAND:
        return _subcommand(name, rest)
    if name in ("curl", "wget", "http"):
        acts = any(re.match(r"^(-X|--request|-d|--data.*|-F|--form|-T|--upload.*|--post.*)", part) for part in rest)
        return RUNS if acts else CHANGES if name == "wget" else READS
    if name in _DESTROYING:
        return DESTROYS
    if name in _READING:
        acts = name in _ACTING_FLAGS_OF and any(_FLAGS_THAT_ACT.match(part) for part in rest)
        return CHANGES if acts else READS
    if name in _CHANGING:
        return CHANGES
    verb = verbs.of_name(name)
    kind = verb[1] if verb else None
    return _OF_VERB.get(kind or "", RUNS)


_OF_VERB = {verbs.READ: READS, verbs.MAKE: CHANGES, verbs.CHANGE: CHANGES, verbs.DESTROY: DESTROYS}


def _subcommand(name: str, rest: list[str]) -> str:
    reading, destroying = (words.split() for words in _BY_SUBCOMMAND[name])
    own = next((part for part in rest if not part.startswith("-")), "")
    if own in destroying or "--force" in rest:
        return DESTROYS
    if own in reading or not own:
        return READS
    return (
        CHANGES if name == "git" and own in ("add", "commit", "checkout", "switch", "stash", "mv", "branch") else RUNS
    )


def is_unix(name: str) -> str | None:
    """What a tool does that is named after a Unix command; None for any other name."""
    if name in _READING:
        return READS
    return DESTROYS if name in _DESTROYING else CHANGES if name in _CHANGING else None
