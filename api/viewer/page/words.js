// Every word of the page, in both languages, and how numbers and times are written in each.

const WORDS = {
  en: {
    asset: "Asset", range: "Range", prediction: "Prediction", noPrediction: "No prediction",
    r1h: "1 h", r24h: "24 h", r7d: "7 d", r30d: "30 d",
    pause: "Pause", resume: "Go live", language: "Français", languageShort: "FR",
    generated: "generated data", generatedShort: "generated",
    generatedWhy: "Some of these numbers come from a generator, not from a market.",
    keys: "Hover, or focus the charts and use ← → to read values, Home and End for the ends, Esc to leave.",
    texts: "Latest texts", predictions: "Latest predictions", tables: "Tables",
    price: "Price", sentiment: "Sentiment", counts: "Texts", low: "low", high: "high",
    predicted: "predicted", interval: "interval", mean: "mean", span: "min to max",
    positive: "positive", neutral: "neutral", negative: "negative",
    labelPositive: "positive", labelNeutral: "neutral", labelNegative: "negative", labelUnscored: "not scored",
    per: "per {interval}", open: "still open", now: "now", in: "over {range}", since: "since {time}",
    charts: "Charts of {name}, last {range}. Price: {price}. Mean sentiment: {sentiment}. Texts: {n}.",
    none: "none", loading: "Loading…",
    emptyPrice: "No price in this range.", emptySentiment: "No text in this range.",
    emptyCounts: "No text in this range.", emptyTexts: "No text in this range.",
    emptyPredictions: "No prediction in this range.", unchosen: "No prediction chosen.",
    waiting: "Waiting for first data",
    waitingMore: "The tables are not there yet. This page looks again every two seconds.",
    unknown: "Nothing is known of “{symbol}”", unknownMore: "These assets are known:",
    error: "This could not be read: {detail}", offline: "offline, retrying", offlineIn: "offline, retrying in {n} s",
    paused: "paused", cut: "Predictions before {time} are left out: too many for one picture.",
    fresh: "live · {age}", ageing: "{what} slow · {age}", stale: "{what} stale · {age}", noAge: "no data yet",
    outcome: "came true at {price}", within: "inside the interval", outside: "outside the interval",
    unverified: "no price then", due: "due {age}", madeAt: "made {age}",
    version: "version {n}", rows: "{n} rows", lag: "{n} behind", lagNone: "caught up", lagUnknown: "lag unknown",
    absent: "not there yet", losses: "Accepted losses ({n}): offsets of Kafka that were never read.",
    lossOf: "{topic}/{partition} [{from}, {to}) {cause}: {reason}", zone: "Times are {zone}.",
    lastEvent: "last event {age}", ago: "{age} ago", ahead: "in {age}", justNow: "now",
    s: "s", min: "min", h: "h", d: "d",
  },
  fr: {
    asset: "Actif", range: "Période", prediction: "Prédiction", noPrediction: "Sans prédiction",
    r1h: "1 h", r24h: "24 h", r7d: "7 j", r30d: "30 j",
    pause: "Pause", resume: "En direct", language: "English", languageShort: "EN",
    generated: "données générées", generatedShort: "généré",
    generatedWhy: "Une partie de ces nombres vient d’un générateur, pas d’un marché.",
    keys: "Survolez, ou placez-vous sur les graphiques et lisez avec ← →, Début et Fin pour les bouts, Échap pour sortir.",
    texts: "Derniers textes", predictions: "Dernières prédictions", tables: "Tables",
    price: "Prix", sentiment: "Sentiment", counts: "Textes", low: "bas", high: "haut",
    predicted: "prédit", interval: "intervalle", mean: "moyenne", span: "min à max",
    positive: "positifs", neutral: "neutres", negative: "négatifs",
    labelPositive: "positif", labelNeutral: "neutre", labelNegative: "négatif", labelUnscored: "non évalué",
    per: "par {interval}", open: "encore ouvert", now: "maintenant", in: "sur {range}", since: "depuis le {time}",
    charts: "Graphiques de {name}, {range}. Prix : {price}. Sentiment moyen : {sentiment}. Textes : {n}.",
    none: "aucun", loading: "Chargement…",
    emptyPrice: "Aucun prix sur cette période.", emptySentiment: "Aucun texte sur cette période.",
    emptyCounts: "Aucun texte sur cette période.", emptyTexts: "Aucun texte sur cette période.",
    emptyPredictions: "Aucune prédiction sur cette période.", unchosen: "Aucune prédiction choisie.",
    waiting: "En attente des premières données",
    waitingMore: "Les tables n’existent pas encore. Cette page réessaie toutes les deux secondes.",
    unknown: "Rien n’est connu de « {symbol} »", unknownMore: "Ces actifs sont connus :",
    error: "Lecture impossible : {detail}", offline: "hors ligne, nouvel essai", offlineIn: "hors ligne, nouvel essai dans {n} s",
    paused: "en pause", cut: "Les prédictions d’avant {time} sont omises : trop nombreuses pour une image.",
    fresh: "direct · {age}", ageing: "{what} : lent · {age}", stale: "{what} : périmé · {age}", noAge: "pas encore de données",
    outcome: "réalisé : {price}", within: "dans l’intervalle", outside: "hors de l’intervalle",
    unverified: "aucun prix alors", due: "échéance {age}", madeAt: "faite {age}",
    version: "version {n}", rows: "{n} lignes", lag: "{n} de retard", lagNone: "à jour", lagUnknown: "retard inconnu",
    absent: "pas encore là", losses: "Pertes acceptées ({n}) : offsets de Kafka jamais lus.",
    lossOf: "{topic}/{partition} [{from}, {to}[ {cause} : {reason}", zone: "Heures : {zone}.",
    lastEvent: "dernier événement {age}", ago: "il y a {age}", ahead: "dans {age}", justNow: "maintenant",
    s: "s", min: "min", h: "h", d: "j",
  },
};
const LOCALES = { en: "en-GB", fr: "fr-FR" };
export const LANGUAGES = Object.keys(WORDS);

