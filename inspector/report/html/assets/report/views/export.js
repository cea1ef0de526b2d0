/**
 * Take it away: the view on screen as a file, and the words that bring it back.
 */

import { byId } from "../../shared/dom.js";
import { viewOnScreen } from "../export/on_screen.js";
import { csvOf, pngOf, svgOf } from "../export/files.js";

/**
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 * @param {() => string} address of the page as it stands
 * @returns {() => void} copies the link
 */
export function showTake(data, store, address) {
  const says = byId("take-says"), byHand = /** @type {HTMLTextAreaElement} */ (byId("take-by-hand"));
  const { command } = data.header;
  // A frame in a notebook has no address, and may save nothing.
  const framed = location.protocol === "about:";

  /** @param {Blob | string} content @param {string} type @param {string} ending @param {string} file */
  function save(content, type, ending, file) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${file}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    says.textContent = framed ? "A notebook’s frame may refuse to save; write the report to a file and open that."
      : `Saved as ${link.download}.`;
  }

  /** @param {string} text @param {string} name */
  async function copy(text, name) {
    byHand.hidden = true;
    try {
      await navigator.clipboard.writeText(text);
      says.textContent = `${name} is copied.`;
    } catch {
      says.textContent = `The browser refuses the clipboard. ${name} is selected below: copy it from there.`;
      byHand.hidden = false;
      byHand.value = text;
      byHand.focus();
      byHand.select();
    }
  }

  const ways = {
    /** @param {import("../export/on_screen.js").View} view */
    svg: (view) => save(svgOf(view).svg, "image/svg+xml", "svg", view.file),
    png: async (view) => save(await pngOf(view), "image/png", "png", view.file),
    csv: async (view) => save(await csvOf(view), "text/csv", "csv", view.file),
    link: () => (framed ? (says.textContent = "A notebook’s frame has no address to link to.") : copy(address(), "The link")),
    command: () => copy(command, "The command"),
  };
  const take = async (way) => {
    try {
      await ways[way](viewOnScreen(data, store.get()));
    } catch (error) {
      says.textContent = `That did not work: ${error.message}.`;
    }
  };
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (byId("take").querySelectorAll("button"))) {
    button.hidden = button.dataset.take === "command" && !command;
    button.addEventListener("click", () => take(button.dataset.take));
  }
  return () => take("link");
}
