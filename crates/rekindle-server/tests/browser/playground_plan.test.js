// The policy editor of the playground says what `rekindle explain` prints.

import assert from "node:assert/strict";

import { Playground, alone } from "./support/playground.js";
import { scenario } from "./support/scenario.js";
import { until } from "./support/until.js";

const RUNS = { lifetimes__access: "10m", lifetimes__idle: "3d" };

scenario("playground, the picture is the command's", alone(RUNS), async (world) => {
  const page = await Playground.open(world);
  const picture = page.page.getByRole("region", { name: "The life of a login with these spans" });
  const error = page.page.locator("#plan-error");
  const shows = async (flags) => {
    const { printed, refused } = await world.server.explain(flags);
    const same = refused === undefined
      ? async () => (await picture.textContent()) === printed.trimEnd()
      : async () => `rekindle: ${await error.textContent()}\n` === refused;
    await until(`rekindle explain ${flags.join(" ")}`, same).catch(async (failure) => {
      throw new Error(`${failure.message}\n${await picture.textContent()}\n${await error.textContent()}\n${printed ?? refused}`);
    });
    assert.equal(await page.page.locator("#plan-command").textContent(), ["rekindle explain", ...flags].join(" "));
  };
  const type = (label, text) => page.page.getByLabel(label, { exact: true }).fill(text);

  await shows([]);
  await type("Access token", "1h");
  await shows(["--access", "1h"]);
  await type("Idle", "14d");
  await type("Absolute", "90d");
  await type("Replay window", "off");
  await shows(["--access", "1h", "--idle", "14d", "--absolute", "90d", "--replay-window", "off"]);
  assert.equal(await error.textContent(), "");

  // What the command refuses is refused here, in the same words.
  await type("Absolute", "1d");
  await shows(["--access", "1h", "--idle", "14d", "--absolute", "1d", "--replay-window", "off"]);
  assert.equal(await page.page.getByLabel("Absolute", { exact: true }).getAttribute("aria-invalid"), "true");
  await type("Absolute", "soon");
  await shows(["--access", "1h", "--idle", "14d", "--absolute", "soon", "--replay-window", "off"]);

  await page.press("As it runs here");
  await shows([]);
  assert.deepEqual(page.complaints, []);

  const ascii = () => fetch("/page/explain?access=1h&ascii=true", { headers: { Rekindle: "1" } }).then((answer) => answer.json());
  const { text } = await page.page.evaluate(ascii);
  assert.equal(text, (await world.server.explain(["--access", "1h", "--ascii"])).printed.trimEnd());
});
