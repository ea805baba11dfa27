"""What verbs promise: the classes of plain English words by which an undeclared tool is read."""

import re
from functools import lru_cache

READ, MAKE, CHANGE, DESTROY, TELL, PAY, RUN, SIGN_IN = CLASSES = (
    "read", "make", "change", "destroy", "tell", "pay", "run", "sign_in",
)  # fmt: skip

_WORDS = {
    READ: """
        get list read search find show view fetch look lookup check count describe display query browse calculate compute
        retrieve summarize summarise estimate compare verify validate inspect preview see determine evaluate predict convert
        translate detect analyze analyse scan explain observe measure peek enumerate locate obtain return collect gather
        examine monitor track identify classify extract parse recommend suggest filter sort scroll think reason reflect ponder
        rank access load download review explore diff ping trace whoami
    """,
    MAKE: """
        create add append make write save copy insert new generate build draft compose duplicate clone init initialize
        initialise attach record log store put touch mkdir note bookmark label tag upload import register enter stage
    """,
    CHANGE: """
        update edit modify set change move rename adjust enable disable activate deactivate lock unlock start stop pause
        resume suspend press release turn toggle switch assign unassign mark close reopen open resolve archive unarchive
        restore reschedule schedule configure replace merge split link unlink pin unpin star follow unfollow mute
        unmute accept decline navigate drive increase decrease increment decrement raise lower apply fix patch refresh reset reorder rotate put
        sync connect disconnect mount unmount fill refill refuel reboot restart shut shutdown complete
        finish select choose subscribe unsubscribe commit rebase checkout
    """,
    DESTROY: """
        delete remove rm erase purge drop destroy wipe clear truncate cancel revoke terminate kill uninstall discard empty
        overwrite flush shred void abort detach rmdir unset format deprovision
    """,
    TELL: """
        send email mail message notify invite share post publish reply respond forward call broadcast tweet announce text
        sms contact alert remind escalate submit transmit deliver comment dm report push grant
        promote kick ban nominate ask
    """,
    PAY: """
        pay buy purchase order transfer wire refund reserve book rent charge withdraw deposit donate bid sell trade invest
        tip topup lend borrow exchange redeem bill invoice spend remit settle
    """,
    RUN: "run execute exec eval invoke shell bash terminal command script deploy install launch trigger dispatch",
    SIGN_IN: "login logon signin authenticate logout signout signoff authorize authorise",
}
CLASS_OF = {word: kind for kind, words in _WORDS.items() for word in words.split()}
# As often a thing as a deed: it counts only where no plain verb stands beside it.
_THINGS = frozenset(
    """
    access address alert bid bill book call charge check comment command contact copy count display draft email exchange
    filter format import invoice label link list log lock look mail mark measure message note order pin ping post preview
    query rank read record release rent report return review run schedule script search set share sort stage star start
    stop store switch tag text tip track trade transfer view
    """.split()
)
# Between a thing and its deed, these are things wherever they stand first; "list files" and "get user" are deeds.
_FIRST_IS_A_DEED = frozenset(
    "check count display list look query read search view sort filter preview review track copy set start stop "
    "lock mark schedule send share post call reserve book order charge transfer exchange return release rent label tag "
    "draft import format switch log record store share".split()
)
_KNOWLEDGE = frozenset(
    "status history details info information count summary stats statistics total overview log".split()
)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a tool's own name, any domain left off: "crm/getUser_list" is get, user, list."""
    own = re.split(r"[./:]|__", name)[-1]
    return tuple(word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", own))


def stem(word: str) -> str:
    """A verb in the form that the classes know: "sends", "sending" and "sent" are send. Other words stay as they are."""
    if word in CLASS_OF:
        return word
    for form in _IRREGULAR.get(word, ""), *_regular(word):
        if form in CLASS_OF:
            return form
    return word


def class_of(word: str) -> str | None:
    return CLASS_OF.get(stem(word))


def of_name(name: str) -> tuple[str, str, bool] | None:
    """The verb of a tool's name, its class, and whether it can only be a verb; None when no word is one."""
    parts = words(name)
    # In its base form, or with an s: what is "sent" or "scheduled" already is a thing.
    found = [(word, CLASS_OF[base], index) for index, word in enumerate(parts) if (base := _base(word)) in CLASS_OF]
    if not found:
        return ("log", SIGN_IN, True) if parts[:2] in (("log", "in"), ("sign", "in")) else None
    word, kind, index = found[0]
    knowledge = word in _THINGS and parts[-1] in _KNOWLEDGE
    if index == 0 and not knowledge and (word not in _THINGS or word in _FIRST_IS_A_DEED) and len(parts) > 1:
        return word, kind, True
    plain = next((one for one in found if one[0] not in _THINGS), None)
    return (plain[0], plain[1], True) if plain else (word, kind, word not in _THINGS)


def _base(word: str) -> str:
    return word if word in CLASS_OF else word.removesuffix("s")


def _regular(word: str) -> list[str]:
    forms = []
    for ending, instead in (
        ("ies", "y"), ("ied", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"),
    ):  # fmt: skip
        if word.endswith(ending) and len(word) > len(ending) + 1:
            root = word[: -len(ending)] + instead
            forms.append(root)
            if len(root) > 2 and root[-1] == root[-2]:
                forms.append(root[:-1])
    return forms


_IRREGULAR = {
    "sent": "send", "paid": "pay", "bought": "buy", "sold": "sell", "written": "write", "made": "make", "built": "build",
    "found": "find", "shown": "show", "shut": "shut", "put": "put", "withdrawn": "withdraw", "overwritten": "overwrite",
    "spent": "spend", "lent": "lend", "told": "tell", "got": "get", "chosen": "choose",
}  # fmt: skip
