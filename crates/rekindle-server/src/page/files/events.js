// The server's events, as they happen. Not an EventSource: that could not add the header by which the server knows its page.

const AGAIN = 1_000;

/** Hands each event to `told`, for as long as the page is open. */
export async function follow(told) {
  for (let last; ; await new Promise((resolve) => setTimeout(resolve, AGAIN))) {
    try {
      const headers = { Rekindle: "1", ...(last && { "Last-Event-ID": last }) };
      const { ok, body } = await fetch("/page/events", { headers, cache: "no-store" });
      if (!ok) continue;
      for await (const { id, data } of frames(body)) {
        last = id ?? last;
        if (data) told(JSON.parse(data));
      }
    } catch {
      // The server has gone; it may come back.
    }
  }
}

/** Server-sent events (WHATWG HTML, section 9.2), as far as this server writes them. */
async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const whole = (rest + value).split("\n\n");
    rest = whole.pop();
    for (const frame of whole) {
      yield Object.fromEntries(frame.split("\n").map((line) => line.split(/: (.*)/s, 2)).filter(([name]) => name));
    }
  }
}
