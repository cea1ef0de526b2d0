/**
 * What Python gives a page: the header of a report and of an atlas. It is the only contract between the two languages;
 * tsc holds the JavaScript to it, and tests/report/html/test_payload_types.py holds real payloads to it.
 *
 * `site` says which attention, `layer` is a layer's own number there, `index` an index into `layers`, and a position
 * is that of a token in its text. All of them count from 0.
 */

export type Site = "self" | "encoder" | "decoder" | "cross";
export type Verdict = "verified" | "rounding" | "consistent" | "mismatch" | "not_recomputed" | "unproved";
export type Tier = "weights" | "captured" | "none";
export type Label = "previous" | "next" | "self" | "first" | "separator";
export type DType = "uint8" | "uint32" | "float16" | "float32" | "steps";

/** How queries and keys, or weights, were rounded on their way. */
export type Precision = "steps" | "float16" | "float32";

/** Whose a token of a chat is: of a message, put there by the template, or of the answer. */
export type Role = "template" | "system" | "user" | "assistant";

/** A blob: deflated numbers in an element of its own, `blob-<name>`; length and CRC-32 of what is inflated. Of numbers
 *  in steps `shape` is what they make, and `length` counts what belongs to each dimension too. */
export interface BlobEntry {
  shape: number[];
  dtype: DType;
  length: number;
  crc32: number;
}

export interface Model {
  name: string;
  title: string;
  family: string;
  layers: number;
  heads: number;
  width: number;
  window: number | null;
  sha256: string | null;
  /** What its weights are stored as, that of the most numbers first, and what it was run in. */
  stored_dtypes: string[];
  computing_dtype: string;
}

export interface Token {
  id: number;
  /** The vocabulary's own name for it. */
  text: string;
  /** What it stands for, as a reader sees it. */
  shown: string;
  word: number | null;
  special: boolean;
  segment: number;
  /** In characters as Python counts them. */
  span: [number, number] | null;
  /** In a chat. */
  role?: Role;
}

export interface Text {
  text: string;
  pair: string | null;
  tokens: Token[];
  truncated_from: number | null;
}

/** One attention layer; its blobs are named `<index>.<name>`. */
export interface Layer {
  site: Site;
  layer: number;
  heads: number;
  rows: number;
  cols: number;
  /** Whether the model's own numbers travel in full. */
  exact: boolean;
  recomputed: boolean;
  source: "exact" | "query_key" | "attention";
  precision: Precision;
  key_precision: Precision | null;
  scale: number | null;
  softcap: number | null;
  /** For each head, how far the page's own arithmetic is from the model's attention. */
  arithmetic_error: number[];
}

export interface LayerCheck {
  site: Site;
  layer: number;
  verdict: Verdict;
  heads: Verdict[];
  max_abs_error: (number | null)[];
  arbitrated: (number | null)[];
  output: OutputCheck;
}

export interface OutputCheck {
  verdict: Verdict;
  max_abs_error: number | null;
  bound: number | null;
}

export interface EndToEnd {
  verdict: Verdict;
  attention_max_abs_error: number | null;
  /** Null where the model gives none, and where what it gives is no number. */
  states_max_abs_error: number | null;
  probability_max_abs_error: number | null;
  embedding_max_abs_error: number | null;
  similarity_abs_error: number | null;
}

export interface Verification {
  verdict: Verdict;
  attention_max_abs_error: number | null;
  output_max_abs_error: number | null;
  tier: Tier;
  reason: string | null;
  /** Our own forward from the ids alone beside the real model; null where it was not run. */
  end_to_end: EndToEnd | null;
  /** In the order of `Header.layers`. */
  layers: LayerCheck[];
}

export interface Candidate {
  id: number;
  text: string;
  probability: number;
}

export interface Guess {
  /** Position of the mask, or of the token after the last one. */
  token: number;
  candidates: Candidate[];
}

export interface Predictions {
  kind: "causal" | "masked";
  probabilities: (number | null)[];
  guesses: Guess[];
}

/** How a text's states became one vector; the vector itself is not shipped. */
export interface Embedding {
  pooling: "mean" | "cls" | "max" | "mean_sqrt_len";
  /** Whether the vector was then brought to length 1. */
  normalised: boolean;
  size: number;
}

/** How alike the two texts of a pair are, each read by the model alone. */
export interface Similarity {
  cosine: number | null;
}

export interface WrittenToken {
  probability: number;
  /** The likeliest of those that were not written. */
  second: Candidate;
}

/** What the model wrote itself, behind the text or the target. */
export interface Generation {
  asked: number;
  /** Both null where the likeliest was taken each time; then so is the seed. */
  temperature: number | null;
  top_k: number | null;
  seed: number | null;
  /** Position of the first token that was written, and how many there are. */
  start: number;
  written: number;
  /** Whether the last of them is one with which the model ends a text. */
  ended: boolean;
  verdict: Verdict;
  /** Which of them, from 0, is the first that the real model writes otherwise. */
  parts_at: number | null;
  probability_max_abs_error: number | null;
  tokens: WrittenToken[];
}

