"""Scripted slips: hundreds of presses that were meant for something else, and not one of them decides anything.

Two dozen run with every check; `make soak` plays a thousand (SLIPS) and types through two hundred pushes (PUSHES).
"""

import os
import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.conftest import Visit
from tests.frontend.regions import queue, row, running, tombstone
from tests.frontend.test_deciding import answers

pytestmark = pytest.mark.browser
SLIPS = int(os.environ.get("SLIPS", "24"))
PUSHES = int(os.environ.get("PUSHES", "40"))
CALM = 0.6  # seconds after a change in which nothing can be decided
WORDS = "wrong account, see the ledger of May; nobody knows it "


class Board:
    """A board with three rows that are new in every round, and a clock that only the test moves."""

    def __init__(self, visit: Visit) -> None:
        self.visit, self.random, self.round = visit, random.Random(20_261_201), 0
        visit.answer_with(lambda: queue([self.row(n) for n in (1, 2)], [tombstone(self.id(0))]))
        visit.stop_time()
        self.page: Page = visit.open("/", calm=False)

    def id(self, place: int) -> int:
        return 10 * self.round + place

    def row(self, place: int, version: int = 1) -> str:
        return row(self.id(place), title=f"Round {self.round}, row {place}, v{version}", version=version)

    def begin(self) -> None:
        """The next round, its first moments over."""
        self.round += 1
        self.page.mouse.move(2, 2)
        self.push([self.row(n) for n in range(3)])
        self.page.evaluate("hitl.showNew(); document.activeElement.blur()")
        self.visit.pass_time(0.75)
        self.visit.posts.clear()

    def push(self, rows: list[str]) -> None:
        self.visit.socket.push(queue(rows) + running([self.round]))
        expect(self.page.locator(f"#task-{self.round}")).to_be_attached()

    def button(self, place: int = 0) -> str:
        return f"#approval-{self.id(place)} button"

    def swap(self) -> None:
        """Under the finger the first row becomes another version, or gives its place to the second."""
        changed = self.random.random() < 0.5
        rows = [self.row(0, 2), self.row(1), self.row(2)] if changed else [self.row(n) for n in (1, 0, 2)]
        self.visit.socket.push(queue(rows) + running([self.round, 9_000_000 + self.round]))
        if changed:
            expect(self.page.locator(f"#approval-{self.id(0)} h3")).to_contain_text("v2")
        else:
            expect(self.page.locator("[data-fresh]")).to_be_visible()
            self.page.evaluate("hitl.showNew()")

    def moment(self, longest: float = CALM - 0.02) -> float:
        return self.random.uniform(0, longest)


def finger_down_then_swap(board: Board) -> None:
    board.page.locator(board.button()).hover()
    board.page.mouse.down()
    board.swap()
    board.visit.pass_time(board.moment(2.0))
    board.page.mouse.up()


def swap_then_click(board: Board) -> None:
    board.page.locator(board.button()).hover()
    board.swap()
    board.visit.pass_time(board.moment())
    board.page.mouse.down()
    board.page.mouse.up()


def swap_then_key(board: Board) -> None:
    board.page.locator(f"#approval-{board.id(0)} h3 a").focus()
    board.swap()
    board.visit.pass_time(board.moment())
    board.page.keyboard.press("a")


def swap_then_enter_on_the_button(board: Board) -> None:
    board.page.locator(board.button()).focus()
    board.swap()
    board.visit.pass_time(board.moment())
    board.page.keyboard.press(board.random.choice(["Enter", "Space"]))


def click_that_brings_the_window_back(board: Board) -> None:
    board.page.locator(board.button()).hover()
    board.visit.pass_time(board.moment(3.0))
    board.page.evaluate("window.dispatchEvent(new Event('focus'))")
    board.visit.pass_time(board.moment())
    board.page.mouse.down()
    board.page.mouse.up()


def key_in_a_field(board: Board) -> None:
    board.page.locator(f"#approval-{board.id(0)} input").focus()
    for key in board.random.sample(["a", "x", "z", "Enter", "r", "1"], 4):
        board.page.keyboard.press(key)


def swap_under_the_palette(board: Board) -> None:
    board.page.locator(f"#approval-{board.id(0)} h3 a").focus()
    board.page.keyboard.press("Control+k")
    board.page.keyboard.type("approve")
    board.swap()
    board.visit.pass_time(board.moment())
    board.page.keyboard.press("Enter")


def key_held_down(board: Board) -> None:
    """The first press is meant; whatever the key says by itself after that is not, though the next row has the focus."""
    board.page.locator(f"#approval-{board.id(0)} h3 a").focus()
    for _repeat in range(board.random.randint(3, 12)):
        board.page.keyboard.down("a")
        board.visit.pass_time(board.moment(0.4))
    board.page.keyboard.up("a")


SLIPPED: list[Callable[[Board], None]] = [
    finger_down_then_swap, swap_then_click, swap_then_key, swap_then_enter_on_the_button,
    click_that_brings_the_window_back, key_in_a_field, swap_under_the_palette, key_held_down,
]  # fmt: skip


def test_no_slip_decides_anything_and_what_is_meant_does(visit: Visit) -> None:
    board, wrong = Board(visit), []
    for number in range(SLIPS):
        slip = SLIPPED[number % len(SLIPPED)]
        board.begin()
        slip(board)
        visit.settle()
        meant = [f"approve:{board.id(0)}:1:d"] if slip is key_held_down else []
        if answers(visit) != meant:
            wrong.append((number, slip.__name__, answers(visit)))
        if number % 8 == 0:  # the same page still takes what is meant
            board.begin()
            board.page.locator(board.button()).click()
            visit.until(lambda: visit.posts)
            assert answers(visit) == [f"approve:{board.id(0)}:1:d"]
    assert wrong == []


def test_no_typed_character_is_lost_in_pushes_and_reconnects(visit: Visit) -> None:
    """Every push brings other words around the fields; every fortieth time the connection is lost."""
    visit.take_time()
    page, typed = visit.open("/", calm=False), {1: "", 2: ""}
    chance = random.Random(20_261_201)
    for number in range(PUSHES):
        place = 1 + number // 7 % 2
        note = page.locator(f"#approval-{place} input")
        if number % 7 == 0:
            note.focus()
            page.keyboard.press("End")
        rows = [row(1, title=f"Push {number}", version=number), row(2, version=number // 3), row(4 + number)]
        key = WORDS[number % len(WORDS)]
        for act in chance.sample([lambda r=rows: visit.socket.push(queue(r)), lambda k=key: page.keyboard.type(k)], 2):
            act()
        typed[place] += key
        expect(page.locator("#approval-1 h3")).to_have_text(f"Push {number}")
        expect(note).to_be_focused()
        if number % 40 == 39:
            before = len(visit.socket.routes)
            visit.socket.close(1012)
            visit.pass_time(2)
            visit.until(lambda n=before: len(visit.socket.routes) > n)
    assert {place: page.locator(f"#approval-{place} input").input_value() for place in typed} == typed
