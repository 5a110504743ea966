// A saved view holds what the address names. The server validates the same cases: tests/api/metadata/test_view_parameters.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isSamePicture, readAddress, readParameters, toAddress, toParameters, type Choice } from "../source/address.ts";
import type { ViewParameters } from "../source/api-types.ts";
import { LONGEST, RANGES, WIDTHS } from "../source/times.ts";
import { LANGUAGES } from "../source/words.ts";

const CASES = JSON.parse(readFileSync(new URL("view-parameters.json", import.meta.url), "utf8")) as { address: string; parameters: ViewParameters }[];
const FULL: Choice = { symbol: "btc", range: "7d", span: { from: 0, to: LONGEST }, model: "drift", horizon: "1h", detail: "1h", at: 0, language: "en" };

for (const { address, parameters } of CASES) {
  test(`${address} is kept, and comes back`, () => {
    assert.deepEqual(toParameters(readAddress(address, "en")), parameters);
    assert.equal(toAddress(readParameters(parameters, "en")), address);
  });
}

test("the cases have every value that the page offers, so that the server is asked about each", () => {
  const values = (name: "range" | "detail" | "lang") => [...new Set(CASES.flatMap(({ parameters }) => parameters[name] ?? []))].sort();
  assert.deepEqual(values("range"), Object.keys(RANGES).sort());
  assert.deepEqual(values("detail"), Object.keys(WIDTHS).sort());
  assert.deepEqual(values("lang"), [...LANGUAGES].sort());
  const names = new Set(CASES.flatMap(({ parameters }) => Object.keys(parameters)));
  assert.deepEqual([...names].sort(), Object.keys(toParameters(FULL)).sort());
  const lengths = CASES.flatMap(({ parameters: { span } }) => (span ? Date.parse(span.to) - Date.parse(span.from) : []));
  assert.equal(Math.max(...lengths), LONGEST);
});

test("members that are null or missing are as if nothing was chosen", () => {
  const usual = readAddress("", "fr-FR");
  assert.deepEqual(readParameters({}, "fr-FR"), usual);
  assert.deepEqual(readParameters({ symbol: null, span: null, model: null, horizon: null, detail: null, at: null, lang: null }, "fr-FR"), usual);
});

test("a picture is the same in another language, and where an asset was not named", () => {
  const { symbol: _, ...unnamed } = CASES[0]!.parameters;
  const here = readAddress(CASES[0]!.address, "en");
  assert.ok(isSamePicture(here, { ...here, language: "fr" }));
  assert.ok(isSamePicture(here, readParameters(unnamed, "en")));
  assert.ok(!isSamePicture(here, { ...here, symbol: "eth" }));
  assert.ok(!isSamePicture(here, { ...here, span: { from: 0, to: LONGEST } }));
});
