/** The declared input as a form: fields for the members of a flat object (templates/store/input_form.html). */

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Members = Record<string, unknown>;

/** Reads and writes the fields. What has no field, the editor holds alone: it is kept as it came. */
export class Form {
  private readonly fields: Field[];
  private readonly refusal: HTMLElement;
  private others: Members = {};

  constructor(private readonly form: HTMLFormElement) {
    this.fields = [...form.querySelectorAll<Field>("[data-name]")];
    this.refusal = form.nextElementSibling as HTMLElement;
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  show(shown: boolean): void {
    this.form.hidden = !shown;
    if (shown) this.refusal.hidden = true;
  }

  /** Says why the editor stays. */
  refuse(): void {
    this.refusal.hidden = false;
  }

  /** Takes the members of a JSON object; false when the text is none, or holds what a field cannot show. */
  fill(text: string): boolean {
    const members = text.trim() ? parseObject(text) : {};
    if (!members) return false;
    const texts = this.fields.map((field) => textOf(field, members));
    if (texts.includes(null)) return false;
    this.fields.forEach((field, index) => (field.value = texts[index] ?? ""));
    const known = new Set(this.fields.map((field) => field.dataset["name"]));
    this.others = Object.fromEntries(Object.entries(members).filter(([name]) => !known.has(name)));
    return true;
  }

  /** The object as JSON text; a field that is empty is left out. */
  text(): string {
    const given = this.fields.filter((field) => field.value !== "");
    const members = Object.fromEntries(given.map((field) => [field.dataset["name"] ?? "", valueOf(field)]));
    return JSON.stringify({ ...members, ...this.others }, null, 2);
  }

  /** Whether all fields are as they must be; the browser says which one is not. */
  check(): boolean {
    return this.form.reportValidity();
  }
}

function valueOf(field: Field): unknown {
  if (field.dataset["kind"] === "text") return field.value;
  return field.dataset["kind"] === "number" ? Number(field.value) : (JSON.parse(field.value) as unknown);
}

/** What the field shows for its member; null for a value that it cannot show. */
function textOf(field: Field, members: Members): string | null {
  const name = field.dataset["name"] ?? "";
  const kind = field.dataset["kind"];
  if (!Object.hasOwn(members, name)) return "";
  const value = members[name];
  if (kind === "text") return typeof value === "string" ? value : null;
  if (kind === "number") return typeof value === "number" ? String(value) : null;
  const text = JSON.stringify(value);
  return [...(field as HTMLSelectElement).options].some((option) => option.value === text) ? text : null;
}

function parseObject(text: string): Members | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : null;
  } catch {
    return null;
  }
}
