// Says in one sentence why the page stays empty, where it would. A classic script, because what
// it reports on is a browser that cannot run the modules.
(function () {
  "use strict";
  var root = document.documentElement;

  function say(/** @type {string} */ text) {
    if (root.hasAttribute("data-ready") || root.hasAttribute("data-broken")) return;
    root.setAttribute("data-broken", "");
    /** @type {HTMLElement} */ (document.getElementById("notice")).textContent = text;
  }

  if (typeof DecompressionStream === "undefined" || !("noModule" in HTMLScriptElement.prototype)) {
    say(
      "This report needs a newer browser: one with modules and DecompressionStream, such as any" +
        " Chrome, Edge, Firefox or Safari since the summer of 2023.",
    );
    return;
  }
  window.addEventListener("load", function () {
    setTimeout(function () {
      if (!root.hasAttribute("data-started")) {
        say(
          "This browser did not start the report's script. The file may be damaged; or open it" +
            " in a current browser.",
        );
      }
    }, 3000);
  });
})();
