"""First rows of assets, entities, sources and configuration. Frozen: later changes are made in the database."""

from lakehouse.aliases.seed import SEED, SEED_ENTITIES, SEED_TITLES

_COLOURS = {
    "btc": "#f7931a",
    "eth": "#627eea",
    "sol": "#14b886",
    "xrp": "#5b6b7a",
    "ada": "#0033ad",
    "doge": "#c2a633",
    "dot": "#e6007a",
    "link": "#2a5ada",
    "avax": "#e84142",
    "bnb": "#f3ba2f",
    "near": "#00a876",
    "ltc": "#345d9d",
    "atom": "#6f7390",
    "trx": "#eb0029",
}
# (symbol, name, colour, aliases), in the order of display. An asset without a colour is given one by the viewer.
ASSETS = tuple(
    (asset.symbol, SEED_TITLES[asset.symbol], _COLOURS.get(asset.symbol, ""), asset.to_kinds())
    for asset in SEED
)
# (name, title, kind, asset, aliases)
ENTITIES = tuple(
    (entity.names.name, entity.title, entity.kind, entity.names.asset or "", entity.names.to_kinds())
    for entity in SEED_ENTITIES
)
# (name, kind, title, url, language). Generated ones have no page.
SOURCES = (
    ("chainwire", "news", "Chainwire (generated)", "", "en"),
    ("ledgerdaily", "news", "Ledger Daily (generated)", "", "en"),
    ("tradersforum", "news", "Traders' Forum (generated)", "", "en"),
    ("journaldubloc", "news", "Journal du bloc (generated)", "", "fr"),
    ("cryptohebdo", "news", "Crypto hebdo (generated)", "", "fr"),
    ("coindesk", "news", "CoinDesk", "https://www.coindesk.com", "en"),
    ("cointelegraph", "news", "Cointelegraph", "https://cointelegraph.com", "en"),
    ("decrypt", "news", "Decrypt", "https://decrypt.co", "en"),
    ("bitcoinmagazine", "news", "Bitcoin Magazine", "https://bitcoinmagazine.com", "en"),
    ("journalducoin", "news", "Journal du Coin", "https://journalducoin.com", "fr"),
    ("cryptoast", "news", "Cryptoast", "https://cryptoast.fr", "fr"),
    ("simx", "market", "SimX (generated)", "", ""),
    ("kraken", "market", "Kraken", "https://www.kraken.com", ""),
    ("binance", "market", "Binance", "https://www.binance.com", ""),
)
CONFIGURATION = (("notice", ""), ("views_of_user", 200), ("token_days", 365))
