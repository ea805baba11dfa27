"""What the agents of this process know of language: phrases in another manner, and sentences that were translated before."""

import re
from functools import cache

THANKS = "Thank you for your trust in us."
WISH = "We look forward to hearing from you."
FIRST = "de"
LANGUAGES = {"german": "de", "deutsch": "de", "french": "fr", "français": "fr"}

BRIEF = (
    (r"in order to", "to"), (r"at this point in time", "now"), (r"please note that ", ""), (r"we are (?:happy|pleased|delighted) to announce that ", ""),
    (r"we are (?:happy|pleased|delighted) to ", "we "), (r"(?:very|really|simply|kindly) ", ""), (r"for another twelve months", "for a year"),
    (r"there is nothing to sign: reply", "Nothing to sign: reply"), (r"any of our mails", "a mail of ours"), (r"before noon", "by noon"),
    (r"land in", "are in"), (r"as well as", "and"),
)  # fmt: skip
WARM = (
    (r"(?<!just )reply to this email", "just reply to this email, we are glad to hear from you"), (r"we will", "we'll"), (r"cannot", "can't"),
    (r"you must", "please"), (r"arrives", "will be with you"), (r"there is nothing to sign", "there is nothing for you to sign"),
    (r"(?<!just )reply to any of our mails", "just reply to any of our mails"), (r"your contract with us", "our contract with you"), (r"it takes", "it only takes"),
)  # fmt: skip
FORMAL = (
    (r"can't", "cannot"), (r"won't", "will not"), (r"don't", "do not"), (r"(we|you|they)'re", r"\1 are"), (r"(we|you|they|i)'ll", r"\1 will"),
    (r"it's", "it is"), (r"thanks", "thank you"), (r"get", "receive"), (r"we are (?:happy|delighted|glad) to", "we are pleased to"), (r"just ", ""),
    (r"there is nothing(?: for you)? to sign: reply to this email", "No signature is required: a reply to this email is sufficient"),
    (r"(?<!please )(?<!a )reply to", "please reply to"), (r"your parcel", "your consignment"), (r"arrives", "will be delivered"),
    (r"went out", "has been dispatched"), (r"takes", "will take"),
)  # fmt: skip

