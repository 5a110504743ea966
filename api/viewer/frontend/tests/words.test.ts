import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { en } from "../source/words-en.ts";
import { fr } from "../source/words-fr.ts";
import { formatAge, formatInterval, formatPrice, formatScore, setLanguage, word } from "../source/words.ts";
import { timeLabels } from "../source/charts/plot.ts";
import { webAddress } from "../source/components/web-address.ts";

afterEach(() => setLanguage("en"));

test("both languages have every word, with the same places", () => {
  const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  assert.deepEqual(Object.keys(fr).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) assert.deepEqual(places(fr[key]), places(en[key]), key);
});

test("numbers read as each language writes them", () => {
  const written = () => [formatPrice(91_500.256), formatPrice(0.08312), formatAge(3), formatAge(-3_600), formatScore(-0.5), formatInterval("15m"), formatInterval("1d")];
  assert.deepEqual(written(), ["91,500.26", "0.083120", "3 s ago", "in 60 min", "-0.50", "15 min", "1 d"]);
  setLanguage("fr");
  assert.deepEqual(written(), ["91\u202f500,26", "0,083120", "il y a 3 s", "dans 60 min", "-0,50", "15 min", "1 j"]);
});

test("places are filled in, and nothing else is", () => {
  assert.equal(word("newPoints", { n: "37" }), "37 new points");
  assert.equal(word("unknown", { symbol: "{symbol} $& <b>" }), "Nothing is known of “{symbol} $& <b>”");
});

test("a day's first tick names the day", () => {
  const midnight = new Date(2026, 10, 26).getTime(), hour = 3_600_000;
  assert.deepEqual(timeLabels([midnight - 6 * hour, midnight, midnight + 6 * hour], 6 * hour), ["18:00", "26 Nov", "06:00"]);
  assert.deepEqual(timeLabels([midnight, midnight + 24 * hour], 24 * hour), ["26 Nov", "27 Nov"]);
});

test("only addresses of the web are linked", () => {
  assert.equal(webAddress("https://news.example/1"), "https://news.example/1");
  for (const other of ["javascript:alert(1)", "data:text/html,x", "/relative", "", null, "ftp://x"]) assert.equal(webAddress(other), null);
});
