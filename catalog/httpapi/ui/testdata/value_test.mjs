// Run with node and the path of value.js as a module.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";

const { base64Of, bytesOf, hexOf, textOf } = await import(pathToFileURL(process.argv[2]));

const all = Uint8Array.from({ length: 70000 }, (_, i) => (i * 31) & 255);
assert.deepEqual(bytesOf(base64Of(all)), all);
assert.deepEqual(bytesOf(null), new Uint8Array());
assert.deepEqual(bytesOf(" AA\n== "), Uint8Array.of(0));
assert.throws(() => bytesOf("%"));

// Text is shown as text only where a text box gives the same bytes back.
const back = (text) => new TextEncoder().encode(text);
for (const text of ["", "a\n\tä 日本 🎉\n", "\ufeffmark"]) assert.equal(textOf(back(text)), text);
for (const bytes of [[255], [0], [13, 10], [0xc3], [27, 91]]) assert.equal(textOf(Uint8Array.from(bytes)), null, bytes);

assert.match(hexOf(back("web\n")), /^000000 {2}77 65 62 0a {38}web\.$/);
assert.match(hexOf(all), /… 70000 bytes$/);
