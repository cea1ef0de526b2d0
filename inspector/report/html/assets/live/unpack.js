/**
 * An answer of the server, as `server/packed.py` packs it: how long the JSON is, the JSON, and the planes of the blobs
 * in the order in which its header lists them.
 */

import { PAYLOAD_VERSION } from "../shared/decode.js";
import { DamagedReport } from "../shared/numbers.js";

/** @typedef {import("../payload.js").AnsweredPlace} Place */
/** @typedef {{measure: "shift" | "kl_bits", size: number | null, before: Place[], after: Place[]}} Moved how far a change
 *   moved the answer, null where that is not known, and what it was and is */
/** @typedef {{header: import("../payload.js").Header, planes: Map<string, Uint8Array<ArrayBuffer>>, moved: Moved | null}} Answer */

/** Bytes that say how long the JSON is. */
const LENGTH = 4;

/**
 * @param {ArrayBuffer} buffer
 * @returns {Answer}
 */
export function unpack(buffer) {
  if (buffer.byteLength < LENGTH) throw new DamagedReport("the answer is cut short");
  let at = LENGTH + new DataView(buffer).getUint32(0, true);
  if (buffer.byteLength < at) throw new DamagedReport("the answer is cut short");
  const { header, moved } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, LENGTH, at - LENGTH)));
  if (header?.payload !== PAYLOAD_VERSION) {
    throw new DamagedReport(`the answer is of version ${header?.payload}, not ${PAYLOAD_VERSION}`);
  }
  /** @type {Answer["planes"]} */
  const planes = new Map();
  for (const [name, { length }] of Object.entries(header.blobs)) {
    // A copy of each: a worker that is given one would else be given all of them.
    planes.set(name, new Uint8Array(buffer.slice(at, at + /** @type {number} */ (length))));
    at += /** @type {number} */ (length);
  }
  if (at !== buffer.byteLength) throw new DamagedReport("the answer has another length than it says");
  return { header, planes, moved };
}
