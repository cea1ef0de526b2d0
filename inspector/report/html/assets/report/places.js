/**
 * Going to a place on the page.
 */

/** @param {string} id */
export function goTo(id) {
  const place = document.getElementById(id);
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
  place.scrollIntoView();
}

/**
 * In a notebook's frame the page has no address of its own: a link to a place would load the notebook inside the
 * frame. There it scrolls, and that is all.
 */
export function keepFrame() {
  if (location.protocol !== "about:") return;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a");
    const place = link ? link.getAttribute("href") : null;
    if (!place?.startsWith("#")) return;
    event.preventDefault();
    goTo(place.slice(1));
  });
}
