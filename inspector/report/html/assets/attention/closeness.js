/**
 * The classroom's three levels of closeness, for any shares.
 */

/** From how many times an even share: as in the classroom. */
const CLOSE = 1.5,
  FORMAL = 0.5;
/** The levels, the closest first. */
export const LEVELS = ["close friends", "acquaintances", "hardly any"];

/**
 * How close each of the others is, by its share of what comes from others.
 * @param {ArrayLike<number>} amounts
 * @param {number} self
 * @param {((j: number) => boolean) | null} visible null where every key may be attended to
 * @returns {(string | null)[]} null for itself, for what is masked, and where nothing comes
 */
export function closeness(amounts, self, visible) {
  const others = Array.from(amounts, (_, j) => j !== self && (!visible || visible(j)));
  const count = others.filter(Boolean).length;
  const total = others.reduce((sum, other, j) => sum + (other ? amounts[j] : 0), 0);
  return others.map((other, j) => {
    if (!other || !(total > 0)) return null;
    const times = (amounts[j] / total) * count;
    return LEVELS[times >= CLOSE ? 0 : times >= FORMAL ? 1 : 2];
  });
}
