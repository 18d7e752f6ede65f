// The two front ends, each with what a browser gives it.

import { createApi as axiosQueue } from "../clients/axios-queue.js";
import { createApi as fetchWrapper } from "../clients/fetch-wrapper.js";
import { ChromeStorage, LocalStorage } from "./storage.js";

/** Article 002's: tabs of one site. */
export const AXIOS_QUEUE = {
  name: "axios queue",
  pages: 2,
  // A lost answer that reaches it is a login by its own fault; a page that is reloaded takes the answer along.
  losses: ["page"],
  // It repeats by itself what failed.
  tries: 1,
  store: () => new LocalStorage(),
  open: (realm, kept, createApi = axiosQueue) => {
    const { axios, location, baseURL } = realm;
    return createApi({ axios, location, baseURL, localStorage: realm.localStorage(kept) });
  },
  access: (kept) => kept.getItem("access"),
  refresh: (kept) => kept.getItem("refresh"),
  settled: async () => {},
};

/** Article 004's: background, popup and content script of one extension. */
export const FETCH_WRAPPER = {
  name: "fetch wrapper",
  pages: 3,
  losses: ["answer", "page"],
  // It leaves to people to try again: once for the 401, once more when the token was not written yet.
  tries: 4,
  store: (random, signedOut) => new ChromeStorage(random, signedOut),
  open: (realm, kept, createApi = fetchWrapper) => {
    const { fetch, console, baseURL } = realm;
    return createApi({ fetch, console, baseURL, chrome: realm.chrome(kept) });
  },
  access: (kept) => kept.peek("token")?.access,
  refresh: (kept) => kept.peek("token")?.refresh,
  settled: (kept) => kept.settled(),
};
