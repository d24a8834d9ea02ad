"use strict";
// The two maps of a run: what colours them, what is hidden, and the same example in both.
(function () {
  var holder = document.getElementById("map-data");
  if (!holder) { return; }
  var data = JSON.parse(holder.textContent), row = 0;
  data.rows = data.rows.map(function (step) { return row += step; });
  var panel = document.getElementById("map-panel"), legend = document.getElementById("map-legend");
  var maps = document.getElementById("maps"), figures = Array.from(maps.querySelectorAll("figure"));
  var plots = figures.map(function (figure) { return figure.querySelector("svg.scatter").plot; });
  var picker = document.getElementById("map-class"), hidden = {}, last = plots.length - 1;
  var MOST_IN_LEGEND = 12, HUES = 12, sources = plots[0].series[0].shape === "diamond" ? plots[0].series[0].rows.length : 0;
  // By what is shown of a point: how it looks, in the order of drawing.
  var LOOKS = {
    domain: { "source": ["source", "diamond"], "target": ["target", "disc"] },
    change: {
      "source": ["grey", "diamond", 2.5], "target, not judged": ["muted", "disc", 2],
      "same answer": ["source", "disc", 2.5], "right both times": ["source", "disc", 2.5],
      "wrong both times": ["unsure", "cross", 3], "changed": ["accent", "up", 4],
      "right to wrong": ["bad", "down", 4.5], "wrong to right": ["good", "up", 4.5]
    }
  };
  panel.classList.add("ready");
  data.groups.forEach(function (name) { picker.append(new Option(name, name)); });

  function chosen(name) { var input = panel.querySelector("input[name=" + name + "]:checked"); return input ? input.value : "both"; }
  function domain(i) { return i < sources ? "source" : "target"; }
  function label(i) { return data.groups[data.label[i]]; }
  function predicted(k, i) { return data.groups[data.predicted[k][i - sources]]; }
  function change(i) { return data.changes[data.change[i - sources]]; }
  function group(k, i, by) {
    if (by === "domain") { return domain(i); }
    if (by === "change") { return i < sources ? "source" : change(i) || "target, not judged"; }
    return (by === "label" ? label(i) : predicted(k, i)) || "not known";
  }
  function order(by) { return LOOKS[by] ? Object.keys(LOOKS[by]) : ["not known"].concat(data.groups); }
  function look(name, by, ofSource) {
    if (LOOKS[by]) { return LOOKS[by][name]; }
    var place = data.groups.indexOf(name);
    return [place < 0 ? "muted" : "h" + place % HUES, ofSource ? "diamond" : "disc"];
  }
  function groupsOf(k) {
    var by = chosen("colour"), only = picker.value, found = {};
    for (var i = 0; i < plots[k].count; i++) {
      var name = group(k, i, by), faint = only && label(i) !== only && predicted(k, i) !== only;
      var key = [name, domain(i), faint ? "faint" : ""].join("\u0000");
      if (!hidden[name]) { (found[key] = found[key] || []).push(i); }
    }
    var result = [];
    order(by).forEach(function (name) {
      ["source", "target"].forEach(function (side) {
        ["faint", ""].forEach(function (faint) {
          var rows = found[[name, side, faint].join("\u0000")], style = look(name, by, side === "source");
          if (rows) { result.push({ name: name, color: "var(--" + style[0] + ")", shape: style[1], size: style[2] || 3, faint: Boolean(faint), rows: rows }); }
        });
      });
    });
    return result;
  }
  function describe(k, i, tip) {
    var row = data.rows[i], image = i < sources ? null : document.querySelector("#examples img[data-row='" + row + "']");
    function add(tag, text) { var line = document.createElement(tag); line.textContent = text; tip.append(line); }
    if (image) { tip.append(Object.assign(new Image(), { src: image.src, alt: "" })); }
    add("strong", (i < sources ? "row " + row : data.names[i - sources] || data.before + row) + " (" + domain(i) + ")");
    if (label(i) !== undefined) { add("span", "label: " + label(i)); }
    if (predicted(k, i) !== undefined) { add("span", "prediction: " + predicted(k, i)); }
    if (change(i)) { add("span", change(i)); }
  }
  var ICONS = { disc: "<circle cx='6' cy='6' r='4.5' class='filled'/>", diamond: "<path d='M6 1 11 6 6 11 1 6Z' class='open'/>",
    up: "<path d='M6 1 11.5 11H.5Z' class='filled'/>", down: "<path d='M6 11 .5 1h11Z' class='filled'/>", cross: "<path d='M2 2 10 10M10 2 2 10' class='open'/>" };
  function writeLegend() {
    var by = chosen("colour"), seen = {};
    for (var i = 0; i < plots[last].count; i++) { var name = group(last, i, by); seen[name] = (seen[name] || 0) + 1; }
    var names = order(by).filter(function (name) { return seen[name]; }), more = names.length - MOST_IN_LEGEND;
    legend.textContent = "";
    names.slice(0, MOST_IN_LEGEND).forEach(function (name) {
      var style = look(name, by), button = document.createElement("button"), icon = document.createElement("span");
      icon.innerHTML = "<svg width='12' height='12' aria-hidden='true'>" + ICONS[style[1]] + "</svg>";
      icon.style.color = "var(--" + style[0] + ")";
      button.type = "button";
      button.title = "Hide or show";
      button.setAttribute("aria-pressed", String(!hidden[name]));
      button.append(icon, name + " (" + seen[name] + ")");
      button.addEventListener("click", function () {
        hidden[name] = !hidden[name];
        button.setAttribute("aria-pressed", String(!hidden[name]));
        plots.forEach(function (plot) { plot.redraw(); });
      });
      legend.append(button);
    });
    if (more > 0) { legend.append("and " + more + " more; colours repeat, so pick one to see it alone"); }
  }
  function draw(event) {
    var view = chosen("view");
    if (event && event.target.name === "colour") { hidden = {}; }
    figures.forEach(function (figure, k) { figure.hidden = view !== "both" && view !== String(k); });
    maps.classList.toggle("one", view !== "both" || !last);
    writeLegend();
    plots.forEach(function (plot) { plot.redraw(); });
  }
  plots.forEach(function (plot, k) {
    plot.groups = function () { return groupsOf(k); };
    plot.describe = function (i, tip) { describe(k, i, tip); };
    // Pointing at an example in one map shows the same example in the other.
    plot.picked = function (i) { plots.forEach(function (other) { if (other !== plot) { other.show(i); } }); };
  });
  panel.addEventListener("change", draw);
  draw();
})();
