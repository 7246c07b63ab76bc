"use strict";
// Sorts and filters the tables that are there. All text comes from and goes back into the page as
// nodes; nothing is ever parsed as HTML.
(() => {
  const value = (row, column) => {
    const cell = row.cells[column];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent.trim().toLowerCase();
  };

  const order = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");

  const sort = (table, heading) => {
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const isNumber = rows.length > 0 && typeof value(rows[0], column) === "number";
    const current = heading.getAttribute("aria-sort");
    // The first press shows what people look for: most, earliest, A to Z.
    const first = isNumber && !heading.textContent.match(/First|After/) ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const next = current === first ? other : first;
    for (const th of heading.parentNode.cells) th.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", next);
    const sign = next === "ascending" ? 1 : -1;
    const keyed = rows.map(row => [value(row, column), row]);
    keyed.sort((a, b) => sign * order(a[0], b[0]));
    body.append(...keyed.map(pair => pair[1]));
  };

  for (const table of document.querySelectorAll("table")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(table, heading));
    }
  }

  const box = document.querySelector(".filter");
  if (!box) return;
  const input = box.querySelector("input");
  const output = box.querySelector("output");
  const tables = [...document.querySelectorAll("table")].map(table => ({
    name: table.querySelector("h2").textContent.toLowerCase(),
    rows: [...table.tBodies[0].rows].map(row => ({ row, text: row.textContent.toLowerCase() })),
  }));
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(word => word !== "");
    const said = [];
    for (const { name, rows } of tables) {
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !words.every(word => text.includes(word));
        if (!row.hidden) shown += 1;
      }
      said.push(`${name === "every attempt" ? "rows of attempts" : name}: ${shown} of ${rows.length}`);
    }
    output.textContent = words.length ? said.join(", ") : "";
  };
  input.addEventListener("input", filter);
  box.hidden = false;
  filter();
})();
