// Builds the console into bundle/, which is committed and embedded in the server: each file as gzip.
//   node build.mjs           types are checked, the bundle is replaced
//   node build.mjs --check   builds again elsewhere and compares: exit 1 when the bundle is stale
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "vite";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BUNDLE = join(HERE, "bundle");
const SDK = join(HERE, "../sdk-ts/src");
const GENERATOR = join(HERE, "../../tools/gen_clients.py");
const isCheck = process.argv.includes("--check");
const scratch = mkdtempSync(join(tmpdir(), "console-"));

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/(?<!\.gen)\.tsx?$/.test(path)) yield path;
  }
}

// Only the operations that are called are in the bundle, so it stays as it is when others change.
execFileSync("/usr/bin/python3", [GENERATOR, "ts", join(SDK, "api.gen.ts")]);
const text = readFileSync(join(SDK, "api.gen.ts"), "utf8");
const words = new Set([...sources(join(HERE, "src")), ...sources(SDK)]
  .flatMap((path) => readFileSync(path, "utf8").match(/\b[a-z]+[A-Z]\w*|\b(login|logout|refresh)\b/g) ?? []));
const called = [...text.matchAll(/^ {2}(\w+)\(input/gm)].map(([, name]) => name)
  .filter((name) => words.has(name)).sort();
const api = join(scratch, "api.gen.ts");
execFileSync("/usr/bin/python3", [GENERATOR, "ts", api, ...called]);
execFileSync(join(HERE, "node_modules/.bin/tsc"), ["-p", HERE], { stdio: "inherit" });

const out = join(scratch, "out");
const built = await build({
  root: HERE,
  configFile: false,
  base: "/console/",
  logLevel: "error",
  resolve: { alias: [
    { find: /^@sebez\/sdk$/, replacement: join(SDK, "index.ts") },
    { find: /^@sebez\/sdk\/admin$/, replacement: join(SDK, "admin.ts") },
  ] },
  plugins: [{
    name: "called-operations",
    enforce: "pre",
    resolveId: (id) => (id.endsWith(".gen.ts") ? join(scratch, basename(id)) : null),
  }],
  build: {
    outDir: out, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false },
    reportCompressedSize: false, chunkSizeWarningLimit: 1000,
  },
});

/** The licenses of the packages whose modules are in the bundle. */
function licenses() {
  const inside = [join(HERE, "node_modules/@fontsource-variable/inter/package.json"),
    ...built.output.flatMap((file) => Object.keys(file.modules ?? {}))];
  const packages = new Set(inside.map((path) =>
    relative(HERE, path).match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  const texts = [...packages].sort().map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[sc]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), "utf8").replace(/[ \t]+$/gm, "").trim() : license;
    return `## ${name} ${version}: ${license}\n\n${text}\n`;
  });
  return `# Licenses of what is in the console\n\n${texts.join("\n")}`;
}

const made = new Map();
for (const path of [join(out, "index.html"), ...readdirSync(join(out, "assets")).map((name) => join(out, "assets", name))])
  made.set(basename(path), readFileSync(path));
rmSync(scratch, { recursive: true });
const LICENSES = join(HERE, "LICENSES.md");

if (isCheck) {
  const kept = new Map(readdirSync(BUNDLE).map((name) => [
    name.replace(/\.gz$/, ""), gunzipSync(readFileSync(join(BUNDLE, name)))]));
  const names = new Set([...made.keys(), ...kept.keys()]);
  const differ = [...names].filter((name) => !made.get(name)?.equals(kept.get(name) ?? Buffer.alloc(0)));
  if (differ.length > 0) console.error(`clients/console/bundle is stale (${differ.sort().join(", ")}): make console`);
  const isOld = readFileSync(LICENSES, "utf8") !== licenses();
  if (isOld) console.error("clients/console/LICENSES.md is stale: make console");
  process.exit(differ.length > 0 || isOld ? 1 : 0);
}
writeFileSync(LICENSES, licenses());
rmSync(BUNDLE, { recursive: true, force: true });
mkdirSync(BUNDLE);
let sum = 0;
for (const [name, bytes] of [...made].sort()) {
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255; // the system that made it: none
  writeFileSync(join(BUNDLE, `${name}.gz`), packed);
  sum += packed.length;
  console.log(`${String(packed.length).padStart(8)}  ${name}`);
}
console.log(`${String(sum).padStart(8)}  in all`);
