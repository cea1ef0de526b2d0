/**
 * Where the live page of a long text starts: as the one on disk, and it asks its server for the heads that it leaves out.
 */

import { begin } from "../long/begin.js";
import { giveUp } from "../shared/page.js";
import { Asking } from "./asking.js";
import { Supply } from "./supply.js";

const root = document.documentElement;

begin(({ reading }) => new Supply(reading ?? "", new Asking(), (what) => root.dispatchEvent(new Event(what)))).catch(
  (error) => giveUp("report", error),
);
