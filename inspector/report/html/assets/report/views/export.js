/**
 * Export: the view on screen as a file, and the words that bring it back.
 */

import { View } from "../../shared/view.js";
import { csvOf, pngOf, svgOf } from "../export/files.js";
import { viewOnScreen } from "../export/on_screen.js";
import { hashOf } from "../permalink.js";
import { firstView } from "../state.js";

/**
 * @param {HTMLElement} root
 * @param {import("../data.js").ReportData} data
 * @param {import("../state.js").Store} store
 */
export function mountExport(root, data, store) {
  const view = new View(root, store);
  const says = view.find("export-says"),
    byHand = view.find("export-by-hand", HTMLTextAreaElement);
  const { command } = data.header;
  const address = () => `${location.href.split("#")[0]}#${hashOf(store.get(), firstView(data), data)}`;
  // A frame in a notebook has no address, and may save nothing.
  const framed = location.protocol === "about:";

  /** @param {Blob | string} content @param {string} type @param {string} ending @param {string} file */
  function save(content, type, ending, file) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = `${file}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    says.textContent = framed
      ? "A notebook’s frame may refuse to save; write the report to a file and open that."
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

  /** @type {Record<string, (shown: import("../export/on_screen.js").OnScreen) => unknown>} */
  const ways = {
    svg: (shown) => save(svgOf(shown).svg, "image/svg+xml", "svg", shown.file),
    png: async (shown) => save(await pngOf(shown), "image/png", "png", shown.file),
    csv: async (shown) => save(await csvOf(shown), "text/csv", "csv", shown.file),
    link: () =>
      framed ? (says.textContent = "A notebook’s frame has no address to link to.") : copy(address(), "The link"),
    command: () => copy(command ?? "", "The command"),
  };
  /** @param {string} way */
  const go = async (way) => {
    try {
      await ways[way](viewOnScreen(data, store.get()));
    } catch (error) {
      says.textContent = `That did not work: ${error instanceof Error ? error.message : error}.`;
    }
  };
  for (const button of view.find("export").querySelectorAll("button")) {
    const way = button.dataset.export ?? "";
    button.hidden = way === "command" && !command;
    view.listen(button, "click", () => go(way));
  }
  view.hear("copylink", () => go("link"));
  return view.dispose;
}
