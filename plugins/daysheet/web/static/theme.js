// The look of the Airflow UI around the page: it keeps the choice where a frame of it can read it.
"use strict";
(function () {
  const page = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function dress() {
    const chosen = window.localStorage.getItem("theme");
    const isDark = chosen === "dark" || (chosen !== "light" && system.matches);
    page.dataset.theme = isDark ? "dark" : "light";
  }

  dress();
  system.addEventListener("change", dress);
  window.addEventListener("storage", dress);
  page.classList.toggle("alone", window === window.parent);
})();
