"""Why the house itself moved a row: sentences that stand in rows in English and are translated where they are shown.

One of them may be followed by a colon and details, which are left as they are.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

Given = ParamSpec("Given")
Made = TypeVar("Made")

WORKER_LOST = _("the worker was lost while the tool ran")
PLAN_BROKE = _("its plan broke, and the log of the worker says where")
NO_END = _("its plan was tried three times and came to no end, and the logs of the workers say where")
TASK_STOPPED = _("the task was stopped")
PERSON_STOPPED = _("a person stopped it")
OPTION_OFFERED = _("One of the options that the agent offered.")

FORBIDDEN = _("forbidden by policy")
NOT_WHAT_WAS_APPROVED = _("what was approved is not what would run")
NEVER_ASKED = _("nobody was ever asked about it")
TOOL_CHANGED = _("the tool changed since it was approved")
TRUST_LOST = _("trust was lost, or a ceiling set, since it was judged")
POLICY_STRICTER = _("the policy became stricter since it was approved")
VOICES_OLD = _("the voices are too old")
VOICE_LOST = _("a voice no longer counts")
TAKEN_BACK = _("the approval was taken back while it was held")
TOOL_OUTGROWN = _("the tool is another version now, and its trust begins anew")
AGENT_OUTGROWN = _("the agent is another version now, and its trust begins anew")
NOBODY_ANSWERED = _("nobody answered in time")
NOTHING_MADE = _("the agent made nothing of the answer in time")

ALL = frozenset(sentence for name, sentence in list(vars().items()) if name.isupper())


def in_english(writes: Callable[Given, Made]) -> Callable[Given, Made]:
    """What this works out goes into rows, so it is English whatever the person reads who made it happen."""

    @wraps(writes)
    def wrapped(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with override(settings.LANGUAGE_CODE):
            return writes(*args, **kwargs)

    return wrapped
