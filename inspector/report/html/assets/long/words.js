/**
 * What is said of a head that the page leaves out, and how it is had.
 */

/** The command that shows every head of a long text. */
export const ALL = "inspect live --text-file FILE";

/** @param {number} layer @param {number} head */
export const headName = (layer, head) => `layer ${layer}, head ${head}`;

/** @param {number} layer @param {number} head */
export const howToHave = (layer, head) =>
  `write the page again with --heads ${layer}.${head}, or look at every head with ${ALL}`;

/** @param {number} layer @param {number} head what is said until it is there */
export const sentFor = (layer, head) => `Loading ${headName(layer, head)} from the server…`;

/** @param {unknown} error why it was not sent */
export const whyNot = (error) => (error instanceof Error ? error.message : String(error));
