// The browser: Debian's Chromium, without a window, that reaches nothing but this machine.

import { chromium } from "playwright-core";

const OPTIONS = {
  executablePath: process.env.REKINDLE_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // Names to have several hosts of one site (`example.test`) and others, and nothing else (RFC 6761 section 6.2).
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
  ],
};

/** The certificates of the tests sign themselves. */
export const CONTEXT = { ignoreHTTPSErrors: true };

export const launch = () => chromium.launch(OPTIONS);

/** With a profile in `folder`, which outlives the browser. */
export const launchOn = (folder) => chromium.launchPersistentContext(folder, { ...OPTIONS, ...CONTEXT });

/** With the unpacked extension in `extension` besides. */
export const launchExtended = (folder, extension) =>
  chromium.launchPersistentContext(folder, {
    ...OPTIONS,
    ...CONTEXT,
    args: [...OPTIONS.args, `--disable-extensions-except=${extension}`, `--load-extension=${extension}`],
    ignoreDefaultArgs: ["--disable-extensions"],
  });