export interface Rung {
  name: string;
  formula: string;
  adds: string;
  reference: boolean;
  applies: boolean;
  /** Where it adds anything. */
  sites: Site[];
  measured: boolean;
  /** Half of the 95 % interval that comes of measuring a sample of the queries; null without a sample. */
  jsd_bits_error: number | null;
  /** How the matrices of a site travel, in the blob `ladder.<name>.<site>`. */
  matrices: Partial<Record<Site, "whole" | "triangle" | "pooled">>;
  /** Over all tokens, and over content tokens only. */
  constant_rows: (number | null)[];
  empty_rows: (number | null)[];
}

export interface Share {
  ingredient: string;
  adds: string;
}

export interface Link {
  source: string;
  target: string;
  /** Positions of the two words' first tokens. */
  source_token: number;
  target_token: number;
  weight: number;
  /** How many times this head's average link; null where there is no other. */
  lift: number | null;
  site: Site;
  layer: number;
  head: number;
}

/** A sample of queries. */
export interface RowSample {
  seed: number;
  sites: SampledRows[];
}

export interface SampledRows {
  site: Site;
  measured: number;
  of: number;
}

/** The entry of the vocabulary that an answer is about, at one place. */
export interface AnsweredPlace {
  position: number;
  id: number;
  token: string;
  probability: number;
  logit: number;
}

export interface Answer {
  kind: "next" | "masked" | "words" | "decoder" | "embedding";
  /** None for an embedding. */
  places: AnsweredPlace[];
}

/** A rung of the second ladder: how well a reading of attention tells which words matter. */
export interface Explanation {
  rung: string;
  rank_correlation: number | null;
  top1: number | null;
  /** Of every token. */
  scores: (number | null)[];
}

export interface Part {
  kind: "embedding" | "head" | "feed_forward" | "bias";
  layer: number | null;
  head: number | null;
  value: number;
}

/** The answer's logit as a sum; what each head brings from each token is in `contributions.tokens`. */
export interface Contributions {
  answer: AnsweredPlace;
  sum_error: number;
  parts: Part[];
}

/**
 * What matters to the answer. The blobs `effects.heads`, (3, layers, heads), and `effects.tokens`, (3, tokens), hold the
 * size of the effect, how much less probable the answer became, and by how much its logit fell beside another's; each is
 * there where it was measured.
 */
export interface Effects {
  measure: "kl_bits" | "shift";
  knockout: "zero" | "mean";
  answer: Answer;
  /** What was left out and why. */
  left_out: string | null;
  explanations: Explanation[];
  contributions: Contributions | null;
  no_contributions: string | null;
}

/** A key that much of all attention rests on. */
export interface Sink {
  site: Site;
  index: number;
  token: string;
  share: number;
  value_weighted_share: number | null;
}

/** Two words that were asked about, at the head that links them most. */
export interface AskedLink {
  site: Site;
  layer: number;
  head: number;
  source_token: number;
  target_token: number;
}

/** The header of a report. */
export interface Header {
  payload: 3;
  inspector: string;
  command: string | null;
  model: Model;
  /** Of an encoder–decoder, the source. */
  text: Text;
  target: Text | null;
  layers: Layer[];
  arithmetic_max_abs_error: number | null;
  verification: Verification;
  /** Of a model with a head for words. */
  predictions: Predictions | null;
  /** Of a model without one. */
  embedding: Embedding | null;
  similarity: Similarity | null;
  generation: Generation | null;
  ladder: Rung[];
  /** On which queries ladder and shares were measured; null where it was every one. */
  ladder_rows: RowSample | null;
  shares: Share[];
  effects: Effects | null;
  /** Of every head, in the order of the layers; empty where nothing was read. */
  labels: (Label | null)[];
  links: Link[];
  /** The two words that the report was asked about, at the head that links them most. */
  asked: AskedLink | null;
  /** Whether links are between tokens and not between words. */
  subwords: boolean;
  /** Keys that links and default views set aside. */
  sinks: Sink[];
  /** What is to be said of the text, in sentences. */
  notices: string[];
  blobs: Record<string, BlobEntry>;
}

/** A place in both texts of a comparison; null where a side has no token there. */
export interface Place {
  first: number | null;
  second: number | null;
  equal: boolean;
}

export interface Alignment {
  of: "text" | "target";
  places: Place[];
}

/** An entry of the vocabulary and how likely both sides take it to be; null where one was not asked. */
export interface AnswerEntry {
  id: number | null;
  token: string;
  first: number | null;
  second: number | null;
}

export interface AnswerBeside {
  kind: "next" | "masked" | "words" | "decoder";
  first: number | null;
  second: number | null;
  entries: AnswerEntry[];
}

/** What is measured when heads are patched, untouched on both sides. */
export interface Patched {
  measure: "cosine" | "logit_difference" | "probability";
  first: number | null;
  second: number | null;
}

