"""Headlines as data: templates by topic, direction and language, and the terms that carry their score."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """A headline with places for {name}, {ticker}, {percent}, {million} and {rival}, and its terms."""

    topic: str
    direction: int
    language: str
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where texts are published."""

    source: str
    host: str
    language: str
    weight: float


TOPICS = ("adoption", "regulation", "security", "flows", "technology", "markets")

OUTLETS = (
    Outlet("chainwire", "chainwire.example", "en", 0.34),
    Outlet("ledger-daily", "ledger-daily.example", "en", 0.22),
    Outlet("tradersforum", "tradersforum.example", "en", 0.18),
    Outlet("le-journal-du-bloc", "journal-du-bloc.example", "fr", 0.16),
    Outlet("cryptohebdo", "cryptohebdo.example", "fr", 0.10),
)

TEMPLATES = (
    Template(
        "adoption", 1, "en", "Retail chain adds {name} payments in {million} stores", ("adds", "payments")
    ),
    Template(
        "adoption", 1, "en", "{name} wallets climb {percent}% as newcomers arrive", ("climb", "newcomers")
    ),
    Template("adoption", -1, "en", "Payments firm drops {name} after weak demand", ("drops", "weak demand")),
    Template("adoption", 0, "en", "Survey: one in {million} shoppers has heard of {name}", ("survey",)),
    Template("adoption", 1, "fr", "Un distributeur accepte {name} dans {million} magasins", ("accepte",)),
    Template(
        "adoption", -1, "fr", "{name} : un grand commerçant renonce, faute de clients", ("renonce", "faute")
    ),
    Template(
        "regulation",
        1,
        "en",
        "Regulator clears {name} product, ending months of doubt",
        ("clears", "ending doubt"),
    ),
    Template(
        "regulation", -1, "en", "Watchdog opens inquiry into {name} trading desks", ("inquiry", "watchdog")
    ),
    Template("regulation", -1, "en", "Lawmakers float {percent}% levy on {ticker} gains", ("levy",)),
    Template(
        "regulation", 0, "en", "Consultation on {name} custody rules closes on Friday", ("consultation",)
    ),
    Template("regulation", 1, "fr", "Le régulateur autorise un produit coté sur {name}", ("autorise",)),
    Template("regulation", -1, "fr", "{ticker} : l’autorité des marchés ouvre une enquête", ("enquête",)),
    Template(
        "security", -1, "en", "Bridge exploit drains {million} million in {ticker}", ("exploit", "drains")
    ),
    Template(
        "security",
        -1,
        "en",
        "{name} exchange halts withdrawals after breach",
        ("halts withdrawals", "breach"),
    ),
    Template("security", 1, "en", "Audit finds no critical flaw in {name} client", ("no critical flaw",)),
    Template(
        "security", 0, "en", "{name} developers publish post-mortem of Tuesday's incident", ("post-mortem",)
    ),
    Template(
        "security",
        -1,
        "fr",
        "Piratage : {million} millions de dollars en {ticker} dérobés",
        ("piratage", "dérobés"),
    ),
    Template("security", 1, "fr", "{name} : l’audit ne relève aucune faille majeure", ("aucune faille",)),
    Template(
        "flows", 1, "en", "Funds take in {million} million of {ticker}, a record week", ("take in", "record")
    ),
    Template(
        "flows",
        -1,
        "en",
        "Whales move {million} million in {ticker} to exchanges",
        ("whales", "to exchanges"),
    ),
    Template("flows", 0, "en", "{name} turnover steady at {million} million", ("steady",)),
    Template(
        "flows", 1, "fr", "Collecte record pour les fonds {name} : {million} millions", ("collecte record",)
    ),
    Template("flows", -1, "fr", "Sorties de capitaux sur {name} pour la {million}e semaine", ("sorties",)),
    Template(
        "technology", 1, "en", "{name} upgrade goes live, fees fall {percent}%", ("upgrade", "fees fall")
    ),
    Template("technology", -1, "en", "{name} network stalls for {million} minutes", ("stalls",)),
    Template("technology", 0, "en", "{name} core team sets date for next release", ("sets date",)),
    Template(
        "technology",
        1,
        "fr",
        "{name} : la mise à jour réduit les frais de {percent} %",
        ("réduit les frais",),
    ),
    Template("technology", -1, "fr", "Panne du réseau {name} pendant {million} minutes", ("panne",)),
    Template("markets", 1, "en", "{ticker} jumps {percent}%, outpacing {rival}", ("jumps", "outpacing")),
    Template("markets", 1, "en", "Bulls eye new high as {name} breaks resistance", ("bulls", "new high")),
    Template("markets", -1, "en", "{ticker} slides {percent}% as traders cut risk", ("slides", "cut risk")),
    Template(
        "markets",
        -1,
        "en",
        "Liquidations pile up: {name} leads losses with {rival}",
        ("liquidations", "losses"),
    ),
    Template("markets", 0, "en", "{name} drifts sideways, eyes on {rival}", ("sideways",)),
    Template("markets", 1, "fr", "{ticker} bondit de {percent} % et dépasse {rival}", ("bondit",)),
    Template(
        "markets",
        -1,
        "fr",
        "{ticker} recule de {percent} %, les investisseurs prudents",
        ("recule", "prudents"),
    ),
    Template("markets", 0, "fr", "{name} fait du surplace avant les chiffres de l’inflation", ("surplace",)),
)
