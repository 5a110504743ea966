"""First rows of assets, sources and configuration. Frozen: later changes are made in the database."""

from lakehouse.aliases.seed import SEED

_ALIASES = {asset.symbol: asset.to_kinds() for asset in SEED}

# (symbol, name, colour, aliases), in the order of display.
ASSETS = tuple(
    (symbol, name, colour, _ALIASES[symbol])
    for symbol, name, colour in (
        ("btc", "Bitcoin", "#f7931a"),
        ("eth", "Ethereum", "#627eea"),
        ("sol", "Solana", "#14b886"),
        ("xrp", "XRP", "#5b6b7a"),
        ("ada", "Cardano", "#0033ad"),
        ("doge", "Dogecoin", "#c2a633"),
        ("dot", "Polkadot", "#e6007a"),
        ("link", "Chainlink", "#2a5ada"),
        ("avax", "Avalanche", "#e84142"),
        ("bnb", "BNB", "#f3ba2f"),
        ("near", "NEAR Protocol", "#00a876"),
        ("ltc", "Litecoin", "#345d9d"),
        ("atom", "Cosmos Hub", "#6f7390"),
        ("trx", "TRON", "#eb0029"),
    )
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
