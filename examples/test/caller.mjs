// A program that sends what it likes, with a jar of cookies or without.

import { request as http } from "node:http";
import { request as https } from "node:https";

export class Caller {
  constructor(stack, cookies = []) {
    this.stack = stack;
    this.cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  get(path, headers = {}) {
    return this.send("GET", path, headers);
  }

  post(path, body, headers = {}) {
    return this.send("POST", path, { "sec-fetch-site": "same-origin", ...headers }, body);
  }

  /** @returns {Promise<{ status: number, headers: object, text: string }>} */
  send(method, path, headers, body, base = this.stack.url) {
    const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
    const all = { ...(this.cookie && { cookie: this.cookie }), ...(text && { "content-type": "application/json" }), ...headers };
    const request = (base.startsWith("https:") ? https : http)(base + path, { method, headers: all, rejectUnauthorized: false });
    return new Promise((resolve, reject) => {
      request.on("error", reject).on("response", async (response) => {
        response.setEncoding("utf8");
        let text = "";
        for await (const part of response) text += part;
        resolve({ status: response.statusCode, headers: response.headers, text });
      });
      request.end(text);
    });
  }
}
