// Unpacks the page's script and runs it: deflated, it takes a third of the room. The policy knows
// the script itself by its hash, so only what was packed can run. A worker's script that is packed
// in front of it is left where the packed ones were. A classic script.
(function () {
  "use strict";
  var root = document.documentElement;
  if (root.hasAttribute("data-broken")) return; // the guard has said why
  var holder = /** @type {HTMLElement} */ (document.getElementById("script")),
    packed = holder.textContent || "";
  var builtIn = /** @type {any} */ (Uint8Array);
  var bytes = builtIn.fromBase64
    ? builtIn.fromBase64(packed)
    : Uint8Array.from(atob(packed), function (character) {
        return character.charCodeAt(0);
      });
  var unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  new Response(unpacked)
    .text()
    .then(function (source) {
      var script = document.createElement("script"),
        scripts = source.split("\0");
      script.type = "module";
      script.textContent = scripts.pop() || "";
      holder.textContent = scripts.join();
      document.body.append(script);
    })
    .catch(function () {
      root.setAttribute("data-broken", "");
      /** @type {HTMLElement} */ (document.getElementById("notice")).textContent =
        "This report is damaged: its script cannot be unpacked.";
    });
})();
