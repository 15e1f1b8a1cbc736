/**
 * The declarations of a face and of what it uses, and nothing else: what a folder's `index.ts` hands on and
 * nobody asks for is left out, or programs would need the types of packages that they never see.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** What a program may leave out of its own `lib`. */
const libraries = '/// <reference lib="esnext.disposable" />\n';

/** @typedef {{ from: string, into: string, faces: Readonly<Record<string, string>> }} Places */

/** An import or export of names, or of all of them, that stand elsewhere. */
const linked = /^(import|export)( type)? (\{[^}]*\}|\* as \w+|\*) from "([^"]+)";\n?/gm;
/** What is run and declares nothing. */
const effect = /^import "[^"]+";\n?/gm;
/** A type that is named where it is used. */
const inline = /\bimport\("([^"]+)"\)\.(\w+)/g;

/**
 * Copies what the entries reach. `faces` has the sources behind the names of the project's packages.
 *
 * @param {readonly string[]} entries
 * @param {Places} places
 */
export function copyDeclarations(entries, { from, into, faces }) {
  /** Names that are asked for, by file; `*` is all of them. @type {Map<string, Set<string>>} */
  const asked = new Map();
  /** @type {string[]} */
  const waiting = [];
  const read = (/** @type {string} */ source) =>
    readFileSync(join(from, declarationOf(source)), "utf8");
  /** @param {string} source @param {Iterable<string>} names */
  const ask = (source, names) => {
    const known = asked.get(source) ?? new Set();
    const before = known.size;
    for (const name of names) known.add(name);
    if (known.size === before) return;
    asked.set(source, known);
    waiting.push(source);
  };
  for (const entry of entries) ask(entry, ["*"]);
  for (const source of waiting) {
    const text = read(source);
    const names = asked.get(source) ?? new Set();
    for (const [, , , what = "", name = ""] of text.matchAll(linked)) {
      const place = placeOf(source, name, faces);
      if (place === undefined) continue;
      if (what === "*") ask(place, names);
      else if (what.startsWith("*")) ask(place, ["*"]);
      else
        ask(
          place,
          wanted(text, what, names).map(({ name: theirs }) => theirs),
        );
    }
    for (const [, name = "", of = ""] of text.matchAll(inline)) {
      const place = placeOf(source, name, faces);
      if (place !== undefined) ask(place, [of]);
    }
  }
  for (const [source, names] of asked) {
    const text = read(source);
    const path = (/** @type {string} */ name) => pathTo(source, name, faces);
    const whole = text
      .replaceAll(linked, (_, how, type = "", what, name) => {
        const specifiers = what.startsWith("{") ? wanted(text, what, names) : undefined;
        if (specifiers?.length === 0) return "";
        const kept = specifiers ? `{ ${specifiers.map((one) => one.text).join(", ")} }` : what;
        return `${how}${type} ${kept} from "${path(name)}";\n`;
      })
      .replaceAll(effect, "")
      .replaceAll(inline, (_, name, of) => `import("${path(name)}").${of}`);
    const place = join(into, declarationOf(source));
    mkdirSync(dirname(place), { recursive: true });
    // Of what has no name that is asked for, that it is a module is.
    const body = whole.trim() === "" ? "export {};\n" : whole;
    writeFileSync(place, entries.includes(source) ? `${libraries}${body}` : body);
  }
}

/**
 * Of what a statement names, what is asked for: all of it, unless its file only hands on.
 *
 * @param {string} text
 * @param {string} braced
 * @param {ReadonlySet<string>} names
 */
function wanted(text, braced, names) {
  const specifiers = braced
    .slice(1, -1)
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "")
    .map((one) => {
      const [name = "", as = name] = one.replace(/^type /, "").split(" as ");
      return { text: one, name, as };
    });
  const all = names.has("*") || !handsOn(text);
  return all ? specifiers : specifiers.filter(({ as }) => names.has(as));
}

/** @param {string} text */
function handsOn(text) {
  const rest = text.replaceAll(linked, "").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  return rest.replaceAll("export {};", "").trim() === "";
}

/**
 * The source behind a name; undefined where it is a package of others.
 *
 * @param {string} source
 * @param {string} name
 * @param {Places["faces"]} faces
 */
function placeOf(source, name, faces) {
  if (name.startsWith(".")) return posix.join(posix.dirname(source), name);
  if (name in faces) return faces[name];
  if (!name.startsWith("@treehouse/")) return undefined;
  throw new Error(`${source}: nobody has said where the types of ${name} are`);
}

/**
 * @param {string} source
 * @param {string} name
 * @param {Places["faces"]} faces
 */
function pathTo(source, name, faces) {
  const place = placeOf(source, name, faces);
  if (place === undefined) return name;
  const path = posix.relative(posix.dirname(source), place).replace(/\.ts$/, ".js");
  return path.startsWith(".") ? path : `./${path}`;
}

/** @param {string} source */
function declarationOf(source) {
  return source.replace(/\.ts$/, ".d.ts");
}
