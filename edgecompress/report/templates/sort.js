"use strict";
// Heads become buttons here, so that without scripts none is there that does nothing.
for (const table of document.querySelectorAll("table.runs")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const keyOf = (row, column) => row.cells[column].dataset.key;
  const compare = (one, other) => {
    const numbers = [one, other].map(Number);
    return numbers.some(Number.isNaN) ? one.localeCompare(other) : numbers[0] - numbers[1];
  };
  const sort = (head, column) => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const one of heads) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const rows = [...body.rows].sort((a, b) => {
      const [one, other] = [keyOf(a, column), keyOf(b, column)];
      if (one === "" || other === "") return (one === "") - (other === "");
      return sign * compare(one, other);
    });
    body.append(...rows);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });
}
