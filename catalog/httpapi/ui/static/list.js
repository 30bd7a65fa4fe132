// A table of any length, of which only the rows in sight exist.

import { h } from "./dom.js";

const spare = 8; // rows kept ready above and below what is in sight

// List shows items. columns: {title, class}; cells(item) gives what stands in each, the first of which
// is or holds a link; key(item) is what an item is known by from one list to the next.
export class List {
  constructor({ label, columns, cells, key, empty }) {
    Object.assign(this, { cells, key, items: [], first: 0, last: 0, columns, nothing: empty });
    this.body = h("tbody");
    this.table = h("table", { class: "list", "aria-label": label },
      h("thead", null, h("tr", null, columns.map((c) => h("th", { scope: "col", class: c.class }, c.title)))), this.body);
    this.note = h("p", { class: "empty", hidden: true });
    this.element = h("div", { class: "rows", tabindex: "-1" }, this.table, this.note);
    this.element.addEventListener("scroll", () => this.#moved(), { passive: true });
    this.body.addEventListener("click", (event) => {
      if (event.target.closest("a, button") || String(getSelection())) return;
      event.target.closest("tr")?.querySelector("a")?.click();
    });
    this.sizes = new ResizeObserver(() => this.#draw());
    this.sizes.observe(this.element);
  }

  close() { this.sizes.disconnect(); }

  // set shows other items, at the same place of the list.
  set(items) {
    this.items = items;
    this.note.hidden = items.length > 0;
    this.note.textContent = items.length ? "" : this.nothing;
    this.table.setAttribute("aria-rowcount", items.length + 1);
    this.#draw();
  }

  // move puts the focus some rows further, at first on the first.
  move(by) {
    if (this.items.length === 0) return;
    const at = this.#focused();
    const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), this.items.length - 1);
    const height = this.#height(), head = this.table.tHead.offsetHeight;
    const top = to * height, sight = this.element.clientHeight - head;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + height > this.element.scrollTop + sight) this.element.scrollTop = top + height - sight;
    this.#draw();
    this.body.querySelector(`tr[aria-rowindex="${to + 2}"] a`)?.focus({ preventScroll: true });
  }

  // resume scrolls to where the list was when it was last shown, with the focus on the row of that key.
  resume(top, key) {
    this.element.scrollTop = top;
    this.#draw();
    if (key !== undefined) this.#focus(key);
  }

  #focus(key) {
    [...this.body.rows].find((r) => r.dataset.key === key)?.querySelector("a")?.focus({ preventScroll: true });
  }

  #focused() {
    const row = document.activeElement?.closest?.("tr[aria-rowindex]");
    return row && this.body.contains(row) ? Number(row.getAttribute("aria-rowindex")) - 2 : -1;
  }

  #height() {
    this.rowHeight ??= parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 44;
    return this.rowHeight;
  }

  #range() {
    const height = this.#height();
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - spare);
    return [first, Math.min(this.items.length, first + Math.ceil(this.element.clientHeight / height) + 2 * spare)];
  }

  #moved() {
    const [first, last] = this.#range();
    if (first < this.first && this.first > 0 || last > this.last) this.#draw();
  }

  #draw() {
    const at = this.#focused(), held = at < 0 ? null : document.activeElement.closest("tr").dataset.key;
    [this.first, this.last] = this.#range();
    const rows = this.items.slice(this.first, this.last).map((item, i) => {
      const cells = this.cells(item);
      return h("tr", { "aria-rowindex": this.first + i + 2, "data-key": this.key(item) },
        cells.map((c, n) => h(n === 0 ? "th" : "td", { scope: n === 0 && "row", class: this.columns[n].class }, c)));
    });
    this.body.replaceChildren(this.#space(this.first), ...rows, this.#space(this.items.length - this.last));
    if (held !== null) this.#focus(held);
  }

  #space(rows) {
    const cell = h("td"); // of one column: on narrow screens there are not as many as in the list
    cell.style.height = `${rows * this.#height()}px`;
    return h("tr", { class: "space", "aria-hidden": "true" }, cell);
  }
}
