// One program of several that share a file of credentials: asks who it is, again and again, and says what it was told.
// Arguments: the server, the file, the milliseconds between two questions, how many.

import { createSession } from "../../index.js";
import { inFile } from "../../storage/file.js";

const [baseURL, file, pause, times] = process.argv.slice(2);
const session = createSession({ baseURL, storage: inFile(file), autoRefresh: false });
for (let n = 0; n < Number(times); n++) {
  const said = await session.fetch(`${baseURL}/v1/session`).then(({ status }) => status, (error) => error.code ?? error.message);
  process.stdout.write(`${said}\n`);
  await new Promise((resolve) => setTimeout(resolve, Number(pause)));
}
