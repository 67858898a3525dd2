// Fails when a key that the controller may send has no text, or when a text stands outside the catalogues.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const here = new URL(".", import.meta.url).pathname;
const faults = [];
const fault = (what) => faults.push(what);

const languages = readdirSync(join(here, "src/text")).map((file) => ({
  file,
  groups: JSON.parse(readFileSync(join(here, "src/text", file), "utf8")),
}));
const english = languages.find(({ file }) => file === "en.json").groups;

function files(folder, ending) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path, ending) : path.endsWith(ending) ? [path] : [];
  });
}

function need(group, keys, source) {
  for (const { file, groups } of languages) {
    for (const key of keys)
      if (!groups[group]?.[key]) fault(`${file}: ${group}.${key} is missing (${source})`);
  }
}

// Each language has the keys and the parameters of the English one, and no others.
const parameters = (template) => [...template.matchAll(/\{\w+\}/g)].map(String).sort().join();
for (const { file, groups } of languages) {
  for (const [group, texts] of Object.entries(english)) {
    need(group, Object.keys(texts), "en.json");
    for (const [key, template] of Object.entries(groups[group] ?? {})) {
      if (texts[key] === undefined) fault(`${file}: ${group}.${key} is not in en.json`);
      else if (parameters(template) !== parameters(texts[key]))
        fault(`${file}: ${group}.${key} has other parameters than en.json`);
    }
  }
}

// Every reason of the core.
const plc = join(here, "../plc/src");
const reasons = readFileSync(join(plc, "reason.rs"), "utf8").match(/^reasons! \{([\s\S]*?)^\}/m)[1];
need(
  "reason",
  [...reasons.matchAll(/^ {4}(\w+),/gm)].map(([, key]) => key),
  "plc/src/reason.rs",
);

// Every quality, every state of a unit or a device, every command.
const enumeration = (source, name) =>
  [...source.match(new RegExp(`pub enum ${name} \\{([\\s\\S]*?)^\\}`, "m"))[1].matchAll(/^ {4}(\w+)/gm)].map(
    ([, key]) => key,
  );
const signal = readFileSync(join(plc, "signal.rs"), "utf8");
need("quality", [...enumeration(signal, "Doubt"), ...enumeration(signal, "Fault")], "plc/src/signal.rs");
need("command", enumeration(readFileSync(join(plc, "image.rs"), "utf8"), "Command"), "plc/src/image.rs");
for (const path of files(plc, ".rs")) {
  for (const [, names] of readFileSync(path, "utf8").matchAll(/^states! \{ ?\w+ \{([^}]*)\}/gm)) {
    need(
      "state",
      names
        .split(",")
        .map((name) => name.trim())
        .filter(Boolean),
      path,
    );
  }
}

// Every refusal of a request, every note of the controller.
const shell = join(here, "../src");
for (const path of files(shell, ".rs")) {
  const source = readFileSync(path, "utf8");
  need(
    "note",
    [...source.matchAll(/Note::of\("(\w+)"\)/g)].map(([, key]) => key),
    path,
  );
  if (!path.startsWith(join(shell, "web/")) || path.includes("/tests/")) continue;
  const refusals = [...source.matchAll(/StatusCode::[A-Z_]+,\s*"([A-Z]\w+)"/g)].map(([, key]) => key);
  need("error", refusals, path);
}

// Every alarm of the list: its text, and what a villager does.
try {
  const plant = readFileSync(join(here, "../docs/spec/plant.md"), "utf8");
  const list = plant.slice(plant.indexOf("## 4. "), plant.indexOf("## 5. "));
  const numbers = [...list.matchAll(/^\| (\d{3}) \|/gm)].map(([, number]) => number);
  need("alarm", numbers, "docs/spec/plant.md");
  need("do", numbers, "docs/spec/plant.md");
} catch (error) {
  if (error.code !== "ENOENT") throw error;
}

// Points that show the catalogue's own English line, because no language file names them: said, not refused.
const declared = /^(?:inputs|settings|status|outputs|retained)! \{[\s\S]*?^\}/gm;
for (const path of files(plc, ".rs")) {
  const unit = path.split("/").pop().replace(".rs", "");
  for (const [face] of readFileSync(path, "utf8").matchAll(declared)) {
    const fields = [...face.matchAll(/^ +pub (\w+): [^\n=]*=/gm)].map(([, field]) => field);
    const unnamed = fields.filter((field) => !english.point[field] && !english.point[`${unit}.${field}`]);
    if (unnamed.length > 0) console.log(`note: ${path} has points without a text: ${unnamed.join(", ")}`);
  }
}

// No key of the page itself that no page uses.
const pages = files(join(here, "src"), ".tsx")
  .concat(files(join(here, "src"), ".ts"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");
for (const key of Object.keys(english.ui))
  if (!pages.includes(`"${key}"`)) fault(`en.json: ui.${key} is used nowhere`);

// No text outside the catalogues: between tags there are only expressions.
for (const path of files(join(here, "src"), ".tsx")) {
  const lines = readFileSync(path, "utf8").split("\n");
  lines.forEach((line, index) => {
    if (/^\s*(\/\/|\/\*|\*)/.test(line)) return;
    const between = />[^<>{}=;()]*[A-Za-z]{2,}[^<>{}=;()]*<\//;
    const alone = /^\s*[A-Za-z]+( [A-Za-z]+)+[.!?]?$/;
    if (between.test(line) || alone.test(line)) fault(`${path}:${index + 1}: text outside the catalogues`);
  });
}

if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(
  `texts: ${languages.length} languages, ${Object.values(english).reduce((sum, texts) => sum + Object.keys(texts).length, 0)} keys, complete`,
);
