"use strict";
(function () {
  var holder = document.getElementById("map-data");
  if (!holder) { return; }
  var data = JSON.parse(holder.textContent);
  var panel = document.getElementById("map-panel");
  var status = document.getElementById("map-status");
  var legend = document.getElementById("map-legend");
  var maps = document.getElementById("maps");
  var figures = Array.from(maps.querySelectorAll("figure"));
  var plots = figures.map(function (figure) { return figure.querySelector(".plot"); });
  var picker = document.getElementById("map-class");
  var HUES = ["#4477aa", "#ee6677", "#228833", "#b8860b", "#0f9fc0", "#aa3377", "#8c6d46", "#7a5cc9", "#e07b1f", "#5d7f8f", "#c2478f", "#6b8e23"];
  var CHANGES = {
    "wrong to right": ["--good", "triangle-up", 9], "right to wrong": ["--bad", "triangle-down", 9],
    "wrong both times": ["--unsure", "x", 6], "right both times": ["--source", "circle", 5],
    "changed": ["--accent", "triangle-up", 8], "same answer": ["--source", "circle", 5],
    "source": ["--grey", "diamond-open", 5], "target, not judged": ["--muted", "circle", 4]
  };
  var MOST_IN_LEGEND = 12;
  panel.hidden = false;
  data.classes.forEach(function (name) {
    var option = document.createElement("option");
    option.value = name;
    option.textContent = name;
    picker.appendChild(option);
  });

  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }
  function chosen(name) { var input = panel.querySelector("input[name=" + name + "]:checked"); return input ? input.value : "both"; }
  function escape(text) {
    return String(text).replace(/[&<>"']/g, function (sign) { return "&#" + sign.charCodeAt(0) + ";"; });
  }
  function group(map, i, by) {
    var source = map.domain[i] === "source";
    if (by === "domain") { return map.domain[i]; }
    if (by === "change") { return source ? "source" : map.change[i] || "target, not judged"; }
    return map[by][i] === null ? "not known" : map[by][i];
  }
  function look(name, by) {
    if (by === "domain") { return name === "source" ? [css("--source"), "diamond-open", 6] : [css("--target"), "circle", 6]; }
    if (by === "change") { var found = CHANGES[name]; return [css(found[0]), found[1], found[2]]; }
    var place = data.classes.indexOf(name);
    return [place < 0 ? css("--muted") : HUES[place % HUES.length], null, 6];
  }
  function order(by) {
    if (by === "domain") { return ["source", "target"]; }
    if (by === "change") { return ["source", "target, not judged", "same answer", "right both times", "wrong both times", "changed", "right to wrong", "wrong to right"]; }
    return ["not known"].concat(data.classes);
  }
  function traces(map, by, only) {
    var parts = {};
    for (var i = 0; i < map.x.length; i++) {
      var key = group(map, i, by) + "\u0000" + map.domain[i];
      (parts[key] = parts[key] || []).push(i);
    }
    var result = [];
    order(by).forEach(function (name) {
      ["source", "target"].forEach(function (domain) {
        var rows = parts[name + "\u0000" + domain];
        if (!rows) { return; }
        var style = look(name, by);
        result.push({
          type: "scatter", mode: "markers", name: name, showlegend: false, rows: rows,
          x: rows.map(function (i) { return map.x[i]; }), y: rows.map(function (i) { return map.y[i]; }),
          text: rows.map(function (i) {
            var lines = ["<b>" + escape(map.name[i]) + "</b> (" + escape(map.domain[i]) + ")"];
            if (map.label[i] !== null) { lines.push("label: " + escape(map.label[i])); }
            if (map.predicted[i] !== null) { lines.push("prediction: " + escape(map.predicted[i])); }
            if (map.change[i]) { lines.push(escape(map.change[i])); }
            return lines.join("<br>");
          }),
          hovertemplate: "%{text}<extra></extra>",
          marker: {
            color: style[0], symbol: style[1] || (domain === "source" ? "diamond-open" : "circle"), size: style[2],
            opacity: rows.map(function (i) {
              var faint = only && map.label[i] !== only && map.predicted[i] !== only;
              return faint ? 0.06 : domain === "source" ? 0.7 : 0.85;
            }),
            line: { width: domain === "source" ? 1.2 : 0 }
          }
        });
      });
    });
    return result;
  }
  var ICONS = { "circle": "<circle cx='6' cy='6' r='4.5' fill='C'/>", "diamond-open": "<path d='M6 1 11 6 6 11 1 6Z' fill='none' stroke='C' stroke-width='1.6'/>",
    "triangle-up": "<path d='M6 1 11.5 11H.5Z' fill='C'/>", "triangle-down": "<path d='M6 11 .5 1h11Z' fill='C'/>", "x": "<path d='M2 2 10 10M10 2 2 10' stroke='C' stroke-width='2.6'/>" };
  function writeLegend(by) {
    var map = data.maps[data.maps.length - 1], seen = {};
    for (var i = 0; i < map.x.length; i++) { var g = group(map, i, by); seen[g] = (seen[g] || 0) + 1; }
    var names = order(by).filter(function (name) { return seen[name]; });
    var more = names.length - MOST_IN_LEGEND;
    legend.innerHTML = names.slice(0, more > 0 ? MOST_IN_LEGEND : names.length).map(function (name) {
      var style = look(name, by);
      return "<span><svg width='12' height='12' aria-hidden='true'>" + ICONS[style[1] || "circle"].replace(/C(?=')/g, style[0]) + "</svg>" + escape(name) + " (" + seen[name] + ")</span>";
    }).join("") + (more > 0 ? "<span>and " + more + " more; colours repeat, so pick a class to see it alone</span>" : "");
  }
  function layout() {
    var plain = { visible: false, fixedrange: false };
    return {
      margin: { l: 8, r: 8, t: 30, b: 8 }, xaxis: plain, yaxis: Object.assign({ scaleanchor: "x" }, plain), hovermode: "closest", dragmode: "pan",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--ink") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: css("--ink"), family: "system-ui, sans-serif", size: 12 },
      hoverlabel: { bgcolor: css("--paper"), bordercolor: css("--line"), font: { color: css("--ink") }, align: "left" }
    };
  }
  var config = { displaylogo: false, displayModeBar: true, responsive: true, scrollZoom: false, modeBarButtons: [["pan2d", "zoom2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"], ["toImage"]] };
  function draw() {
    var by = chosen("colour"), view = chosen("view"), shown = 0;
    figures.forEach(function (figure, k) {
      figure.hidden = view !== "both" && view !== String(k);
      shown += figure.hidden ? 0 : 1;
    });
    maps.classList.toggle("one", shown < 2);
    writeLegend(by);
    return Promise.all(plots.map(function (plot, k) {
      if (figures[k].hidden) { return null; }
      return Plotly.react(plot, traces(data.maps[k], by, picker.value), layout(), config);
    }));
  }
  function restyle() {
    plots.forEach(function (plot) {
      if (plot.data) { Plotly.relayout(plot, { "font.color": css("--ink"), "modebar.color": css("--muted"), "modebar.activecolor": css("--ink"), "hoverlabel.bgcolor": css("--paper"), "hoverlabel.bordercolor": css("--line"), "hoverlabel.font.color": css("--ink") }); }
    });
    draw();
  }
  // Pointing at an example in one map shows the same example in the other.
  function follow(from, to, k) {
    from.on("plotly_hover", function (event) {
      var at = event.points[0], mine = data.maps[k], other = data.maps[1 - k];
      if (!event.event || figures[1 - k].hidden || !at) { return; }
      var i = at.data.rows[at.pointNumber];
      for (var t = 0; t < to.data.length; t++) {
        for (var p = 0; p < to.data[t].rows.length; p++) {
          var j = to.data[t].rows[p];
          if (other.row[j] === mine.row[i] && other.domain[j] === mine.domain[i]) {
            Plotly.Fx.hover(to, [{ curveNumber: t, pointNumber: p }]);
            return;
          }
        }
      }
    });
    from.on("plotly_unhover", function () { if (!figures[1 - k].hidden) { Plotly.Fx.unhover(to); } });
  }
  function start() {
    draw().then(function () {
      status.textContent = "Drag to move, use the buttons above a map to zoom; pointing at an example shows it in both maps.";
      if (plots.length === 2) { follow(plots[0], plots[1], 0); follow(plots[1], plots[0], 1); }
      panel.addEventListener("change", draw);
      document.addEventListener("landbridge-theme", restyle);
      panel.dataset.ready = "yes";
    });
  }
  function load() {
    if (typeof DecompressionStream === "undefined") {
      status.textContent = "This browser is too old to unpack the map; everything else in this report is here.";
      return;
    }
    var text = atob(document.getElementById("plotly-packed").textContent), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i++) { bytes[i] = text.charCodeAt(i); }
    new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text().then(function (code) {
      var script = document.createElement("script");
      script.textContent = code;
      document.head.appendChild(script);
      start();
    });
  }
  // The map waits until it is nearly in sight: the verdict is on the screen at once.
  var begun = false;
  function once() { if (!begun) { begun = true; load(); } }
  if ("IntersectionObserver" in window) {
    new IntersectionObserver(function (entries, watcher) {
      if (entries.some(function (entry) { return entry.isIntersecting; })) { watcher.disconnect(); once(); }
    }, { rootMargin: "1200px" }).observe(panel);
  } else { once(); }
  window.addEventListener("beforeprint", once);
})();
