/**
 * What is changed in the model or in the text, and what stays of it in another text.
 */

import { headName, quoted } from "./words.js";

/** @typedef {import("../payload.js").HeadPath} HeadPath */
/** @typedef {{of: "text" | "target", tokens: number[], name: string}} Blocked a word, by its tokens */
/** @typedef {{before: string, from: string, to: string, count: number}} Swapped the text before the first swap, the words of
 *   the last one, and how many there were */
/** @typedef {{silence: HeadPath[], block: Blocked[], swap: Swapped | null}} Changes */

/** @returns {Changes} */
export const noChanges = () => ({ silence: [], block: [], swap: null });

/** @param {HeadPath} a @param {HeadPath} b */
const isSame = (a, b) => a.every((part, i) => part === b[i]);

/** @param {Changes} changes @param {HeadPath} head */
export const isSilent = ({ silence }, head) => silence.some((one) => isSame(one, head));

/** @param {Changes} changes @param {Blocked} word */
export const isBlocked = ({ block }, { of, tokens }) =>
  block.some((one) => one.of === of && one.tokens[0] === tokens[0]);

/** @param {Changes} changes @param {HeadPath} head @returns {Changes} with the head silent, or speaking again */
export const silenced = (changes, head) => ({
  ...changes,
  silence: isSilent(changes, head) ? changes.silence.filter((one) => !isSame(one, head)) : [...changes.silence, head],
});

/** @param {Changes} changes @param {Blocked} word @returns {Changes} with nobody hearing it, or everybody again */
export const blocked = (changes, word) => ({
  ...changes,
  block: isBlocked(changes, word)
    ? changes.block.filter((one) => one.of !== word.of || one.tokens[0] !== word.tokens[0])
    : [...changes.block, word],
});

/**
 * What the server is asked to change.
 * @param {Changes} changes
 */
export const asked = ({ silence, block, swap }) => ({
  silence,
  block: block.flatMap(({ of, tokens }) => tokens.map((token) => /** @type {[string, number]} */ ([of, token]))),
  ...(swap ? { before: swap.before } : {}),
});

/**
 * What stays blocked in another text: a word of which a token is gone does not.
 * @param {Changes} changes
 * @param {Record<"text" | "target", import("./carry.js").Moves>} moves
 * @param {(word: Blocked) => string} nameOf what stands there now
 * @returns {Changes}
 */
export const moved = (changes, moves, nameOf) => ({
  ...changes,
  block: changes.block.flatMap((word) => {
    const tokens = word.tokens.map((token) => moves[word.of](token));
    if (!tokens.every((token) => token != null)) return [];
    const there = { ...word, tokens: /** @type {number[]} */ (tokens) };
    return [{ ...there, name: nameOf(there) }];
  }),
});

/**
 * Each change in words, and what is left without it.
 * @param {Changes} changes
 * @returns {{says: string, without: Changes}[]} a swap is undone in the text
 */
export const listed = (changes) => [
  ...changes.silence.map((head) => ({ says: `${headName(head)} silenced`, without: silenced(changes, head) })),
  ...changes.block.map((word) => ({ says: `${quoted(word.name)} blocked`, without: blocked(changes, word) })),
  ...(changes.swap
    ? [
        {
          says:
            changes.swap.count > 1
              ? `${changes.swap.count} words swapped, ${quoted(changes.swap.from)} for ${quoted(changes.swap.to)} last`
              : `${quoted(changes.swap.from)} swapped for ${quoted(changes.swap.to)}`,
          without: { ...changes, swap: null },
        },
      ]
    : []),
];

/** @param {Changes} changes whether anything is changed in the model itself */
export const inModel = ({ silence, block }) => silence.length + block.length > 0;
