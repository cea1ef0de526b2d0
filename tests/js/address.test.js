/** What is chosen is written into the address, but never over an address somebody has just gone to. */

import assert from "node:assert/strict";
import { test } from "node:test";

/** A window with an address, whose timers and events come when the test says so. */
function open(hash) {
  const window = {
    timers: [],
    listeners: [],
    setTimeout: (work) => window.timers.push(work),
    addEventListener: (_name, listener) => window.listeners.push(listener),
  };
  const location = { hash, href: `page.html${hash}` };
  const history = {
    state: null,
    replaceState: (_state, _title, to) => {
      location.hash = to.includes("#") ? to.slice(to.indexOf("#")) : "";
    },
  };
  Object.assign(globalThis, { window, location, history });
  return { window, location };
}

const { addressWriter } = await import("../../inspector/report/html/assets/shared/address.js");

test("what is chosen is written a moment later", () => {
  const { window, location } = open("");
  addressWriter(() => "head=2")();
  assert.equal(location.hash, "");
  window.timers.at(-1)();
  assert.equal(location.hash, "#head=2");
});

test("an address that the page has not been told of yet is left alone", () => {
  const { window, location } = open("#head=1");
  let chosen = "head=2";
  const later = addressWriter(() => chosen);
  later();
  location.hash = "#head=3";
  window.timers.at(-1)();
  assert.equal(location.hash, "#head=3");
  for (const told of window.listeners) told();
  chosen = "head=4";
  later();
  window.timers.at(-1)();
  assert.equal(location.hash, "#head=4");
});