let language = "en";
const formats = new Map();

export function setLanguage(chosen) {
  language = chosen;
  formats.clear();
}

/** The word for a key, with its {places} filled in. */
export function word(key, places = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(places[name]));
}

/** Keys that a language lacks, for the tests. */
export function missingWords() {
  const keys = new Set(Object.values(WORDS).flatMap(Object.keys));
  return LANGUAGES.flatMap((name) => [...keys].filter((key) => !(key in WORDS[name])).map((key) => `${name} ${key}`));
}

/** A number with exactly `digits` decimals. */
export function formatNumber(value, digits = 0) {
  return numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function formatSigned(value, digits) {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" };
  return numberFormat(options).format(value);
}

/** A price with as many decimals as its size deserves: 91,500.25 but 0.08312. */
export function formatPrice(value) {
  const digits = value >= 100 ? 2 : Math.min(10, Math.max(2, 4 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return formatNumber(value, digits);
}

export function formatScore(value) {
  return formatSigned(value, 2);
}

/** A time of the browser's zone; `kind` is full, short, clock or day. */
export function formatTime(ms, kind = "full") {
  const options = {
    full: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    short: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    clock: { hour: "2-digit", minute: "2-digit" },
    day: { day: "numeric", month: "short" },
  }[kind];
  return keep(`time ${kind}`, () => new Intl.DateTimeFormat(LOCALES[language], options)).format(ms);
}

/** How long ago, or ahead where negative, in the one unit that says it best. */
export function formatAge(seconds) {
  const size = Math.abs(seconds);
  if (size < 0.5) return word("justNow");
  const [unit, length] = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]].find(
    ([, seconds]) => size >= seconds * 1.995 || seconds === 1,
  );
  const age = `${formatNumber(Math.max(1, Math.floor(size / length)))} ${word(unit)}`;
  return word(seconds >= 0 ? "ago" : "ahead", { age });
}

/** An interval of the API as people write it: 15m is 15 min. */
export function formatInterval(interval) {
  const unit = { m: "min", h: "h", d: "d" }[interval.slice(-1)];
  return `${interval.slice(0, -1)} ${word(unit)}`;
}

function numberFormat(options) {
  return keep(JSON.stringify(options), () => new Intl.NumberFormat(LOCALES[language], options));
}

function keep(key, make) {
  if (!formats.has(key)) formats.set(key, make());
  return formats.get(key);
}
