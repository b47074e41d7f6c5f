// Tables sort and filter; without this they stand as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const items = [...body.rows].filter((row) => row.classList.contains("item"));
  if (items.length < 2) continue;
  const rest = [...body.rows].filter((row) => !row.classList.contains("item"));
  [...table.tHead.rows[0].cells].forEach((head, place) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const number = head.classList.contains("amount") || head.classList.contains("count");
      const text = (row) => row.cells[place].textContent;
      const value = (row) => Number(text(row).replace(/[^0-9.-]/g, "") || 0);
      const order = number ? (a, b) => value(a) - value(b) : (a, b) => text(a).localeCompare(text(b));
      items.sort(down ? (a, b) => order(b, a) : order);
      body.append(...items, ...rest);
    });
  });
  const filter = table.closest("details, article").querySelector(".filter");
  if (!filter) continue;
  filter.hidden = false;
  filter.querySelector("input").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase();
    for (const row of items) row.hidden = !row.textContent.toLowerCase().includes(words);
  });
}
// A link to a folded list opens it.
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") target.open = true;
};
addEventListener("hashchange", open);
open();
