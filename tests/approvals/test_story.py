"""What happened, as whole sentences in which a translation may put the words in another order."""

from string import Formatter

import pytest

from approvals.models import Decision
from approvals.templatetags.story import ANSWERS, KINDS, UNDER_CEILING

pytestmark = pytest.mark.once
SENTENCES = {
    **{kind: words for kind, (_icon, words, _alone) in KINDS.items()},
    **{str(answer): words for answer, words in ANSWERS.items()},
    "under a ceiling": UNDER_CEILING[1],
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_sentence_has_a_place_for_who_and_for_what(kind: str) -> None:
    places = ["what", "who", *(["whom"] if kind == "decision.hand_over" else [])]
    assert sorted(name for _text, name, *_more in Formatter().parse(str(SENTENCES[kind])) if name) == places


def test_every_answer_has_a_sentence() -> None:
    assert set(ANSWERS) == set(Decision.Answer.values)
