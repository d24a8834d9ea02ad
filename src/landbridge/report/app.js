"use strict";
(function () {
  var root = document.documentElement;
  var button = document.getElementById("theme");
  var wish = window.matchMedia("(prefers-color-scheme: dark)");

  function dark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : wish.matches;
  }
  function tell() {
    button.setAttribute("aria-pressed", String(dark()));
    document.dispatchEvent(new CustomEvent("landbridge-theme"));
  }
  button.hidden = false;
  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("landbridge-theme", root.dataset.theme); } catch (error) { /* private window */ }
    tell();
  });
  wish.addEventListener("change", tell);
  button.setAttribute("aria-pressed", String(dark()));

  document.querySelectorAll("button.copy").forEach(function (copy) {
    copy.hidden = false;
    copy.addEventListener("click", function () {
      var place = document.getElementById(copy.dataset.copy);
      var done = function () {
        copy.textContent = "Copied";
        setTimeout(function () { copy.textContent = "Copy"; }, 1500);
      };
      var select = function () {
        var range = document.createRange();
        range.selectNodeContents(place);
        var selection = window.getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        if (document.execCommand("copy")) { done(); }
      };
      if (navigator.clipboard) {
        navigator.clipboard.writeText(place.textContent).then(done, select);
      } else {
        select();
      }
    });
  });

  // Figures and lists that are folded away belong on paper too.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.from(document.querySelectorAll("details:not([open])"));
    folded.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () {
    folded.forEach(function (one) { one.open = false; });
  });
})();
