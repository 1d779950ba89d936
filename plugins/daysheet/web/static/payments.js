// The running line of a payment while it is typed, and a word before unsaved work is left.
"use strict";
(function () {
  let unsaved = false;

  // In cents, as whole numbers; nothing is no amount.
  function cents(text) {
    const found = /^(-?)\$?(\d+)(?:\.(\d{0,2})0*)?$/.exec(text.trim().replace(/,/g, ""));
    if (!found) return null;
    return (found[1] ? -1 : 1) * (100 * Number(found[2]) + Number((found[3] || "").padEnd(2, "0")));
  }

  function money(amount) {
    if (amount === null) return "—";
    const whole = Math.floor(Math.abs(amount) / 100).toLocaleString("en-US");
    return (amount < 0 ? "-$" : "$") + whole + "." + String(Math.abs(amount) % 100).padStart(2, "0");
  }

  function add(form) {
    let allocated = 0;
    for (const row of form.querySelectorAll("tr[data-owed]")) {
      const part = cents(row.querySelector("[name=part]").value);
      const after = cents(row.dataset.owed) - (part || 0);
      const isGiven = part !== null && part !== cents(row.dataset.was);
      allocated += part || 0;
      row.querySelector("[data-rest]").textContent = !isGiven ? ""
        : after > 0 ? money(after) + " left" : after < 0 ? money(-after) + " too much" : "settled";
      row.querySelector("[name=rest]").hidden = !(isGiven && after > 0);
      row.querySelector(".keep").hidden = !(isGiven && after < 0);
    }
    const line = form.querySelector(".running");
    if (!line) return;
    const entered = form.querySelector("[name=amount]");
    const amount = cents(entered ? entered.value : form.dataset.amount);
    const left = amount === null ? null : amount - allocated;
    for (const [name, sum] of Object.entries({ amount, allocated, left })) {
      line.querySelector("[data-sum=" + name + "]").textContent = money(sum);
    }
    line.classList.toggle("bad", left !== null && left * Math.sign(amount) < 0);
  }

  function addAll() {
    document.querySelectorAll("form[data-sharing]").forEach(add);
  }

  document.addEventListener("input", function (event) {
    const form = event.target.form;
    if (form && "unsaved" in form.dataset) unsaved = true;
    if (form && "sharing" in form.dataset) add(form);
  });
  document.addEventListener("submit", function () { unsaved = false; });
  document.addEventListener("htmx:afterSettle", addAll);
  window.addEventListener("beforeunload", function (event) {
    if (unsaved) event.preventDefault();
  });
  if (document.querySelector("[role=alert]")) unsaved = true;
  addAll();
})();
