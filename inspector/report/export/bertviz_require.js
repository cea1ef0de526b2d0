// What bertviz asks of require.js: its two libraries, which stand inline above.
var require = { config: function () {} };
function requirejs(names, then) {
  var inline = { jquery: window.jQuery, d3: window.d3 };
  then.apply(window, names.map(function (name) { return inline[name]; }));
}
