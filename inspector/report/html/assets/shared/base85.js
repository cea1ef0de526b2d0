/**
 * Bytes out of text: four of five characters, as `base85.py` writes them.
 */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}";

/** What each character stands for; 85 for those that stand for nothing. */
const DIGITS = new Uint8Array(256).fill(85);
[...ALPHABET].forEach((character, digit) => {
  DIGITS[character.charCodeAt(0)] = digit;
});

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {RangeError} where a character stands for nothing, or one is left over
 */
export function fromBase85(text) {
  const characters = new TextEncoder().encode(text),
    length = characters.length,
    left = length % 5;
  if (left === 1) throw new RangeError("a character is left over");
  const bytes = new Uint8Array(Math.ceil(length / 5) * 4);
  for (let i = 0, at = 0; i < length; i += 5) {
    let word = 0;
    for (let j = i; j < i + 5; j++) {
      // What is left out at the end counts as the largest digit, so that nothing is rounded down.
      const digit = j < length ? DIGITS[characters[j]] : 84;
      if (digit === 85) throw new RangeError("a character stands for nothing");
      word = word * 85 + digit;
    }
    bytes[at++] = word >>> 24;
    bytes[at++] = word >>> 16;
    bytes[at++] = word >>> 8;
    bytes[at++] = word;
  }
  return left ? bytes.slice(0, bytes.length - 5 + left) : bytes;
}
