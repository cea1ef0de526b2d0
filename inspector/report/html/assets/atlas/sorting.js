/**
 * Tables that are sorted by the buttons in their heads.
 */

import { el } from "../shared/dom.js";

/** @typedef {{key: string, title: string, number?: boolean}} Column */

/**
 * Fill a table's head with one button a column.
 * @param {HTMLElement} row
 * @param {Column[]} columns
 * @param {{key: string, order: string}} sorted
 * @param {(key: string, order: "ascending" | "descending") => void} sort
 */
export function sortingHead(row, columns, sorted, sort) {
  // Redrawn under the button that was pressed, the head gives the focus back.
  const focused = row.contains(document.activeElement)
    ? /** @type {HTMLElement} */ (document.activeElement).dataset.key
    : null;
  row.replaceChildren(
    ...columns.map(({ key, title, number }) => {
      const here = key === sorted.key;
      // Of numbers the largest are looked for first.
      const next = here
        ? sorted.order === "ascending"
          ? "descending"
          : "ascending"
        : number
          ? "descending"
          : "ascending";
      return el(
        "th",
        { scope: "col", class: number ? "numeric" : null, "aria-sort": here ? sorted.order : null },
        el(
          "button",
          { type: "button", "data-key": key, onclick: () => sort(key, next) },
          title,
          el(
            "span",
            { class: "arrow", "aria-hidden": "true" },
            here ? (sorted.order === "ascending" ? " ▲" : " ▼") : "",
          ),
        ),
      );
    }),
  );
  if (focused != null) [...row.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}

/**
 * Numbers sorted, what is not there last in either order; equals stay as they stood.
 * @template T
 * @param {T[]} items
 * @param {(item: T) => number | string | null} by
 * @param {string} order
 * @returns {T[]}
 */
export function sortedBy(items, by, order) {
  const sign = order === "descending" ? -1 : 1;
  /** @param {number | string | null} value */
  const absent = (value) => value == null || (typeof value === "number" && Number.isNaN(value));
  return items
    .map((item) => /** @type {const} */ ([item, by(item)]))
    .sort(([, a], [, b]) => {
      if (absent(a) || absent(b)) return Number(absent(a)) - Number(absent(b));
      return sign * (typeof a === "string" ? a.localeCompare(String(b), "en") : Number(a) - Number(b));
    })
    .map(([item]) => item);
}
