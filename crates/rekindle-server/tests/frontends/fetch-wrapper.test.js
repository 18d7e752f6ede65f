// The fetch wrapper against the dialect: its storage is never cleared.

import { FETCH_WRAPPER } from "./support/fronts.js";
import { thousandRaces } from "./support/thousand.js";

thousandRaces(FETCH_WRAPPER);
