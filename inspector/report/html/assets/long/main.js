/**
 * Where the page of a long text starts that opens from disk, and asks nobody.
 */

import { giveUp } from "../shared/page.js";
import { begin } from "./begin.js";

begin(() => null).catch((error) => giveUp("report", error));
