// Says in one sentence why the page stays empty, where it would. A classic script, because what
// it reports on is a browser that cannot run the modules.
(function () {
  "use strict";
  var root = document.documentElement;

  function say(text) {
    if (root.hasAttribute("data-ready") || root.hasAttribute("data-broken")) return;
    root.setAttribute("data-broken", "");
    document.getElementById("notice").textContent = text;
  }

  if (typeof DecompressionStream === "undefined" || !HTMLScriptElement.supports
      || !HTMLScriptElement.supports("importmap")) {
    say("This report needs a newer browser: one with import maps and DecompressionStream, such"
      + " as a Chrome or Edge of the last two years.");
    return;
  }
  window.addEventListener("load", function () {
    setTimeout(function () {
      if (!root.hasAttribute("data-started")) {
        say("This browser did not start the report's script. The file may be damaged; or open it"
          + " in a current Chrome or Edge.");
      }
    }, 3000);
  });
})();
