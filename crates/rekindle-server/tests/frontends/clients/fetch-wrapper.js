// A front end as it is: a wrapper of `fetch` in a browser extension, with the tokens in `chrome.storage`. Written after the
// pattern of an article on Simple JWT in an extension. What an extension has as globals is handed in.
//
// It is kept as its users have it, with what it gets wrong by itself (docs/dialects/front-ends.md has the mends):
//  1. The request that met the 401 is rejected even when the refresh succeeds.
//  2. While it refreshes there is no token: requests go out without `Authorization`, and fail.
//  3. The write to the storage is not awaited: the next request may still read the old token, and refresh with it again.
//  4. The whole object is overwritten: an answer without `refresh` (no rotation) loses the refresh token.
//  5. `clear()` takes everything that the extension has stored, on any answer that is not 2xx, 503 included.
//  6. `isRefreshing` is one context's: popup and background refresh at once. A lost answer is `null`, without a word. Every
//     body is taken for JSON. Tokens are written to the console.

export function createApi({ fetch, chrome, console, baseURL }) {
  let isRefreshing = false;

  async function getToken() {
    if (isRefreshing) return undefined;
    const { token } = await chrome.storage.local.get("token");
    return token;
  }

  function setToken(token) {
    console.log("token", token);
    chrome.storage.local.set({ token });
  }

  async function send(path, method, body, token) {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = `Bearer ${token.access}`;
    try {
      return await fetch(baseURL + path, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      return null;
    }
  }

  async function refreshToken() {
    if (isRefreshing) return;
    isRefreshing = true;
    try {
      const { token } = await chrome.storage.local.get("token");
      const response = await send("/token/refresh/", "POST", { refresh: token?.refresh });
      if (!response) return;
      if (!response.ok) {
        chrome.storage.local.clear();
        return;
      }
      setToken(await response.json());
    } finally {
      isRefreshing = false;
    }
  }

  async function request(path, method = "GET", body = undefined) {
    const response = await send(path, method, body, await getToken());
    if (!response) return null;
    if (response.status === 401) {
      await refreshToken();
      throw new Error("401");
    }
    return response.json();
  }

  async function signIn(username, password) {
    setToken(await request("/token/", "POST", { username, password }));
  }

  return { signIn, load: request };
}
