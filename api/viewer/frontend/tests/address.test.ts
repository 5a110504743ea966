import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddress, toAddress, type Choice } from "../source/address.ts";

const USUAL: Choice = { symbol: null, range: "7d", span: null, model: null, horizon: null, detail: null, at: null, language: "en" };

test("an empty address is seven live days in the browser's language", () => {
  assert.deepEqual(readAddress("", "en-GB"), USUAL);
  assert.deepEqual(readAddress("#", "fr-CA"), { ...USUAL, language: "fr" });
});

test("every choice reads back as it was written", () => {
  const choices: Choice[] = [
    USUAL,
    { ...USUAL, symbol: "eth", range: "24h", model: "drift", horizon: "1h", language: "fr" },
    { ...USUAL, symbol: "btc", span: { from: 1_764_000_000_123, to: 1_764_003_600_000 }, detail: "5m", at: 1_764_000_000_000, model: "" },
  ];
  for (const choice of choices) assert.deepEqual(readAddress(toAddress(choice), "en"), choice);
});

test("a written address can be read by people", () => {
  const span = { from: Date.UTC(2026, 10, 26, 9), to: Date.UTC(2026, 10, 26, 10, 30) };
  assert.equal(toAddress({ ...USUAL, symbol: "btc", span }), "#symbol=btc&range=7d&from=2026-11-26T09:00:00Z&to=2026-11-26T10:30:00Z&lang=en");
});

test("what nobody offers is as if it were not there", () => {
  for (const fragment of ["#range=2y&detail=3m&lang=de", "#range=constructor&detail=__proto__&lang=toString", "#from=yesterday&to=soon&at=NaN", "#from=2026-01-01"]) {
    assert.deepEqual(readAddress(fragment, "en"), USUAL, fragment);
  }
});

test("ends in the wrong order, or one instant, are a span all the same", () => {
  const { span } = readAddress("#from=2026-01-02&to=2026-01-01", "en");
  assert.deepEqual(span, { from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) });
  const instant = readAddress("#from=2026-01-01&to=2026-01-01", "en").span!;
  assert.equal(instant.to - instant.from, 300_000);
});
