// How much of a page the core takes: all that index.js imports, without comments, as gzip sends it. Fails above the limit.

import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import ts from "typescript";

const LIMIT = 6 * 1024;

/** @param {URL} url @param {Map<string, string>} found */
async function collect(url, found) {
  if (found.has(url.href)) return found;
  const source = await readFile(url, "utf8");
  found.set(url.href, source);
  for (const [, path] of source.matchAll(/from "(\.[^"]+)"/g)) await collect(new URL(path, url), found);
  return found;
}

/** Comments and blank lines go; everything else stays as it is served. @param {string} source */
function stripped(source) {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, source);
  let text = "";
  let templates = 0;
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (kind === ts.SyntaxKind.TemplateHead) templates += 1;
    if (kind === ts.SyntaxKind.CloseBraceToken && templates > 0) {
      kind = scanner.reScanTemplateToken(false);
      if (kind === ts.SyntaxKind.TemplateTail) templates -= 1;
    }
    if (kind === ts.SyntaxKind.SlashToken && /[(,=:[!&|?{};]\s*$/.test(text)) kind = scanner.reScanSlashToken();
    if (kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia) continue;
    text += scanner.getTokenText();
  }
  return text.replace(/[ \t]+$/gm, "").replace(/\n{2,}/g, "\n");
}

const files = await collect(new URL("index.js", import.meta.url), new Map());
const text = [...files.values()].map(stripped).join("");
if (process.argv.includes("--print")) process.stdout.write(text);
const size = gzipSync(text, { level: 9 }).length;
console.error(`${files.size} files, ${text.length} bytes, ${size} with gzip; the limit is ${LIMIT}`);
if (size > LIMIT) process.exitCode = 1;