# A sentence in English with slots, and what it is in other languages. A slot in braces takes whatever stands there.
_SENTENCES: tuple[tuple[str, dict[str, str]], ...] = (
    ("Hello,", {"de": "Guten Tag,", "fr": "Bonjour,"}),
    ("Hello {name},", {"de": "Guten Tag {name},", "fr": "Bonjour {name},"}),
    ("Dear Sir or Madam,", {"de": "Sehr geehrte Damen und Herren,", "fr": "Madame, Monsieur,"}),
    ("Dear friend,", {"de": "Liebe Kundin, lieber Kunde,", "fr": "Chère cliente, cher client,"}),
    ("Dear {name},", {"de": "Guten Tag {name},", "fr": "Bonjour {name},"}),
    ("Warm regards,", {"de": "Herzliche Grüße", "fr": "Bien cordialement,"}),
    ("With warm wishes,", {"de": "Mit herzlichen Grüßen", "fr": "Avec nos meilleurs vœux,"}),
    ("Yours sincerely,", {"de": "Mit freundlichen Grüßen", "fr": "Veuillez agréer nos salutations distinguées,"}),
    ("The Acme team", {"de": "Ihr Acme-Team", "fr": "L’équipe Acme"}),
    ("Acme support", {"de": "Der Acme-Kundendienst", "fr": "Le service client d’Acme"}),
    (THANKS, {"de": "Vielen Dank für Ihr Vertrauen.", "fr": "Merci de votre confiance."}),
    (WISH, {"de": "Wir freuen uns, von Ihnen zu hören.", "fr": "Au plaisir de vous lire."}),
    ("your contract with us ends on {day}.", {"de": "Ihr Vertrag mit uns endet am {day}.", "fr": "votre contrat chez nous prend fin le {day}."}),
    ("Our contract with you ends on {day}.", {"de": "Unser Vertrag mit Ihnen endet am {day}.", "fr": "Notre contrat avec vous prend fin le {day}."}),
    ("If you renew before then, your current price stays the same for another twelve months.", {
        "de": "Verlängern Sie vorher, bleibt Ihr Preis weitere zwölf Monate gleich.",
        "fr": "Si vous le renouvelez avant cette date, votre prix reste le même pendant douze mois."}),
    ("If you renew before then, your current price stays the same for a year.", {
        "de": "Verlängern Sie vorher, bleibt Ihr Preis ein Jahr lang gleich.",
        "fr": "Si vous le renouvelez avant cette date, votre prix reste le même pendant un an."}),
    ("There is nothing to sign: reply to this email.", {
        "de": "Zu unterschreiben ist nichts: Antworten Sie auf diese E-Mail.", "fr": "Rien à signer : répondez à ce courriel."}),
    ("Nothing to sign: reply to this email.", {
        "de": "Nichts zu unterschreiben: Antworten Sie auf diese E-Mail.", "fr": "Rien à signer : répondez à ce courriel."}),
    ("No signature is required: a reply to this email is sufficient.", {
        "de": "Eine Unterschrift ist nicht nötig: Eine Antwort auf diese E-Mail genügt.",
        "fr": "Aucune signature n’est requise : une réponse à ce courriel suffit."}),
    ("There is nothing for you to sign: just reply to this email, we are glad to hear from you.", {
        "de": "Sie müssen nichts unterschreiben: Antworten Sie einfach auf diese E-Mail, wir freuen uns darauf.",
        "fr": "Vous n’avez rien à signer : répondez simplement à ce courriel, nous serons ravis de vous lire."}),
    ("To unsubscribe, reply with the word stop.", {
        "de": "Zum Abbestellen (unsubscribe) antworten Sie mit dem Wort „stop“.",
        "fr": "Pour vous désabonner (unsubscribe), répondez par le mot « stop »."}),
    ("your parcel for ticket {number} arrives tomorrow before noon.", {
        "de": "Ihr Paket zu Ticket {number} kommt morgen vor 12 Uhr an.", "fr": "votre colis du ticket {number} arrive demain avant midi."}),
    ("your parcel for ticket {number} arrives tomorrow by noon.", {
        "de": "Ihr Paket zu Ticket {number} kommt morgen bis 12 Uhr.", "fr": "votre colis du ticket {number} arrive demain avant midi."}),
    ("your parcel for ticket {number} will be with you tomorrow before noon.", {
        "de": "Ihr Paket zu Ticket {number} ist morgen vor 12 Uhr bei Ihnen.", "fr": "votre colis du ticket {number} sera chez vous demain avant midi."}),
    ("your consignment for ticket {number} will be delivered tomorrow before noon.", {
        "de": "Ihre Sendung zu Ticket {number} wird morgen vor 12 Uhr zugestellt.", "fr": "votre envoi du ticket {number} sera livré demain avant midi."}),
    ("Your ticket {number}", {"de": "Ihr Ticket {number}", "fr": "Votre ticket {number}"}),
    ("Your spring renewal offer", {"de": "Ihr Frühlingsangebot zur Verlängerung", "fr": "Votre offre de renouvellement de printemps"}),
    ("Same price for another year", {"de": "Ein weiteres Jahr zum gleichen Preis", "fr": "Le même prix une année de plus"}),
    ("Same price, another year", {"de": "Gleicher Preis, ein Jahr mehr", "fr": "Même prix, une année de plus"}),
    ("Before your contract ends", {"de": "Bevor Ihr Vertrag endet", "fr": "Avant la fin de votre contrat"}),
    ("We are happy to announce that renewals keep their price this year.", {
        "de": "Wir freuen uns: Verlängerungen behalten in diesem Jahr ihren Preis.",
        "fr": "Bonne nouvelle : les renouvellements gardent leur prix cette année."}),
    ("Reply to any of our mails to renew.", {
        "de": "Zum Verlängern antworten Sie auf eine unserer E-Mails.", "fr": "Pour renouveler, répondez à l’un de nos courriels."}),
    ("Renewals keep their price this year.", {
        "de": "Verlängerungen behalten in diesem Jahr ihren Preis.", "fr": "Les renouvellements gardent leur prix cette année."}),
    ("Reply to a mail of ours to renew.", {
        "de": "Zum Verlängern antworten Sie auf eine E-Mail von uns.", "fr": "Pour renouveler, répondez à un courriel de notre part."}),
    ("Just reply to any of our mails to renew.", {
        "de": "Zum Verlängern antworten Sie einfach auf eine unserer E-Mails.", "fr": "Pour renouveler, répondez simplement à un de nos courriels."}),
    ("We are pleased to announce that renewals keep their price this year.", {
        "de": "Wir freuen uns mitzuteilen, dass Verlängerungen in diesem Jahr ihren Preis behalten.",
        "fr": "Nous avons le plaisir de vous annoncer que les renouvellements gardent leur prix cette année."}),
    ("Please reply to any of our mails to renew.", {
        "de": "Zum Verlängern antworten Sie bitte auf eine unserer E-Mails.", "fr": "Pour renouveler, veuillez répondre à un de nos courriels."}),
    ("It only takes half an hour.", {"de": "Sie dauert nur eine halbe Stunde.", "fr": "Elle ne dure qu’une demi-heure."}),
    ("It will take half an hour.", {"de": "Sie wird eine halbe Stunde dauern.", "fr": "Elle durera une demi-heure."}),
    ("Meeting on {day} at {time} in {room}.", {"de": "Besprechung am {day} um {time} Uhr in {room}.", "fr": "Réunion le {day} à {time}, {room}."}),
    ("Agenda: the next two weeks.", {"de": "Thema: die nächsten zwei Wochen.", "fr": "Ordre du jour : les deux prochaines semaines."}),
    ("It takes half an hour.", {"de": "Sie dauert eine halbe Stunde.", "fr": "Elle dure une demi-heure."}),
)  # fmt: skip
_MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
}
_DAY = re.compile(r"(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|December)")
_ENGLISH = "January February March April May June July August September October November December".split()


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], dict[str, str]], ...]:
    return tuple((re.compile("(?i)" + _slots(english)), others) for english, others in _SENTENCES)


def _slots(english: str) -> str:
    """The sentence as a pattern: each slot takes what is neither the end of a line nor too much."""
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^\\n]{1,80}?)", re.escape(english))


def translated(sentence: str, code: str) -> str | None:
    """The sentence in another language, with its own names and days; None where nobody has translated it."""
    for pattern, others in _patterns():
        if found := pattern.fullmatch(sentence):
            text = others[code].format(**{name: _day(value, code) for name, value in found.groupdict().items()})
            return text[:1].upper() + text[1:] if sentence[:1].isupper() else text
    return None


def _day(value: str, code: str) -> str:
    point = "." if code == "de" else ""
    return _DAY.sub(lambda found: f"{found[1]}{point} {_MONTHS[code][_ENGLISH.index(found[2])]}", value)
