import assert from "node:assert/strict";
import { test } from "node:test";
import { linkOf, nameProblem, pageAddress, signInAddress } from "../source/saved-views.ts";

const view = (name: string) => ({ id: name, name, parameters: {}, link: null, version: 1 });

test("a name is there, not too long by what people count, and one view's alone", () => {
  const others = [view("btc week"), view("eth")];
  assert.equal(nameProblem("mine", others), null);
  assert.equal(nameProblem("BTC week", others), null);
  assert.equal(nameProblem("btc week", others), "nameTaken");
  assert.equal(nameProblem("", others), "nameEmpty");
  assert.equal(nameProblem("x".repeat(80), others), null);
  assert.equal(nameProblem("x".repeat(81), others), "nameLong");
  assert.equal(nameProblem("\u{1F680}".repeat(80), others), null);
});

test("the page's address of a shared view is read back", () => {
  const address = pageAddress("/api/v1/vues/partagees/AbC_-123456789012345xy");
  assert.equal(address, "/?vue=AbC_-123456789012345xy");
  assert.equal(linkOf(address.slice(1)), "AbC_-123456789012345xy");
  for (const none of ["", "?", "?vue=", "?symbol=btc"]) assert.equal(linkOf(none), null);
});

test("signing in goes on where the page is", () => {
  const fragment = "#symbol=btc&range=7d&from=2026-11-26T09:00:00Z&to=2026-11-26T10:00:00Z&lang=en&model=";
  assert.equal(new URL(signInAddress(fragment), "http://x").searchParams.get("next"), `/${fragment}`);
});
