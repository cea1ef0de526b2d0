// Says in one sentence why the page stays empty, where it would. A classic script that stands before
// everything that can be damaged: before the policy, which stops every script if it is garbled, and
// before the style, in which a file that was cut short may end.
(function () {
  "use strict";
  var root = document.documentElement;
  var old = typeof DecompressionStream === "undefined" || !("noModule" in HTMLScriptElement.prototype);

  function say(/** @type {string} */ text) {
    if (root.hasAttribute("data-ready")) return;
    root.setAttribute("data-broken", "");
    // A file that was cut short may have no notice yet.
    var notice = document.getElementById("notice") || document.createElement("p");
    notice.id = "notice";
    notice.setAttribute("role", "alert");
    notice.textContent = text;
    if (!notice.parentNode) document.body.insertBefore(notice, document.body.firstChild);
  }

  // The other scripts look for this before they begin.
  if (old) root.setAttribute("data-broken", "");
  document.addEventListener("DOMContentLoaded", function () {
    if (old) {
      say(
        "This page needs a newer browser: one with modules and DecompressionStream, such as any" +
          " Chrome, Edge, Firefox or Safari since the summer of 2023.",
      );
    } else if (!document.getElementById("end")) say("This file is damaged: its end is missing.");
  });
  window.addEventListener("load", function () {
    setTimeout(function () {
      if (!root.hasAttribute("data-started") && !root.hasAttribute("data-broken")) {
        say("This page’s script did not start. The file is damaged, or the browser does not let scripts run.");
      }
    }, 3000);
  });
})();
