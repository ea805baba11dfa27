"""Production: releases and restarts. The first policy makes both critical."""

from typing import Any

from django.utils.translation import gettext as _

from agents.said import said
from agents.toolbox.world import count, happened, schema, text, work
from agents.tools import Call, Check, Effect, Impact, Preview, Repeatability, Tool, ToolFailed

POOLS = {"eu-1": 8, "eu-2": 14, "us-1": 22}
POOL = {"type": "string", "title": "Pool", "enum": list(POOLS)}


def release(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    hosts = POOLS[arguments["pool"]]
    work(call, 6, _("rolling out to %(count)s hosts") % {"count": count(hosts)}, steps=hosts)
    summary = f"Released {arguments['build']} to {arguments['pool']}, {hosts} hosts"
    return happened(call, "deploy.release", summary, hosts=hosts, **arguments)


def restart(arguments: dict[str, Any], call: Call) -> dict[str, Any]:
    hosts = POOLS[arguments["pool"]]
    work(call, 3, _("restarting"), steps=hosts)
    if arguments["pool"] == "us-1":
        raise ToolFailed("the orchestrator refused: another rollout holds the pool")
    summary = f"Restarted {arguments['pool']}, {hosts} hosts"
    return happened(call, "deploy.restart_pool", summary, hosts=hosts, **arguments)


def preview_release(arguments: dict[str, Any]) -> Preview:
    build = arguments["build"]
    words = {"build": build, "pool": arguments["pool"], "count": count(POOLS[arguments["pool"]])}
    return Preview(
        "command",
        title=said("Release %(build)s to %(pool)s (%(count)s hosts)", **words | {"count": POOLS[arguments["pool"]]}),
        effect=_("%(count)s production hosts get build %(build)s, one after another.") % words,
        undo=_("Rolling back is a release of its own."),
        facts=((_("Build"), build), (_("Pool"), arguments["pool"]), (_("Command"), "release --rolling")),
        checks=(Check(not build.endswith("-dirty"), _("The build comes from a clean tree"), build),),
        target=arguments["pool"],
        verb=_("release to %(count)s hosts") % words,
    )


def preview_restart(arguments: dict[str, Any]) -> Preview:
    words = {"pool": arguments["pool"], "count": count(POOLS[arguments["pool"]])}
    return Preview(
        "command",
        title=said("Restart worker pool %(pool)s (%(count)s hosts)", **words | {"count": POOLS[arguments["pool"]]}),
        effect=_("%(count)s hosts restart, two at a time.") % words,
        undo=_("Work under way on a host is lost when it restarts."),
        facts=((_("Pool"), arguments["pool"]), (_("Command"), "restart --batch 2")),
        target=arguments["pool"],
        verb=_("restart %(count)s hosts") % words,
    )


PRODUCTION = Effect(affects_others=True, sensitive=True)
TOOLS = (
    Tool(
        "deploy.release", "1", "Roll a build out to a pool.", schema(pool=POOL, build=text("Build", maxLength=60)),
        PRODUCTION, Repeatability.ONCE, release, preview_release, lambda a: Impact(rows=POOLS[a["pool"]]),
        timeout_seconds=60,
    ),
    Tool(
        "deploy.restart_pool", "1", "Restart the workers of a pool.", schema(pool=POOL), PRODUCTION,
        Repeatability.ONCE, restart, preview_restart, lambda a: Impact(rows=POOLS[a["pool"]]), timeout_seconds=60,
    ),
)  # fmt: skip
