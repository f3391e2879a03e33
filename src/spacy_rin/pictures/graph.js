// Hides the triples that the filters leave out, and the entities that have no other triples. If an
// entity is chosen, the table has its triples only, and everything else in the graph is faint.
const rows = [...document.querySelectorAll("tbody tr")];
const nodes = [...document.querySelectorAll(".rin-node")];
const edges = new Map(
  [...document.querySelectorAll(".rin-edge")].map((edge) => [edge.dataset.edge, edge]),
);
let chosen = null;

function update() {
  const relations = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const least = Number(score.value);
  const name = search.value.trim().toLowerCase();
  const named = (cell) => cell.textContent.toLowerCase().includes(name);
  const seen = new Set();
  const near = new Set();
  let count = 0;
  for (const row of rows) {
    const { edge, head, tail, relation } = row.dataset;
    const isKept = relations.has(relation) && Number(row.dataset.score) >= least &&
      (named(row.cells[0]) || named(row.cells[2]));
    const isNear = isKept && (head === chosen || tail === chosen);
    row.hidden = !isKept || (chosen !== null && !isNear);
    count += row.hidden ? 0 : 1;
    if (isKept) seen.add(head).add(tail);
    if (isNear) near.add(head).add(tail);
    const line = edges.get(edge); // none for a triple from an entity to itself
    if (!line) continue;
    line.toggleAttribute("hidden", !isKept);
    line.classList.toggle("near", isNear);
    line.classList.toggle("far", chosen !== null && !isNear);
  }
  for (const node of nodes) {
    const number = node.dataset.node;
    node.toggleAttribute("hidden", !seen.has(number) && number !== chosen);
    node.setAttribute("aria-pressed", String(number === chosen));
    node.classList.toggle("far", chosen !== null && !near.has(number) && number !== chosen);
  }
  document.getElementById("least").value = least.toFixed(2);
  const entities = chosen === null ? seen.size : near.size;
  document.getElementById("shown").textContent =
    `${count} of ${rows.length} triples, ${entities} of ${nodes.length} entities`;
}

function choose(event) {
  const node = event.target.closest(".rin-node");
  const number = node ? node.dataset.node : null;
  chosen = number === chosen ? null : number;
  update();
}

document.querySelector(".graph").addEventListener("click", choose);
document.querySelector(".graph").addEventListener("keydown", (event) => {
  if (event.key === "Escape") chosen = null;
  else if (event.key !== "Enter" && event.key !== " ") return;
  else if (!event.target.closest(".rin-node")) return;
  event.preventDefault();
  if (event.key === "Escape") update();
  else choose(event);
});
startFilters(update);
