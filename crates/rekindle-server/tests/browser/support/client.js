// What docs/http.md asks of a client: on a 401 refresh once and retry once, and show what comes then. Runs in the page.

/**
 * Asks, with `form` as multipart if there is one. A stream that was sent once is empty the second time, so the body is
 * made again.
 */
export async function asDocumented({ method, url, form }) {
  const ask = async () => {
    const body = form && new FormData();
    for (const [name, text] of Object.entries(form ?? {})) body.set(name, new Blob([text]), `${name}.txt`);
    return fetch(url, { method, body });
  };
  const first = await ask();
  if (first.status !== 401) return { status: first.status, json: await first.json(), refreshes: 0 };
  const refresh = await fetch("/v1/refresh", { method: "POST" });
  if (!refresh.ok) return { status: refresh.status, json: await refresh.json(), refreshes: 1 };
  const second = await ask();
  return { status: second.status, json: await second.json(), refreshes: 1 };
}
