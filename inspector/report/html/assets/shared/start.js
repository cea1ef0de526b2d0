// Unpacks the page's style and script: deflated, they take a third of the room, and gzip checks
// their length and CRC-32. The policy knows them by their hashes, so only what was packed can run. A
// worker's script that is packed between the two is left where the packed ones were. A classic script.
(function () {
  "use strict";
  var root = document.documentElement;
  if (root.hasAttribute("data-broken")) return; // the guard has said why

  function damaged(/** @type {string} */ what) {
    root.setAttribute("data-broken", "");
    var notice = document.getElementById("notice");
    if (notice) notice.textContent = "This file is damaged: its script " + what + ".";
  }

  var holder = document.getElementById("script");
  if (!holder) return damaged("is missing");
  var packed = holder.textContent || "",
    builtIn = /** @type {any} */ (Uint8Array);
  Promise.resolve()
    .then(function () {
      var bytes = builtIn.fromBase64
        ? builtIn.fromBase64(packed)
        : Uint8Array.from(atob(packed), function (character) {
            return character.charCodeAt(0);
          });
      return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    })
    .then(function (source) {
      var parts = source.split("\0"),
        style = document.createElement("style"),
        script = document.createElement("script");
      style.textContent = parts.shift() || "";
      if (style.textContent) document.head.append(style);
      script.type = "module";
      script.textContent = parts.pop() || "";
      /** @type {HTMLElement} */ (holder).textContent = parts.join();
      document.body.append(script);
    })
    .catch(function () {
      damaged("cannot be unpacked");
    });
})();
