/**
 * Which heads a run has.
 */

/**
 * The heads as index of the layer and head, in the order of the layers.
 * @param {{layers: {heads: number}[]}} data
 */
export const headsOf = (data) =>
  data.layers.flatMap(({ heads }, index) =>
    Array.from({ length: heads }, (_, head) => /** @type {[number, number]} */ ([index, head])),
  );
