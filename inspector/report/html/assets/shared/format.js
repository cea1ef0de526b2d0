/**
 * Numbers and tokens as people read them.
 */

/** @typedef {Omit<import("../payload.js").Token, "id">} Token */

/** Characters that print as nothing, or that turn the line around. */
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
/** A zero-width joiner that does its work, inside one emoji. */
const JOINED = /(?<=[\p{Extended_Pictographic}\ufe0f\p{Emoji_Modifier}])\u200d(?=\p{Extended_Pictographic})/u;

/**
 * Text with its invisible characters spelt out.
 * @param {string} text
 * @returns {string}
 */
export function visible(text) {
  const shown = text.replace(UNSEEN, (/** @type {string} */ character, /** @type {number} */ at) => {
    if (character === "\n") return "↵";
    if (character === "\u200d" && JOINED.test(text.slice(Math.max(0, at - 2), at + 3))) {
      return character;
    }
    const code = /** @type {number} */ (character.codePointAt(0));
    return `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
  });
  return shown.trim() === "" ? "␣".repeat(Math.max(1, shown.length)) : shown;
}

/** Letters of scripts that run from right to left, and of all. */
const LETTER = /\p{L}/u,
  LEFTWARD = /[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The direction in which a text runs: that of its first letter. What `dir="auto"` finds as well, except where each word
 * is an element that keeps its letters to itself.
 * @param {string} text
 * @returns {"rtl" | "ltr"}
 */
export const directionOf = (text) => (LEFTWARD.test(LETTER.exec(text)?.[0] ?? "") ? "rtl" : "ltr");

/**
 * What each token is called on the page: the piece of text that it stands for, as Python reads it, where it stands for
 * some. Of a line's end that goes on with white space the sign is enough.
 * @param {Token[]} tokens
 * @returns {string[]}
 */
export const tokenNames = (tokens) =>
  tokens.map(({ special, text, shown }) => visible(special ? text : shown).trimEnd());

/**
 * True where a token goes on with the word of the token before it.
 * @param {Token[]} tokens
 * @param {number} at
 */
export const continues = (tokens, at) => at > 0 && tokens[at].word != null && tokens[at].word === tokens[at - 1].word;

/**
 * @param {string} text
 * @param {number} [length]
 */
export function shorten(text, length = 24) {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

/** @param {string} text with real minus signs */
const realMinus = (text) => text.replaceAll("-", "−");

/**
 * A number in full: as many digits as a float32 can be trusted with.
 * @param {number | null | undefined} value
 */
export function exact(value) {
  if (value == null || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return realMinus(size < 1e-4 || size >= 1e6 ? value.toExponential(3) : value.toPrecision(7));
}

/**
 * A very small number, such as a difference.
 * @param {number | null | undefined} value
 */
export function tiny(value) {
  if (value == null || Number.isNaN(value)) return "–";
  return value === 0 ? "0" : realMinus(value.toExponential(1));
}

/**
 * A difference with its sign.
 * @param {number} value
 */
export const signed = (value) => (value > 0 ? "+" : "") + exact(value);

/**
 * @param {number | null | undefined} value
 * @param {number} [places]
 */
export function fixed(value, places = 3) {
  if (value == null || Number.isNaN(value)) return "–";
  const text = value.toFixed(places);
  return realMinus(Number(text) === 0 ? (0).toFixed(places) : text);
}

/** @param {number} value from 0 to 1 */
export function percent(value) {
  if (Number.isNaN(value)) return "–";
  return value > 0 && value < 0.01 ? "< 1 %" : `${Math.round(value * 100)} %`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
