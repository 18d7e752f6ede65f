// The axios queue against the dialect: nobody is sent to the login.

import { AXIOS_QUEUE } from "./support/fronts.js";
import { thousandRaces } from "./support/thousand.js";

thousandRaces(AXIOS_QUEUE);
