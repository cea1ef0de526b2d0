// Auto, light or dark. A classic script in <head>, so that no page flashes in the wrong theme.
(function () {
  "use strict";
  var key = "attention-inspector.theme";
  var root = document.documentElement;

  // Storage may be refused on file://; the choice then lasts as long as the page.
  function stored() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }
  function buttons() {
    return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-choice]"));
  }
  function apply(/** @type {string | null | undefined} */ theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    buttons().forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme || "auto")));
    });
    root.dispatchEvent(new Event("themechange"));
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", function () {
    apply(root.dataset.theme);
    buttons().forEach(function (button) {
      button.addEventListener("click", function () {
        apply(button.dataset.themeChoice);
        try {
          localStorage.setItem(key, String(button.dataset.themeChoice));
        } catch {
          /* see above */
        }
      });
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () {
    root.dispatchEvent(new Event("themechange"));
  });
})();
