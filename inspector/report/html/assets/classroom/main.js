/**
 * Where the classroom comes alive: everything stands on the page already, and its views take it over.
 */

import { addressWriter, isState } from "../shared/address.js";
import { giveUp, mountAll, openPage, whenReady } from "../shared/page.js";
import { createStore } from "../shared/store.js";
import { classOf, hashOf } from "./address.js";
import { ClassroomData, LARGEST } from "./data.js";
import { VIEWS, WORD_VIEWS } from "./sections.js";
import { firstView, settled } from "./state.js";

const root = document.documentElement;
root.dataset.started = "";

/**
 * The class that the address names; the page's own, with a sentence why, where it names none that can be shown.
 * @param {ClassroomData} data
 */
function asked({ first, limits }) {
  const { hash } = location,
    says = document.getElementById("address-says");
  const found = isState(hash) ? classOf(hash, limits) : first,
    refused = typeof found === "string";
  if (says) {
    says.hidden = !refused;
    says.textContent = refused
      ? `The address asks for a class that cannot be shown: ${found}. This is the page’s own.`
      : "";
  }
  return refused ? first : found;
}

/**
 * @param {ClassroomData} data
 * @param {import("./state.js").Store} store
 */
function followAddress(data, store) {
  let opening = true;
  const later = addressWriter(() => hashOf(store.get(), data.first));
  store.watch(["students", "traits", "table"], () => {
    if (!opening) later();
  });
  opening = false;
  window.addEventListener("hashchange", () => {
    // An anchor on the page was gone to: the class stands in the address again a moment later.
    if (location.hash && !isState(location.hash)) later();
    else store.set({ ...asked(data) });
  });
}

async function start() {
  const page = await openPage("classroom");
  if (!page) return;
  const { header, planes } = page;
  const data = new ClassroomData(/** @type {import("../payload.js").ClassroomHeader} */ (header), planes);
  const { students, traits } = data.first,
    fixed = Math.max(students.length, traits.length) > LARGEST;
  const { hash } = location;
  const store = createStore(firstView(data, fixed ? data.first : asked(data)), settled);
  mountAll(fixed ? WORD_VIEWS : VIEWS, data, store);
  if (!fixed) followAddress(data, store);
  Object.defineProperty(window, "inspector", {
    value: Object.freeze({
      version: data.header.inspector,
      get state() {
        return store.get();
      },
    }),
  });
  root.dataset.complete = "";
  whenReady(isState(hash) ? "" : hash.slice(1));
}

start().catch((error) => giveUp("classroom", error));
