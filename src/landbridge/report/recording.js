"use strict";
(function () {
  document.querySelectorAll(".recording").forEach(function (figure) {
    var audio = figure.querySelector("audio");
    var plane = figure.querySelector(".plane");
    var head = figure.querySelector(".playhead");
    var button = figure.querySelector("button");
    var part = figure.dataset.part.split(" ").map(Number);
    var span = figure.dataset.span.split(" ").map(Number);
    var stop = null;

    function follow() {
      if (!audio.duration) { return; }
      var share = part[0] + (part[1] - part[0]) * audio.currentTime / audio.duration;
      head.style.left = 100 * share + "%";
      head.hidden = false;
      if (stop !== null && audio.currentTime >= stop) {
        stop = null;
        audio.pause();
      }
      if (!audio.paused) { requestAnimationFrame(follow); }
    }
    function play(from, to) {
      stop = to;
      audio.currentTime = from;
      audio.play().catch(function () { /* a pause came before the first sound */ });
    }
    button.hidden = false;
    button.addEventListener("click", function () { play(span[0], span[1]); });
    plane.addEventListener("click", function (event) {
      var box = plane.getBoundingClientRect();
      var share = (event.clientX - box.left) / box.width;
      var at = (share - part[0]) / (part[1] - part[0]);
      if (at >= 0 && at <= 1 && audio.duration) { play(at * audio.duration, null); }
    });
    audio.addEventListener("play", follow);
    audio.addEventListener("seeked", follow);
    audio.addEventListener("ended", function () { stop = null; });
  });
})();
