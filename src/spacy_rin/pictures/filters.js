// The filters of a page. The script that follows, page.js or graph.js, hides what they leave out.
"use strict";
const form = document.getElementById("filters");
const search = document.getElementById("search");
const score = document.getElementById("score");
const boxes = [...form.querySelectorAll("input[name=relation]")];

function startFilters(update) {
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", (event) => {
    const choice = event.target.dataset.choose;
    if (!choice) return;
    for (const box of boxes) box.checked = choice === "all";
    update();
  });
  form.hidden = false;
  update();
}
