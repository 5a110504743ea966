"""What the code knew of assets and sources when the tables were made. Frozen: rows are changed where they are."""

# (symbol, name, colour, aliases), in the order of display.
ASSETS = (
    (
        "btc",
        "Bitcoin",
        "#f7931a",
        {"words": ["bitcoin", "bitcoins", "btc", "xbt"], "not_before": ["cash", "sv", "gold"]},
    ),
    (
        "eth",
        "Ethereum",
        "#627eea",
        {"words": ["ethereum", "ether", "eth"], "not_before": ["classic", "zürich", "zurich"]},
    ),
    ("sol", "Solana", "#14b886", {"words": ["solana"], "exact": ["SOL"]}),
    ("xrp", "XRP", "#5b6b7a", {"words": ["xrp", "ripple"], "not_before": ["effect", "effects"]}),
    (
        "ada",
        "Cardano",
        "#0033ad",
        {"words": ["cardano"], "exact": ["ADA"], "not_before": ["compliance", "compliant", "lovelace"]},
    ),
    (
        "doge",
        "Dogecoin",
        "#c2a633",
        {"words": ["dogecoin", "dogecoins"], "exact": ["DOGE"], "not_before": ["cuts", "office"]},
    ),
    (
        "dot",
        "Polkadot",
        "#e6007a",
        {
            "words": ["polkadot"],
            "exact": ["DOT"],
            "not_after": ["us", "u.s", "federal", "state", "texas", "california"],
            "not_before": ["com", "secretary", "dress"],
        },
    ),
    ("link", "Chainlink", "#2a5ada", {"words": ["chainlink"], "exact": ["LINK"]}),
    (
        "avax",
        "Avalanche",
        "#e84142",
        {
            "words": ["avax"],
            "exact": ["Avalanche"],
            "not_after": ["colorado", "une", "an", "the"],
            "not_before": ["of", "de", "d", "risk", "warning"],
        },
    ),
    ("bnb", "BNB", "#f3ba2f", {"words": ["bnb"]}),
    ("near", "NEAR Protocol", "#00a876", {"words": ["near protocol"], "exact": ["NEAR"]}),
    ("ltc", "Litecoin", "#345d9d", {"words": ["litecoin", "litecoins", "ltc"]}),
    (
        "atom",
        "Cosmos Hub",
        "#6f7390",
        {"words": ["cosmos hub"], "exact": ["ATOM", "Cosmos"], "not_after": ["the", "le", "du"]},
    ),
    (
        "trx",
        "TRON",
        "#eb0029",
        {"words": ["trx"], "exact": ["Tron", "TRON"], "not_before": ["legacy", "ares"]},
    ),
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
