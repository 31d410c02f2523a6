/** CodeMirror in the place of a form's text area. Without it, or before it is there, the text area does the same. */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, LanguageDescription, syntaxHighlighting } from "@codemirror/language";
import { languages } from "@codemirror/language-data";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const LEAVE = "You have changed this file and not committed it.";

/** Names of colours that the design system has (tokens.css). */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--accent)" },
  { tag: [tags.string, tags.regexp], color: "var(--good)" },
  { tag: [tags.comment, tags.meta], color: "var(--ink-faint)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--money)" },
  { tag: [tags.function(tags.variableName), tags.className, tags.typeName], color: "var(--accent-strong)" },
]);

const theme = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--ink)", fontSize: "0.875rem", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--font-code)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-faint)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--accent) 7%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-wash) !important" },
});

export async function install(form: HTMLFormElement): Promise<void> {
  const area = form.querySelector<HTMLTextAreaElement>("textarea[name=text]")!;
  const path = form.querySelector<HTMLInputElement>("input[name=path]")!;
  const language = new Compartment();
  const saved = area.value;
  let sending = false;

  const send = () => {
    form.requestSubmit();
    return true;
  };
  const view = new EditorView({
    doc: area.value,
    // In a root of its own, styles are adopted sheets: the content security policy allows no style in the page.
    root: makeRoot(area),
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      syntaxHighlighting(colours),
      theme,
      EditorView.contentAttributes.of({ "aria-label": "Text" }),
      EditorState.readOnly.of(area.readOnly),
      keymap.of([{ key: "Mod-s", run: send, preventDefault: true }, ...defaultKeymap, ...historyKeymap, indentWithTab]),
      language.of([]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) area.value = update.state.doc.toString();
      }),
    ],
  });
  hostOf(area).shadowRoot!.append(view.dom);
  area.hidden = true;
  form.addEventListener("submit", () => (sending = true));
  addEventListener("beforeunload", (event) => {
    if (!sending && area.value !== saved) {
      event.preventDefault();
      event.returnValue = LEAVE;
    }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s" && !area.readOnly) {
      event.preventDefault();
      send();
    }
  });
  const colour = async () => {
    const found = LanguageDescription.matchFilename(languages, path.value);
    view.dispatch({ effects: language.reconfigure(found ? await found.load() : []) });
  };
  path.addEventListener("change", () => void colour());
  await colour();
}

function makeRoot(area: HTMLTextAreaElement): ShadowRoot {
  const host = document.createElement("div");
  host.className = "code-editor";
  area.after(host);
  return host.attachShadow({ mode: "open" });
}

function hostOf(area: HTMLTextAreaElement): HTMLElement {
  return area.nextElementSibling as HTMLElement;
}
