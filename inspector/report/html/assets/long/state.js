/**
 * What can be chosen on the page of a long text, and all of it in the address.
 */

/** @typedef {import("./data.js").LongData} LongData */
/**
 * @typedef {object} LongState
 * @property {number} layer
 * @property {number} head
 * @property {number} from the stretch that listens
 * @property {number} to the stretch that is heard
 * @property {number} token the one that is asked what it listens to
 */
/** @typedef {import("../shared/store.js").Store<LongState>} Store */

/**
 * The strongest link of a head that the page has whole, else the head that writes most.
 * @param {LongData} data
 * @returns {LongState}
 */
export function firstView(data) {
  const { links, carried, spans } = data.header,
    link = links.find(({ layer, head }) => data.carried.has(`${layer}.${head}`)),
    [one] = carried,
    token = link?.source_token ?? data.header.tokens - 1;
  return {
    layer: link?.layer ?? one?.layer ?? 0,
    head: link?.head ?? one?.head ?? 0,
    from: data.stretchOf[token],
    to: link ? data.stretchOf[link.target_token] : Math.max(0, spans.length - 2),
    token,
  };
}

/**
 * What has to change with what was chosen: a token is asked in its own stretch.
 * @param {LongData} data
 * @param {Partial<LongState>} changes
 * @param {Readonly<LongState>} before
 * @returns {Partial<LongState>}
 */
export function settled(data, changes, before) {
  if (changes.token != null && changes.from == null) return { ...changes, from: data.stretchOf[changes.token] };
  if (changes.from == null || changes.token != null) return changes;
  const { start, end } = data.header.spans[changes.from];
  return before.token >= start && before.token < end ? changes : { ...changes, token: end - 1 };
}

/** @param {LongState} state @param {LongState} first */
export function hashOf(state, first) {
  const said = [];
  if (state.layer !== first.layer || state.head !== first.head) said.push(`head=${state.layer}.${state.head}`);
  if (state.from !== first.from || state.to !== first.to) said.push(`stretches=${state.from}.${state.to}`);
  if (state.token !== first.token) said.push(`token=${state.token}`);
  return said.join("&");
}

/**
 * The state that an address names; whatever does not fit stays as it was at first.
 * @param {string} hash
 * @param {LongState} first
 * @param {LongData} data
 * @returns {LongState}
 */
export function stateOf(hash, first, data) {
  const given = new URLSearchParams(hash.replace(/^#/, "")),
    state = { ...first };
  const [layer, head] = numbers(given.get("head"), 2);
  if (head < (data.header.layers[layer]?.heads ?? 0)) Object.assign(state, { layer, head });
  const [from, to] = numbers(given.get("stretches"), 2),
    count = data.header.spans.length;
  if (from < count && to < count) Object.assign(state, { from, to, token: data.header.spans[from].end - 1 });
  const [token] = numbers(given.get("token"), 1);
  if (token < data.header.tokens) Object.assign(state, { token, from: data.stretchOf[token] });
  return state;
}

/** @param {string | null} text @param {number} count @returns {number[]} none where it is something else */
const numbers = (text, count) => {
  const parts = (text ?? "").split(".");
  return parts.length === count && parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : [];
};
