from django.urls import path, re_path, register_converter
from django.urls.converters import IntConverter

from approvals.consumers import ActionRegion, AgentRegion, BoardRegion, QuietRegion, TaskRegion
from approvals.views import batches, board, cards, edits, own, people, policies, records, roles, work


class IdConverter(IntConverter):
    """A row's id: no longer than what both databases can compare."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")

urlpatterns = [
    path("", board.board, name="board"),
    path("decide/", cards.decide, name="decide"),
    path("batches/", batches.table, name="batches"),
    path("batches/<slug:name>/", batches.batch, name="batch"),
    path("batches/<slug:name>/undo/", batches.undo, name="batch_undo"),
    path("actions/", records.actions, name="actions"),
    path("actions/<id:action_id>/", cards.action, name="action"),
    path("actions/<id:action_id>/letter/", cards.letter, name="letter"),
    path("actions/<id:action_id>/opened/", cards.opened, name="opened"),
    path("actions/<id:action_id>/feedback/", records.feedback, name="feedback"),
    path("actions/<id:action_id>/renew/", records.renew, name="renew"),
    path("actions/<id:action_id>/edit/", edits.edit, name="edit"),
    path("actions/<id:action_id>/compare/", edits.compare, name="compare"),
    path("actions/<id:action_id>/draft/", edits.draft, name="draft"),
    path("actions/<id:action_id>/reading/", cards.reading, name="reading"),
    path("actions/<id:action_id>/snooze/", cards.snooze, name="snooze"),
    path("actions/<id:action_id>/extend/", cards.extend, name="extend"),
    path("tasks/", work.tasks, name="tasks"),
    path("tasks/<id:task_id>/", work.task, name="task"),
    *(path(f"tasks/<id:task_id>/{verb}/", work.control, {"verb": verb}, name=f"task_{verb}") for verb in work.VERBS),
    path("agents/", work.agents, name="agents"),
    path("agents/<slug:slug>/", work.agent, name="agent"),
    path("agents/<slug:slug>/ceiling/", work.ceiling, name="ceiling"),
    path("agents/<slug:slug>/grant/", work.grant, name="grant"),
    path("agents/<slug:slug>/preferences/<id:preference_id>/", work.preference, name="preference"),
    path("agents/<slug:slug>/start/", work.start, name="start"),
    *(path(f"agents/<slug:slug>/{v}/", work.hold, {"verb": v}, name=f"agent_{v}") for v in work.AGENT_VERBS),
    path("decisions/", records.decided, name="decisions"),
    path("audit/", records.audit, name="audit"),
    path("policies/", policies.policies, name="policies"),
    path("policies/change/", policies.change, name="policy_change"),
    path("policies/<id:number>/", policies.version, name="policy"),
    path("policies/<id:number>/back/", policies.bring_back, name="policy_back"),
    path("policies/trials/<id:trial_id>/", policies.trial, name="trial"),
    path("policies/findings/<id:finding_id>/", policies.look, name="finding"),
    path("policies/changes/<id:amendment_id>/", policies.settle, name="amendment"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<id:person_id>/", people.person, name="person"),
    path("people/<id:person_id>/roles/", people.hold, name="person_roles"),
    path("people/<id:person_id>/access/", people.access, name="person_access"),
    path("people/<id:person_id>/link/", people.link, name="person_link"),
    path("roles/", roles.roles, name="roles"),
    path("roles/new/", roles.add, name="role_new"),
    path("roles/<slug:slug>/", roles.role, name="role"),
    path("tiers/", roles.tiers, name="tiers"),
    path("tiers/<slug:level>/", roles.tier, name="tier"),
    path("changes/<id:change_id>/", roles.settle, name="change"),
    path("welcome/<uidb64>/<token>/", people.Welcome.as_view(), name="welcome"),
    path("stop/", work.stop, name="stop"),
    path("stop/<id:stop_id>/lift/", work.lift, name="lift"),
    path("filters/", own.filters, name="filters"),
    path("find/", records.find, name="find"),
    path("settings/", own.settings, name="settings"),
    path("settings/theme/", own.theme, name="theme"),
]

websocket_urlpatterns = [
    path("live/board/", BoardRegion.as_asgi()),
    path("live/actions/<id:action_id>/", ActionRegion.as_asgi()),
    path("live/agents/<id:agent_id>/", AgentRegion.as_asgi()),
    path("live/tasks/<id:task_id>/", TaskRegion.as_asgi()),
    re_path(r"^live/", QuietRegion.as_asgi()),
]
