// A front end as it is: an axios interceptor that refreshes once for many 401s, and queues the others meanwhile. Written
// after the pattern of an article on Simple JWT's rotation races. What a page has as globals is handed in.
//
// It is kept as its users have it, with what it gets wrong by itself (docs/dialects/front-ends.md has the mends):
//  1. A 401 that arrives after the refresh is over starts another: nobody compares the token it was sent with.
//  2. Without an answer there is no `error.response`: the caller gets a TypeError instead of the network's error.
//  3. A refresh that fails in any way (503, a lost answer) is taken for the end of the session.
//  4. A refresh that hangs keeps the queue waiting for ever.
//  5. Requests from the queue are not marked, and may refresh once more each.
//  6. The queue is one tab's: two tabs refresh at once.
//  7. A wrong password at the login starts a refresh; it looks for an `invalid_grant` that Simple JWT never sends, so that
//     a session that is over reads like any failure; whoever gives a request up in the queue waits all the same; and a
//     stream that was sent is sent again.

export function createApi({ axios, localStorage, location, baseURL }) {
  const api = axios.create({ baseURL });
  let isRefreshing = false;
  let queue = [];

  function releaseQueue(error, access) {
    for (const { resolve, reject } of queue) {
      if (error) reject(error);
      else resolve(access);
    }
    queue = [];
  }

  function goToLogin(why) {
    localStorage.removeItem("access");
    localStorage.removeItem("refresh");
    location.assign(`/login?why=${why}`);
  }

  function replay(request, access) {
    request.headers.Authorization = `Bearer ${access}`;
    return api(request);
  }

  api.interceptors.request.use((request) => {
    const access = localStorage.getItem("access");
    if (access) request.headers.Authorization = `Bearer ${access}`;
    return request;
  });

  api.interceptors.response.use(undefined, async (error) => {
    const request = error.config;
    if (error.response.status !== 401 || request._retry) throw error;

    if (isRefreshing) {
      const access = await new Promise((resolve, reject) => queue.push({ resolve, reject }));
      return replay(request, access);
    }

    request._retry = true;
    isRefreshing = true;
    try {
      const refresh = localStorage.getItem("refresh");
      const { data } = await axios.post(`${baseURL}/token/refresh/`, { refresh });
      localStorage.setItem("access", data.access);
      if (data.refresh) localStorage.setItem("refresh", data.refresh);
      releaseQueue(null, data.access);
    } catch (failure) {
      releaseQueue(failure);
      goToLogin(failure.response?.data?.error === "invalid_grant" ? "ended" : "failed");
      throw failure;
    } finally {
      isRefreshing = false;
    }
    return replay(request, localStorage.getItem("access"));
  });

  async function signIn(username, password) {
    const { data } = await api.post("/token/", { username, password });
    localStorage.setItem("access", data.access);
    localStorage.setItem("refresh", data.refresh);
  }

  async function load(path, config) {
    const { data } = await api.request({ url: path, ...config });
    return data;
  }

  return { signIn, load };
}
