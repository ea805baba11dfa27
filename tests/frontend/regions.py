"""Regions as the server would push them."""

from collections.abc import Iterable

ROW = """
<li class="item" id="approval-{id}" data-version="{version}">
  <div class="due"><b>9:00</b></div>
  <div class="what">
    <h3><a href="/actions/{id}/">{title}</a></h3><p class="why">Because of {id}.</p>
    <p class="meta"><span class="by">Agent</span><code>tool.name</code></p>
  </div>
  <div class="rating"></div><div class="conf"></div>
  <div class="acts">{extra}
    <input class="sr" aria-label="Note {id}" name="note-{id}" form="decide">
    <button class="btn go" type="submit" form="decide" name="answer" value="approve:{id}:{version}:d"
      data-decides data-arm data-key="a"><span data-label>Approve</span></button>
  </div>
</li>"""
QUEUE = """
<div id="queue" data-steady="rows" data-waiting="{waiting}" hx-swap-oob="morph">
  <h2 class="group">Later today</h2><ol class="items">{rows}</ol><ol data-gone hidden>{gone}</ol>
</div>"""
TASK = '<li id="task-{id}"><h3><a href="#">Task {id}</a></h3><span class="pc">5%</span></li>'
RUNNING = """
<section class="card run" id="running" data-steady="slots" hx-swap-oob="morph"><ul class="rows">{rows}</ul></section>"""


def row(id: int, title: str = "", version: int = 1, extra: str = "") -> str:
    return ROW.format(id=id, title=title or f"Row {id}", version=version, extra=extra)


def tombstone(id: int, words: str = "Jonas approved") -> str:
    return f'<li class="item tombstone" id="approval-{id}"><p class="gone">{words}</p></li>'


def queue(rows: Iterable[str], gone: Iterable[str] = ()) -> str:
    rows = list(rows)
    return QUEUE.format(waiting=len(rows), rows="".join(rows), gone="".join(gone))


def running(ids: Iterable[int]) -> str:
    return RUNNING.format(rows="".join(TASK.format(id=id) for id in ids))
