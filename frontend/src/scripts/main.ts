/** On every page: styles, htmx, and the small behaviours that pages share. */

import "../styles/main.css";

import "./htmx";
import { installCopyButtons } from "./copy";
import { colourCode } from "./highlight";
import { installMenus } from "./menu";
import { installOwnKey } from "./own_key";
import { installSectionNav } from "./sections";
import { showCurrentEntries } from "./current_entry";
import { installTabs } from "./tabs";
import { installThemeSwitch } from "./theme";

installThemeSwitch();
installCopyButtons();
installMenus();
installTabs();
installOwnKey();
installSectionNav();
colourCode();
showCurrentEntries();
