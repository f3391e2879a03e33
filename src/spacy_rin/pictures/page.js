// Hides the triples that the filters leave out: rows of the tables, and their arcs in the pictures.
const documents = [...document.querySelectorAll("article")].map((article) => ({
  article,
  text: article.querySelector(".text").textContent.toLowerCase(),
  pictures: [...article.querySelectorAll(".picture")],
  triples: [...article.querySelectorAll("tbody tr")].map((row) => ({
    relation: row.dataset.relation,
    score: Number(row.dataset.score),
    parts: [row, ...article.querySelectorAll(`.rin-arc[data-triple="${row.dataset.triple}"]`)],
  })),
}));

function update() {
  const chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const least = Number(score.value);
  const words = search.value.trim().toLowerCase();
  const isWide = chosen.size === boxes.length && least === 0;
  const count = { triples: 0, allTriples: 0, documents: 0 };
  for (const { article, text, pictures, triples } of documents) {
    const kept = triples.filter((triple) => chosen.has(triple.relation) && triple.score >= least);
    for (const triple of triples) {
      const isKept = kept.includes(triple);
      for (const part of triple.parts) part.toggleAttribute("hidden", !isKept);
    }
    for (const picture of pictures) {
      picture.hidden = !picture.querySelector(".rin-arc:not([hidden])");
    }
    // A document without triples says something as long as none is left out elsewhere.
    article.hidden = !text.includes(words) || !(kept.length || isWide);
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
