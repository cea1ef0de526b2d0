/**
 * Who meets whom: R, the cell of it that is pointed at as its products, and what follows for friendships.
 */

import { el, word } from "../../shared/dom.js";
import { View } from "../../shared/view.js";
import { createHeat, markCells, pointed } from "../heat.js";
import { bondsOf, classmates } from "../study.js";
import { unfoldTable } from "../unfold.js";
import { written } from "../write.js";

/** @typedef {import("../state.js").State} State */

/** @param {import("../study.js").Table} R the range of interactions with others @returns {[number, number]} */
function rangeOfOthers(R) {
  const others = R.flatMap((row, i) => row.filter((_, j) => j !== i));
  return [Math.min(...others), Math.max(...others)];
}

/**
 * A student's strongest interactions.
 * @param {State} state
 * @param {number} i
 */
function bondWords({ studied, students, traits }, i) {
  const bonds = bondsOf(studied, i),
    { Q, R } = studied;
  if (!bonds.length) return [word(students[i]), " shares no trait with anybody."];
  return [
    word(students[i]),
    `’s strongest interaction${bonds.length > 1 ? "s are" : " is"} with `,
    ...bonds.flatMap(({ j, trait }, at) => [
      el("b", {}, word(students[j])),
      ` (${written(R[i][j])}), most of all through `,
      el("b", {}, word(traits[trait])),
      ` (${written(Q[i][trait])} × ${written(Q[j][trait])})${at === bonds.length - 1 ? "." : " and "}`,
    ]),
  ];
}

/**
 * @param {State} state
 * @param {number} i
 */
function circleRow({ studied: { R, shares, closeness }, students }, i) {
  const circles = [0, 1, 2].map((level) => {
    const members = classmates(R, i).filter((j) => closeness[i][j] === level);
    return el(
      "td",
      {},
      ...members.flatMap((j, at) => [
        at ? ", " : null,
        word(students[j]),
        "\u00a0",
        el("small", {}, `${written(100 * (shares[i]?.[j] ?? 0), 0)}\u00a0%`),
      ]),
      members.length ? null : "–",
    );
  });
  const nobody = el("td", { colspan: 3 }, "no interaction above zero with anybody, so there are no shares");
  return el("tr", {}, el("th", { scope: "row" }, word(students[i])), ...(shares[i] ? circles : [nobody]));
}

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ClassroomData} _data
 * @param {import("../state.js").Store} store
 */
export function mountMeet(root, _data, store) {
  const view = new View(root, store),
    table = view.find("table-r", HTMLTableElement),
    heat = createHeat(table),
    unfold = view.find("unfold");
  unfold.hidden = false;
  view.find("bonds").setAttribute("role", "status");
  view.watch(["students", "table"], (state) => {
    const { students, studied } = state;
    heat.show({
      rows: students,
      cols: students,
      values: studied.R,
      range: rangeOfOthers(studied.R),
      diagonal: true,
    });
    const circles = view.find("circles"),
      rows = students.map((_, i) => circleRow(state, i));
    if (circles.children.length !== rows.length) circles.replaceChildren(...rows);
    for (const [i, row] of rows.entries()) {
      const there = circles.children[i];
      if (there.textContent !== row.textContent) there.replaceWith(row);
    }
    const n = students.length;
    view.find("shapes").textContent = `${n} × ${state.traits.length} and ${n} × ${n}`;
  });
  view.watch(["students", "traits", "table", "pair"], (state) => {
    const { students, traits, studied, pair } = state,
      [i, j] = pair;
    view.find("bonds").replaceChildren(...bondWords(state, i));
    view.find("framed").textContent = students[i];
    markCells(
      heat.cells(),
      pair,
      bondsOf(studied, i).map((bond) => bond.j),
    );
    unfold.replaceChildren(
      unfoldTable({
        names: [students[i], students[j]],
        lines: traits.map((name, k) => {
          const [a, b] = [studied.Q[i][k], studied.Q[j][k]];
          return { name, a, b, product: a * b };
        }),
        sum: studied.R[i][j],
      }),
      el(
        "p",
        { class: "note" },
        "Point at a cell, or walk over the table with the arrow keys: its products unfold here.",
      ),
    );
  });
  pointed(view, table, heat.cells, (i, j) => store.set({ pair: [i, j] }));
  return view.dispose;
}
