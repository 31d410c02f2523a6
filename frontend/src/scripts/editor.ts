/** The editor of one file: CodeMirror over the form's text, which still is what is sent. */

import { install } from "./workspace/editor";

const form = document.querySelector<HTMLFormElement>("form[data-editor]");
if (form) void install(form);
