/**
 * The text as text: what a token listens to in the chosen head, behind the words; and a search.
 */

import { currentRamp, tintsOf } from "../../shared/colour.js";
import { el } from "../../shared/dom.js";
import { counted, fixed } from "../../shared/format.js";
import { View } from "../../shared/view.js";
import { ALL, headName, sentFor, whyNot } from "../words.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").LongData} data
 * @param {import("../state.js").Store} store
 */
export function mountText(root, data, store) {
  const view = new View(root, store),
    box = view.find("text-box"),
    { text, spans, tokens } = data.header;
  /** @type {(HTMLElement | null)[]} */
  const pieces = Array.from({ length: tokens }, () => null);
  let at = 0;
  for (const { start, end } of spans) {
    const part = el("div", { class: "stretch" });
    for (let token = start; token < end; token++) {
      const span = data.spanOf(token);
      if (!span || span.end <= at) continue;
      if (span.start > at) part.append(text.slice(at, span.start));
      const piece = el("span", { "data-token": token }, text.slice(Math.max(at, span.start), span.end));
      pieces[token] = piece;
      part.append(piece);
      at = span.end;
    }
    box.append(part);
  }
  box.lastElementChild?.append(text.slice(at));

  /** @param {EventTarget | null} node */
  const tokenOf = (node) => {
    const piece = node instanceof Element ? node.closest("[data-token]") : null;
    return piece instanceof HTMLElement ? Number(piece.dataset.token) : null;
  };
  view.listen(box, "click", (event) => {
    const token = tokenOf(event.target);
    if (token != null) store.set({ token });
  });
  view.listen(box, "keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const token = Math.max(0, Math.min(tokens - 1, store.get().token + by));
    store.set({ token });
    pieces[token]?.scrollIntoView({ block: "nearest" });
  });

  /** @type {HTMLElement[]} */
  let tinted = [];
  const tint = async () => {
    const { layer, head, token } = store.get(),
      says = view.find("text-says");
    if (data.supply && !data.has(layer, head)) says.textContent = sentFor(layer, head);
    let row = null,
      why = "";
    try {
      row = await data.rowsOf(layer, head, token, token + 1);
    } catch (error) {
      if (!data.supply) throw error;
      why = whyNot(error);
    }
    const now = store.get();
    if (view.disposed || now.layer !== layer || now.head !== head || now.token !== token) return;
    for (const piece of tinted) piece.removeAttribute("style");
    tinted = [];
    for (const piece of box.querySelectorAll("[aria-current]")) piece.removeAttribute("aria-current");
    pieces[token]?.setAttribute("aria-current", "true");
    if (!row) {
      if (why) says.textContent = why;
      // Of a head that another one took the place of, on its way here, nothing is said.
      else if (!data.supply) {
        says.textContent = `Choose a head with a ring: of ${headName(layer, head)} this page has no single weights. ${ALL} shows those of every head.`;
      }
      return;
    }
    const aside = new Set(data.header.sinks.map(({ index }) => index));
    const order = [...row.data.keys()].filter((key) => !aside.has(key)).sort((a, b) => row.data[b] - row.data[a]);
    const high = row.data[order[0]] || 1,
      tints = tintsOf(currentRamp("amount"));
    for (const key of order) {
      const share = row.data[key] / high,
        piece = pieces[key];
      if (share < 0.02) break;
      if (!piece) continue;
      const { paper, ink } = tints[Math.round(share * 255)];
      piece.style.background = paper;
      piece.style.color = ink;
      tinted.push(piece);
    }
    const named = order
      .slice(0, 3)
      .filter((key, at) => !at || row.data[key] >= 0.005)
      .map((key) => `“${data.nameOf(key)}” ${fixed(row.data[key], 3)}`);
    const sunk = [...aside].reduce((sum, key) => sum + row.data[key], 0);
    says.textContent =
      `In layer ${layer}, head ${head}, “${data.nameOf(token)}” listens most to ${named.join(", ")}` +
      (aside.size ? `; ${fixed(sunk, 3)} goes to ${counted(aside.size, "sink")}, set aside.` : ".");
  };
  view.watch(["layer", "head", "token"], tint);
  // The box alone: the page stays where it is.
  const begun = pieces[store.get().token];
  if (begun) box.scrollTop = begun.offsetTop - box.offsetTop - box.clientHeight / 3;
  view.hear("themechange", tint);
  view.hear("serverback", tint);

  let found = -1;
  const query = view.find("search-for", HTMLInputElement);
  view.listen(query, "input", () => {
    found = -1;
    view.find("search-says").textContent = "";
  });
  view.listen(view.find("search"), "submit", (event) => {
    event.preventDefault();
    const wanted = query.value.toLowerCase(),
      says = view.find("search-says");
    if (!wanted) return;
    const lower = text.toLowerCase();
    const all = lower.split(wanted).length - 1;
    if (!all || lower.length !== text.length) {
      says.textContent = all ? "The search cannot tell where it stands in this text." : "It is not in the text.";
      return;
    }
    found = lower.indexOf(wanted, found < 0 ? 0 : found + wanted.length);
    if (found < 0) found = lower.indexOf(wanted);
    const token = pieces.findIndex((_, i) => (data.spanOf(i)?.end ?? 0) > found);
    says.textContent = `${counted(all, "place")}; stretch ${data.stretchOf[token]}.`;
    store.set({ token });
    pieces[token]?.scrollIntoView({ block: "center" });
  });
  return view.dispose;
}
