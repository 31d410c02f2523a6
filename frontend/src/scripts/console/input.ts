/** The left pane: what will be sent, by a form, as JSON, text or a file. */

import { formatBytes, parseTokens, picturesIn, pictureType } from "../json";
import { Form } from "./form";

const LARGEST_FILE_BYTES = 10 * 1024 * 1024;

type Kind = "form" | "json" | "text" | "file";

export interface Body {
  content: BodyInit;
  type: string;
}

/** What the visitor must mend before anything can be sent. */
export class InputError extends Error {}

/**
 * The input of one console. Pictures inside JSON are long: they stand beside the editor, and the editor holds
 * `"picture:1"` in their place.
 */
export class Input {
  private readonly editor: HTMLTextAreaElement;
  private readonly drop: HTMLElement;
  private readonly gallery: HTMLElement;
  /** Of algorithms that declare what they take; the editor holds the same input. */
  private readonly form: Form | null;
  private shown: Kind = "json";
  private sample: string;
  private file: File | null = null;
  private pictures: string[] = [];

  constructor(private readonly root: HTMLElement) {
    this.editor = find(root, ".editor") as HTMLTextAreaElement;
    this.drop = find(root, "[data-drop]");
    this.gallery = find(root, "[data-pictures]");
    const form = root.querySelector<HTMLFormElement>("[data-form]");
    this.form = form ? new Form(form) : null;
    this.sample = this.editor.value;
    this.reset();
    root.querySelector("[data-reset]")?.addEventListener("click", () => this.reset());
    for (const button of root.querySelectorAll<HTMLElement>("[data-sample]")) {
      button.addEventListener("click", () => this.fill(button));
    }
    for (const radio of root.querySelectorAll("[name=kind]")) radio.addEventListener("change", () => this.change());
    find(root, "[data-file]").addEventListener("change", (event) => this.take((event.target as HTMLInputElement).files));
    this.installDrop(this.editor.parentElement ?? root);
    this.show();
  }

  /** What to send. Throws an InputError. */
  body(): Body {
    if (this.kind === "file") {
      if (!this.file) throw new InputError("Choose a file first, or drop one on the left.");
      return { content: this.file, type: "application/octet-stream" };
    }
    if (this.kind === "text") return { content: this.editor.value, type: "text/plain" };
    if (this.form && this.kind === "form") {
      if (!this.form.check()) throw new InputError("A field is not as it must be: mend the one that is marked.");
      this.editor.value = this.form.text();
    }
    const text = this.expand(this.editor.value.trim() || "null");
    try {
      JSON.parse(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new InputError(`The input is not JSON: ${reason}. Put text into "quotes", or choose Text above.`);
    }
    return { content: text, type: "application/json" };
  }

  private get kind(): Kind {
    return (this.root.querySelector<HTMLInputElement>("[name=kind]:checked")?.value ?? "json") as Kind;
  }

  private set kind(kind: Kind) {
    const radio = this.root.querySelector<HTMLInputElement>(`[name=kind][value=${kind}]`);
    if (radio) radio.checked = true;
    this.show();
  }

  /** Carries the input over from the form to the editor, or back where its fields can hold it. */
  private change(): void {
    if (this.form && this.shown === "form") this.editor.value = this.form.text();
    if (this.form && this.kind === "form" && !this.form.fill(this.editor.value)) {
      this.form.refuse();
      this.kind = "json";
    } else {
      this.show();
    }
  }

  private show(): void {
    this.shown = this.kind;
    this.form?.show(this.kind === "form");
    this.editor.hidden = this.kind === "file" || this.kind === "form";
    this.drop.hidden = this.kind !== "file";
    this.gallery.hidden = !this.holdsPictures;
  }

  private get holdsPictures(): boolean {
    return (this.kind === "json" || this.kind === "form") && this.pictures.length > 0;
  }

  private reset(): void {
    this.pictures = findPictures(this.sample);
    let text = this.sample;
    this.pictures.forEach((picture, index) => (text = text.replace(picture, placeholder(index))));
    this.editor.value = text;
    this.kind = this.form?.fill(text) ? "form" : "json";
    this.drawPictures();
  }

  /** Takes another sample of the author's. */
  private fill(button: HTMLElement): void {
    this.sample = button.dataset["sampleText"] ?? "";
    this.reset();
    if (button.dataset["sampleKind"] === "text") {
      this.editor.value = this.sample;
      this.kind = "text";
    }
  }

  private expand(text: string): string {
    return this.pictures.reduce((all, picture, index) => all.replaceAll(`"${placeholder(index)}"`, `"${picture}"`), text);
  }

  private installDrop(pane: HTMLElement): void {
    pane.addEventListener("dragover", (event) => {
      event.preventDefault();
      pane.classList.add("dragged");
    });
    pane.addEventListener("dragleave", () => pane.classList.remove("dragged"));
    pane.addEventListener("drop", (event) => {
      event.preventDefault();
      pane.classList.remove("dragged");
      this.receive(event.dataTransfer?.files ?? null);
    });
  }

  /** A picture dropped on JSON that holds one takes its place; anything else is sent as a file. */
  private receive(files: FileList | null): void {
    const file = files?.[0];
    if (file && this.holdsPictures && file.type.startsWith("image/")) {
      void this.replacePicture(0, file);
    } else {
      this.take(files);
      this.kind = "file";
    }
  }

  private take(files: FileList | null): void {
    const file = files?.[0] ?? null;
    const chosen = find(this.root, "[data-chosen]");
    const tooLarge = file !== null && file.size > LARGEST_FILE_BYTES;
    this.file = tooLarge ? null : file;
    find(this.root, ".drop-empty").hidden = file !== null;
    chosen.hidden = file === null;
    chosen.replaceChildren(...(file ? describeFile(file, tooLarge) : []));
  }

  private async replacePicture(index: number, file: File): Promise<void> {
    this.pictures[index] = await toBase64(file);
    this.drawPictures();
  }

  private drawPictures(): void {
    this.gallery.replaceChildren(...this.pictures.map((picture, index) => this.drawPicture(picture, index)));
    this.show();
  }

  private drawPicture(picture: string, index: number): HTMLElement {
    const figure = element("figure", "picture");
    const image = document.createElement("img");
    image.src = `data:${pictureType(picture) ?? "image/png"};base64,${picture}`;
    image.alt = `Picture ${index + 1} of the input`;
    const caption = document.createElement("figcaption");
    const name = element("code", "mono");
    name.textContent = placeholder(index);
    const choose = element("label", "choose");
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.className = "visually-hidden";
    input.addEventListener("change", () => {
      if (input.files?.[0]) void this.replacePicture(index, input.files[0]);
    });
    choose.append("Choose another", input);
    caption.append(name, choose);
    figure.append(image, caption);
    return figure;
  }
}

function placeholder(index: number): string {
  return `picture:${index + 1}`;
}

function findPictures(text: string): string[] {
  try {
    return picturesIn(parseTokens(text));
  } catch {
    return [];
  }
}

function describeFile(file: File, tooLarge: boolean): HTMLElement[] {
  const parts: HTMLElement[] = [];
  if (file.type.startsWith("image/") && !tooLarge) {
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    image.alt = "The chosen picture";
    parts.push(image);
  }
  const name = element("strong", "");
  name.textContent = file.name;
  const size = element("span", tooLarge ? "field-error" : "muted small");
  size.textContent = tooLarge ? `${formatBytes(file.size)}: the most is 10 MiB.` : formatBytes(file.size);
  return [...parts, name, size];
}

async function toBase64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(binary);
}

export function find(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The console has no ${selector}.`);
  return found;
}

export function element(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  return made;
}
