import { render } from "preact";
import { App } from "./app";
import { greet } from "./text";
import style from "./style.css?inline";

// The style comes with the script: one request less on a slow link, and nothing inline in the page.
const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
document.adoptedStyleSheets = [sheet];

await greet();
render(<App />, document.body);
