"use strict";
// Points that Python drew are drawn again in pixels: marks keep their size while one zooms, and each
// answers to the pointer, to a finger and to the arrow keys. One path holds all points that look
// alike: as quick as a canvas, sharp on paper, and it takes its colours from the page.
function scatterPlot(svg) {
  var EDGE = 14, HEAD = matchMedia("(hover: none)").matches ? 44 : EDGE, MOST_ZOOM = 25, SVG = "http://www.w3.org/2000/svg";
  var holder = svg.parentNode, lines = Array.from(svg.querySelectorAll(".marks polyline"));
  var X = [], Y = [], series = lines.map(function (line) {
    var found = (line.getAttribute("points").match(/-?\d+/g) || []).map(Number), rows = [];
    for (var i = 0; i < found.length; i += 2) { rows.push(X.length); X.push(found[i]); Y.push(found[i + 1]); }
    return { name: line.dataset.name, color: "var(--" + line.dataset.color + ")", shape: line.dataset.shape, rows: rows };
  });
  var plot = {
    svg: svg, count: X.length, series: series,
    groups: function () { return series; },      // what is drawn: name, color, shape, size, faint, rows
    describe: function (i, tip) { tip.textContent = nameOf[i]; },
    picked: function () {},                      // told which point is pointed at, -1 for none
    redraw: redraw, show: show, pick: pick
  };
  var nameOf = [];
  series.forEach(function (one) { one.rows.forEach(function (i) { nameOf[i] = one.name; }); });

  var box = bounds(), width = 0, height = 0, least = 1, zoom = 1, left = 0, top = 0, current = -1, seen = [], waiting = 0;
  var marks = make("g"), ring = make("circle"), frame = make("rect");
  var numbers = Array.from(svg.querySelectorAll(".group-number")), numberAt = [];
  svg.querySelector(".marks").replaceWith(marks);
  svg.append(ring, frame);
  ring.setAttribute("class", "ring");
  ring.setAttribute("r", 8);
  frame.setAttribute("class", "frame");
  holder.classList.add("plot");
  var tip = document.createElement("div"), tools = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tools.className = "tools";
  holder.append(tip, tools);
  svg.setAttribute("tabindex", "0");
  svg.setAttribute("role", "application");
  svg.setAttribute("aria-roledescription", "scatter plot");
  [["+", "Zoom in", function () { zoomBy(1.6); }], ["−", "Zoom out", function () { zoomBy(1 / 1.6); }],
    ["⟲", "Show all", fit], ["⤓", "Save as a picture", save]].forEach(function (one) {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = one[0];
    button.title = one[1];
    button.setAttribute("aria-label", one[1]);
    button.addEventListener("click", function () { one[2](); });
    tools.append(button);
  });

  function make(tag) { return document.createElementNS(SVG, tag); }
  function bounds() {
    var of = function (pick, values) { return values.reduce(function (a, b) { return pick(a, b); }, values[0] || 0); };
    return { x: of(Math.min, X), y: of(Math.min, Y), w: of(Math.max, X) - of(Math.min, X), h: of(Math.max, Y) - of(Math.min, Y) };
  }
  function atX(i) { return X[i] * zoom + left; }
  function atY(i) { return Y[i] * zoom + top; }
  function fit() {
    zoom = least = Math.min((width - 2 * EDGE) / (box.w || 1), (height - HEAD - EDGE) / (box.h || 1));
    left = width / 2 - (box.x + box.w / 2) * zoom;
    top = (height + HEAD - EDGE) / 2 - (box.y + box.h / 2) * zoom;
    redraw();
  }
  function zoomBy(factor, x, y) {
    var next = Math.min(least * MOST_ZOOM, zoom * factor);
    if (next <= least * 1.001) { fit(); return; }
    if (x === undefined) { x = width / 2; y = height / 2; }
    left = x - (x - left) * next / zoom;
    top = y - (y - top) * next / zoom;
    zoom = next;
    redraw();
  }
  function zoomTo(a, b) {
    var factor = Math.min(width / Math.abs(a.x - b.x), height / Math.abs(a.y - b.y), least * MOST_ZOOM / zoom);
    left = width / 2 - ((a.x + b.x) / 2 - left) * factor;
    top = height / 2 - ((a.y + b.y) / 2 - top) * factor;
    zoom *= factor;
    redraw();
  }

  var SHAPES = {
    disc: function (r) { return "m" + -r + " 0a" + r + " " + r + " 0 1 0 " + 2 * r + " 0a" + r + " " + r + " 0 1 0 " + -2 * r + " 0"; },
    diamond: function (r) { r *= 1.3; return "m0 " + -r + "l" + r + " " + r + " " + -r + " " + r + " " + -r + " " + -r + "Z"; },
    up: function (r) { return "m0 " + -r + "l" + r + " " + 1.8 * r + "h" + -2 * r + "Z"; },
    down: function (r) { return "m0 " + r + "l" + r + " " + -1.8 * r + "h" + -2 * r + "Z"; },
    cross: function (r) { return "m" + -r + " " + -r + "l" + 2 * r + " " + 2 * r + "m0 " + -2 * r + "l" + -2 * r + " " + 2 * r; }
  };
  function paths(groups) {
    while (marks.childNodes.length > groups.length) { marks.lastChild.remove(); }
    while (marks.childNodes.length < groups.length) { marks.append(make("path")); }
    groups.forEach(function (group, k) {
      var shape = SHAPES[group.shape](group.size || 3), path = marks.childNodes[k], d = "";
      group.rows.forEach(function (i) {
        var x = atX(i), y = atY(i);
        if (x > -9 && y > -9 && x < width + 9 && y < height + 9) { d += "M" + x.toFixed(1) + " " + y.toFixed(1) + shape; }
      });
      path.setAttribute("d", d);
      path.setAttribute("class", (group.shape === "diamond" || group.shape === "cross" ? "open" : "filled") + (group.faint ? " faint" : ""));
      path.style.color = group.color;
    });
  }
  function draw() {
    waiting = 0;
    var groups = plot.groups();
    seen = [].concat.apply([], groups.filter(function (group) { return !group.faint; }).map(function (group) { return group.rows; }));
    paths(groups);
    numbers.forEach(function (one, k) {
      one.setAttribute("x", numberAt[k][0] * zoom + left);
      one.setAttribute("y", numberAt[k][1] * zoom + top + 5);
    });
    svg.classList.toggle("zoomed", zoom > least * 1.01);
    show(current);
  }
  function redraw() { if (!waiting && width) { waiting = requestAnimationFrame(draw); } }

  // Marks a point and says what it is; `pick` tells whoever listens as well.
  function show(i) {
    current = seen.indexOf(i) < 0 ? -1 : i;
    var inside = current >= 0 && atX(i) >= 0 && atY(i) >= 0 && atX(i) <= width && atY(i) <= height;
    ring.style.display = tip.style.display = inside ? "block" : "none";
    if (!inside) { return; }
    ring.setAttribute("cx", atX(i));
    ring.setAttribute("cy", atY(i));
    tip.textContent = "";
    plot.describe(i, tip);
    var right = atX(i) < width / 2, low = atY(i) < height / 2;
    tip.style.left = right ? atX(i) + 14 + "px" : "auto";
    tip.style.right = right ? "auto" : width - atX(i) + 14 + "px";
    tip.style.top = low ? atY(i) + "px" : "auto";
    tip.style.bottom = low ? "auto" : height - atY(i) + "px";
    tip.style.maxWidth = Math.max(90, (right ? width - atX(i) : atX(i)) - 22) + "px";
  }
  function pick(i) {
    if (i !== current) { show(i); plot.picked(current); }
  }
  function nearest(x, y, reach) {
    var best = -1, least = reach * reach;
    seen.forEach(function (i) {
      var dx = atX(i) - x, dy = atY(i) - y, far = dx * dx + dy * dy;
      if (far < least) { least = far; best = i; }
    });
    return best;
  }
  // The nearest point that lies this way, rather ahead than aside.
  function step(dx, dy) {
    var from = current < 0 ? nearest(width / 2, height / 2, 1e9) : current, best = from, least = Infinity;
    if (current >= 0) {
      seen.forEach(function (i) {
        var x = atX(i) - atX(from), y = atY(i) - atY(from), ahead = x * dx + y * dy, aside = Math.abs(x * dy - y * dx);
        if (ahead > .5 && aside <= 2 * ahead && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = i; }
      });
    }
    var x = atX(best), y = atY(best);
    if (x < 0 || y < 0 || x > width || y > height) { left += width / 2 - x; top += height / 2 - y; redraw(); }
    pick(best);
  }

  var held = new Map(), moved = false, corner = null;
  function place(event) {
    var at = svg.getBoundingClientRect();
    return { x: event.clientX - at.left - svg.clientLeft, y: event.clientY - at.top - svg.clientTop };
  }
  svg.addEventListener("pointerdown", function (event) {
    if (event.button) { return; }
    var at = place(event);
    svg.setPointerCapture(event.pointerId);
    held.set(event.pointerId, at);
    moved = held.size > 1;
    corner = event.shiftKey ? at : null;
  });
  svg.addEventListener("pointermove", function (event) {
    var at = place(event), was = held.get(event.pointerId);
    if (!was) { pick(nearest(at.x, at.y, 16)); return; }
    if (!moved && Math.hypot(at.x - was.x, at.y - was.y) < 4) { return; }
    moved = true;
    if (corner) { outline(corner, at); return; }
    var others = Array.from(held.keys()).filter(function (id) { return id !== event.pointerId; });
    if (others.length) {
      var other = held.get(others[0]), before = Math.hypot(was.x - other.x, was.y - other.y);
      zoomBy(Math.hypot(at.x - other.x, at.y - other.y) / (before || 1), other.x, other.y);
    } else {
      left += at.x - was.x;
      top += at.y - was.y;
      redraw();
    }
    held.set(event.pointerId, at);
  });
  function outline(a, b) {
    frame.style.display = "block";
    frame.setAttribute("x", Math.min(a.x, b.x));
    frame.setAttribute("y", Math.min(a.y, b.y));
    frame.setAttribute("width", Math.abs(a.x - b.x));
    frame.setAttribute("height", Math.abs(a.y - b.y));
  }
  function release(event) {
    if (!held.delete(event.pointerId)) { return; }
    var at = place(event), up = event.type === "pointerup";
    if (up && corner && moved) { zoomTo(corner, at); }
    if (up && !moved) { pick(nearest(at.x, at.y, event.pointerType === "touch" ? 26 : 16)); }
    if (!held.size) { corner = null; frame.style.display = "none"; }
  }
  svg.addEventListener("pointerup", release);
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("pointerleave", function (event) { if (event.pointerType === "mouse" && !held.size) { pick(-1); } });
  svg.addEventListener("blur", function () { pick(-1); });
  svg.addEventListener("dblclick", fit);
  // A wheel that scrolls the page goes on scrolling it: it zooms a plot that was clicked, or with Ctrl.
  svg.addEventListener("wheel", function (event) {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== svg) { return; }
    event.preventDefault();
    var at = place(event), lines = event.deltaMode ? 16 : 1;
    zoomBy(Math.exp(-event.deltaY * lines * (event.ctrlKey ? .01 : .0018)), at.x, at.y);
  }, { passive: false });
  svg.addEventListener("keydown", function (event) {
    var key = event.key, way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (way) { step(way[0], way[1]); }
    else if (key === "+" || key === "=") { zoomBy(1.6); }
    else if (key === "-") { zoomBy(1 / 1.6); }
    else if (key === "0") { fit(); }
    else if (key === "Escape") { pick(-1); }
    else { return; }
    event.preventDefault();
  });

  function save() {
    var copy = svg.cloneNode(true), own = svg.querySelectorAll("*"), to = copy.querySelectorAll("*");
    own.forEach(function (one, k) {
      var look = getComputedStyle(one);
      to[k].style.cssText = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "display", "font", "text-anchor", "paint-order"].map(function (name) { return name + ":" + look.getPropertyValue(name); }).join(";");
    });
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("width", 2 * width);
    copy.setAttribute("height", 2 * height);
    var image = new Image();
    image.onload = function () {
      var canvas = document.createElement("canvas"), ink = canvas.getContext("2d"), link = document.createElement("a");
      canvas.width = 2 * width;
      canvas.height = 2 * height;
      ink.fillStyle = getComputedStyle(svg).backgroundColor;
      ink.fillRect(0, 0, canvas.width, canvas.height);
      ink.drawImage(image, 0, 0);
      link.download = (svg.getAttribute("aria-label").split(":")[0] + ".png").toLowerCase().replace(/[^a-z0-9.]+/g, "-");
      link.href = canvas.toDataURL();
      link.click();
    };
    image.src = "data:image/svg+xml," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  }

  numberAt = numbers.map(function (one) {  // as drawn, on the grid of the points
    return [2 * one.getAttribute("x"), 2 * (one.getAttribute("y") - 5)];
  });
  function measure() {
    if (!svg.clientWidth || svg.clientWidth === width && svg.clientHeight === height) { return; }
    width = svg.clientWidth;
    height = svg.clientHeight;
    svg.setAttribute("viewBox", "0 0 " + width + " " + height);
    fit();
  }
  new ResizeObserver(measure).observe(svg);
  measure();
  return plot;
}
document.querySelectorAll("svg.scatter").forEach(function (svg) { svg.plot = scatterPlot(svg); });
