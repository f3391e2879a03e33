// Hides the triples that the filters leave out: their rows in the tables, and their arcs.
const documents = [...document.querySelectorAll("article")].map((article) => ({
  article,
  text: article.querySelector(".text").textContent.toLowerCase(),
  pictures: [...article.querySelectorAll(".picture")],
  triples: [...article.querySelectorAll("tbody tr")].map((row) => ({
    relation: row.dataset.relation,
    kind: row.dataset.kind,
    score: Number(row.dataset.score),
    parts: [row, ...article.querySelectorAll(`.rin-arc[data-triple="${row.dataset.triple}"]`)],
  })),
}));

// Right, wrong and missed, on a page that compares.
const kinds = [...form.querySelectorAll("input[name=kind]")];

function update() {
  const hidden = new Set(kinds.filter((box) => !box.checked).map((box) => box.value));
  const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const least = Number(score.value);
  const words = search.value.trim().toLowerCase();
  const leavesNothingOut = chosen.size === boxes.length && least === 0 && !hidden.size;
  const count = { triples: 0, allTriples: 0, documents: 0 };
  for (const { article, text, pictures, triples } of documents) {
    const kept = triples.filter((triple) => chosen.has(triple.relation) &&
      triple.score >= least && !hidden.has(triple.kind));
    for (const triple of triples) {
      const isKept = kept.includes(triple);
      for (const part of triple.parts) part.toggleAttribute("hidden", !isKept);
    }
    for (const picture of pictures) {
      picture.hidden = !picture.querySelector(".rin-arc:not([hidden])");
    }
    // A document without triples is shown as long as the filters leave out no triple at all.
    article.hidden = !text.includes(words) || !(kept.length || leavesNothingOut);
    count.allTriples += triples.length;
    count.triples += article.hidden ? 0 : kept.length;
    count.documents += article.hidden ? 0 : 1;
  }
  document.getElementById("least").value = least.toFixed(2);
  document.getElementById("shown").textContent =
    `${count.triples} of ${count.allTriples} triples ` +
    `in ${count.documents} of ${documents.length} documents`;
}

startFilters(update);
