// Says how many rows of the aging list are ticked, and how much they are together.
"use strict";
(function () {
  function tell() {
    const said = document.getElementById("ticked");
    if (!said) return;
    const ticked = document.querySelectorAll('input[name="session"]:checked');
    let cents = 0;
    ticked.forEach(function (box) { cents += Math.round(100 * Number(box.dataset.amount)); });
    const dollars = (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
    said.textContent = ticked.length ? ticked.length + " selected, " + dollars : "";
  }
  document.addEventListener("change", tell);
  document.addEventListener("htmx:afterSwap", tell);
  window.addEventListener("pageshow", tell);
})();