/**
 * The header of a comparison. Its sides have no blobs of their own: theirs are `a.…` and `b.…`. The blob `heads`,
 * (heads, 8), has for each head in the order of the layers its change in bits; query and key of its largest change, on
 * the first side and on the second; the weight there on either; the share of the way that it carries.
 */
export interface CompareHeader {
  payload: 3;
  inspector: string;
  command: string | null;
  kind: "texts" | "models";
  sides: Header[];
  alignments: Alignment[];
  /** Why the heads of both do not correspond. */
  apart: string | null;
  answers: AnswerBeside[];
  cosine: number | null;
  patches: Patched | null;
  no_patches: string | null;
  notices: string[];
  blobs: Record<string, BlobEntry>;
}

/** Site, layer and head. */
export type HeadPath = [Site, number, number];

export interface Measure {
  name: string;
  kind: "statistic" | "relation";
}

export interface Finding {
  relation: string;
  gloss: string;
  direction: string;
  /** Index into `AtlasHeader.heads`. */
  head: number;
  offset: number;
  accuracy: number | null;
  low: number | null;
  high: number | null;
  baseline: number | null;
  difference: number | null;
  difference_low: number | null;
  difference_high: number | null;
  n: number;
  found: boolean;
}

/** The header of an atlas. */
export interface AtlasHeader {
  payload: 3;
  inspector: string;
  heads: HeadPath[];
  labels: string[][];
  /** What heads rest on that has no chance level. */
  resting: string[][];
  measures: Measure[];
  findings: Finding[];
  treebank: boolean;
  blobs: Record<string, BlobEntry>;
}

/** Text, word, whether special (1) or not (0), segment, span, and the text as a reader sees it. */
export type AtlasToken = [string, number | null, number, number, [number, number] | null, string];

export interface AtlasSentence {
  file: string;
  row: number;
  text: string;
  pair: string | null;
  tokens: AtlasToken[];
  report: string | null;
  command: string;
}

export interface AtlasExample {
  /** Index into `AtlasHeader.heads`. */
  head: number;
  /** Index into `AtlasExamples.sentences`. */
  sentence: number;
  /** Positions of two tokens. */
  query: number;
  key: number;
  /** Name of the relation of which the two are an arc; null where they are of the head's largest share. */
  measure: string | null;
  weights: number[];
}

/** The blob `examples`, as JSON. */
export interface AtlasExamples {
  sentences: AtlasSentence[];
  examples: AtlasExample[];
}

/** Of a class: its names and marks; the blobs `states`, `query` and `key` are of three words, where there are some. */
export interface ClassroomHeader {
  payload: 3;
  inspector: string;
  students: string[];
  traits: string[];
  table: number[][];
  words: string[] | null;
  blobs: Record<string, BlobEntry>;
}

/** A stretch of a long text: tokens, half-open, and how it begins. */
export interface Span {
  start: number;
  end: number;
  name: string;
}

/** What a layer's weights are computed with. */
export interface LongLayer {
  layer: number;
  heads: number;
  kv_heads: number;
  scale: number;
  softcap: number | null;
  causal: boolean;
  window: number | null;
}

/** A head of which the page has queries and keys: the blobs `query.<layer>.<head>` and `key.<layer>.<shared>`. */
export interface CarriedHead {
  layer: number;
  head: number;
  shared: number;
  /** What positions add to its scores: blobs by the names that `attention/score_terms.js` has for them. */
  terms: Record<string, string>;
  sink: number | null;
  /** The largest error of a weight computed from them, in the rows that were compared. */
  error: number;
}

/** A head that the server sends: its blobs are named as those of a page are. */
export interface LongHead {
  payload: 3;
  carried: CarriedHead;
  blobs: Record<string, BlobEntry>;
}

/** How far the answer moves when nobody hears a stretch, or one token of the strongest; fewer where it was stopped. */
export interface LongEffects {
  measure: "kl_bits" | "shift";
  stretches: (number | null)[];
  strongest: number | null;
  tokens: (number | null)[];
}

/** The header of a long text's report. Blobs `flow.<layer>`: (H, P, P) square roots of shares, 255 for 1. */
export interface LongHeader {
  payload: 3;
  inspector: string;
  command: string | null;
  /** By what name the server that the page came from has the heads that are left out; null for a page on disk. */
  reading: string | null;
  model: Model;
  text: string;
  tokens: number;
  truncated_from: number | null;
  spans: Span[];
  layers: LongLayer[];
  /** Which query rows of every head were compared with the real model's. */
  rows: number[];
  verification: Verification;
  predictions: Predictions | null;
  embedding: Embedding | null;
  labels: (Label | null)[];
  links: Link[];
  sinks: Sink[];
  carried: CarriedHead[];
  effects: LongEffects | null;
  notices: string[];
  /** Blobs that are read only when they are looked at. */
  later: string[];
  blobs: Record<string, BlobEntry>;
}
