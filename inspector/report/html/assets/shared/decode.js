/**
 * From the page's inert script elements back to numbers.
 *
 * The header and every blob carry their length and CRC-32, and the markup its CRC-32, so that a page cut short or
 * edited in an editor says so instead of showing wrong numbers. This is about damage: whoever forges a page can write
 * new checksums as well.
 */

import { fromBase85 } from "./base85.js";
import { DamagedReport } from "./numbers.js";

/** @typedef {import("../payload.js").BlobEntry} BlobEntry */
/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The payload version that this page reads. */
export const PAYLOAD_VERSION = 3;

/** @param {string | null | undefined} text */
const bytesOf = (text) => new TextEncoder().encode(text ?? "");

/**
 * @param {HTMLElement | null} holder element with the header's JSON
 * @returns {import("../payload.js").Header | import("../payload.js").AtlasHeader | import("../payload.js").CompareHeader | import("../payload.js").LongHeader | import("../payload.js").ClassroomHeader}
 */
export function parseHeader(holder) {
  const text = holder?.textContent;
  if (!text) throw new DamagedReport("its header is missing");
  const bytes = bytesOf(text),
    { length, crc32: sum } = holder.dataset;
  if (String(bytes.length) !== length) {
    throw new DamagedReport(`its header is ${bytes.length} bytes long, not ${length ?? "as long as it says"}`);
  }
  if (String(crc32(bytes)) !== sum) throw new DamagedReport("its header does not match its checksum");
  let header;
  try {
    header = JSON.parse(text);
  } catch {
    throw new DamagedReport("its header is cut short or garbled");
  }
  if (header?.payload !== PAYLOAD_VERSION) {
    throw new DamagedReport(`its header is of version ${header?.payload}, not ${PAYLOAD_VERSION}`);
  }
  return header;
}

/**
 * Unpack raw deflate straight into its place: a detour over Blob and Response takes twice as long.
 * @param {Bytes} bytes
 * @param {number} length how many bytes there ought to be
 * @returns {Promise<{bytes: Bytes, found: number}>} how many there were
 */
export async function inflate(bytes, length) {
  const unpacker = new DecompressionStream("deflate-raw");
  const writer = unpacker.writable.getWriter();
  // A broken stream is reported by the reader; these promises only repeat it.
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const out = new Uint8Array(length);
  const reader = unpacker.readable.getReader();
  let found = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (found + next.value.length <= length) out.set(next.value, found);
    found += next.value.length;
  }
  return { bytes: out, found };
}

/** Four tables, so that the checksum takes four bytes a step. */
const CRC_TABLES = (() => {
  const tables = [0, 1, 2, 3].map(() => new Uint32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    tables[0][n] = c;
  }
  for (let n = 0; n < 256; n++) {
    for (let t = 1; t < 4; t++) {
      const c = tables[t - 1][n];
      tables[t][n] = tables[0][c & 255] ^ (c >>> 8);
    }
  }
  return tables;
})();

/**
 * CRC-32 as zlib counts it.
 * @param {Uint8Array} bytes
 * @returns {number}
 */
export function crc32(bytes) {
  const [t0, t1, t2, t3] = CRC_TABLES;
  let crc = 0xffffffff;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = t3[crc & 255] ^ t2[(crc >>> 8) & 255] ^ t1[(crc >>> 16) & 255] ^ t0[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * Read one blob and check it.
 * @param {string} name
 * @param {BlobEntry} entry
 * @param {string | null | undefined} text as fromBase85 reads it, null where the element is missing
 * @returns {Promise<Bytes>} the planes, for `joinPlanes`
 */
export async function readBlob(name, entry, text) {
  if (text == null) throw new DamagedReport(`the numbers called “${name}” are missing`);
  let unpacked;
  try {
    unpacked = await inflate(fromBase85(text), entry.length);
  } catch {
    throw new DamagedReport(`the numbers called “${name}” cannot be unpacked`);
  }
  const { bytes, found } = unpacked;
  if (found !== entry.length) {
    throw new DamagedReport(`the numbers called “${name}” are ${found} bytes long, not ${entry.length}`);
  }
  if (crc32(bytes) !== entry.crc32) {
    throw new DamagedReport(`the numbers called “${name}” do not match their checksum`);
  }
  return bytes;
}

/**
 * Read one blob of a page.
 * @param {Document} page
 * @param {string} name
 * @param {BlobEntry} entry
 */
export const readNamed = (page, name, entry) => readBlob(name, entry, page.getElementById(`blob-${name}`)?.textContent);

/**
 * Header and blobs of the page that this runs in, but for those that a page reads later.
 * @param {Document} page
 * @returns {Promise<{header: ReturnType<typeof parseHeader>, planes: Map<string, Bytes>}>}
 */
export async function readPage(page) {
  const header = parseHeader(page.getElementById("header"));
  const later = new Set("later" in header ? header.later : []),
    names = Object.keys(header.blobs).filter((name) => !later.has(name));
  const planes = await Promise.all(names.map((name) => readNamed(page, name, header.blobs[name])));
  if (!page.getElementById("end")) throw new DamagedReport("its end is missing");
  return { header, planes: new Map(names.map((name, i) => [name, planes[i]])) };
}

/** Browsers and their extensions add attributes of their own, and the theme's buttons change theirs. */
const ATTRIBUTE = /^(?!aria-pressed$|data-(?!value$|export$))/;

/**
 * An element as `outline.py` writes it.
 * @param {Element} element
 * @returns {string}
 */
const outline = (element) =>
  `<${element.localName}` +
  [...element.attributes]
    .map(({ name, value }) => (ATTRIBUTE.test(name) ? `${name.toLowerCase()}="${value}"` : ""))
    .join("") +
  ">" +
  [...element.childNodes]
    .map((node) => (node instanceof Element ? outline(node) : node instanceof Text ? node.data : ""))
    .join("") +
  "</>";

/**
 * What is wrong with the page besides its numbers; to be asked before anything is drawn on it.
 * @param {Document} page
 * @returns {string} empty where all is well
 */
export function marred(page) {
  // The policy refuses a style that was changed.
  if ([...page.querySelectorAll("style")].some((style) => !style.sheet)) return "its style was changed";
  const parts = [...page.querySelectorAll("[http-equiv], body > :is(.skip, header, main, footer)")];
  const now = parts
    .map(outline)
    .join("")
    .replace(/[ \t\n\f\r\0]+/g, "");
  return String(crc32(bytesOf(now))) === page.getElementById("end")?.textContent ? "" : "parts of it were changed";
}
