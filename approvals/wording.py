"""What a reviewer reads about each kind of finding. Messages for gettext; the values come with the finding."""

from django.utils.translation import gettext_noop as _

from approvals import provenance

ORIGINS = {
    provenance.FOUND: {
        provenance.ADDRESS: _("The address %(value)s comes from a result of %(tool)s; no person named it"),
        provenance.LINK: _("The link %(value)s comes from a result of %(tool)s; no person named it"),
        provenance.ACCOUNT: _("The account %(value)s comes from a result of %(tool)s; no person named it"),
        provenance.COMMAND: _("The command “%(value)s” comes from a result of %(tool)s; no person gave it"),
        provenance.VALUE: _("“%(value)s” comes from a result of %(tool)s; no person named it"),
    },
    provenance.TOLD: {
        provenance.ADDRESS: _("A result of %(tool)s asks for something to be sent to %(value)s; no person did"),
        provenance.LINK: _("A result of %(tool)s asks to go to %(value)s; no person did"),
        provenance.ACCOUNT: _("A result of %(tool)s asks for the account %(value)s; no person did"),
        provenance.COMMAND: _("A result of %(tool)s asks to run “%(value)s”; no person did"),
        provenance.VALUE: _("A result of %(tool)s asks for “%(value)s”; no person did"),
    },
    provenance.NOWHERE: {
        provenance.ADDRESS: _("Nobody named the address %(value)s, and nothing the agent read contains it"),
        provenance.LINK: _("Nobody named the link %(value)s, and nothing the agent read contains it"),
        provenance.ACCOUNT: _("Nobody named the account %(value)s, and nothing the agent read contains it"),
        provenance.VALUE: _("Nobody named “%(value)s”, and nothing the agent read contains it"),
    },
}
SECRETS = {
    "password": _("Hands on what looks like a password"),
    "access code": _("Hands on what looks like an access code"),
    "access key": _("Hands on what looks like an access key"),
    "identity document": _("Hands on the number of an identity document"),
    "bank account": _("Hands on the number of a bank account"),
    "card number": _("Hands on the number of a payment card"),
    "health record": _("Hands on what looks like a health record"),
}
NEW = {
    "tool": (0.0, _("The first time that this agent uses this tool")),
    "recipient": (0.0, _("This agent has not been approved for the recipient %(value)s before")),
    "account": (0.05, _("This agent has not been approved for the account %(value)s before")),
    "amount": (0.0, _("This agent has not been approved for an amount this large before")),
}
CONFLICTS = {
    "plan": _("The agent's explanation speaks of %(said)s; the call says %(does)s"),
    "sources": _("Two results disagree: one says %(said)s, another %(does)s"),
    "repeated": _("The same call was already tried in this task and did not succeed"),
    "rejected": _("A person has rejected this same call of this agent before"),
}
UNSURE = _("The agent itself is only %(percent)s%% sure")
ASKS = _("The agent asks instead of deciding by itself")
UNUSUAL = _("Far above the largest amount of this agent so far, %(amount)s")
# What makes an action a question, in the sentences that say it.
DOUBTS = (UNSURE, UNUSUAL, *CONFLICTS.values())
FIELDS = {
    "medical": _("Concerns health, where a mistake weighs more"),
    "legal": _("Concerns legal matters, where a mistake weighs more"),
    "financial": _("Concerns finances, where a mistake weighs more"),
}
