/** The tables of the picture: which row is marked, which are shown, and in which order, from one picture to the next. */

interface Order {
  column: number;
  numeric: boolean;
  descending: boolean;
}

export class Rows {
  private marked: string | null = null;
  /** By the id of the table's heading. */
  private readonly orders = new Map<string, Order>();

  constructor(
    private readonly picture: HTMLElement,
    private readonly filter: HTMLInputElement,
  ) {
    filter.addEventListener("input", () => this.arrange());
  }

  /** Shows the next picture, with the focus and the marks of the one before. */
  replace(html: string): void {
    const focused = document.activeElement;
    const row = focused?.closest<HTMLElement>("[data-row]")?.dataset["row"];
    const sorted = focused?.closest<HTMLElement>("[data-sort-button]")?.dataset["sortButton"];
    const scrolled = [...this.picture.querySelectorAll(".table-scroll")].map((table) => table.scrollLeft);
    this.picture.innerHTML = html;
    this.arrange();
    this.picture.querySelectorAll(".table-scroll").forEach((table, place) => (table.scrollLeft = scrolled[place] ?? 0));
    if (row) this.find(row)?.querySelector<HTMLElement>("[data-act]")?.focus();
    if (sorted) this.picture.querySelector<HTMLElement>(`[data-sort-button="${CSS.escape(sorted)}"]`)?.focus();
  }

  /** Filters, orders and marks what is there. */
  arrange(): void {
    const wanted = this.filter.value.trim().toLowerCase();
    for (const row of this.all()) row.hidden = !row.textContent!.toLowerCase().includes(wanted);
    for (const table of this.picture.querySelectorAll<HTMLTableElement>("table[data-rows]")) this.sort(table);
    this.showMark();
  }

  /** Marks the row that is so many further on, among those that are shown. */
  move(by: number): void {
    const shown = this.all().filter((row) => !row.hidden);
    const at = shown.findIndex((row) => row.dataset["row"] === this.marked);
    const next = at < 0 ? 0 : Math.max(0, Math.min(shown.length - 1, at + by));
    this.marked = shown[next]?.dataset["row"] ?? null;
    this.showMark();
    shown[next]?.scrollIntoView({ block: "nearest" });
  }

  /** Does what the marked row's button does. */
  act(): void {
    if (this.marked) this.find(this.marked)?.querySelector<HTMLElement>("[data-act]")?.click();
  }

  private all(): HTMLElement[] {
    return [...this.picture.querySelectorAll<HTMLElement>("[data-row]")];
  }

  private find(row: string): HTMLElement | null {
    return this.picture.querySelector(`[data-row="${CSS.escape(row)}"]`);
  }

  private showMark(): void {
    for (const row of this.all()) row.toggleAttribute("data-marked", row.dataset["row"] === this.marked);
  }

  private sort(table: HTMLTableElement): void {
    const name = table.parentElement!.getAttribute("aria-labelledby")!;
    const heads = [...table.tHead!.rows[0]!.cells];
    heads.forEach((head, column) => this.offerSort(table, name, head, column));
    const order = this.orders.get(name);
    if (!order) return;
    heads[order.column]!.ariaSort = order.descending ? "descending" : "ascending";
    const body = table.tBodies[0]!;
    const rows = [...body.rows].sort((one, other) => compare(one, other, order));
    body.append(...rows);
  }

  private offerSort(table: HTMLTableElement, name: string, head: HTMLTableCellElement, column: number): void {
    const kind = head.dataset["sort"];
    if (!kind || head.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort-button";
    button.dataset["sortButton"] = `${name}-${column}`;
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const before = this.orders.get(name);
      const descending = before?.column === column ? !before.descending : kind === "number";
      this.orders.set(name, { column, numeric: kind === "number", descending });
      for (const other of table.tHead!.rows[0]!.cells) other.ariaSort = null;
      this.sort(table);
    });
    head.replaceChildren(button);
  }
}

function compare(one: HTMLTableRowElement, other: HTMLTableRowElement, order: Order): number {
  const [left, right] = [one, other].map((row) => row.cells[order.column]!);
  const difference = order.numeric
    ? Number(left!.dataset["value"]) - Number(right!.dataset["value"])
    : left!.textContent!.trim().localeCompare(right!.textContent!.trim());
  return order.descending ? -difference : difference;
}
